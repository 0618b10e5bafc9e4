# SPDX-License-Identifier: MIT
"""A gate with its relay, and the small WebSocket app behind it."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import web  # noqa: E402
from rig import Stack, wait_for  # noqa: E402
from wsapp import WsApp  # noqa: E402

RELOAD = b"\xc2\x01\x00"
PASSWORD = "correct horse battery"


class StreamStack(Stack):
    def __init__(self, config=None, **more):
        self.app = WsApp()
        super().__init__(dict({"APP_UPSTREAM": self.app.name},
                              **(config or {})), **more)

    @property
    def stream_sock(self):
        return os.path.join(self.run_dir, "stream.sock")

    @property
    def list_file(self):
        return os.path.join(self.run_dir, "stream.list")

    def handle(self, name, **more):
        """Signs in; the session's handle, as the check hands it out."""
        return self.check(self.token(name, PASSWORD, **more)).header(
            "X-Auth-Session")

    def open(self, handle="", app=None, headers=None, **more):
        """What nginx would send."""
        lines = {"Host": "app.example.com"}
        if handle:
            lines["X-Auth-Session"] = handle
        if app is not None:
            lines["X-Stauth-App"] = app
        lines.update(headers or {})
        return web.WebSocket(self.stream_sock, "/_stcore/stream", lines,
                             **more)

    def visitor(self, **more):
        return self.open(headers={"X-Stauth-Optional": "1"}, **more)

    def listed(self):
        """[(handle, app, count, opened_at, message_at)] of the list."""
        try:
            with open(self.list_file, encoding="ascii") as lines:
                rows = [line.split() for line in lines]
        except FileNotFoundError:
            return []
        return [(h, a, int(c), int(o), int(m)) for h, a, c, o, m in rows]

    def stop(self):
        super().stop()
        self.app.stop()


class StreamCase(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.stack = StreamStack(cls.config)
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.add_user("bob", PASSWORD)
        cls.stack.start_gate()

    def echo(self, sock, text=b"hello"):
        sock.send(text)
        self.assertEqual(sock.receive(), (2, text))

    def assert_sent_away(self, sock, before=()):
        """It ends with the reload frame and 4401."""
        got, code = sock.end()
        self.assertEqual((got[-1:], code), ([RELOAD], 4401))
        self.assertEqual(got[:-1], list(before))


__all__ = ["PASSWORD", "RELOAD", "StreamCase", "StreamStack", "WsApp",
           "wait_for", "web"]
