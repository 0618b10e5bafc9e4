# SPDX-License-Identifier: MIT
"""nginx, gate and an echo for an app: who gets in, and what the others get."""

import hashlib
import os
import socket
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from badgate import BadGate  # noqa: E402
from rig import COOKIE, NAVIGATE, wait_for  # noqa: E402
from stack_nginx import NginxStack, SNIPPETS, echoed  # noqa: E402
import web  # noqa: E402

PASSWORD = "correct horse battery"
ENDED = b'"Your session has ended. Reload this page to sign in again."'
MIB = 1 << 20


def megabytes(count):
    for number in range(count):
        yield bytes([number % 251]) * MIB


class Gatekeeping(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.ctl("user", "set", "alice", "--groups", "staff",
                      check=True)
        cls.stack.add_user("admin", PASSWORD, su=True)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)
        cls.admin = cls.stack.session("admin", PASSWORD)

    # --- without a session

    def test_a_navigation_goes_to_the_log_in_page_and_back(self):
        deep = "/two?x=1&y=%C3%A4%26&z=a+b"
        answer = self.stack.http("GET", deep, NAVIGATE)
        self.assertEqual(answer.status, 302)
        self.assertEqual(answer.header("Location"),
                         "/auth/login?rd=" + urllib.parse.quote(deep))
        answer, jar = self.stack.sign_in("alice", PASSWORD, rd=deep)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), deep)
        seen = echoed(self.stack.http("GET", deep, NAVIGATE, {
            COOKIE: jar[COOKIE]}))[1]
        self.assertEqual(seen["path"], deep)

    def test_everything_else_gets_a_json_string(self):
        for method, headers in (
                ("GET", {}), ("GET", {"Sec-Fetch-Mode": "cors"}),
                ("POST", NAVIGATE), ("PUT", {}), ("DELETE", {}),
                ("GET", {"Sec-Fetch-Mode": "navigate",
                         "Sec-Fetch-Dest": "empty"})):
            answer = self.stack.http(method, "/x", headers)
            self.assertEqual(answer.status, 401, (method, headers))
            self.assertEqual(answer.body, ENDED)
            self.assertEqual(answer.header("Content-Type"),
                             "application/json")
            self.assertEqual(answer.all("Cache-Control"), ["no-store"])
            self.assertIsNone(answer.header("Location"))
            self.assertIsNone(answer.header("Set-Cookie"))

    def test_b25_streamlits_own_paths_need_a_session(self):
        before = len(self.stack.echo.seen)
        for path in ("/_stcore/health", "/_stcore/host-config",
                     "/_stcore/stream", "/_stcore/metrics",
                     "/_stcore/upload_file/a/b", "/media/x.png",
                     "/component/x/index.html", "/static/js/main.js",
                     "/app/static/x.png", "/_stcore/agent/openapi.json"):
            for method in ("GET", "PUT", "OPTIONS"):
                answer = self.stack.http(method, path)
                self.assertEqual(answer.status, 401, (method, path))
        self.assertEqual(len(self.stack.echo.seen), before)

    def test_b4_no_spelling_of_an_address_opens_the_app(self):
        before = len(self.stack.echo.seen)
        for target in (
                "/auth/../x", "//auth/login", "/auth/%2e%2e/x",
                "/auth%2f..%2fx", "/x#/auth/login", "/x?u=/auth/login",
                "/auth/login/../../x", "/auth/./../x", "/AUTH/login",
                "/x;.js", "/x%00/auth/", "/auth/\x80/../../x", "/%61uth/../x",
                "/_stauth/check/../../x", "http://%s/x" % self.stack.host,
                "http://evil.example/x", "/x/auth/login/y", "/./x", "*"):
            status, got = web.raw(self.stack.port, (
                "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
                    target, self.stack.host)).encode("latin-1"))
            self.assertNotEqual(status, 0, target)
            if status == 200:
                self.assertIn(b"Sign in", got, target)
        self.assertEqual(len(self.stack.echo.seen), before)

    def test_b5_the_method_makes_no_difference(self):
        before = len(self.stack.echo.seen)
        for method in ("FOO", "HEAD", "OPTIONS", "PATCH", "get"):
            status, _ = web.raw(self.stack.port, (
                "%s / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
                    method, self.stack.host)).encode())
            self.assertIn(status, (400, 401, 405), method)
        for method in ("TRACE", "CONNECT"):
            status, _ = web.raw(self.stack.port, (
                "%s / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
                    method, self.stack.host)).encode())
            self.assertIn(status, (400, 401, 405), method)
        self.assertEqual(len(self.stack.echo.seen), before)
        answer = self.stack.http("HEAD", "/", cookies=self.alice)
        self.assertEqual(answer.status, 200)
        for method in ("PUT", "DELETE", "FOO"):
            answer = self.stack.http(method, "/auth/login")
            self.assertEqual(answer.status, 405, method)
            self.assertTrue(answer.header("Allow"))

    def test_b13_the_check_is_not_reachable_from_outside(self):
        for cookies in ({}, self.alice):
            answer = self.stack.http("GET", "/_stauth/check", cookies=cookies)
            self.assertEqual(answer.status, 404)
            self.assertIsNone(answer.header("X-Auth-User"))

    # --- areas

    def test_areas_for_superusers_and_groups(self):
        for path, alice, admin in (("/su/", 403, 200), ("/staff/", 200, 403),
                                   ("/", 200, 200)):
            self.assertEqual(self.stack.http(
                "GET", path, NAVIGATE, self.alice).status, alice, path)
            self.assertEqual(self.stack.http(
                "GET", path, NAVIGATE, self.admin).status, admin, path)
            self.assertEqual(self.stack.http(
                "GET", path, NAVIGATE).status, 302, path)

    # --- WebSockets

    def test_b22_a_foreign_origin_is_refused(self):
        before = len(self.stack.echo.seen)
        host = self.stack.host
        for origin in ("https://evil.example", "null", "",
                       "http://%s.evil.example" % host, "http://evil." + host,
                       "https://" + host, "http://localhost:1",
                       "http://localhost", "file://"):
            for path in ("/_stcore/stream", "/two/_stcore/stream"):
                with self.stack.websocket(path, self.alice, origin) as ws:
                    self.assertEqual(ws.status, 403, (origin, path))
        self.assertEqual(len(self.stack.echo.seen), before)
        with self.stack.websocket(cookies=self.alice) as ws:
            self.assertEqual(ws.status, 200)  # the echo knows no WebSocket
        with self.stack.websocket() as ws:
            self.assertEqual(ws.status, 401)

    # --- bodies

    def test_b12_uploads_go_through_once_and_only_with_a_session(self):
        for size in (5, 150):
            digest = hashlib.sha256()
            for part in megabytes(size):
                digest.update(part)
            seen = echoed(self.stack.http(
                "PUT", "/_stcore/upload_file/a/b",
                {"Content-Length": str(size * MIB)}, self.alice,
                megabytes(size), timeout=120))[1]
            self.assertEqual(seen["length"], size * MIB)
            self.assertEqual(seen["sha256"], digest.hexdigest())
        before = len(self.stack.echo.seen)
        answer = self.stack.http(
            "PUT", "/_stcore/upload_file/a/b",
            {"Content-Length": str(5 * MIB)}, body=megabytes(5))
        self.assertEqual(answer.status, 401)
        self.assertEqual(len(self.stack.echo.seen), before)

    def test_b12_a_refusal_does_not_wait_for_the_body(self):
        for path, size, wanted in (("/x", 200, b" 401 "), ("/x", 250, b" 413 "),
                                   ("/big/", 250, b" 401 ")):
            with socket.create_connection(
                    ("127.0.0.1", self.stack.port), 10) as sock:
                start = time.monotonic()
                sock.sendall(("PUT %s HTTP/1.1\r\nHost: %s\r\n"
                              "Content-Length: %d\r\n\r\n" % (
                                  path, self.stack.host, size * MIB)).encode())
                got = sock.recv(65536)
                took = time.monotonic() - start
            self.assertIn(wanted, got.split(b"\r\n")[0], path)
            self.assertLess(took, 1)

    def test_the_gate_itself_answers_a_page_body_that_is_too_long(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.stack.http("POST", "/auth/login", form,
                                 body=b"a" * 65537)
        self.assertEqual(answer.status, 413)
        self.assertIn("default-src 'none'",
                      answer.header("Content-Security-Policy", ""))
        answer = self.stack.http("POST", "/auth/login", form,
                                 body=b"a" * (1 << 20))
        self.assertEqual(answer.status, 413)

    def test_b28_malformed_requests_end_at_nginx(self):
        host = self.stack.host
        cookie = "Cookie: %s=%s\r\n" % (COOKIE, self.alice[COOKIE])
        before = len(self.stack.echo.seen)
        for what, lines, body in (
                ("CL and TE", "Content-Length: 5\r\n"
                 "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                ("two Hosts", "Host: evil.example\r\n", ""),
                ("NUL", "X-A: a\0b\r\n", ""),
                ("9 KB cookie", "Cookie: a=%s\r\n" % ("x" * 9000), ""),
                ("80 KB", "".join("X-%d: %s\r\n" % (i, "y" * 4000)
                                  for i in range(20)), ""),
                ("two lengths", "Content-Length: 1\r\n"
                 "Content-Length: 2\r\n", "a")):
            status, _ = web.raw(self.stack.port, (
                "POST / HTTP/1.1\r\nHost: %s\r\n%s%sConnection: close\r\n"
                "\r\n%s" % (host, cookie, lines, body)).encode())
            self.assertEqual(status, 400, what)
        self.assertEqual(len(self.stack.echo.seen), before)

    # --- names and redirects

    def test_d2_redirects_are_relative(self):
        for path, where in (
                ("/x", "/auth/login?rd=/x"),
                ("/app/auth/logout", "/auth/logout"),
                ("/a/b/auth/login?rd=/a/b/", "/auth/login?rd=/a/b/"),
                ("/.well-known/change-password", "/auth/account"),
                ("/auth/", "/auth/account")):
            answer = self.stack.http("GET", path, NAVIGATE)
            self.assertIn(answer.status, (302, 303), path)
            self.assertEqual(answer.header("Location"), where)
        answer, _ = self.stack.sign_in("alice", PASSWORD, rd="/x?y=1")
        self.assertEqual(answer.header("Location"), "/x?y=1")

    def test_d4_a_foreign_host_gets_no_page(self):
        for headers in ({"X-Forwarded-Host": "evil.example"},
                        {"Forwarded": "host=evil.example"}):
            answer = self.stack.http("GET", "/x", dict(NAVIGATE, **headers))
            self.assertEqual(answer.header("Location"), "/auth/login?rd=/x")
            answer = self.stack.http("GET", "/auth/login", headers)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("evil", answer.text)
        for host in ("evil.example", "localhost", "127.0.0.1:1"):
            answer = self.stack.http("GET", "/auth/login", NAVIGATE,
                                     host=host)
            self.assertEqual(answer.status, 421, host)
            answer = self.stack.http("GET", "/x", NAVIGATE, host=host)
            self.assertEqual(answer.header("Location"), "/auth/login?rd=/x")

    def test_c17_the_cookie_is_bound_to_this_host(self):
        answer, _ = self.stack.sign_in("alice", PASSWORD)
        line = [c for c in answer.all("Set-Cookie")
                if c.startswith(COOKIE + "=")][0]
        self.assertNotIn("domain", line.lower())
        for word in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            self.assertIn(word, line)

    # --- log-out

    def test_log_out_ends_the_session_at_once(self):
        jar = self.stack.session("alice", PASSWORD)
        self.assertEqual(
            self.stack.http("GET", "/", cookies=jar).status, 200)
        answer = self.stack.http("GET", "/auth/logout", dict(
            NAVIGATE, **{"Sec-Fetch-Site": "same-origin"}), jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "/auth/login?out=1")
        self.assertEqual(
            self.stack.http("GET", "/", cookies=jar).status, 401)
        self.assertEqual(self.stack.http("GET", "/", NAVIGATE, jar).status,
                         302)

    # --- the files

    def test_stauthctl_writes_the_same_snippets(self):
        folder = os.path.join(self.stack.dir, "written")
        self.stack.ctl("nginx", "snippets", folder, check=True)
        ours = self.stack.write_snippets()
        for name in SNIPPETS:
            texts = []
            for where in (folder, ours):
                with open(os.path.join(where, name),
                          encoding="utf-8") as text:
                    texts.append([line for line in text
                                  if not line.startswith("#")])
            self.assertEqual(texts[0], texts[1], name)

    def test_connections_to_the_check_are_kept(self):
        def sockets():
            with open("/proc/net/unix", encoding="ascii") as table:
                return sum(self.stack.check_sock in line for line in table)

        for _ in range(50):
            self.stack.http("GET", "/", cookies=self.alice)
        self.assertLess(sockets(), 30)
        self.assertGreater(sockets(), 1)  # the listening one is the first


class WrongAnswers(unittest.TestCase):
    """What the gate never says. nginx must not take it for a yes."""

    def setUp(self):
        self.stack = NginxStack(init=False)
        self.addCleanup(self.stack.stop)
        os.mkdir(self.stack.run_dir, 0o755)
        self.gate = BadGate(self.stack.check_sock)
        self.addCleanup(self.gate.stop)
        self.stack.start_echo()
        self.stack.start_nginx()

    def ask(self, answer):
        self.gate.answer = answer
        return self.stack.http("GET", "/", NAVIGATE, {COOKIE: "A" * 32})

    def test_b3_the_check_cannot_steer_nginx(self):
        for status in (b"401", b"403"):
            for line in (b"X-Accel-Redirect: /public/",
                         b"X-Accel-Limit-Rate: 1", b"Set-Cookie: a=b",
                         b"X-Accel-Redirect: @app", b"Location: /public/"):
                answer = self.ask(b"Status: " + status + b"\r\n" + line
                                  + b"\r\n\r\n")
                # A person's 403 is a page, and nobody answers for those.
                self.assertEqual(
                    answer.status, 502 if status == b"403" else 401, line)
                self.assertIsNone(answer.header("Set-Cookie"))
                self.assertIsNone(answer.header("Location"))
        self.assertEqual(self.stack.echo.seen, [])

    def test_b2_half_an_answer_or_another_status_is_closed(self):
        for answer in (b"", b"Status: 204", b"Status: 204\r\nX-Auth-User: a",
                       b"Status: 302\r\nLocation: /\r\n\r\n",
                       b"Status: 404\r\n\r\n", b"Status: 429\r\n\r\n",
                       b"Status: 500\r\n\r\n", b"Status: 503\r\n\r\n",
                       b"Status: 204\r\nX-Auth-Name: " + b"x" * 40000
                       + b"\r\n\r\n"):
            self.assertEqual(self.ask(answer).status, 503, answer[:60])
        self.assertEqual(self.stack.echo.seen, [])

    def test_b2_no_answer_is_closed_within_seconds(self):
        start = time.monotonic()
        self.assertEqual(self.ask(None).status, 503)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(self.stack.echo.seen, [])


class GateDown(unittest.TestCase):
    def setUp(self):
        self.stack = NginxStack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD)
        self.stack.start()
        self.alice = self.stack.session("alice", PASSWORD)

    def assert_closed(self):
        before = len(self.stack.echo.seen)
        for path, headers in (("/", NAVIGATE), ("/x", {}),
                              ("/auth/login", NAVIGATE)):
            answer = self.stack.http("GET", path, headers, self.alice)
            self.assertEqual(answer.status, 503, path)
            self.assertTrue(answer.header("Retry-After"))
            self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        with self.stack.websocket(cookies=self.alice) as ws:
            self.assertEqual(ws.status, 503)
        self.assertEqual(len(self.stack.echo.seen), before)

    def test_b2_down_is_closed_and_comes_back_with_the_session(self):
        self.stack.stop_gate()
        self.assert_closed()
        self.stack.start_gate()
        answer = self.stack.http("GET", "/", cookies=self.alice)
        self.assertEqual(answer.status, 200)
        for name in ("check.sock", "pages.sock"):
            os.rename(os.path.join(self.stack.run_dir, name),
                      os.path.join(self.stack.run_dir, name + ".away"))
        # A kept connection still leads to the gate; a new one finds nothing.
        self.stack.stop_gate()
        self.assert_closed()

    def test_a_broken_store_is_closed(self):
        os.rename(self.stack.db, self.stack.db + ".away")
        for name in ("-wal", "-shm"):
            if os.path.exists(self.stack.db + name):
                os.rename(self.stack.db + name, self.stack.db + ".away" + name)
        self.stack.stop_gate()
        before = len(self.stack.echo.seen)
        try:
            self.stack.start_gate()
        except AssertionError:
            pass  # refusing to start is as good
        answer = self.stack.http("GET", "/", cookies=self.alice)
        self.assertIn(answer.status, (401, 503))
        self.assertEqual(len(self.stack.echo.seen), before)

    def test_health_says_so(self):
        self.assertEqual(self.stack.http("GET", "/auth/health").status, 200)
        self.stack.stop_gate()
        self.assertTrue(wait_for(lambda: self.stack.http(
            "GET", "/auth/health").status == 503))


if __name__ == "__main__":
    unittest.main()
