# SPDX-License-Identifier: MIT
"""HTTP and WebSocket by hand: bytes that no browser library would send."""

import base64
import http.client
import os
import socket
import struct


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name, default=None):
        found = self.all(name)
        return found[0] if found else default

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


def request(port, method, path, headers=None, body=None, timeout=30,
            tls=None, source=None):
    """headers: a dict or a list of pairs (a name may come twice). body:
    bytes, or an iterable of bytes with its Content-Length among headers.
    tls: an SSLContext, or None. source: the address to come from."""
    more = {"timeout": timeout, "source_address": (source or "", 0)}
    conn = (http.client.HTTPSConnection("127.0.0.1", port, context=tls, **more)
            if tls else http.client.HTTPConnection("127.0.0.1", port, **more))
    pairs = list(headers.items() if isinstance(headers, dict)
                 else headers or [])
    names = {name.lower() for name, _ in pairs}
    try:
        conn.putrequest(method, path, skip_host="host" in names,
                        skip_accept_encoding=True)
        for name, value in pairs:
            conn.putheader(name, value)
        if isinstance(body, bytes) and "content-length" not in names:
            conn.putheader("Content-Length", str(len(body)))
        conn.endheaders()
        try:
            for chunk in [body] if isinstance(body, bytes) else body or []:
                conn.send(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end; the answer is there
        response = conn.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        conn.close()


def raw(port, data, timeout=10):
    """Sends these very bytes; the status (0: none came) and all that came."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        try:
            sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        got = b""
        try:
            while len(got) < 1 << 20:
                chunk = sock.recv(65536)
                if not chunk:
                    break
                got += chunk
        except (socket.timeout, ConnectionResetError):
            pass
    word = got.split(b" ", 2)[1:2]
    return (int(word[0]) if word and word[0].isdigit() else 0), got


class WebSocket:
    """A client's end. status is 101 if it opened. port: or the path of a
    unix socket."""

    def __init__(self, port, path, headers=None, protocol="streamlit",
                 timeout=20, tls=None):
        if isinstance(port, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(port)
        else:
            self.sock = socket.create_connection(
                ("127.0.0.1", port), timeout)
        if tls:
            self.sock = tls.wrap_socket(self.sock)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET %s HTTP/1.1" % path, "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + key]
        if protocol:
            lines.append("Sec-WebSocket-Protocol: " + protocol)
        lines += ["%s: %s" % pair for pair in (headers or {}).items()]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.pending = b""
        while b"\r\n\r\n" not in self.pending:
            chunk = self.sock.recv(65536)
            if not chunk:
                break
            self.pending += chunk
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        words = self.head.split(" ", 2)
        self.status = int(words[1]) if len(words) > 1 else 0

    def _read(self, size):
        while len(self.pending) < size:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError
            self.pending += chunk
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def send(self, payload, opcode=2):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        else:
            head += bytes([0x80 | 127]) + struct.pack("!Q", size)
        body = bytes(c ^ mask[i % 4] for i, c in enumerate(payload))
        self.sock.sendall(head + mask + body)

    def receive(self):
        """(opcode, payload) of the next frame; EOFError at the end."""
        first, second = self._read(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._read(8))[0]
        return first & 0x0F, self._read(size)

    def receive_until(self, wanted, frames=200):
        """Everything received up to a frame that holds wanted, or None."""
        got = b""
        for _ in range(frames):
            try:
                got += self.receive()[1]
            except (EOFError, socket.timeout, ConnectionResetError):
                return None
            if wanted in got:
                return got
        return None

    def end(self, frames=10000):
        """How it ended: (all that came before, the close code); the code is
        None if there was no close frame."""
        got = []
        for _ in range(frames):
            try:
                opcode, payload = self.receive()
            except (EOFError, ConnectionResetError):
                return got, None
            if opcode == 8:
                return got, int.from_bytes(payload[:2], "big")
            got.append(payload)
        raise AssertionError("it does not end")

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
