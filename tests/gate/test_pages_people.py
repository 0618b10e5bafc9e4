# SPDX-License-Identifier: MIT
"""What people meet: blanks, stale and parallel forms, links that are opened
elsewhere, and the pages that nginx shows in place of its own."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import (  # noqa: E402
    COOKIE, NAVIGATE, ORIGIN, form_csrf, set_cookies)
from signup_case import NEW, VERIFY, MailCase  # noqa: E402

BLANKS = (" ", "\t", "\r\n", "\u00a0", "\u2003", "\u202f", "\u3000",
          "\ufeff", "\u200b")
TOO_LONG_OPEN = ("expired", "too long", "out of date")


class Names(PagesCase):
    config = {"SESSIONS_PER_USER": "100"}

    def setUp(self):
        self.stack.sql("DELETE FROM rate_limits")

    def test_u16_blanks_around_a_name_are_cut(self):
        for blank in BLANKS:
            for name in (blank + "alice", "alice" + blank,
                         blank * 2 + "alice" + blank + " "):
                answer, _ = self.stack.login(name, PASSWORD)
                self.assertEqual(answer.status, 303, ascii(name))

    def test_u16_and_nothing_within_it(self):
        for name in ("al ice", "al\tice", "al\u00a0ice", "\t", "\u00a0"):
            answer, _ = self.stack.login(name, PASSWORD)
            self.assertEqual(answer.status, 401, ascii(name))
            self.assertIn('name="username"', answer.text)

    def test_u16_a_password_keeps_its_blanks(self):
        for password in (" " + PASSWORD, PASSWORD + " ", PASSWORD + "\u00a0",
                         "\t" + PASSWORD):
            answer, _ = self.stack.login("alice", password)
            self.assertEqual(answer.status, 401, ascii(password))


class Forms(PagesCase):
    config = {"SESSIONS_PER_USER": "100"}

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.add_user("bob", PASSWORD)

    def post(self, path, form, jar, **more):
        return self.stack.page("POST", path, form=form, cookies=jar, **more)

    def test_u18_an_old_log_in_form_beside_a_live_session(self):
        old, jar = self.stack.open_form()
        _, jar = self.stack.login("alice", PASSWORD, jar)
        answer = self.post("/auth/login", {
            "username": "bob", "password": "w", "rd": "/deep?x=1",
            "csrf": old}, jar)
        self.assertEqual(answer.status, 403)
        self.assertIn("You are already signed in as alice.", answer.text)
        for words in TOO_LONG_OPEN:
            self.assertNotIn(words, answer.text)
        self.assertIn('<a class="button" href="/deep?x=1">', answer.text)
        self.assertIn('value="bob"', answer.text)
        # The other way on: the form is fresh.
        answer = self.post("/auth/login", {
            "username": "bob", "password": PASSWORD,
            "csrf": form_csrf(answer)}, jar)
        self.assertEqual(answer.status, 303)

    def test_u18_a_log_out_without_a_session_is_done(self):
        csrf, jar = self.stack.open_form()
        for token in (csrf, "stale", ""):
            answer = self.post("/auth/logout", {"csrf": token}, jar)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/auth/login?out=1"))
        answer = self.stack.page("GET", "/auth/logout", headers={})
        self.assertEqual(answer.header("Location"), "/auth/login?out=1")

    def test_u18_signed_out_elsewhere_it_is_the_same(self):
        csrf, jar = self.stack.open_form(
            "/auth/account", self.stack.login("alice", PASSWORD)[1])
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        for token in (csrf, "stale"):
            answer = self.post("/auth/logout", {"csrf": token}, jar)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/auth/login?out=1"))

    def test_u18_but_a_stale_one_ends_no_session(self):
        _, jar = self.stack.login("alice", PASSWORD)
        answer = self.post("/auth/logout", {"csrf": "stale"}, jar)
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)

    def test_u18_tabs_restored_at_once_are_not_called_old(self):
        one, _ = self.stack.open_form()
        _, jar = self.stack.open_form()
        answer = self.post("/auth/login", {
            "username": "alice", "password": PASSWORD, "csrf": one}, jar)
        self.assertEqual(answer.status, 403)
        for words in ("expired", "too long"):
            self.assertNotIn(words, answer.text)
        self.assertIn("Please submit it again", answer.text)

    def test_u18_prefetches_of_all_names_sign_nobody_out(self):
        for name, value in (("Sec-Purpose", "prefetch"),
                            ("Purpose", "prefetch"),
                            ("X-Purpose", "preview"), ("X-Moz", "prefetch")):
            _, jar = self.stack.login("alice", PASSWORD)
            answer = self.stack.page("GET", "/auth/logout", cookies=jar,
                                     headers=dict(NAVIGATE, **{name: value}))
            self.assertEqual(answer.status, 200, name)
            self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)

    def test_a_changed_password_gives_a_new_session_to_who_acted(self):
        self.stack.add_user("carol", PASSWORD)
        _, jar = self.stack.login("carol", PASSWORD, remember="1")
        before = self.stack.check(jar[COOKIE])
        old = jar[COOKIE]
        answer, jar = self.stack.post("/auth/account/password", {
            "current": PASSWORD, "password": NEW, "confirm": NEW}, jar,
            form_path="/auth/account")
        self.assertEqual(answer.header("Location"),
                         "/auth/account?done=password")
        self.assertNotEqual(jar[COOKIE], old)
        self.assertEqual(self.stack.check(old).status, 401)
        after = self.stack.check(jar[COOKIE])
        self.assertEqual(after.status, 204)
        self.assertNotEqual(after.header("X-Auth-Session"),
                            before.header("X-Auth-Session"))
        self.assertRegex(answer.raw.decode(), COOKIE + "=.*Max-Age=2592000")

    def test_u7_the_estimate_comes_after_the_current_password(self):
        """Work of a tenth of a second is not for who has only a session:
        with a wrong password the new one is not even looked at."""
        _, jar = self.stack.login("bob", PASSWORD)
        for new in ("weak", "12" * 32):
            for current, status, field in (
                    ("wrong", 401, "current"), (PASSWORD, 422, "new")):
                answer, jar = self.stack.post("/auth/account/password", {
                    "current": current, "password": new, "confirm": new},
                    jar, form_path="/auth/account")
                self.assertEqual(answer.status, status)
                self.assertEqual(re.findall(r'id="(\w+)-fault"', answer.text),
                                 [field])

    def test_all_faults_at_once_and_each_at_its_field(self):
        _, jar = self.stack.login("bob", PASSWORD)
        answer, _ = self.stack.post("/auth/account/password", {
            "current": "", "password": "x" * 600, "confirm": "y"}, jar,
            form_path="/auth/account")
        self.assertEqual(answer.status, 422)
        for field in ("current", "new", "confirm"):
            self.assertEqual(answer.text.count('id="%s-fault"' % field), 1)
        self.assertEqual(answer.text.count("do not match"), 1)
        self.assertNotIn('role="alert"', answer.text)


class Mails(MailCase):
    def test_u17_the_log_in_takes_the_e_mail_address_too(self):
        for name in ("alice", "alice@example.com", "ALICE@Example.com "):
            answer, _ = self.stack.login(name, PASSWORD)
            self.assertEqual(answer.status, 303, name)

    def test_u16_blanks_around_an_address_are_cut(self):
        answer, _ = self.sign_up("\u00a0bob@example.com\t ")
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, VERIFY))
        self.assertTrue(self.box.secret("bob@example.com"))
        answer, _ = self.ask_reset("\u3000alice@example.com\t")
        self.assertEqual(answer.status, 200)
        self.assertTrue(self.box.secret("alice@example.com"))

    def test_u19_a_code_in_any_spelling_is_read(self):
        wide = {ord(str(i)): 0xff10 + i for i in range(10)}
        for spell in (lambda p: p.translate(wide),
                      lambda p: "\u00a0%s\u2013%s\u3000" % (p[:3], p[3:]),
                      lambda p: "\u2007".join(p),
                      lambda p: "\uff0d".join(p.translate(wide)),
                      lambda p: "\t%s - %s" % (p[:2], p[2:])):
            self.stack.sql("DELETE FROM rate_limits")
            pin, jar = self.flow()
            answer, _ = self.enter(spell(pin), jar)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/"), ascii(spell(pin)))
            self.drop()

    def test_u19_what_is_no_digit_makes_no_code(self):
        pin, jar = self.flow()
        for typed in (pin + "\u0661", "\u0661" * 6, pin + "x", "\uff0a" * 6,
                      pin + "0" * 100, pin + "0" * 5000):
            self.stack.sql("DELETE FROM rate_limits")
            answer, _ = self.enter(typed, jar)
            self.assertIn(answer.status, (401, 422), ascii(typed))

    def test_u19_a_code_opened_in_another_browser_says_where_to_enter_it(
            self):
        self.flow()
        answer = self.stack.page("GET", VERIFY)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/signup"))
        page = self.stack.page("GET", "/auth/signup")
        self.assertIn("in the browser in which you signed up", page.text)

    def test_u19_a_reset_link_where_another_user_is_signed_in(self):
        self.stack.add_user("eve", PASSWORD)
        _, jar = self.stack.login("eve", PASSWORD)
        self.ask_reset()
        token = self.box.secret("alice@example.com")
        page = self.stack.page("GET", "/auth/reset?token=" + token,
                               cookies=jar)
        self.assertIn("You are signed in as eve. This link is for alice.",
                      page.text)
        answer = self.stack.page("POST", "/auth/reset", cookies=jar, form={
            "token": token, "password": NEW, "confirm": NEW,
            "csrf": form_csrf(page)})
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/login"))
        set_cookies(answer, jar)
        page = self.stack.page("GET", "/auth/login?rd=/x", cookies=jar)
        self.assertEqual(page.status, 200)
        self.assertIn("The password of the other account has been changed. "
                      "You are still signed in as eve.", page.text)
        self.assertIn('href="/x"', page.text)
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)
        # The next time it leads on at once, as ever.
        set_cookies(page, jar)
        page = self.stack.page("GET", "/auth/login?rd=/x", cookies=jar)
        self.assertEqual((page.status, page.header("Location")), (303, "/x"))
        self.stack.ctl("user", "passwd", "alice", "--password-stdin",
                       stdin=PASSWORD + "\n", check=True)

    def test_u14_the_page_says_that_mails_are_limited(self):
        """The same for who exists and who does not, before the limit and
        over it."""
        texts = set()
        for address in ("alice@example.com", "nobody@example.com"):
            for _ in range(2):
                answer, _ = self.ask_reset(address)
                self.assertEqual(answer.status, 200)
                self.assertIn("at most one e-mail a minute and five an hour",
                              answer.text)
                texts.add(re.sub(r'value="[^"]*"', "",
                                 answer.text.replace(address, "")))
        self.assertEqual(len(texts), 1)


class Errors(PagesCase):
    """u21: nginx's own pages are ours."""

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD)

    def error(self, status, require="", **more):
        return self.stack.page("GET", "/auth/error/%d" % status,
                               extra=[("STAUTH_REQUIRE", require)], **more)

    def test_u21_they_answer_their_status(self):
        for status in (403, 413, 502):
            answer = self.error(status)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.all("Set-Cookie"), [])
            self.assertEqual(answer.header("Cache-Control"), "no-store")
            self.assertNotIn("<form", answer.text)
            script = self.error(status, headers={
                "Accept": "application/json"})
            self.assertEqual(script.status, status)
            self.assertEqual(script.header("Content-Type"),
                             "application/json")
            self.assertEqual(self.stack.page(
                "POST", "/auth/error/%d" % status).status, 405)
        for path in ("/auth/error/", "/auth/error/404", "/auth/error/403/x"):
            self.assertEqual(self.stack.page("GET", path).status, 404)

    def test_u21_an_area_says_who_is_there_and_what_it_needs(self):
        _, jar = self.stack.login("alice", PASSWORD)
        answer = self.error(403, "su group:ops<b>", cookies=jar)
        self.assertIn("You are signed in as <strong>alice</strong>",
                      answer.text)
        self.assertIn("administrator rights, membership of the group "
                      "ops&lt;b&gt;", answer.text)
        self.assertIn('href="/"', answer.text)
        self.assertIn('href="/auth/logout"', answer.text)
        self.assertNotIn("signed in as", self.error(403, "su").text)

    def test_u21_an_app_that_starts_is_asked_again(self):
        answer = self.error(502)
        self.assertIn('<meta http-equiv="refresh" content="5">', answer.text)
        self.assertNotIn("refresh", self.error(413).text)

    def test_u21_a_foreign_host_is_named_and_logged_once(self):
        for _ in range(60):
            answer = self.stack.page("GET", "/auth/login",
                                     host="other.example:8443")
            self.assertEqual(answer.status, 421)
        self.assertIn("<strong>other.example:8443</strong>", answer.text)
        self.assertIn('href="%s"' % ORIGIN, answer.text)
        self.assertEqual(
            self.stack.log().count(b"which PUBLIC_URL does not name"), 1)
        answer = self.stack.page("GET", "/auth/login", host='a"><b>')
        self.assertEqual(answer.status, 421)
        self.assertNotIn("<b>", answer.text)


if __name__ == "__main__":
    unittest.main()
