# SPDX-License-Identifier: MIT
"""A check that answers whatever a test wants, to see what nginx makes of it."""

import os
import socket
import threading

import fcgi


class BadGate:
    """answer: bytes of the FastCGI standard output, or None: say nothing and
    keep the connection."""

    def __init__(self, path, answer=b""):
        self.answer = answer
        self.held = []
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        os.chmod(path, 0o666)
        self.sock.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            peer.recv(65536)  # nginx sends a request in one write
            if self.answer is None:
                self.held.append(peer)
                continue
            peer.sendall(fcgi.stream(fcgi.STDOUT, self.answer)
                         + fcgi.record(fcgi.END, bytes(8)))
            peer.close()

    def stop(self):
        self.sock.close()
        for peer in self.held:
            peer.close()
