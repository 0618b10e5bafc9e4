# SPDX-License-Identifier: MIT
"""SendGrid's POST /v3/mail/send as it answers, with faults on demand.

    python3 tests/rig/sendgrid_sim.py --port 8025 [--key SG.x.y] [--fault NAME]

Needs no key unless one is given; prints every accepted mail. In tests:

    sim = SendGrid(key="SG.x.y").start()
    sim.fault = "429"      # see FAULTS; a callable takes (handler, raw)
    sim.journal            # every request: method, path, headers, body
    sim.accepted           # the JSON of every accepted mail
"""

import argparse
import http.server
import json
import secrets
import socket
import ssl
import struct
import threading
import time

CORS = {
    "Access-Control-Allow-Origin": "https://sendgrid.api-docs.io",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers":
        "Authorization, Content-Type, On-behalf-of, x-sg-elas-acl",
    "Access-Control-Max-Age": "600",
}
HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"
HTML_413 = ("<html><head><title>413 Request Entity Too Large</title></head>"
            "<body><center><h1>413 Request Entity Too Large</h1></center>"
            "<hr><center>nginx</center></body></html>")
UNAUTHORIZED = "The provided authorization grant is invalid, expired, or " \
    "revoked"
SENDER = "The from address does not match a verified Sender Identity. Mail " \
    "cannot be sent until this error is resolved. Visit https://sendgrid.com" \
    "/docs/for-developers/sending-email/sender-identity/ to see the Sender " \
    "Identity requirements"


def errors(message, field=None, url=None):
    return {"errors": [{"message": message, "field": field, "help": url}]}


