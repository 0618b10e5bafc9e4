# SPDX-License-Identifier: MIT
"""A raw FastCGI client: what nginx says to the gate, byte by byte."""

import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER, KEEP_CONN = 1, 1


def record(kind, content=b"", request_id=1, version=1):
    return struct.pack(
        "!BBHHBx", version, kind, request_id, len(content), 0) + content


def begin(role=RESPONDER, flags=0):
    return record(BEGIN, struct.pack("!HB5x", role, flags))


def _length(n):
    return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)


def pairs(params):
    """params: a dict or a list of (name, value); values str or bytes."""
    out = b""
    for name, value in params.items() if isinstance(params, dict) else params:
        name = name.encode("latin-1") if isinstance(name, str) else name
        value = value.encode("utf-8") if isinstance(value, str) else value
        out += _length(len(name)) + _length(len(value)) + name + value
    return out


def stream(kind, data):
    out = b""
    for at in range(0, len(data), 65000):
        out += record(kind, data[at:at + 65000])
    return out + record(kind)


def request(params, body=b"", flags=0):
    return (begin(flags=flags) + stream(PARAMS, pairs(params))
            + stream(STDIN, body))


class Response:
    """status 0: no answer, or one that does not begin with Status."""

    def __init__(self, raw, stderr=b"", ended=False):
        self.raw, self.stderr, self.ended = raw, stderr, ended
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = []
        for line in head.split(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            self.headers.append((name, value.strip()))
        first = self.headers[0] if raw else ("", "")
        self.status = int(first[1].split()[0]) if first[0] == "Status" else 0

    def header(self, name, default=None):
        found = self.all(name)
        return found[0] if found else default

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8")


def receive(sock):
    """Reads one answer. A connection cut early gives what came."""
    out, err, ended, pending = b"", b"", False, b""
    while not ended:
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            break
        if not data:
            break
        pending += data
        while len(pending) >= 8:
            _, kind, _, length, padding = struct.unpack("!BBHHBx", pending[:8])
            if len(pending) < 8 + length + padding:
                break
            content = pending[8:8 + length]
            pending = pending[8 + length + padding:]
            if kind == STDOUT:
                out += content
            elif kind == STDERR:
                err += content
            elif kind == END:
                ended = True
    return Response(out, err, ended)


def connect(path, timeout=15):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


def ask(path, params, body=b"", timeout=15):
    with connect(path, timeout) as sock:
        try:
            sock.sendall(request(params, body))
        except (BrokenPipeError, ConnectionResetError):
            pass
        return receive(sock)
