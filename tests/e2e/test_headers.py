# SPDX-License-Identifier: MIT
"""What nginx with the shipped snippets lets through to the app, and as what.
The app is an echo, so the tests see what it saw."""

import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, NAVIGATE  # noqa: E402
from stack_nginx import NginxStack, echoed  # noqa: E402
import web  # noqa: E402

PASSWORD = "correct horse battery"
TABLE = ("x-auth-user", "x-auth-email", "x-auth-name", "x-auth-groups",
         "x-auth-session", "x-auth-assertion", "x-auth-logged-in")


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack({"APP_KEY": "k" * 40})
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD, "--name", "Jürgen 100%",
                           "--email", "alice@example.com")
        cls.stack.ctl("user", "set", "alice", "--groups", "staff,dev",
                      check=True)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)

    def seen(self, path="/", headers=None, cookies=None, method="GET"):
        answer = self.stack.http(
            method, path, headers, self.alice if cookies is None else cookies)
        self.assertEqual(answer.status, 200, answer.text[:300])
        return echoed(answer)[0]

    def test_the_table_reaches_the_app(self):
        seen = self.seen()
        self.assertEqual(seen["x-auth-user"], ["alice"])
        self.assertEqual(seen["x-auth-email"], ["alice@example.com"])
        self.assertEqual(seen["x-auth-name"], ["J%C3%BCrgen 100%25"])
        self.assertEqual(sorted(seen["x-auth-groups"][0].split(",")),
                         ["dev", "staff"])
        self.assertRegex(seen["x-auth-session"][0], r"^[A-Za-z0-9_-]{16}$")
        self.assertEqual(seen["x-auth-logged-in"], ["1"])
        claims = seen["x-auth-assertion"][0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(
            claims + "=" * (-len(claims) % 4)))
        self.assertEqual(claims["sub"], "alice")
        self.assertEqual(claims["iss"], self.stack.url)
        self.assertEqual(claims["sid"], seen["x-auth-session"][0])

    def test_b8_spoofed_identity_is_replaced(self):
        spoofed = []
        for name in TABLE:
            spoofed += [(name.title(), "root"), (name.upper(), "root"),
                        (name, "su"), (name.replace("-", "_"), "root")]
        seen = self.seen(headers=spoofed)
        for name in TABLE:
            self.assertEqual(len(seen[name]), 1, name)
            self.assertNotIn(seen[name][0], ("root", "su"), name)
        self.assertEqual([n for n in seen if "_" in n], [])

    def test_b8_malformed_identity_lines_do_not_reach_the_app(self):
        cookie = "%s=%s" % (COOKIE, self.alice[COOKIE])
        for line in ("X-Auth-User : root", "X-Auth-User\t: root",
                     "X-Auth-User.: root", "X-A: 1\r\n X-Auth-User: root",
                     "X-A: 1\r\n\tX-Auth-User: root", " X-Auth-User: root"):
            before = len(self.stack.echo.seen)
            status, got = web.raw(self.stack.port, (
                "GET / HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n%s\r\n"
                "Connection: close\r\n\r\n" % (
                    self.stack.host, cookie, line)).encode())
            if len(self.stack.echo.seen) == before:
                self.assertEqual(status, 400, line)
                continue
            body = json.loads(got.partition(b"\r\n\r\n")[2])
            users = [v for n, v in body["headers"]
                     if "auth-user" in n.lower()]
            self.assertEqual(users, ["alice"], line)
            self.assertNotIn("root", str(body), line)

    def test_b8_a_public_location_has_no_identity(self):
        spoofed = [(name, "root") for name in TABLE]
        spoofed.append(("X-Forwarded-User", "root"))
        for cookies in ({}, self.alice):
            seen = self.seen("/public/", spoofed, cookies)
            self.assertEqual([n for n in seen if n.startswith("x-auth")], [])
            self.assertNotIn("root", str(seen))
            self.assertNotIn("cookie", seen)

    def test_b9_names_of_other_proxies_are_cleared(self):
        names = ("X-Streamlit-User", "X-Forwarded-User", "Remote-User",
                 "X-Forwarded-Email", "X-Forwarded-Groups",
                 "X-Forwarded-Preferred-Username", "Forwarded")
        for path in ("/", "/public/"):
            seen = self.seen(path, [(name, "root") for name in names])
            for name in names:
                self.assertNotIn(name.lower(), seen, path)

    def test_b10_basic_auth_is_neither_used_nor_passed_on(self):
        basic = "Basic " + base64.b64encode(
            ("alice:" + PASSWORD).encode()).decode()
        answer = self.stack.http("GET", "/", {"Authorization": basic})
        self.assertEqual(answer.status, 401)
        self.assertNotIn("authorization",
                         self.seen(headers={"Authorization": basic}))
        self.assertNotIn("authorization", self.seen(
            "/public/", {"Authorization": basic}))

    def test_the_cookie_is_cut_out_wherever_it_stands(self):
        ours = "%s=%s" % (COOKIE, self.alice[COOKIE])
        for sent, left in (
                (ours, None), (ours + "; a=1", "a=1"), ("a=1; " + ours, "a=1"),
                ("a=1; " + ours + "; b=2", "a=1; b=2"),
                ("a=1;" + ours + ";b=2", "a=1;b=2"),
                ("x" + ours + "; b=2; " + ours, "x" + ours + "; b=2"),
                ("a=1; b=2", "a=1; b=2")):
            # In a public location also without a session of its own.
            seen = self.seen("/public/", {"Cookie": sent}, {})
            self.assertEqual(seen.get("cookie", [None])[0], left, sent)
            if ours in sent:
                seen = self.seen("/", {"Cookie": sent}, {})
                self.assertEqual(seen.get("cookie", [None])[0], left, sent)

    def test_b11_a_repeated_cookie_is_no_session_and_not_passed_on(self):
        ours = "%s=%s" % (COOKIE, self.alice[COOKIE])
        other = "%s=%s" % (COOKIE, "B" * 32)
        for sent in ([ours + "; " + ours], [ours + "; " + other],
                     [other + "; a=1; " + ours], [ours, ours], [other, ours]):
            pairs = [("Cookie", line) for line in sent]
            answer = self.stack.http("GET", "/", pairs)
            self.assertEqual(answer.status, 401, sent)
            seen = self.seen("/public/", pairs, {})
            self.assertNotIn(COOKIE, str(seen), sent)
        often = self.seen("/public/", {"Cookie": "; ".join(
            [ours, "a=1"] * 4)}, {})
        self.assertNotIn("cookie", often)

    def test_b6_what_a_client_claims_has_no_effect(self):
        claims = (
            ("User-Agent", "kube-probe/1.30"), ("User-Agent", "ELB-Health"),
            ("X-Forwarded-Uri", "/auth/login"), ("X-Original-URL", "/auth/"),
            ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "evil"),
            ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/auth"),
            ("Forwarded", "for=127.0.0.1;host=evil"),
            ("X-Auth-User", "alice"), ("X-Real-IP", "127.0.0.1"),
            ("X-HTTP-Method-Override", "OPTIONS"), ("Stauth-Require", ""))
        for name, value in claims:
            answer = self.stack.http("GET", "/", {name: value})
            self.assertEqual(answer.status, 401, name)
        seen = self.seen(headers=list(claims))
        self.assertEqual(seen["x-forwarded-for"], ["127.0.0.1"])
        self.assertEqual(seen["x-forwarded-proto"], ["http"])
        self.assertEqual(seen["x-forwarded-host"], [self.stack.host])
        self.assertEqual(seen["x-real-ip"], ["127.0.0.1"])
        self.assertEqual(seen["host"], [self.stack.host])

    def test_b20_a_proxy_header_changes_nothing(self):
        proxy = {"Proxy": "http://127.0.0.1:9/"}
        self.assertEqual(self.stack.http("GET", "/", proxy).status, 401)
        self.assertEqual(
            self.stack.http("GET", "/auth/login", proxy).status, 200)
        self.seen(headers=proxy)

    def test_the_third_protocol_token_is_dropped_unless_asked_for(self):
        for path, sent, left in (
                ("/", "streamlit, xsrf, session", "streamlit, xsrf"),
                ("/", "streamlit, xsrf", "streamlit, xsrf"),
                ("/", "streamlit", "streamlit"),
                ("/", "a,b,c,d", "a,b"),
                ("/public/", "streamlit, xsrf, session", "streamlit, xsrf"),
                ("/resume/", "streamlit, xsrf, session",
                 "streamlit, xsrf, session")):
            seen = self.seen(path, {"Sec-WebSocket-Protocol": sent})
            self.assertEqual(seen["sec-websocket-protocol"], [left], path)
        self.assertNotIn("sec-websocket-protocol", self.seen())

    def test_c16_html_of_the_app_is_not_kept(self):
        for status in ("200", "404"):
            answer = self.stack.http("GET", "/", {
                "X-Want-Type": "text/html; charset=utf-8",
                "X-Want-Status": status}, self.alice)
            self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        answer = self.stack.http("GET", "/static/x.js", {
            "X-Want-Type": "text/javascript"}, self.alice)
        self.assertEqual(answer.all("Cache-Control"),
                         ["private, max-age=60"])
        answer = self.stack.http("GET", "/", NAVIGATE)
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])

    def test_the_app_keeps_its_own_401_403_and_500(self):
        for status in (401, 403, 500):
            answer = self.stack.http(
                "GET", "/", {"X-Want-Status": str(status)}, self.alice)
            self.assertEqual(answer.status, status)
            self.assertEqual(json.loads(answer.body)["path"], "/")


if __name__ == "__main__":
    unittest.main()
