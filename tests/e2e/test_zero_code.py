# SPDX-License-Identifier: MIT
"""st.user, st.login() and st.logout() of unmodified apps: what "stauthctl
streamlit-config" writes is all there is of ours."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
import streamlit  # noqa: E402
import streamlit_docs  # noqa: E402
from rig import COOKIE, NAVIGATE, TOP, form_csrf, set_cookies  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402
from streamlit_page import Page  # noqa: E402

APPS = os.path.join(TOP, "tests", "e2e", "apps")
PASSWORD = "correct horse battery"
EXAMPLES = streamlit_docs.examples()


# Right for 1.61 or newer only, as stauth-http.conf says.
RESUMES = tuple(map(int, streamlit.__version__.split(".")[:2])) >= (1, 61)


class Stack(NginxStack):
    """An app that is open to everybody, below a base path."""

    server_extra = """
        location /open/ {
            set $stauth_resume """ + ("on" if RESUMES else "off") + """;
            include %(snippets)s/stauth-optional.conf;
            proxy_pass %(app)s;
        }"""


class ZeroCode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(app="streamlit",
                          script=os.path.join(APPS, "zero_code.py"))
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.base = "open"
        pages = os.path.join(cls.stack.dir, "app", "pages")
        os.makedirs(pages)
        for name, program in EXAMPLES.items():
            with open(os.path.join(pages, name + ".py"), "w",
                      encoding="utf-8") as out:
                out.write(program)
        cls.stack.add_user("alice", PASSWORD, "--name", "Jürgen",
                           "--email", "alice@example.com",
                           "--groups", "staff,x")
        cls.stack.add_user("ada", PASSWORD)
        cls.stack.start()

    def page(self, cookies=None, name="", query="", **more):
        page = Page(self.stack, cookies, "/open/" + name + query,
                    page_name=name, **more)
        self.addCleanup(page.close)
        return page

    def go(self, path, referer, jar):
        """A browser's navigation that the app asked for: (answer, where the
        last redirect came from)."""
        for _ in range(4):
            answer = self.stack.http("GET", path, dict(
                NAVIGATE, Referer=referer,
                **{"Sec-Fetch-Site": "same-origin"}), jar)
            set_cookies(answer, jar)
            if answer.status not in (302, 303):
                break
            path = answer.header("Location")
        return answer, path

    def test_examples_are_found(self):
        self.assertGreaterEqual(len(EXAMPLES), 6)
        text = "\n".join(EXAMPLES.values())
        for call in ("st.login()", 'st.login("microsoft")',
                     'st.login("okta")', "st.logout()", "st.write(st.user)"):
            self.assertIn(call, text)

    def test_u51_st_user_with_no_code(self):
        jar = self.stack.session("alice", PASSWORD)
        words = self.page(jar).text()
        user = json.loads(words.partition("user ")[2].partition("}")[0] + "}")
        sid = user.pop("sid")
        self.assertEqual(user, {
            "user": "alice", "email": "alice@example.com",
            "name": "J%C3%BCrgen", "groups": "staff,x", "is_logged_in": "1"})
        status = self.stack.http("GET", "/auth/status", cookies=jar)
        self.assertEqual(json.loads(status.body)["session"], sid)
        self.assertIn("by attribute alice@example.com True staff,x", words)

    def test_examples_of_the_documentation(self):
        jar = self.stack.session("alice", PASSWORD)
        for name, program in EXAMPLES.items():
            with self.subTest(program=program):
                page = self.page(jar, name)
                self.assertNotIn("Traceback", page.text())
                self.assertEqual(page.exceptions(), [])
                if "Hello" in program:
                    self.assertIn("Hello, J%C3%BCrgen!", page.text())
                self.assertEqual(page.redirects, [])

    def test_st_login_of_somebody_signed_in_already(self):
        jar = self.stack.session("alice", PASSWORD)
        name = [n for n in EXAMPLES if 'if st.button("Log in"):\n'
                '    st.login("auth0")' in EXAMPLES[n]]
        if not name:
            self.skipTest("not among the examples of this version")
        page = self.page(jar, name[0], "?x=1").click("Log in")
        answer, path = self.go(page.redirects[0], page.url, jar)
        self.assertEqual((answer.status, path), (200, "/open/%s?x=1" % name[0]))


    def test_st_login_comes_back_signed_in(self):
        for name, program in EXAMPLES.items():
            if "st.login" not in program:
                continue
            with self.subTest(program=program):
                jar = {}
                query = "?x=1&y=%C3%A4"
                page = self.page({}, name, query)
                self.assertEqual(page.exceptions(), [])
                self.assertNotIn("Hello", page.text())
                for label in ("Okta", "Log in"):
                    if not page.redirects and label in page.text():
                        page.click(label)
                answer, path = self.go(page.redirects[0], page.url, jar)
                self.assertEqual(answer.status, 200)
                self.assertTrue(path.startswith("/auth/login?provider="))
                answer = self.stack.post_form("/auth/login", {
                    "username": "alice", "password": PASSWORD,
                    "csrf": form_csrf(answer),
                    "rd": self.rd_of(answer)}, jar)
                set_cookies(answer, jar)
                self.assertEqual((answer.status, answer.header("Location")),
                                 (303, "/open/" + name + query))
                self.assertIn("Hello, J%C3%BCrgen!",
                              self.page({COOKIE: jar[COOKIE]}, name,
                                        query).text())

    @staticmethod
    def rd_of(answer):
        text = answer.text.partition('name="rd"')[2]
        return text.partition('value="')[2].partition('"')[0].replace(
            "&amp;", "&")

    def test_u52_st_logout_below_a_base_path(self):
        jar = self.stack.session("alice", PASSWORD)
        name = [n for n in EXAMPLES if "st.logout()" in EXAMPLES[n]][0]
        page = self.page(jar, name).click("Log out")
        self.assertEqual(page.redirects[0], "/open/auth/logout")
        answer, path = self.go(page.redirects[0], page.url, jar)
        self.assertEqual((answer.status, path), (200, "/auth/login?out=1"))
        self.assertNotIn(COOKIE, jar)

    def test_u56_nobody_gets_the_session_of_another(self):
        alice = self.stack.session("alice", PASSWORD)
        page = self.page(alice).click("More")
        self.assertIn("more 1", page.text())
        page.close()
        for jar, user in ((self.stack.session("ada", PASSWORD), '"ada"'),
                          ({}, "null"),
                          (self.stack.session("alice", PASSWORD), '"alice"')):
            other = self.page(jar, resume=page.session)
            self.assertIn('"user": ' + user, other.text())
            self.assertIn("more 0", other.text())
            other.close()
        again = self.page(alice, resume=page.session)
        self.assertIn("more 1" if RESUMES else "more 0", again.text())

    def test_nobody_is_nobody(self):
        page = self.page({COOKIE: "A" * 32})
        self.assertIn('"is_logged_in": null', page.text())
        self.assertIn('"user": null', page.text())
        self.assertIn("by attribute None False None", page.text())
        page = self.page(headers={
            "X-Auth-User": "alice", "X-Auth-Logged-In": "1"})
        self.assertIn('"user": null', page.text())


if __name__ == "__main__":
    unittest.main()
