# SPDX-License-Identifier: MIT
"""What people have in http{} and server{} beside the snippets. A setting that
a location inherits must not open it, nor mix up two people, nor break the
gate's own pages: nginx starts with each of them, and the same questions are
asked from outside."""

import os
import re
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, NAVIGATE, form_csrf, set_cookies  # noqa: E402
from stack_nginx import NginxStack, echoed, stop_group  # noqa: E402
import web  # noqa: E402

PASSWORD = "correct horse battery"
ENDED = b'"Your session has ended. Reload this page to sign in again."'
IDENTITY = ("User", "Email", "Name", "Groups", "Session", "Assertion",
            "Logged-In")
CACHE = "%(dir)s/cache keys_zone=z:1m"

CACHES = {
    "proxy_cache":
        "proxy_cache_path " + CACHE + "; proxy_cache z; proxy_buffering on;"
        " proxy_cache_valid any 1m; proxy_cache_key $uri;"
        " proxy_ignore_headers Cache-Control Set-Cookie Vary Expires;",
    "fastcgi_cache":
        "fastcgi_cache_path " + CACHE + "; fastcgi_cache z;"
        " fastcgi_cache_valid any 1m; fastcgi_cache_key $uri;"
        " fastcgi_cache_use_stale error timeout http_503;"
        " fastcgi_ignore_headers Cache-Control Set-Cookie Vary Expires;",
}
HTTP = {
    "none": "",
    "merge_slashes": "merge_slashes off;",
    "underscores": "underscores_in_headers on;",
    "invalid headers": "ignore_invalid_headers off;",
    "odd headers of any kind":
        "underscores_in_headers on; ignore_invalid_headers off;",
    "large headers": "large_client_header_buffers 8 64k;",
    "fastcgi_store": "fastcgi_store %(dir)s/stored$uri;",
    "proxy_store": "proxy_store %(dir)s/stored$uri;",
    "satisfy any": "satisfy any; allow all;",
    "satisfy any by address": "satisfy any; allow 127.0.0.1; deny all;",
    "proxy_intercept_errors": "proxy_intercept_errors on;",
    "fastcgi_intercept_errors": "fastcgi_intercept_errors on;",
    "both intercepted, and =200":
        "fastcgi_intercept_errors on; proxy_intercept_errors on;"
        " recursive_error_pages on;"
        " error_page 400 401 403 404 405 422 429 =200 /public/x;",
    "error_page as everybody has it":
        "error_page 500 502 503 504 /50x.html;",
    "error_page of what fails":
        "error_page 500 502 503 504 =200 /public/x;",
    "error_page of what fails, recursive":
        "error_page 500 502 503 504 =200 /public/x;"
        " recursive_error_pages on;",
    "log_subrequest": "log_subrequest on;",
    "proxy_set_header": "proxy_set_header X-Auth-User root;"
                        " proxy_set_header X-Mine 1;",
    "proxy_hide_header": "proxy_hide_header X-Powered-By;"
                         " proxy_pass_header X-Accel-Redirect;",
    "fastcgi_param": "fastcgi_param HTTP_COOKIE ''; fastcgi_param HTTPS on;"
                     " fastcgi_param REMOTE_ADDR 192.0.2.1;",
    "fastcgi headers":
        "fastcgi_hide_header X-Auth-User; fastcgi_pass_header Status;"
        " fastcgi_ignore_headers Vary;",
    "fastcgi_pass_request_headers": "fastcgi_pass_request_headers on;",
    "fastcgi_keep_conn": "fastcgi_keep_conn on;",
    "fastcgi unbuffered":
        "fastcgi_buffering off; fastcgi_request_buffering off;",
    "fastcgi_next_upstream":
        "fastcgi_next_upstream error timeout invalid_header http_500"
        " http_503 http_403 http_404 http_429 non_idempotent;",
    "gzip": "gzip on; gzip_proxied any; gzip_min_length 1;"
            " gzip_types application/json;",
    "ssi": "ssi on; ssi_types *;",
    "expires": "expires 1h;",
    "add_header": "add_header Cache-Control public always;",
    "chunked": "chunked_transfer_encoding off;",
    "proxy_buffering": "proxy_buffering on; proxy_request_buffering on;",
    "body size": "client_max_body_size 1k;",
    "auth_request off": "auth_request off;",
}
SERVER = {
    "satisfy any": "satisfy any; allow all;",
    "error_page": "error_page 401 403 500 502 503 504 =200 /public/x;",
    "error_page of nginx's own":
        "error_page 400 405 413 414 494 =200 /x;",
    "auth_request off": "auth_request off;",
    "auth_request of another": "auth_request /public/x;",
    "try_files": "root %(dir)s; try_files $uri /public/x;",
    "rewrite": "rewrite ^/old/(.*)$ /$1 last; rewrite ^/(_.*)/$ /$1;",
    "if": "if ($arg_old) { rewrite ^ /old; }"
          " if ($http_user_agent ~ x) { set $mine 1; }",
    "proxy_set_header": "proxy_set_header X-Auth-User root;",
    "fastcgi_param": "fastcgi_param HTTP_COOKIE '';",
    "add_header": "add_header X-Mine 1 always;",
    "expires": "expires max;",
}


