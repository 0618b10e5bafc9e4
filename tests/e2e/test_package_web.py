# SPDX-License-Identifier: MIT
"""The Python package in a real Streamlit behind nginx and the gate."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
from rig import NAVIGATE, TOP, form_csrf, set_cookies  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402
from streamlit_page import Page  # noqa: E402

APPS = os.path.join(TOP, "tests", "e2e", "apps")
PASSWORD = "correct horse battery"


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack(app="streamlit",
                               script=os.path.join(APPS, "package_app.py"))
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.app_files = [os.path.join(APPS, "env.py")]
        pages = os.path.join(cls.stack.dir, "app", "pages")
        os.makedirs(pages)
        for name in ("old_app.py", "old_admin.py"):
            shutil.copy(os.path.join(APPS, name), pages)
        cls.stack.add_user("alice", PASSWORD, "--name", "Älice 100%25 *x*",
                           "--email", "alice@example.com",
                           "--groups", "staff,x")
        cls.stack.add_user("ada", PASSWORD, su=True)
        cls.stack.start()

    def page(self, name=None, **more):
        if name:
            more["cookies"] = self.stack.session(name, PASSWORD)
        page = Page(self.stack, **more)
        self.addCleanup(page.close)
        return page

    def asked(self):
        """How often the app asked /auth/status so far."""
        with open(os.path.join(self.stack.dir, "access.log"),
                  encoding="utf-8") as log:
            return log.read().count("GET /auth/status ")

    def assert_nobody(self, page):
        self.assertIn("auth None, authenticated False", page.text())
        for word in ("user ", "danger done", "confirmed", "/auth/admin",
                     "Logout"):
            self.assertNotIn(word, page.text())

    def test_who_is_there(self):
        page = self.page("alice")
        words = page.text()
        self.assertIn("auth alice, authenticated True", words)
        self.assertIn("user alice|Älice 100%25 *x*|alice@example.com|staff,x",
                      words)
        self.assertIn("message success: Signed in as alice.", words)
        self.assertIn("message warning: danger requires the group su!", words)
        self.assertNotIn("danger done", words)
        self.assertNotIn("/auth/admin", words)
        self.assertNotIn("message success", page.run().text())
        words = self.page("ada").text()
        self.assertIn("danger done", words)
        self.assertEqual(words.count('href="/auth/admin"'), 2)

    def test_b23_a_header_alone_is_nobody_at_the_loopback_port(self):
        jar = self.stack.session("ada", PASSWORD)
        sid = Page(self.stack, jar).text().partition("sid ")[2][:16]
        now = int(time.time())
        claims = {"iss": self.stack.url, "aud": self.stack.url, "sub": "ada",
                  "sid": sid, "name": "", "email": "", "groups": ["su"],
                  "iat": now, "exp": now + 600}

        def token(key, alg="HS256"):
            text = ".".join(
                base64.urlsafe_b64encode(json.dumps(part).encode())
                .rstrip(b"=").decode() for part in ({"alg": alg}, claims))
            mac = hmac.new(key, text.encode(), hashlib.sha256).digest()
            return text + "." + base64.urlsafe_b64encode(mac).rstrip(
                b"=").decode()

        with open(self.stack.app_key, "rb") as file:
            key = file.read().rstrip(b"\n")
        forged = {"X-Auth-User": "ada", "X-Auth-Groups": "su",
                  "X-Auth-Session": sid, "X-Auth-Logged-In": "1"}
        for assertion in (None, "", "x", token(b"x" * 64), token(b""),
                          token(key, "none").rpartition(".")[0] + "."):
            headers = dict(forged)
            if assertion is not None:
                headers["X-Auth-Assertion"] = assertion
            self.assert_nobody(self.page(headers=headers,
                                         port=self.stack.app_port))
        # With the gate's own key, and a session that stands, it is believed.
        page = self.page(headers={"X-Auth-Assertion": token(key)},
                         port=self.stack.app_port)
        self.assertIn("auth ada, authenticated True", page.text())
        for change in ({"sid": "A" * 16}, {"sub": "alice"}):
            claims.update(change)
            self.assert_nobody(self.page(
                headers={"X-Auth-Assertion": token(key)},
                port=self.stack.app_port))
            claims.update({"sid": sid, "sub": "ada"})

    def test_b8_what_the_browser_sends_is_replaced(self):
        other = Page(self.stack, self.stack.session("ada", PASSWORD))
        other.close()
        page = self.page("alice", headers={
            "X-Auth-User": "ada", "X-Auth-Assertion": "x.y.z"})
        self.assertIn("auth alice, authenticated True", page.text())

    def test_a_session_that_ended_is_nobody_and_the_tab_reloads(self):
        jar = self.stack.session("alice", PASSWORD)
        page = self.page(cookies=jar)
        self.assertIn("auth alice", page.text())
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        time.sleep(0.3)
        if page.run().closed:
            return  # the relay was there first
        self.assert_nobody(page)
        self.assertIn("message warning: Your session has ended.", page.text())
        self.assertEqual(set(page.redirects), {""})

    def test_watch_notices_without_a_click(self):
        jar = self.stack.session("alice", PASSWORD)
        page = self.page(cookies=jar, path="/?watch=1")
        self.assertIn("end of", page.text())
        fragment = page.fragment
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        time.sleep(0.3)
        page.send_run(fragment=fragment)  # as the browser does, every second
        page.wait(lambda: page.redirects)
        self.assertEqual(page.closed or page.redirects[0], "")

    def test_log_out(self):
        page = self.page("alice").click("Leave")
        self.assertEqual(set(page.redirects), {"/auth/logout"})
        self.assert_nobody(page)
        self.assertNotIn("still here", page.text())
        page = self.page("alice").click("Logout")
        self.assertEqual(set(page.redirects), {"/auth/logout"})

    def test_confirm(self):
        jar = self.stack.session("alice", PASSWORD)
        self.stack.sql("UPDATE sessions SET confirmed_at = confirmed_at - 61")
        page = self.page(cookies=jar, path="/?a=1&b=%C3%A4&a=2&fresh=15")
        self.assertIn('href="/auth/confirm?rd=/%3Fa%3D1%26a%3D2%26b%3D'
                      '%25C3%25A4%26fresh%3D15"', page.text())
        self.assertNotIn("confirmed\n", page.text())
        path = page.text().partition('href="')[2].partition('"')[0]
        jar = dict(jar)
        form = self.stack.http("GET", path, NAVIGATE, jar)
        set_cookies(form, jar)
        self.assertEqual(form.status, 200)
        answer = self.stack.post_form("/auth/confirm", {
            "password": PASSWORD, "csrf": form_csrf(form),
            "rd": "/?a=1&b=%C3%A4&a=2"}, jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/?a=1&b=%C3%A4&a=2"))
        # It is asked again at once, whatever is remembered.
        self.assertIn("\nconfirmed", page.run().text())

    def test_the_gate_away_is_nobody_and_then_it_goes_on(self):
        page = self.page("alice")
        self.stack.stop_gate()
        try:
            time.sleep(0.3)
            self.assert_nobody(page.run())
            self.assertIn("message error: The sign-in service is not "
                          "answering.", page.text())
            self.assertEqual(page.redirects, [])
        finally:
            self.stack.start_gate()
        self.assertIn("auth alice", page.run().text())

    def test_point_6_another_log_in_finds_an_empty_session_state(self):
        alice = self.page("alice")
        alice.choose("text_input", "Secret", "of alice")
        self.assertIn("secret of alice", alice.run().text())
        session = alice.session
        alice.close()
        # As a browser does after a network drop, but another one's.
        for name in ("ada", "alice"):
            page = self.page(name, resume=session)
            self.assertIn("auth " + name, page.text())
            self.assertNotIn("of alice", page.text())
            page.choose("text_input", "Secret", "of " + name)
            page.close()

    def test_status_is_asked_at_most_every_15_seconds(self):
        jar = self.stack.session("ada", PASSWORD)
        before = self.asked()
        page = self.page(cookies=jar, path="/?fresh=15")
        for _ in range(5):
            page.run()
        self.assertIn("auth ada", page.text())
        self.assertEqual(self.asked(), before + 1)

    def test_the_old_app(self):
        page = self.page("ada", page_name="old_app")
        for words in ("imported as ada", "row ada 1", "figures gave 2",
                      "`ada` is authenticated", 'href="/auth/admin"',
                      "Authentication"):
            self.assertIn(words, page.text())
        self.assertIn("row ada 1", page.run().text())
        page.click("Leave")
        self.assertEqual(set(page.redirects), {"/auth/logout"})
        self.assertIn("Not authenticated", page.text())
        self.assertIn("figures requires authentication!", page.text())
        # Straight to the app's port, as nobody.
        page = self.page(port=self.stack.app_port, page_name="old_app",
                         headers={"X-Auth-User": "ada"})
        self.assertIn("imported as None", page.text())
        self.assertIn("figures gave None", page.text())

    def test_the_old_admin(self):
        self.assertIn('href="/auth/admin"',
                      self.page("ada", page_name="old_admin").text())
        page = self.page("alice", page_name="old_admin")
        self.assertIn("Only superusers", page.text())
        self.assertNotIn("/auth/admin", page.text())


if __name__ == "__main__":
    unittest.main()
