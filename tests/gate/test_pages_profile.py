# SPDX-License-Identifier: MIT
"""The owner changes the display name and the e-mail address."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import mailbox  # noqa: E402
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE  # noqa: E402

NAME, EMAIL = "/auth/account/name", "/auth/account/email"


class Profile(PagesCase):
    config = dict(mailbox.CONFIG, PAGE_WORKERS="4")

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD, "--email", "alice@example.com")
        cls.stack.add_user("bob", PASSWORD, "--email", "bob@example.com")
        cls.stack.add_user("root", PASSWORD, su=True)

    def setUp(self):
        self.box = mailbox.Mailbox(self.stack)
        self.stack.sql("DELETE FROM rate_limits")
        self.stack.sql("UPDATE users SET email = name || '@example.com', "
                       "display_name = ''")
        for address in ("new@example.com", "alice@example.com"):
            self.box.taken |= self.box.secrets(address)
        _, self.jar = self.stack.login("alice", PASSWORD)

    def post(self, path, form, jar=None):
        answer, after = self.stack.post(
            path, form, jar or self.jar, form_path="/auth/account")
        self.jar = after
        return answer

    def row(self):
        return self.stack.sql("SELECT email, display_name FROM users "
                              "WHERE name = 'alice'")[0]

    def test_the_display_name_and_the_other_sessions_end(self):
        other = self.stack.token("alice", PASSWORD)
        before = dict(self.jar)
        answer = self.post(NAME, {"display_name": " Al <b>ice "})
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/account?done=name"))
        page = self.stack.page("GET", "/auth/account?done=name",
                               cookies=self.jar)
        self.assertIn("Your display name has been changed.", page.text)
        self.assertIn("Al &lt;b&gt;ice", page.text)
        self.assertNotEqual(self.jar[COOKIE], before[COOKIE])
        for token in (other, before[COOKIE]):
            self.assertEqual(self.stack.check(token).status, 401)
        self.assertEqual(self.stack.check(self.jar[COOKIE]).status, 204)

    def test_a_name_that_cannot_be_is_refused_and_kept(self):
        answer = self.post(NAME, {"display_name": "x\u202eevil"})
        self.assertEqual(answer.status, 422)
        self.assertIn('role="alert"', answer.text)
        answer = self.post(NAME, {"display_name": "x" * 200})
        self.assertEqual(answer.status, 422)
        self.assertIn("x" * 200, answer.text)
        self.assertEqual(self.row()[1], "")

    def test_both_ask_for_the_password_when_it_was_long_ago(self):
        self.stack.sql("UPDATE sessions SET confirmed_at = 0")
        for path, form in ((NAME, {"display_name": "Al"}),
                           (EMAIL, {"email": "new@example.com"})):
            answer = self.post(path, form)
            self.assertEqual(answer.status, 403)
            self.assertIn('name="password"', answer.text)
            self.assertIn('action="%s"' % path, answer.text)
            self.assertEqual(self.row(), ("alice@example.com", ""))
        answer = self.post(NAME, {"display_name": "Al", "password": PASSWORD})
        self.assertEqual(answer.header("Location"), "/auth/account?done=name")
        self.assertEqual(self.row()[1], "Al")

    def test_a_new_address_is_proven_by_its_code(self):
        other = self.stack.token("alice", PASSWORD)
        answer = self.post(EMAIL, {"email": "new@example.com"})
        self.assertEqual(answer.status, 303, answer.text)
        place = answer.header("Location")
        page = self.stack.page("GET", place, cookies=self.jar)
        self.assertIn("<strong>new@example.com</strong>", page.text)
        self.assertIn('autocomplete="one-time-code"', page.text)
        self.assertEqual(self.row()[0], "alice@example.com")
        pin = self.box.secret("new@example.com")
        wrong = "%06d" % ((int(pin) + 1) % 1000000)
        answer = self.post(EMAIL + "/verify", {
            "email": "new@example.com", "pin": wrong})
        self.assertEqual(answer.status, 401, answer.headers)
        self.assertIn("attempts left", answer.text)
        # The code is for this address alone.
        answer = self.post(EMAIL + "/verify", {
            "email": "other@example.com", "pin": pin})
        self.assertIn(answer.status, (401, 422))
        self.assertEqual(self.row()[0], "alice@example.com")
        answer = self.post(EMAIL + "/verify", {
            "email": "new@example.com", "pin": pin[:3] + " " + pin[3:]})
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/account?done=email"), answer.text)
        self.assertEqual(self.row()[0], "new@example.com")
        self.assertEqual(self.stack.check(other).status, 401)
        self.assertEqual(self.stack.check(self.jar[COOKIE]).status, 204)
        page = self.stack.page("GET", "/auth/account?done=email",
                               cookies=self.jar)
        self.assertIn("Your e-mail address has been changed.", page.text)

    def test_f10_an_address_of_another_gets_the_same_answer(self):
        free = self.post(EMAIL, {"email": "new@example.com"})
        self.stack.sql("DELETE FROM rate_limits")
        taken = self.post(EMAIL, {"email": "bob@example.com"})
        self.assertEqual((free.status, taken.status), (303, 303))
        self.assertEqual(
            taken.header("Location").replace("bob", "new"),
            free.header("Location"))
        self.assertEqual(self.row()[0], "alice@example.com")

    def test_what_is_no_address_is_refused_and_kept(self):
        for email in ("no address", "", "a@b@c"):
            answer = self.post(EMAIL, {"email": email})
            self.assertEqual(answer.status, 422, email)
            self.assertIn('value="%s"' % email, answer.text)

    def test_the_page_tells_the_log_in_before_and_the_way_to_more(self):
        self.stack.login("alice", PASSWORD, address="198.51.100.4")
        _, jar = self.stack.login("alice", PASSWORD)
        page = self.stack.page("GET", "/auth/account", cookies=jar).text
        self.assertRegex(page, r"Signed in before on <time[^>]*>[^<]* UTC"
                               r"</time> from 198.51.100.4")
        self.assertNotIn("/auth/admin", page)
        _, jar = self.stack.login("root", PASSWORD)
        page = self.stack.page("GET", "/auth/account", cookies=jar).text
        self.assertIn('href="/auth/admin"', page)
        self.assertEqual(re.findall(r"Signed in before", page), [])


if __name__ == "__main__":
    unittest.main()
