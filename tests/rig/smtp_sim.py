# SPDX-License-Identifier: MIT
"""An SMTP server whose every stage can be scripted to misbehave.

    sim = Smtp(tls=(cert, key), auth=("user", "pass")).start()
    sim.script["rcpt"] = "550 5.1.1 nobody here"   # a reply of your own
    sim.script["final"] = "close"                  # or close, reset, stall,
                                                   # drip, flood
    sim.mails       # [{"from", "to", "raw", "login", "tls"}] accepted
    sim.commands    # every line that a client said

Stages: greeting ehlo starttls tls auth mail rcpt data body final quit.
"""

import base64
import socket
import ssl
import struct
import threading


class Gone(Exception):
    pass


class Smtp:
    def __init__(self, tls=None, implicit=False, auth=None, host="127.0.0.1",
                 port=0, extensions=("SIZE 10485760",)):
        self.tls, self.implicit, self.auth = tls, implicit, auth
        self.extensions = list(extensions)
        self.script, self.mails, self.commands = {}, [], []
        self.connections = 0
        self.ended = threading.Event()
        self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]

    def start(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def stop(self):
        self.ended.set()
        self.listener.close()

    def serve(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(connection,),
                             daemon=True).start()

    def talk(self, connection):
        session = Session(self, connection)
        try:
            session.run()
        except (OSError, Gone, ValueError):
            pass
        finally:
            session.hang_up()



class Session:
    def __init__(self, sim, connection):
        self.sim, self.connection = sim, connection
        self.secure, self.login = False, None
        self.sender, self.receivers = None, []
        self.file = connection.makefile("rb")

    # --- saying

    def hang_up(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()

    def say(self, stage, otherwise):
        """The scripted misdeed of this stage, or otherwise. Is it a yes?"""
        reply = self.sim.script.get(stage, otherwise)
        if callable(reply):
            reply = reply(self)
        if reply in ("close", "reset", "stall", "drip", "flood"):
            getattr(self, reply)()
            raise Gone
        self.connection.sendall(reply.encode() + b"\r\n")
        return reply[0] in "23"

    def close(self):
        self.hang_up()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.file.close()
        self.connection.close()

    def stall(self):
        self.sim.ended.wait(600)

    def drip(self):
        for byte in b"250-" + b"x" * 600:
            self.connection.sendall(bytes([byte]))
            if self.sim.ended.wait(1):
                return

    def flood(self):
        for _ in range(100):
            self.connection.sendall(b"250-flood\r\n" * 95000)

    # --- hearing

    def line(self):
        line = self.file.readline(65536)
        if not line.endswith(b"\r\n"):
            raise Gone
        text = line[:-2].decode("latin-1")
        self.sim.commands.append(text)
        return text

    def start_tls(self):
        if self.sim.script.get("tls") == "close":
            raise Gone
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sim.tls)
        self.connection = context.wrap_socket(
            self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.secure = True

    def run(self):
        if self.sim.implicit:
            self.start_tls()
        self.say("greeting", "220 sim.test ESMTP")
        while True:
            line = self.line()
            verb = line.split(" ")[0].split(":")[0].upper()
            act = getattr(self, "on_" + verb.lower(), None)
            if act:
                act(line)
            else:
                self.say("unknown", "502 5.5.2 not known")

    def on_ehlo(self, _):
        words = ["sim.test", *self.sim.extensions]
        if self.sim.tls and not self.secure:
            words.append("STARTTLS")
        if self.sim.auth and (self.secure or not self.sim.tls):
            words.append("AUTH PLAIN LOGIN")
        self.say("ehlo", "\r\n".join(
            "250%s%s" % (" " if word is words[-1] else "-", word)
            for word in words))

    def on_helo(self, _):
        self.say("helo", "250 sim.test")

    def on_starttls(self, _):
        if self.say("starttls", "220 go ahead"):
            self.start_tls()

    def ask(self, prompt):
        self.connection.sendall(b"334 " + base64.b64encode(prompt) + b"\r\n")
        return base64.b64decode(self.line())

    def on_auth(self, line):
        words = line.split(" ")
        if "auth" in self.sim.script:
            self.say("auth", "")
            return
        if words[1] == "PLAIN":
            said = base64.b64decode(words[2]) if len(words) > 2 \
                else self.ask(b"")
            user, password = said.split(b"\0")[1:]
        else:
            user, password = self.ask(b"Username:"), self.ask(b"Password:")
        given = (user.decode(), password.decode())
        if given == self.sim.auth:
            self.login = given[0]
            self.say("yes", "235 2.7.0 welcome")
        else:
            self.say("no", "535 5.7.8 wrong: " + password.decode())

    def on_mail(self, line):
        if self.say("mail", "250 2.1.0 ok"):
            self.sender, self.receivers = line[10:].split(">")[0], []

    def on_rcpt(self, line):
        if self.say("rcpt", "250 2.1.5 ok"):
            self.receivers.append(line[8:].split(">")[0][1:])

    def on_data(self, _):
        if not self.say("data", "354 go on"):
            return
        if "body" in self.sim.script:
            self.say("body", "")
        raw = b""
        while True:
            line = self.file.readline(1 << 20)
            if not line:
                raise Gone
            if line == b".\r\n":
                break
            raw += line[1:] if line.startswith(b".") else line
        mail = {"from": self.sender, "to": self.receivers, "raw": raw,
                "login": self.login, "tls": self.secure}
        reply = self.sim.script.get("final", "250 2.0.0 queued as 1")
        if callable(reply):
            reply = reply(self)
        # "close", "reset" and "stall" come after the mail was accepted.
        if reply[0] not in "45":
            self.sim.mails.append(mail)
        self.say("final", reply)

    def on_quit(self, _):
        self.say("quit", "221 2.0.0 bye")
        raise Gone
