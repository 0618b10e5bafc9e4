# SPDX-License-Identifier: MIT
"""nginx, the gate and a real Streamlit."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, NAVIGATE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"
ENDED = b'"Your session has ended. Reload this page to sign in again."'
RUN_SCRIPT = b"\x5a\x00"  # BackMsg.rerun_script, empty


class Behind(unittest.TestCase):
    url = None

    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack(app="streamlit")
        cls.addClassCleanup(cls.stack.stop)
        if cls.url:
            cls.stack.url = cls.url
            cls.stack.host = cls.url.partition("//")[2]
            cls.stack.write_config({"PUBLIC_URL": cls.url})
        cls.stack.add_user("alice", PASSWORD, "--name", "Alice Example")
        cls.stack.add_user("admin", PASSWORD, su=True)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)


class Direct(Behind):
    def test_b25_nothing_of_streamlit_without_a_session(self):
        for path in ("/_stcore/health", "/_stcore/host-config",
                     "/_stcore/metrics", "/_stcore/upload_file/a/b",
                     "/media/x.png", "/component/x/index.html",
                     "/static/x.js", "/_stcore/agent/openapi.json"):
            answer = self.stack.http("GET", path)
            self.assertEqual(answer.status, 401, path)
            self.assertEqual(answer.body, ENDED)
        self.assertEqual(self.stack.http(
            "GET", "/_stcore/health", cookies=self.alice).status, 200)

    def test_c16_the_page_is_not_kept(self):
        answer = self.stack.http("GET", "/two?x=1", NAVIGATE, self.alice)
        self.assertEqual(answer.status, 200)
        self.assertIn("streamlit", answer.text.lower())
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        self.assertNotIn(self.alice[COOKIE], answer.text)

    def test_b22_the_websocket(self):
        with self.stack.websocket(cookies=self.alice) as ws:
            self.assertEqual(ws.status, 101)
        with self.stack.websocket() as ws:
            self.assertEqual(ws.status, 401)
        with self.stack.websocket(cookies={COOKIE: "A" * 32}) as ws:
            self.assertEqual(ws.status, 401)
        for origin in ("https://evil.example", "null", "",
                       "http://localhost:3000", "http://127.0.0.1"):
            with self.stack.websocket(cookies=self.alice,
                                      origin=origin) as ws:
                self.assertEqual(ws.status, 403, origin)

    def test_b8_the_app_knows_who_it_is_whatever_the_client_says(self):
        spoofed = {"X-Auth-User": "admin", "X-Auth-Groups": "su",
                   "X-Auth-Name": "Root"}
        with self.stack.websocket(cookies=self.alice,
                                  headers=spoofed) as ws:
            self.assertEqual(ws.status, 101)
            ws.send(RUN_SCRIPT)
            got = ws.receive_until(b"Clicks in this session")
            self.assertIsNotNone(got)
            self.assertIn(b"Hello, Alice Example", got)
            self.assertNotIn(b"For superusers", got)
            self.assertNotIn(self.alice[COOKIE].encode(), got)
        with self.stack.websocket(
                cookies=self.stack.session("admin", PASSWORD)) as ws:
            ws.send(RUN_SCRIPT)
            self.assertIsNotNone(ws.receive_until(b"For superusers"))

    def test_log_out_closes_the_way_for_a_new_websocket(self):
        jar = self.stack.session("alice", PASSWORD)
        self.stack.http("GET", "/auth/logout", dict(
            NAVIGATE, **{"Sec-Fetch-Site": "same-origin"}), jar)
        with self.stack.websocket(cookies=jar) as ws:
            self.assertEqual(ws.status, 401)


class BehindAnotherProxy(Behind):
    """Something else ends TLS and passes Host on: the browser says https."""

    url = "https://app.example.com"

    def test_the_websocket_opens_and_the_app_runs(self):
        with self.stack.websocket(cookies=self.alice) as ws:
            self.assertEqual(ws.status, 101)
            ws.send(RUN_SCRIPT)
            self.assertIsNotNone(ws.receive_until(b"Hello, Alice Example"))
        for path in ("/_stcore/health", "/_stcore/host-config"):
            self.assertEqual(self.stack.http(
                "GET", path, {"Origin": self.url}, self.alice).status, 200)
        with self.stack.websocket(cookies=self.alice,
                                  origin="http://app.example.com") as ws:
            self.assertEqual(ws.status, 403)

    def test_redirects_stay_relative(self):
        answer = self.stack.http("GET", "/x?y=1", NAVIGATE)
        self.assertEqual(answer.header("Location"),
                         "/auth/login?rd=/x%3Fy%3D1")


if __name__ == "__main__":
    unittest.main()
