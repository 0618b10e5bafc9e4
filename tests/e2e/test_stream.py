# SPDX-License-Identifier: MIT
"""nginx, the relay and small WebSocket apps: who comes in, and who goes."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, wait_for  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402
from wsapp import WsApp  # noqa: E402

PASSWORD = "correct horse battery"
RELOAD = b"\xc2\x01\x00"


class RelayStack(NginxStack):
    relay = True
    server_extra = """
		location /two/ {
			set $stauth_app %(two)s;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass http://%(two)s;
		}
		location /away/ {
			set $stauth_app 127.0.0.1:1;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass http://127.0.0.1:1;
		}
		location /open/ {
			include %(snippets)s/stauth-optional.conf;
			proxy_pass %(app)s;
		}
		location /admin/ {
			set $stauth_require su;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
	"""

    def __init__(self):
        self.ws, self.ws_two = WsApp(), WsApp()
        self.server_extra = self.server_extra.replace(
            "%(two)s", self.ws_two.name)
        super().__init__()

    def start_echo(self):
        self.app_port = self.ws.port

    def upstreams(self):
        return self.ws.name + " " + self.ws_two.name + " 127.0.0.1:1"

    def stop(self):
        super().stop()
        self.ws.stop()
        self.ws_two.stop()


class Relayed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = RelayStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.add_user("admin", PASSWORD, su=True)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)
        cls.admin = cls.stack.session("admin", PASSWORD)

    def echo(self, sock, text=b"hello"):
        self.assertEqual(sock.status, 101)
        sock.send(text)
        self.assertEqual(sock.receive(), (2, text))

    def assert_sent_away(self, sock):
        self.assertEqual(sock.status, 101)
        got, code = sock.end()
        self.assertEqual((got[-1:], code), ([RELOAD], 4401))

    def log_out(self, cookies):
        answer = self.stack.http("GET", "/auth/logout", {
            "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, cookies)
        self.assertEqual(answer.status, 303)

    def test_identity_and_app_are_nginxs_word(self):
        with self.stack.websocket(cookies=self.alice, headers={
                "X-Auth-User": "admin", "X-Auth-Session": "0" * 16,
                "X-Stauth-App": self.stack.ws_two.name,
                "X-Stauth-Optional": "1"},
                protocol="streamlit, token, OLD-SESSION") as sock:
            self.echo(sock)
        _, headers = self.stack.ws.heads[-1]
        self.assertEqual(headers["x-auth-user"], ["alice"])
        self.assertEqual(len(headers["x-auth-session"]), 1)
        self.assertNotEqual(headers["x-auth-session"], ["0" * 16])
        self.assertNotIn("cookie", headers)
        self.assertEqual([n for n in headers if "stauth" in n], [])
        self.assertEqual(headers["sec-websocket-protocol"],
                         ["streamlit, token"])

    def test_each_location_has_its_app_and_base_path(self):
        with self.stack.websocket("/two/_stcore/stream",
                                  self.alice) as sock:
            self.echo(sock)
        self.assertEqual(self.stack.ws_two.heads[-1][0],
                         "/two/_stcore/stream")
        with self.stack.websocket("/admin/_stcore/stream?x=1",
                                  self.admin) as sock:
            self.echo(sock)
        self.assertEqual(self.stack.ws.heads[-1][0],
                         "/admin/_stcore/stream?x=1")

    def test_b22_foreign_origins_and_areas_get_403_and_no_101(self):
        for path in ("/_stcore/stream", "/open/_stcore/stream"):
            for cookies in (self.alice, None):
                for origin in ("https://evil.example", "null", ""):
                    with self.stack.websocket(path, cookies,
                                              origin) as sock:
                        self.assertEqual(sock.status, 403, (path, origin))
        with self.stack.websocket("/admin/_stcore/stream",
                                  self.alice) as sock:
            self.assertEqual(sock.status, 403)

    def test_b23_a_dead_tab_is_led_to_the_log_in_page(self):
        for cookies in (None, {COOKIE: "A" * 32}, {COOKIE: "bad"}):
            for path in ("/_stcore/stream", "/two/_stcore/stream",
                         "/admin/_stcore/stream"):
                with self.stack.websocket(path, cookies) as sock:
                    self.assert_sent_away(sock)
            for path in ("/_stcore/health", "/two/_stcore/host-config"):
                answer = self.stack.http("GET", path, cookies=cookies)
                self.assertEqual((answer.status, answer.body),
                                 (200, b"{}"), path)
        # Nothing else of an app is calm.
        for path in ("/_stcore/upload_file/a", "/_stcore/metrics",
                     "/media/x", "/_stcore/stream", "/_stcore/streams",
                     "/health", "/x/_stcore/health/y"):
            answer = self.stack.http("GET", path)
            self.assertIn(answer.status, (400, 401), path)

    def test_b23_log_out_closes_the_users_sockets(self):
        mine = self.stack.session("alice", PASSWORD)
        with self.stack.websocket(cookies=mine) as one, \
                self.stack.websocket("/two/_stcore/stream", mine) as two, \
                self.stack.websocket("/open/_stcore/stream",
                                     mine) as optional, \
                self.stack.websocket("/open/_stcore/stream") as visitor, \
                self.stack.websocket(cookies=self.alice) as other:
            for sock in (one, two, optional, visitor, other):
                self.echo(sock)
            start = time.monotonic()
            self.log_out(mine)
            for sock in (one, two, optional):
                self.assert_sent_away(sock)
            self.assertLess(time.monotonic() - start, 2)
            self.echo(visitor)
            self.echo(other)

    def test_no_way_to_write_the_path_goes_past_the_relay(self):
        """Tornado takes a slash at its end, Starlette a newline."""
        for path in ("/_stcore/stream/", "/_stcore/stream%0a",
                     "/%5fstcore/stream", "/_stcore/str%65am/",
                     "/x%0a/_stcore/stream", "/_stcore/stream;a=b",
                     "/_stcore/stream/?a=/b", "/open/_stcore/stream/"):
            mine = self.stack.session("alice", PASSWORD)
            with self.stack.websocket(path, mine) as sock:
                self.echo(sock)
                self.assertEqual(self.stack.ws.heads[-1][0], path)
                self.log_out(mine)
                self.assert_sent_away(sock)

    def test_visitors_come_as_nobody_and_stay_so(self):
        for cookies in (None, {COOKIE: "A" * 32}):
            with self.stack.websocket("/open/_stcore/stream", cookies,
                                      headers={"X-Auth-User": "admin",
                                               "X-Auth-Session": "x" * 16}
                                      ) as sock:
                self.echo(sock)
            _, headers = self.stack.ws.heads[-1]
            self.assertNotIn("x-auth-user", headers)
            self.assertNotIn("x-auth-session", headers)
        with self.stack.websocket("/open/_stcore/stream",
                                  self.alice) as sock:
            self.echo(sock)
        self.assertEqual(self.stack.ws.heads[-1][1]["x-auth-user"],
                         ["alice"])

    def test_everything_but_the_stream_goes_directly(self):
        with self.stack.websocket("/live", self.alice) as sock:
            self.echo(sock)
            self.assertFalse(wait_for(lambda: [
                row for row in open(os.path.join(
                    self.stack.run_dir, "stream.list"), encoding="ascii")
                if row.startswith("live")], 0))

    def test_relay_down_is_503_and_never_direct(self):
        path = os.path.join(self.stack.run_dir, "stream.sock")
        before = len(self.stack.ws.heads)
        os.rename(path, path + ".away")
        try:
            # The last is nginx's own: of an error page it asks no second.
            for path_of, cookies, status in (
                    ("/_stcore/stream", self.alice, 503),
                    ("/open/_stcore/stream", None, 503),
                    ("/_stcore/stream", None, 502)):
                with self.stack.websocket(path_of, cookies) as sock:
                    self.assertEqual(sock.status, status, path_of)
        finally:
            os.rename(path + ".away", path)
        self.assertEqual(len(self.stack.ws.heads), before)
        with self.stack.websocket(cookies=self.alice) as sock:
            self.echo(sock)

    def test_app_down_is_502(self):
        with self.stack.websocket("/away/_stcore/stream",
                                  self.alice) as sock:
            self.assertEqual(sock.status, 502)

    def test_nginx_reload_keeps_sockets_open_and_watched(self):
        mine = self.stack.session("alice", PASSWORD)
        with self.stack.websocket(cookies=mine) as sock:
            self.echo(sock)
            self.stack.nginx.send_signal(1)
            time.sleep(0.3)
            self.echo(sock)
            self.log_out(mine)
            self.assert_sent_away(sock)


if __name__ == "__main__":
    unittest.main()