def content_wrong(content):
    if not content:
        return errors("Unless a valid template_id is provided, the content "
                      "parameter is required. There must be at least one "
                      "defined content block.", "content")
    for i, part in enumerate(content):
        if not isinstance(part.get("value"), str) or not part["value"]:
            return errors("The content value must be a string at least one "
                          "character in length.", f"content.{i}.value",
                          HELP + "#message.content.value")
    if [p.get("type") for p in content] not in (
            ["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        return errors("Following RFC 1341, section 7.2, if either text/html "
                      "or text/plain are to be sent in your email: "
                      "text/plain needs to be first, followed by text/html, "
                      "followed by any other content.", "content")
    return None


def invalid(mail):
    """What SendGrid answers with 400, or None."""
    if not isinstance(mail, dict):
        return errors("Bad Request")
    people = mail.get("personalizations")
    if not people:
        return errors("The personalizations field is required and must have "
                      "at least one personalization.", "personalizations",
                      HELP + "#-Personalizations-Errors")
    seen = set()
    for i, person in enumerate(people):
        receivers = person.get("to")
        if not receivers:
            return errors("The to array is required for all personalization "
                          "objects, and must have at least one email object "
                          "with a valid email address.",
                          f"personalizations.{i}.to",
                          HELP + "#message.personalizations.to")
        for n, receiver in enumerate(receivers):
            if not receiver.get("email"):
                return errors("The to email parameter is required.",
                              f"personalizations.{i}.to.{n}.email")
            if receiver["email"] in seen:
                return errors("Each email address in the personalization "
                              "block should be unique between to, cc, and "
                              "bcc.", f"personalizations.{i}")
            seen.add(receiver["email"])
    if not mail.get("subject"):
        return errors("The subject is required. You can get around this "
                      "requirement if you use a template with a subject "
                      "defined.", "subject")
    if not mail.get("from", {}).get("email"):
        return errors("The from email parameter is required.", "from.email")
    sandbox = mail.get("mail_settings", {}).get("sandbox_mode", {})
    if not isinstance(sandbox.get("enable", False), bool):
        return errors("The sandbox mode enable param should be a boolean "
                      "value.", "mail_settings.sandbox_mode.enable")
    return content_wrong(mail.get("content"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nginx", ""

    def log_message(self, *_):
        pass

    def do_POST(self):
        sim = self.server.sim
        fault = sim.fault
        if fault == "close-before-reading":
            return self.hang_up()
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with sim.lock:
            sim.journal.append({"method": self.command, "path": self.path,
                                "headers": dict(self.headers), "body": raw})
        if callable(fault):
            return fault(self, raw)
        if fault in FAULTS:
            return FAULTS[fault](self, raw)
        return self.as_sendgrid(raw)

    do_GET = do_PUT = do_POST

    def as_sendgrid(self, raw):
        sim = self.server.sim
        if self.path != "/v3/mail/send":
            return self.answer(404, errors("not found"))
        if self.command != "POST":
            return self.answer(405, errors("method not allowed"))
        if sim.key and self.headers.get("Authorization") != \
                "Bearer " + sim.key:
            return self.answer(401, errors(UNAUTHORIZED))
        try:
            mail = json.loads(raw)
        except ValueError:
            mail = None
        wrong = invalid(mail)
        if wrong:
            return self.answer(400, wrong)
        if sim.senders and mail["from"]["email"] not in sim.senders:
            return self.answer(403, errors(SENDER, "from"))
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return self.answer(200)
        sim.accept(mail)
        if sim.fault == "close-after-accepting":
            return self.hang_up()
        if sim.fault == "reset-after-accepting":
            return self.reset()
        if sim.fault == "stall-after-accepting":
            return sim.stall()
        more = {} if sim.fault == "202-without-id" else {
            "X-Message-Id": secrets.token_urlsafe(16)}
        return self.answer(202, None, dict(CORS, **more))

    def answer(self, status, body=None, headers=None,
               kind="application/json"):
        if body is None:
            body, kind = "", "text/plain; charset=utf-8"
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body, separators=(",", ":"))
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def say(self, data):
        """Raw bytes, whatever they are; then the connection ends."""
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            pass
        self.hang_up()

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.connection.close()


def too_many(headers):
    return lambda handler, raw: handler.answer(
        429, {"errors": [{"field": None, "message": "too many requests"}]},
        headers())


def limits():
    return {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(int(time.time()) + 30)}


def drip(handler, raw):
    """202 is there at once, its body a byte a second for ever."""
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9999\r\n"
                        b"\r\n")
    handler.server.sim.accept(json.loads(raw))
    handler.server.sim.drip(handler)


def huge(handler, raw):
    handler.wfile.write(b"HTTP/1.1 500 Oops\r\n\r\n")
    try:
        for _ in range(100):
            handler.wfile.write(b"x" * (1 << 20))
    except OSError:
        pass
    handler.hang_up()


# What arrives is answered so; "close-..." and "stall-..." as they say.
FAULTS = {
    "400": lambda h, raw: h.answer(400, errors("Bad Request")),
    "401": lambda h, raw: h.answer(401, errors(UNAUTHORIZED)),
    "403": lambda h, raw: h.answer(
        403, {"errors": [{"field": None, "message": "access forbidden"}]}),
    "413": lambda h, raw: h.answer(413, HTML_413, kind="text/html"),
    "429": too_many(limits),
    "429-retry-after": too_many(lambda: {"Retry-After": "7"}),
    "429-absurd": too_many(lambda: {"Retry-After": "1000000000"}),
    "429-negative": too_many(lambda: {"Retry-After": "-5"}),
    "429-date": too_many(lambda: {"Retry-After": time.strftime(
        "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 90))}),
    "500": lambda h, raw: h.answer(500, errors("internal error")),
    "502": lambda h, raw: h.answer(502, "<html>Bad Gateway</html>",
                                   kind="text/html"),
    "503": lambda h, raw: h.answer(503, "", {"Retry-After": "20"}),
    "200-html": lambda h, raw: h.answer(
        200, "<html>Welcome to our WLAN</html>", kind="text/html"),
    "302": lambda h, raw: h.answer(
        302, "", {"Location": "/v3/elsewhere"}),
    "close-after-reading": lambda h, raw: h.hang_up(),
    "reset-after-reading": lambda h, raw: h.reset(),
    "stall": lambda h, raw: h.server.sim.stall(),
    "drip": drip,
    "huge": huge,
    "garbage": lambda h, raw: h.say(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "partial-headers": lambda h, raw: h.say(b"HTTP/1.1 40"),
    "short-body": lambda h, raw: h.say(
        b"HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n{\"errors\":[{"),
    "chunk-cut": lambda h, raw: h.say(
        b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "echo": lambda h, raw: h.answer(400, errors(
        raw.decode() + h.headers.get("Authorization", ""))),
}
MORE_FAULTS = ["202-without-id", "close-before-reading",
               "close-after-accepting", "reset-after-accepting",
               "stall-after-accepting"]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass


class SendGrid:
    def __init__(self, key=None, host="127.0.0.1", port=0, tls=None,
                 senders=()):
        self.key, self.senders, self.fault = key, senders, None
        self.journal, self.accepted = [], []
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.told = None
        self.server = Server((host, port), Handler)
        self.server.sim = self
        self.port = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)

    def accept(self, mail):
        with self.lock:
            self.accepted.append(mail)
        if self.told:
            self.told(mail)

    def stall(self):
        self.ended.wait(600)

    def drip(self, handler):
        try:
            while not self.ended.wait(1):
                handler.wfile.write(b".")
        except OSError:
            pass

    def start(self):
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        return self

    def stop(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--key")
    parser.add_argument("--fault", choices=sorted([*FAULTS, *MORE_FAULTS]))
    arguments = parser.parse_args()
    sim = SendGrid(key=arguments.key, port=arguments.port)
    sim.fault = arguments.fault
    sim.told = lambda mail: print(json.dumps(mail, indent=1), flush=True)
    print("SENDGRID_URL=" + sim.url, flush=True)
    try:
        sim.server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
