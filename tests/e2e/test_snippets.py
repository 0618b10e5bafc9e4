# SPDX-License-Identifier: MIT
"""What the snippets do beyond headers of identity: which paths are refused,
which Upgrade is passed on, who may keep an answer. Issue entries u8-u10."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, NAVIGATE  # noqa: E402
from stack_nginx import NginxStack, echoed  # noqa: E402
import web  # noqa: E402

PASSWORD = "correct horse battery"
CLEARED = """Authorization Forwarded Remote-User Remote-Email Remote-Name
Remote-Groups X-Remote-User X-Forwarded-User X-Forwarded-Email
X-Forwarded-Groups X-Forwarded-Preferred-Username X-Forwarded-Access-Token
X-Auth-Request-User X-Auth-Request-Email X-Auth-Request-Groups
X-Auth-Request-Preferred-Username X-Auth-Request-Access-Token X-Webauth-User
X-Webauth-Email X-Webauth-Name X-Webauth-Groups X-Webauth-Role
X-Streamlit-User Cf-Access-Authenticated-User-Email Cf-Access-Jwt-Assertion
X-Goog-Authenticated-User-Email X-Goog-Iap-Jwt-Assertion X-Amzn-Oidc-Identity
X-Amzn-Oidc-Data X-Amzn-Oidc-Accesstoken X-Ms-Client-Principal
X-Ms-Client-Principal-Id X-Ms-Client-Principal-Name Tailscale-User-Login
Tailscale-User-Name X-Authentik-Username X-Authentik-Groups X-Authentik-Email
X-Auth-Role X-Auth-Roles""".split()
# What nginx and an app may read in two ways.
BAD_PATHS = (
    "/su/../public/x", "/su/..", "/..", "/.", "/./x", "/x/./y", "/x/.",
    "/su/%2e%2e/public/x", "/su/%2E%2E/public/x", "/su/.%2e/public/x",
    "/su/%2e./public/x", "/x/%2e/y", "/x/%2e", "/su/..%2fpublic/x",
    "/su%2fx", "/su%2Fx", "/public/..%5csu", "/x%5Cy", "/x%00", "/x%00y",
    "/public/..\\su/x", "/x\\y", "/x#y", "//", "//x", "/x//y", "/x//",
    "/su/../public/x?a=1", "/..?a", "/public/../su/",
)
GOOD_PATHS = (
    "/.well-known/x", "/x/.y", "/x/..y", "/x/y..", "/x/...", "/.../x",
    "/x/%2ey", "/x?a=//b/../c%2f%5c%00\\", "/x?/./", "/a%20b", "/a%25b",
    "/x/%252e%252e/y", "/x/a.b/",
)


class Snippets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack({"APP_KEY": "k" * 40})
        cls.stack.server_extra = """
			location /framed/ {
				set $stauth_frame_ancestors "https://portal.example.com";
				include %(snippets)s/stauth-protect.conf;
				proxy_pass %(app)s;
			}
			location /optional/ {
				include %(snippets)s/stauth-optional.conf;
				proxy_pass %(app)s;
			}
			location /away/ {
				include %(snippets)s/stauth-protect.conf;
				proxy_pass http://127.0.0.1:1;
			}
