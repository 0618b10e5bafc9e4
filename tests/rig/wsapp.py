# SPDX-License-Identifier: MIT
"""A WebSocket app for tests of the relay, by hand. Every handshake is noted
in .heads (path, headers), every message of a user in .messages. What a user
sends is sent back, but:

    b"say N"        N bytes in one message
    b"part N M"     the first N bytes of a message of M, then silence
    b"rest"         the rest of that message
    b"drop"         the connection ends in the middle of nothing
    b"fragments N"  a message of N frames, a ping between each two
"""

import base64
import hashlib
import os
import socket
import struct
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload, opcode=2, fin=True, size=None):
    """A server's frame; size: what the header says, if not len(payload)."""
    size = len(payload) if size is None else size
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([size])
    elif size < 1 << 16:
        head += b"\x7e" + struct.pack("!H", size)
    else:
        head += b"\x7f" + struct.pack("!Q", size)
    return head + payload


class Connection(threading.Thread):
    def __init__(self, app, sock):
        super().__init__(daemon=True)
        self.app, self.sock, self.pending, self.rest = app, sock, b"", b""

    def read(self, size):
        while len(self.pending) < size:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError
            self.pending += chunk
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def receive(self):
        first, second = self.read(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self.read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.read(8))[0]
        mask = self.read(4)
        data = self.read(size)
        key = (mask * (size // 4 + 1))[:size]
        return first & 0x0F, (int.from_bytes(data, "big") ^ int.from_bytes(
            key, "big")).to_bytes(size, "big")

    def handshake(self):
        while b"\r\n\r\n" not in self.pending:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError
            self.pending += chunk
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers.setdefault(name.lower(), []).append(value)
        self.app.heads.append((lines[0].split(" ")[1], headers))
        if self.app.answer is not None:
            self.sock.sendall(self.app.answer)
            return False
        accept = base64.b64encode(hashlib.sha1(
            headers["sec-websocket-key"][0].encode() + GUID).digest())
        offered = headers.get("sec-websocket-protocol", [""])[0]
        chosen = offered.split(",")[0].strip().encode()
        self.sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept +
            (b"\r\nSec-WebSocket-Protocol: " + chosen if chosen else b"") +
            b"\r\n\r\n" + self.app.greeting)
        return True

    def answer(self, opcode, data):
        words = data.split(b" ") if len(data) < 64 else [b""]
        if words[0] == b"say":
            self.sock.sendall(frame(b"x" * int(words[1])))
        elif words[0] == b"part":
            part, whole = int(words[1]), int(words[2])
            self.rest = b"y" * (whole - part)
            self.sock.sendall(frame(b"y" * part, size=whole))
        elif words[0] == b"rest":
            self.sock.sendall(self.rest)
        elif words[0] == b"drop":
            raise EOFError
        elif words[0] == b"fragments":
            count = int(words[1])
            for i in range(count):
                self.sock.sendall(frame(b"f%d" % i, 2 if i == 0 else 0,
                                        i == count - 1))
                if i < count - 1:
                    self.sock.sendall(frame(b"p", 9))
        elif opcode == 9:
            self.sock.sendall(frame(data, 10))
        elif opcode != 10:
            self.sock.sendall(frame(data, opcode))

    def run(self):
        try:
            if not self.handshake():
                return
            while True:
                opcode, data = self.receive()
                if opcode == 8:
                    self.sock.sendall(frame(data, 8))
                    return
                self.app.messages.append((opcode, data))
                self.answer(opcode, data)
        except (EOFError, OSError):
            pass
        finally:
            self.app.closed.append(time.monotonic())
            self.sock.close()


class WsApp:
    """Listens on a free port, or on a unix socket. answer: bytes to send in
    place of the 101; greeting: frames to send right behind it."""

    def __init__(self, path=None, answer=None, greeting=b"", listen=True):
        self.heads, self.messages, self.closed = [], [], []
        self.answer, self.greeting = answer, greeting
        self.sock = socket.socket(
            socket.AF_UNIX if path else socket.AF_INET)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if path and os.path.exists(path):
            os.unlink(path)
        self.sock.bind(path or ("127.0.0.1", 0))
        self.port = 0 if path else self.sock.getsockname()[1]
        self.name = ("unix:" + path if path
                     else "127.0.0.1:%d" % self.port)
        if listen:
            self.sock.listen(1024)
            threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            Connection(self, sock).start()

    def stop(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
