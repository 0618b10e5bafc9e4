# SPDX-License-Identifier: MIT
"""A mail server on loopback that takes everything and counts it."""

import re
import socketserver
import threading
import time


class Handler(socketserver.StreamRequestHandler):
    timeout = 20

    def say(self, line):
        self.wfile.write(line + b"\r\n")

    def data(self):
        """Whether the letter came to its end (RFC 5321, 4.1.1.4)."""
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                self.server.took(b"".join(lines))
                time.sleep(self.server.delay_s)
                return True
            lines.append(line)
        return False

    def handle(self):
        self.say(b"220 sink")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(b"354 go on")
                if not self.data():
                    return
            elif verb == b"RCPT" and self.server.refuse:
                self.say(self.server.refuse)
                continue
            elif verb == b"QUIT":
                self.say(b"221 bye")
                return
            self.say(b"250 ok")


class Sink(socketserver.ThreadingTCPServer):
    """port 0: a free one. mails: every letter, as it came."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port=0):
        self.mails = []
        self.delay_s = 0
        self.refuse = b""
        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever,
                         kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that is killed is part of the tests."""

    def took(self, mail):
        self.mails.append(mail)

    def ids(self):
        return [re.search(rb"(?mi)^Message-ID: *<([^@>]+)", mail).group(1)
                for mail in list(self.mails)]

    def stop(self):
        self.shutdown()
        self.server_close()