# Locations of the user's own, and what nginx does not take beside the include.
LOCATIONS = """
location /tried/ {
	root %(dir)s;
	include %(snippets)s/stauth-protect.conf;
	try_files $uri @tried;
}
location @tried {
	include %(snippets)s/stauth-protect.conf;
	proxy_pass %(app)s;
}
location /read-only/ {
	include %(snippets)s/stauth-protect.conf;
	limit_except GET { deny all; }
	proxy_pass %(app)s;
}
location /if/ {
	include %(snippets)s/stauth-protect.conf;
	if ($arg_a) { set $b 1; }
	proxy_pass %(app)s;
}
location /rewritten/ {
	include %(snippets)s/stauth-protect.conf;
	rewrite ^/rewritten/(.*)$ /$1 break;
	if ($arg_a) { rewrite ^ /b break; }
	proxy_pass %(app)s;
}
"""
REFUSED_IN_SERVER = (
    "merge_slashes off;", "underscores_in_headers on;",
    "ignore_invalid_headers off;")
REFUSED_IN_LOCATION = (
    "satisfy any;", "auth_request off;", "proxy_cache z;", "ssi on;",
    "proxy_intercept_errors on;", "expires 1h;")


class Wiring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack({"APP_KEY": "k" * 40,
                                "SESSIONS_PER_USER": "1000"})
        cls.addClassCleanup(cls.stack.stop)
        for name in ("alice", "bob"):
            cls.stack.add_user(name, PASSWORD)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)
        cls.bob = cls.stack.session("bob", PASSWORD)

    def again(self, http="", server=""):
        """nginx with these lines."""
        stop_group(self.stack.nginx)
        self.stack.http_extra, self.stack.server_extra = http, server
        self.stack.start_nginx()

    def unseen(self, ask):
        before = len(self.stack.echo.seen)
        answer = ask()
        self.assertEqual(self.stack.echo.seen[before:], [])
        return answer

    # --- the questions

    def closed_while_the_gate_is_down(self):
        for name in ("check.sock", "pages.sock"):
            path = os.path.join(self.stack.run_dir, name)
            os.rename(path, path + ".away")
        try:
            for headers in (NAVIGATE, {}):
                for path in ("/", "/x", "/auth/login"):
                    answer = self.unseen(lambda: self.stack.http(
                        "GET", path, headers, self.alice))
                    self.assertEqual(answer.status, 503, path)
        finally:
            for name in ("check.sock", "pages.sock"):
                path = os.path.join(self.stack.run_dir, name)
                os.rename(path + ".away", path)

    def closed_to_strangers(self):
        for path in ("//", "//x", "/x//y", "//su/", "/x/..//su/",
                     "/su/../public/x"):
            for method in ("GET", "POST", "OPTIONS"):
                answer = self.unseen(lambda: self.stack.http(
                    method, path, cookies=self.alice))
                self.assertEqual(answer.status, 400, (method, path))
        for path in ("/", "/x", "/su/", "/big/"):
            for method, headers in (("GET", {}), ("POST", {}),
                                    ("HEAD", {}), ("OPTIONS", {})):
                answer = self.unseen(lambda: self.stack.http(
                    method, path, headers))
                self.assertEqual(answer.status, 401, (method, path))
            answer = self.unseen(lambda: self.stack.http(
                "GET", path, NAVIGATE))
            self.assertEqual(answer.status, 302, path)
            self.assertTrue(answer.header("Location").startswith(
                "/auth/login?rd="))
            self.assertIn("no-store", answer.all("Cache-Control"))
            self.assertNotIn("max-age", str(answer.headers))
        answer = self.unseen(lambda: self.stack.http("GET", "/x"))
        self.assertEqual(answer.body, ENDED)
        for path in ("/su/", "/su/x"):
            answer = self.unseen(lambda: self.stack.http(
                "GET", path, cookies=self.alice))
            self.assertEqual(answer.status, 403, path)
        for path in ("/x/auth/login", "/.well-known/change-password"):
            answer = self.unseen(lambda: self.stack.http("GET", path))
            self.assertNotIn("max-age", str(answer.headers))
        for path in ("/_stauth/check", "/_stauth/check/"):
            answer = self.stack.http("GET", path, cookies=self.alice)
            self.assertIsNone(answer.header("X-Auth-User"))
            self.assertIsNone(answer.header("X-Auth-Assertion"))

    def raw(self, lines, path="/", jar=None):
        pair = "Cookie: %s=%s\r\n" % (COOKIE, jar[COOKIE]) if jar else ""
        return web.raw(self.stack.port, (
            "GET %s HTTP/1.1\r\n%s\r\nHost: %s\r\n%sConnection: close\r\n\r\n"
            % (path, lines, self.stack.host, pair)).encode())

    def nobody_brings_an_identity(self):
        spellings = []
        for name in IDENTITY:
            for prefix in ("X-Auth-", "X_Auth_", "X-Auth_", "X.Auth.",
                           "x-auth_"):
                for name in {name, name.replace("-", "_")}:
                    spellings.append("%s%s: root" % (prefix, name))
        for lines, path in (
                [("\r\n".join(spellings), "/"),
                 ("\r\n".join(spellings), "/public/"),
                 ("X-Auth-User : root", "/"), ("X-Auth-User\t: root", "/"),
                 ("X_Forwarded_User: root\r\nRemote_User: root", "/"),
                 ("X-Auth-User\x01: root", "/")]):
            before = len(self.stack.echo.seen)
            status, got = self.raw(lines, path, self.alice)
            if len(self.stack.echo.seen) == before:
                self.assertIn(status, (400, 401), lines)
                continue
            self.assertNotIn(b"root", got, (lines, path))

    def everybody_is_himself(self):
        wish = {"X-Want-Type": "text/css", "X-Want-Buffering": "yes"}
        for _ in range(2):
            for name, jar in (("alice", self.alice), ("bob", self.bob)):
                seen = echoed(self.stack.http("GET", "/a.css", wish, jar))[0]
                self.assertEqual(seen["x-auth-user"], [name])
                self.assertNotIn(jar[COOKIE], str(seen))
        self.assertEqual(self.stack.http("GET", "/a.css").status, 401)
        self.assertEqual(self.stack.http("GET", "/a.css").status, 401)

    def the_app_speaks_for_itself(self):
        for status in ("401", "403", "404", "500", "503"):
            answer = self.stack.http("GET", "/", {"X-Want-Status": status},
                                     self.alice)
            self.assertEqual(answer.status, int(status))
            self.assertEqual(echoed(answer)[1]["path"], "/")
        answer = self.stack.http("GET", "/", {"X-Want-Type": "text/html"},
                                 self.alice)
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        answer = self.stack.http("POST", "/up", cookies=self.alice,
                                 body=b"x" * (1 << 20))
        self.assertEqual(echoed(answer)[1]["length"], 1 << 20)

    def a_page_of_the_gate(self, answer, status):
        self.assertEqual(answer.status, status, answer.text[:300])
        self.assertIn("frame-ancestors 'none'",
                      answer.header("Content-Security-Policy", ""))
        self.assertIn("no-store", answer.all("Cache-Control"))
        self.assertNotIn("max-age", str(answer.all("Cache-Control")))
        self.assertIsNone(answer.header("Content-Encoding"))

    def the_pages_are_the_gates(self):
        zip_it = dict(NAVIGATE, **{"Accept-Encoding": "gzip"})
        first = self.stack.http("GET", "/auth/login", zip_it)
        second = self.stack.http("GET", "/auth/login", zip_it)
        for page in (first, second):
            self.a_page_of_the_gate(page, 200)
            self.assertTrue(page.header("Set-Cookie"))
        self.assertNotEqual(form_csrf(first), form_csrf(second))
        self.a_page_of_the_gate(self.stack.http("GET", "/auth/none"), 404)
        self.a_page_of_the_gate(
            self.stack.http("PUT", "/auth/login"), 405)
        jar = set_cookies(first, {})
        form = {"username": "alice", "password": "wrong",
                "csrf": form_csrf(first)}
        self.stack.sql("DELETE FROM rate_limits")
        self.a_page_of_the_gate(
            self.stack.post_form("/auth/login", form, jar), 401)
        self.assertEqual(self.stack.sql(
            "SELECT max(failures) FROM rate_limits"), [(1,)])
        self.a_page_of_the_gate(self.stack.post_form(
            "/auth/login", dict(form, csrf=form_csrf(second)), jar), 403)
        for name, jar in (("alice", self.alice), ("bob", self.bob)):
            page = self.stack.http("GET", "/auth/account", zip_it, jar)
            self.a_page_of_the_gate(page, 200)
            self.assertIn(name, page.text)

    def a_log_out_holds_at_once(self):
        jar = self.stack.session("alice", PASSWORD)
        for _ in range(3):
            answer = self.stack.http("GET", "/out.css", cookies=jar)
            self.assertEqual(answer.status, 200)
        answer = self.stack.http("GET", "/auth/logout", dict(
            NAVIGATE, **{"Sec-Fetch-Site": "same-origin"}), jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(
            self.stack.http("GET", "/out.css", cookies=jar).status, 401)
        answer = self.stack.http("GET", "/auth/account", NAVIGATE, jar)
        self.assertEqual(answer.status, 303)

    QUESTIONS = (closed_while_the_gate_is_down, closed_to_strangers,
                 nobody_brings_an_identity, everybody_is_himself,
                 the_app_speaks_for_itself, the_pages_are_the_gates,
                 a_log_out_holds_at_once)

    def ask_all(self, where, settings):
        for name, lines in settings.items():
            self.again(**{where: lines})
            for question in self.QUESTIONS:
                with self.subTest(where=where, setting=name,
                                  question=question.__name__):
                    question(self)

    # --- the settings

    def test_b14_what_stands_in_http(self):
        self.ask_all("http", HTTP)

    def test_b14_what_stands_in_server(self):
        self.ask_all("server", SERVER)

    def test_b15_b14_no_cache_of_nginx_holds_an_answer(self):
        self.ask_all("http", CACHES)

    def test_b14_slow_clients_hold_no_page_worker(self):
        self.again("fastcgi_request_buffering off;")
        socks = [socket.create_connection(("127.0.0.1", self.stack.port))
                 for _ in range(3 * len(self.stack.workers()))]
        try:
            for sock in socks:
                sock.sendall((
                    "POST /auth/login HTTP/1.1\r\nHost: %s\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\n"
                    "Content-Length: 100\r\n\r\nusername=" %
                    self.stack.host).encode())
            answer = self.stack.http("GET", "/auth/login", timeout=5)
            self.a_page_of_the_gate(answer, 200)
        finally:
            for sock in socks:
                sock.close()

    def test_b14_the_includes_of_a_page_are_not_fetched(self):
        self.again("ssi on;")
        headers = {"X-Want-Type": "text/html",
                   "X-A": "<!--#include virtual='/su/' -->"}
        for path, jar in (("/", self.alice), ("/public/", {})):
            before = len(self.stack.echo.seen)
            answer = self.stack.http("GET", path, headers, jar)
            self.assertEqual(self.stack.echo.seen[before:], [("GET", path)])
            self.assertIn("<!--#include", answer.text)

    def test_b14_the_connections_to_the_check_are_kept(self):
        self.again("fastcgi_buffering off; fastcgi_keep_conn off;")
        for _ in range(20):
            self.stack.http("GET", "/", cookies=self.alice)
        with open("/proc/net/unix", encoding="ascii") as table:
            count = sum(self.stack.check_sock in line for line in table)
        self.assertGreater(count, 1)

    def test_b14_a_location_of_ones_own(self):
        folder = os.path.join(self.stack.dir, "tried")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "a.txt"), "w",
                  encoding="ascii") as out:
            out.write("a file")
        self.again(server=LOCATIONS)
        for path in ("/tried/a.txt", "/tried/b", "/read-only/x", "/if/x?a=1",
                     "/rewritten/x", "/rewritten/x?a=1"):
            for method in ("GET", "POST"):
                answer = self.unseen(lambda path=path, method=method:
                                     self.stack.http(method, path))
                self.assertIn(answer.status, (401, 403), (method, path))
        answer = self.stack.http("GET", "/tried/a.txt", cookies=self.alice)
        self.assertEqual(answer.body, b"a file")
        for path in ("/tried/b", "/read-only/x", "/if/x?a=1",
                     "/rewritten/x", "/rewritten/x?a=1"):
            seen = echoed(self.stack.http("GET", path, {
                "X-Auth-User": "root"}, self.alice))[0]
            self.assertEqual(seen["x-auth-user"], ["alice"], path)
        answer = self.unseen(lambda: self.stack.http(
            "POST", "/read-only/x", cookies=self.alice))
        self.assertEqual(answer.status, 403)

    def test_b14_nginx_refuses_what_would_undo_a_snippet(self):
        def words(server):
            self.stack.server_extra = server
            return subprocess.run(
                [self.stack.nginx.args[0], "-t", "-e", "/dev/null", "-c",
                 self.stack.write_nginx_conf()], stderr=subprocess.PIPE,
                text=True, check=False).stderr

        self.stack.http_extra = ""
        location = "location /own/ { include %%(snippets)s/" \
            "stauth-protect.conf; %s }"
        self.assertIn("test is successful", words(location % ""))
        for line in REFUSED_IN_SERVER:
            self.assertIn("is duplicate", words(line), line)
        for line in REFUSED_IN_LOCATION:
            self.assertIn("is duplicate", words(location % line), line)


if __name__ == "__main__":
    unittest.main()