"""
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)

    def raw(self, target, more=""):
        before = len(self.stack.echo.seen)
        status, got = web.raw(self.stack.port, (
            "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n%s"
            "Connection: close\r\n\r\n" % (
                target, self.stack.host, COOKIE, self.alice[COOKIE],
                more)).encode())
        return status, got, self.stack.echo.seen[before:]

    # --- u8: one path, one meaning

    def test_u8_a_path_of_two_meanings_is_400_before_any_location(self):
        for path in BAD_PATHS:
            for target in (path, "http://%s%s" % (self.stack.host, path)):
                status, _, seen = self.raw(target)
                self.assertEqual((status, seen), (400, []), target)

    def test_u8_also_below_the_gates_own_locations(self):
        for path in ("/auth/../su/", "/auth/login/..%2f..%2fsu/",
                     "/_stauth/../su/", "/x/../auth/login",
                     "/.well-known/../su/"):
            self.assertEqual(self.raw(path)[0], 400, path)

    def test_u8_other_paths_reach_the_app_as_they_are(self):
        for path in GOOD_PATHS:
            status, _, seen = self.raw(path)
            self.assertEqual((status, seen), (200, [("GET", path)]), path)

    def test_u8_a_requirement_in_the_server_opens_no_location(self):
        """nginx runs it again in the check's subrequest."""
        other = NginxStack({"APP_KEY": "k" * 40})
        self.addCleanup(other.stop)
        other.server_extra = "set $stauth_require '';"
        other.add_user("alice", PASSWORD)
        other.start()
        jar = other.session("alice", PASSWORD)
        self.assertEqual(other.http("GET", "/", cookies=jar).status, 200)
        self.assertEqual(other.http("GET", "/su/", cookies=jar).status, 403)

    # --- u9: WebSocket or nothing

    def test_u9_no_upgrade_but_websocket_reaches_the_app(self):
        for path in ("/", "/public/"):
            for value in ("h2c", "h2c, websocket", "websocket, h2c", "TLS/1.0",
                          "websockets", "xwebsocket", ""):
                seen = echoed(self.stack.http("GET", path, {
                    "Connection": "Upgrade, HTTP2-Settings",
                    "Upgrade": value, "HTTP2-Settings": "AAMAAABk",
                    "Origin": self.stack.url},
                    self.alice))[0]
                self.assertNotIn("upgrade", seen, value)
                self.assertNotIn("upgrade",
                                 str(seen.get("connection")).lower())
        for value in ("websocket", "WebSocket"):
            seen = echoed(self.stack.http("GET", "/", {
                "Connection": "Upgrade", "Upgrade": value,
                "Origin": self.stack.url}, self.alice))[0]
            self.assertEqual((seen["upgrade"], seen["connection"]),
                             (["websocket"], ["upgrade"]))

    # --- u10: who keeps an answer

    def cache(self, path, *lines, kind="text/plain"):
        answer = self.stack.http(
            "GET", path, [("X-Want-Type", kind)] + [
                ("X-Want-Line", line) for line in lines or [""]], self.alice)
        self.assertEqual(answer.status, 200)
        return answer

    def test_u10_a_protected_answer_is_kept_by_nobody_else(self):
        for said, wanted in (
                (None, "private, no-cache"),
                ("public", "private"),
                ("public, max-age=60", "private, max-age=60"),
                ("Public,max-age=60", "private,max-age=60"),
                ("max-age=60, public", "max-age=60, private"),
                ("public, no-cache", "private, no-cache"),
                ("public, immutable, max-age=9",
                 "private, immutable, max-age=9"),
                ("max-age=60", "private, max-age=60"),
                ("s-maxage=60", "private, s-maxage=60"),
                ("private, max-age=60", "private, max-age=60"),
                ("no-store", "no-store"), ("no-cache", "no-cache")):
            answer = self.cache("/x.csv", *(
                ["Cache-Control: " + said] if said else []))
            self.assertEqual(answer.all("Cache-Control"), [wanted], said)
            answer = self.cache("/x", *(
                ["Cache-Control: " + said] if said else []),
                kind="text/html")
            self.assertEqual(answer.all("Cache-Control"), ["no-store"])

    def test_u10_what_only_proxies_read_is_hidden(self):
        lines = ("CDN-Cache-Control: public, max-age=9",
                 "Surrogate-Control: max-age=9", "Cache-Control: no-cache")
        answer = self.cache("/x.csv", *lines)
        self.assertEqual(
            [answer.header(line.split(":")[0]) for line in lines],
            [None, None, "no-cache"])
        self.assertIsNotNone(
            self.cache("/public/x", *lines).header("CDN-Cache-Control"))

    def test_u10_a_public_answer_is_left_alone(self):
        answer = self.cache("/public/x.js", "Cache-Control: public")
        self.assertEqual(answer.all("Cache-Control"), ["public"])
        self.assertEqual(self.cache("/public/x").all("Cache-Control"), [])

    # --- frames

    def test_the_apps_pages_are_framed_by_their_own_site_only(self):
        own = "Content-Security-Policy: img-src 'self'"
        for path, wanted in (("/", "'self'"), ("/public/", "'self'"),
                             ("/framed/", "https://portal.example.com")):
            answer = self.cache(path, own, kind="text/html; charset=utf-8")
            self.assertEqual(answer.all("Content-Security-Policy"),
                             ["img-src 'self'", "frame-ancestors " + wanted])
            self.assertEqual(self.cache(path, own).all(
                "Content-Security-Policy"), ["img-src 'self'"])

    # --- errors: a page for a person, a line for a script

    def a_page_or_a_line(self, method, path, status, line, **more):
        answer = self.stack.http(method, path, NAVIGATE, self.alice, **more)
        self.assertEqual(answer.status, status, path)
        self.assertIn("frame-ancestors 'none'",
                      answer.header("Content-Security-Policy", ""))
        self.assertTrue(answer.header("Content-Type").startswith("text/html"))
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        for headers in ({}, {"Sec-Fetch-Mode": "cors"}):
            answer = self.stack.http(method, path, headers, self.alice, **more)
            self.assertEqual((answer.status, answer.text), (status, line))
            self.assertEqual(answer.header("Content-Type"), "text/plain")
            self.assertEqual(answer.all("Cache-Control"), ["no-store"])

    def test_an_area_that_is_not_allowed(self):
        self.a_page_or_a_line(
            "GET", "/su/", 403, "You do not have permission to open this.\n")
        with self.stack.websocket(cookies=self.alice,
                                  origin="https://evil.example") as ws:
            self.assertEqual(ws.status, 403)

    def test_an_app_that_is_away(self):
        line = "The application is not answering. Please try again in a " \
            "moment.\n"
        for method in ("GET", "POST"):
            self.a_page_or_a_line(method, "/away/x", 502, line)
        self.assertEqual(self.stack.http("GET", "/away/x").status, 401)

    def test_an_upload_that_is_too_large_is_answered_before_it_is_read(self):
        for more, wanted in (("", b"This upload is too large.\n"),
                             ("Sec-Fetch-Mode: navigate\r\n"
                              "Accept: text/html\r\n", b"</html>")):
            status, got = web.raw(self.stack.port, (
                "POST /x HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n%s"
                "Content-Length: 999999999\r\nConnection: close\r\n\r\n" % (
                    self.stack.host, COOKIE, self.alice[COOKIE],
                    more)).encode(), timeout=2)
            self.assertEqual(status, 413)
            self.assertIn(wanted, got)

    def test_no_error_page_opens_anything_while_the_gate_is_down(self):
        path = self.stack.pages_sock
        os.rename(path, path + ".away")
        try:
            for where in ("/su/", "/away/x"):
                before = len(self.stack.echo.seen)
                answer = self.stack.http("GET", where, NAVIGATE, self.alice)
                self.assertEqual(answer.status, 502)
                self.assertEqual(self.stack.echo.seen[before:], [])
        finally:
            os.rename(path + ".away", path)

    # --- u19: open to everybody, with an identity for who has one

    def test_optional_a_visitor_is_nobody_and_a_session_is_somebody(self):
        forged = [("X-Auth-User", "root"), ("X-Auth-Logged-In", "1"),
                  ("X-Auth-Groups", "su"), ("Remote-User", "root")]
        dead = "%s=%s" % (COOKIE, "A" * 32)
        for cookie in (None, dead, COOKIE + "=x", dead + "; " + dead):
            seen = echoed(self.stack.http("GET", "/optional/x", forged + (
                [("Cookie", cookie)] if cookie else [])))[0]
            self.assertEqual(
                [name for name in seen if name.startswith("x-auth")], [])
            self.assertNotIn("root", str(seen))
            self.assertNotIn(COOKIE, str(seen))
        seen = echoed(self.stack.http("GET", "/optional/x", forged,
                                      self.alice))[0]
        self.assertEqual((seen["x-auth-user"], seen["x-auth-logged-in"]),
                         (["alice"], ["1"]))
        self.assertNotIn("root", str(seen))

    def test_optional_answers_are_private_and_foreign_origins_refused(self):
        answer = self.stack.http("GET", "/optional/x")
        self.assertEqual(answer.all("Cache-Control"),
                         ["private, max-age=60"])
        for jar in ({}, self.alice):
            with self.stack.websocket("/optional/_stcore/stream", jar,
                                      "https://evil.example") as ws:
                self.assertEqual(ws.status, 403)

    def test_optional_is_closed_while_the_gate_is_down(self):
        self.stack.stop_gate()
        try:
            before = len(self.stack.echo.seen)
            self.assertEqual(
                self.stack.http("GET", "/optional/x").status, 503)
            self.assertEqual(self.stack.echo.seen[before:], [])
        finally:
            self.stack.start_gate()

    # --- what other proxies call an identity

    def test_b9_no_identity_header_of_another_proxy_reaches_the_app(self):
        for path in ("/", "/public/"):
            for names in (CLEARED, [name.upper() for name in CLEARED]):
                seen = echoed(self.stack.http("GET", path, [
                    (name, "root") for name in names], self.alice))[0]
                for name in CLEARED:
                    self.assertNotIn(name.lower(), seen, path)
                self.assertNotIn("root", str(seen))

    def test_b9_the_cookies_of_st_login_do_not_reach_the_app(self):
        ours = "%s=%s" % (COOKIE, self.alice[COOKIE])
        for sent, left in (
                ("_streamlit_user=x", None),
                ("a=1; _streamlit_user=x; _streamlit_user_tokens=y; b=2",
                 "a=1; b=2"),
                ("_streamlit_user_0=x; _streamlit_user_1=y; a=1", "a=1"),
                ("_streamlit_user=x; a=1; %s; b=2; _streamlit_user_9=z; c=3"
                 % ours, "a=1; b=2; c=3"),
                ("_streamlit_xsrf=1; _streamlit_user =x", "_streamlit_xsrf=1"),
                ("my_streamlit_user=1", "my_streamlit_user=1")):
            for path in ("/", "/public/"):
                seen = echoed(self.stack.http("GET", path, {
                    "Cookie": sent if ours in sent else ours + "; " + sent}))
                self.assertEqual(
                    seen[0].get("cookie", [None])[0], left, sent)
        many = "; ".join("_streamlit_user=%d; a=%d" % (i, i)
                         for i in range(5))
        seen = echoed(self.stack.http("GET", "/public/", {"Cookie": many}))
        self.assertNotIn("_streamlit_user", str(seen[0].get("cookie")))


if __name__ == "__main__":
    unittest.main()
