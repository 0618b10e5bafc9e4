# SPDX-License-Identifier: MIT
"""Golden headers of every kind of answer, and the pages' own files."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import (  # noqa: E402
    HOST, NAVIGATE, ORIGIN, SUBMIT, Stack, wait_for)

CSP = ("default-src 'none'; style-src 'self'; script-src 'self'; "
       "img-src 'self' data:; form-action 'self'; base-uri 'none'; "
       "frame-ancestors 'none'")
GOLDEN = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = dict(GOLDEN, **{
    "Cache-Control": "no-store",
    "Vary": "Cookie, Sec-Fetch-Site, Origin, Accept",
})


class Headers(PagesCase):
    config = {"BRAND_NAME": "Acme <reports>",
              "primaryColor": "#03b585",
              "backgroundColor": "#101418"}

    def assert_golden(self, answer, golden=None):
        for name, value in (golden or PAGE).items():
            self.assertEqual(answer.all(name), [value], name)
        self.assertEqual(len(answer.all("Permissions-Policy")), 1)
        self.assertNotIn("publickey", answer.header("Permissions-Policy"))
        self.assertTrue(answer.raw.startswith(b"Status: "))
        if "HEAD" not in self.id():
            self.assertEqual(answer.header("Content-Length"),
                             str(len(answer.body)))

    def assert_tells_nothing(self, answer):
        telling = re.compile(
            rb"sqlite|select |/tmp|\.c:|version|libfcgi|nginx|stauth\.db|"
            rb"stauthctl|0\.1\.0", re.I)
        body = re.sub(rb'(href|src)="[^"]*"', b"", answer.body)
        self.assertIsNone(telling.search(body), body)

    def answers(self):
        """(status, answer) of every kind there is."""
        page, stack = self.stack.page, self.stack
        login, jar = stack.login("alice", PASSWORD)
        script = dict(SUBMIT, Accept="application/json")
        yield 200, page("GET", "/auth/login")
        yield 200, page("GET", "/auth/login", headers=script)
        yield 303, login
        yield 303, page("GET", "/auth/login", cookies=jar)
        yield 200, page("GET", "/auth/account", cookies=jar)
        yield 303, page("GET", "/auth/account")
        yield 303, page("GET", "/auth/")
        yield 303, page("GET", "/.well-known/change-password")
        yield 200, page("GET", "/auth/logout", headers={}, cookies=jar)
        yield 401, stack.login("alice", "wrong")[0]
        yield 200, page("GET", "/auth/status", cookies=jar)
        yield 401, page("GET", "/auth/status")
        yield 200, page("GET", "/auth/health")
        yield 404, page("GET", "/auth/nope")
        yield 404, page("GET", "/auth/static/nope.css")
        yield 404, page("GET", "/auth/nope", headers=script)
        yield 405, page("PUT", "/auth/login")
        yield 403, page("POST", "/auth/login", form={"username": "a"})
        yield 400, page("POST", "/auth/login", body=b"a=%")
        yield 411, page("POST", "/auth/login", content_length="")
        yield 413, page("POST", "/auth/login", body=b"a" * 70000)
        yield 415, page("POST", "/auth/login", content_type="text/plain")
        yield 421, page("GET", "/auth/login", host="evil.example")
        yield 422, stack.post(
            "/auth/account/password",
            {"current": PASSWORD, "password": "weak", "confirm": "weak"},
            jar, form_path="/auth/account")[0]
        yield 303, stack.post("/auth/logout", {}, jar,
                              form_path="/auth/account")[0]

    def test_d6_d13_every_answer_carries_them(self):
        for status, answer in self.answers():
            self.assertEqual(answer.status, status)
            self.assert_golden(answer)

    def test_d13_a_head_is_a_get_without_its_body(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for path, cookies in (("/auth/login", None), ("/auth/account", jar),
                              ("/auth/status", jar), ("/auth/health", None),
                              ("/auth/nope", None)):
            get = self.stack.page("GET", path, cookies=cookies)
            head = self.stack.page("HEAD", path, cookies=cookies)
            self.assertEqual(head.status, get.status)
            self.assertEqual(head.body, b"")
            self.assertEqual(head.header("Content-Length"),
                             get.header("Content-Length"))
            self.assertEqual(head.header("Content-Security-Policy"), CSP)

    def test_methods_are_named(self):
        for path, allow in (("/auth/login", "GET, HEAD, POST"),
                            ("/auth/logout", "GET, HEAD, POST"),
                            ("/auth/account", "GET, HEAD"),
                            ("/auth/account/password", "POST"),
                            ("/auth/account/sessions/end", "POST"),
                            ("/auth/status", "GET, HEAD"),
                            ("/auth/health", "GET, HEAD"),
                            ("/auth/static/x", "GET, HEAD")):
            for method in ("OPTIONS", "PUT", "DELETE", "TRACE", "get", ""):
                answer = self.stack.page(method, path)
                self.assertEqual(answer.status, 405, (method, path))
                self.assertEqual(answer.all("Allow"), [allow])
        self.assertEqual(self.stack.page(
            "GET", "/auth/account/password").status, 405)
        self.assertEqual(self.stack.page(
            "POST", "/auth/status", form={}).status, 405)

    def test_routes_that_are_off_or_of_later_are_not_there(self):
        for path in ("/auth/signup", "/auth/signup/verify",
                     "/auth/signup/resend", "/auth/admin/", "/auth/login/",
                     "/auth/forgot/", "/auth/reset/", "/auth/signup/", "/auth/account/", "/auth", "/", "",
                     "/auth/Login", "/auth/healthz"):
            self.assertEqual(self.stack.page("GET", path).status, 404, path)
        text = self.stack.page("GET", "/auth/login").text
        self.assertNotIn("signup", text)
        self.assertNotIn("forgot", text)

    def test_d14_errors_tell_nothing_of_the_inside(self):
        for _, answer in self.answers():
            self.assert_tells_nothing(answer)

    def test_d14_nor_do_faults_and_they_pass(self):
        with Stack() as stack:
            stack.add_user("alice", PASSWORD)
            os.rename(stack.state_dir, stack.state_dir + ".away")
            os.mkdir(stack.state_dir)
            stack.start_gate()
            cookies = {"__Host-stauth": "A" * 32}
            for path in ("/auth/login", "/auth/account", "/auth/status",
                         "/auth/logout", "/auth/health"):
                answer = stack.page("GET", path, cookies=cookies)
                self.assertEqual(answer.status, 503, path)
                self.assertGreater(int(answer.header("Retry-After")), 0)
                self.assert_golden(answer)
                self.assert_tells_nothing(answer)
            self.assertIn(b"stauthctl init", stack.log())
            os.rmdir(stack.state_dir)
            os.rename(stack.state_dir + ".away", stack.state_dir)
            self.assertTrue(wait_for(lambda: stack.login(
                "alice", PASSWORD)[0].status == 303))

    def test_only_the_script_of_a_worker_may_connect(self):
        """The log-in page sends its form through it, see sender.js."""
        page = self.stack.page("GET", "/auth/login").text
        (sender,) = re.findall(r'data-sender="([^"]+)"', page)
        answer = self.stack.page("GET", sender)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.all("Content-Security-Policy"),
                         ["default-src 'none'; connect-src 'self'"])
        self.assertTrue(answer.header("Content-Type").startswith(
            "text/javascript"))

    def test_nothing_waits_hidden_for_a_script(self):
        """Text browsers show it, and it could not work there."""
        for _, answer in self.answers():
            self.assertNotRegex(answer.body.decode(), r"\shidden[\s>]")

    def test_a_browser_that_sends_no_origin_is_shown_a_way(self):
        """lynx drops a Referer with a query, and sends no Origin: from the
        log-in page without one it works."""
        csrf, jar = self.stack.open_form()
        form = {"username": "alice", "password": PASSWORD, "csrf": csrf}
        answer = self.stack.page("POST", "/auth/login", form=form,
                                 cookies=jar, headers={})
        self.assertEqual(answer.status, 403)
        self.assertIn('href="/auth/login"', answer.text)
        answer = self.stack.page(
            "POST", "/auth/login", form=form, cookies=jar,
            headers={"Referer": ORIGIN + "/auth/login"})
        self.assertEqual(answer.status, 303)

    def test_the_brand_is_shown_escaped(self):
        text = self.stack.page("GET", "/auth/login").text
        self.assertIn("<title>Sign in \u2013 Acme &lt;reports&gt;</title>",
                      text)
        self.assertIn('<p class="brand">Acme &lt;reports&gt;</p>', text)

    def test_static_files_are_there_and_may_be_kept(self):
        text = self.stack.page("GET", "/auth/login").text
        urls = re.findall(r'(?:href|src)="(/auth/static/[^"]+)"', text)
        self.assertEqual(len(urls), 4)
        types = {".css": "text/css; charset=utf-8",
                 ".js": "text/javascript; charset=utf-8",
                 ".svg": "image/svg+xml"}
        total = len(text)
        for url in urls:
            self.assertRegex(url, r"\.[0-9a-f]{12}\.")
            answer = self.stack.page("GET", url)
            self.assertEqual(answer.status, 200)
            self.assert_golden(answer, dict(GOLDEN, **{
                "Cache-Control": "public, max-age=31536000, immutable",
                "Content-Type": types[os.path.splitext(url)[1]]}))
            total += len(answer.body)
            self.assertEqual(self.stack.page(
                "GET", re.sub(r"\.[0-9a-f]{12}\.", ".", url)).status, 404)
        self.assertLess(total, 30000)
        for path in ("../../etc/passwd", "layout.html", "", "stauth.css"):
            self.assertEqual(self.stack.page(
                "GET", "/auth/static/" + path).status, 404)

    def test_the_theme_is_the_configured_one(self):
        text = self.stack.page("GET", "/auth/login").text
        url = re.search(r"/auth/static/theme\.[0-9a-f]{12}\.css", text)[0]
        css = self.stack.page("GET", url).text
        self.assertIn("--primary:#03b585;--on-primary:#000000;", css)
        self.assertIn("color-scheme:dark;--page:#101418;", css)

    def test_open_routes_answer_any_host(self):
        for host in ("", "evil.example", "10.0.0.1"):
            self.assertEqual(self.stack.page(
                "GET", "/auth/health", host=host, https=False).status, 200)

    def test_no_page_has_anything_inline_or_foreign(self):
        for _, answer in self.answers():
            # A page for a foreign host names the right one.
            self.assertNotRegex(
                answer.body.decode().replace(ORIGIN, ""),
                r"<style|style=|<script>| on\w+=|https?://")


class Brand(unittest.TestCase):
    """BRAND_LOGO and HELP_TEXT."""

    SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'
    PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

    def pages(self, data, name="logo"):
        stack = Stack({"BRAND_NAME": "Acme", "HELP_TEXT": "Call <5>."})
        self.addCleanup(stack.stop)
        path = os.path.join(stack.dir, name)
        if data is not None:
            with open(path, "wb") as out:
                out.write(data)
        stack.write_config({"BRAND_LOGO": path})
        return stack.start_gate()

    def test_a_logo_is_served_under_its_hash(self):
        for data, kind in ((self.SVG, "svg"), (self.PNG, "png")):
            stack = self.pages(data)
            page = stack.page("GET", "/auth/login").text
            (url,) = re.findall(r'<img src="([^"]+)" alt="Acme">', page)
            self.assertRegex(url, r"^/auth/static/logo\.[0-9a-f]{12}\."
                             + kind)
            answer = stack.page("GET", url)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.body, data)
            # Nothing of an SVG runs where it is opened by itself.
            self.assertEqual(answer.all("Content-Security-Policy"), [CSP])
            self.assertIn("image/" + kind, answer.header("Content-Type"))

    def test_what_is_no_logo_is_logged_and_there_is_none(self):
        for data in (b"GIF89a", b"", b"<svg>" + b"x" * (300 << 10), None):
            stack = self.pages(data)
            page = stack.page("GET", "/auth/login").text
            self.assertNotIn("<img", page)
            self.assertIn('<p class="brand">Acme</p>', page)
            self.assertIn(b"BRAND_LOGO", stack.log())
            self.assertEqual(stack.page(
                "GET", "/auth/static/").status, 404)

    def test_u15_a_logo_that_is_no_file_holds_up_nobody(self):
        stack = self.pages(None)
        stack.stop_gate()
        pipe = os.path.join(stack.dir, "pipe")
        os.mkfifo(pipe)
        for path in (pipe, "/dev/zero", stack.dir):
            with self.subTest(path):
                stack.write_config({"BRAND_LOGO": path})
                stack.start_gate()
                self.assertNotIn(
                    "<img", stack.page("GET", "/auth/login").text)
                self.assertIn(b"BRAND_LOGO " + path.encode(), stack.log())
                stack.stop_gate()

    def test_the_help_text_is_at_the_end_escaped(self):
        page = self.pages(self.SVG).page("GET", "/auth/login").text
        self.assertIn('<p class="help">Call &lt;5&gt;.</p>', page)

    def test_a_page_with_all_its_files_is_small(self):
        with Stack() as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            _, jar = stack.login("alice", PASSWORD)
            for path, cookies in (("/auth/login", {}), ("/auth/account", jar)):
                page = stack.page("GET", path, cookies=cookies)
                self.assertEqual(page.status, 200)
                size = len(page.body)
                for url in set(re.findall(r'/auth/static/[^"]+', page.text)):
                    size += len(stack.page("GET", url).body)
                self.assertLess(size, 30 << 10, path)


class PlainHttp(unittest.TestCase):
    def start(self, **config):
        stack = Stack(dict({"PUBLIC_URL": None}, **config))
        self.addCleanup(stack.stop)
        stack.add_user("alice", PASSWORD)
        return stack.start_gate()

    def test_it_is_refused_with_the_reason(self):
        stack = self.start()
        for path in ("/auth/login", "/auth/account", "/auth/status"):
            answer = stack.page("GET", path, host=HOST, https=False)
            self.assertEqual(answer.status, 403)
            self.assertIn("https", answer.text)
            self.assertEqual(answer.all("Set-Cookie"), [])
        for host in ("localhost", "localhost:8080", "127.0.0.1:8080",
                     "x.localhost", "[::1]:80"):
            answer = stack.page("GET", "/auth/login", host=host, https=False)
            self.assertEqual(answer.status, 200)
            self.assertIn("; Secure;", answer.header("Set-Cookie"))
        self.assertEqual(stack.page("GET", "/auth/login").status, 200)

    def test_c15_allowed_it_works_without_secure(self):
        stack = self.start(ALLOW_INSECURE_HTTP="True",
                           SESSION_TOKEN_NAME="stauth")
        origin = {"Accept": "text/html", "Origin": "http://" + HOST}
        answer, jar = stack.login("alice", PASSWORD, https=False,
                                  headers=origin)
        self.assertEqual(answer.status, 303)
        self.assertEqual(sorted(jar), ["stauth", "stauth-dev", "stauth-pre"])
        self.assertNotIn("Secure", answer.raw.decode())
        self.assertIn("stauth=%s; Path=/; HttpOnly; SameSite=Lax" %
                      jar["stauth"], answer.all("Set-Cookie"))
        self.assertEqual(stack.page("GET", "/auth/account", cookies=jar,
                                    headers=NAVIGATE, https=False).status,
                         200)

    def test_the_scheme_is_that_of_public_url(self):
        stack = self.start(PUBLIC_URL="https://" + HOST)
        self.assertEqual(stack.page(
            "GET", "/auth/login", https=False).status, 200)
        stack.stop_gate()
        stack.write_config({"PUBLIC_URL": "http://" + HOST})
        stack.start_gate()
        self.assertEqual(stack.page(
            "GET", "/auth/login", https=True).status, 403)


if __name__ == "__main__":
    unittest.main()
