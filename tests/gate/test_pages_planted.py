# SPDX-License-Identifier: MIT
"""A sibling domain puts a pre-cookie of its own into the browser of somebody
who signs up."""

import unittest

from signup_case import NEW, PASSWORD, VERIFY, MailCase, form_csrf
from rig import COOKIE, NAVIGATE, SUBMIT

PRE = "__Secure-stauth-pre"


class Planted(MailCase):
    def tearDown(self):
        self.drop()

    def test_c3_f10_a_planted_pre_cookie_shares_no_sign_up(self):
        theirs = "the sibling's own words"
        for first in ("thief", "victim"):
            with self.subTest(first=first):
                _, planted = self.stack.open_form("/auth/signup")
                if first == "thief":
                    self.flow(password=theirs, jar=planted)
                    self.pass_cool_down()
                pin, victim = self.flow(jar=planted)
                self.assertNotEqual(victim[PRE][:32], planted[PRE][:32])
                # Who planted it sees no sign-up, and changes none.
                if first == "victim":
                    answer = self.stack.page("GET", VERIFY, cookies=planted)
                    self.assertEqual(answer.header("Location"),
                                     "/auth/signup")
                self.sign_up(password=theirs, jar=planted)
                self.assertIn(self.enter(pin, planted)[0].status, (401, 422))
                self.assertEqual(self.enter(pin, victim)[0].status, 303)
                self.assertEqual(self.stack.login(
                    "bob@example.com", theirs)[0].status, 401)
                self.assertEqual(self.stack.login(
                    "bob@example.com", NEW)[0].status, 303)
                self.drop()
                self.pass_cool_down()

    def test_c3_a_refused_form_keeps_the_browsers_pre_cookie(self):
        csrf, jar = self.stack.open_form("/auth/signup")
        answer = self.stack.page("POST", "/auth/signup", cookies=jar, form={
            "email": "bob", "password": NEW, "confirm": NEW, "csrf": csrf})
        self.assertEqual(answer.status, 422)
        self.assertEqual(answer.all("Set-Cookie"), [])
        self.assertEqual(form_csrf(answer), csrf)

    def test_c17_f10_two_pre_cookies_continue_nothing_and_say_why(self):
        """A sibling's, of the parent domain, beside our own."""
        _, planted = self.stack.open_form("/auth/signup")
        pin, jar = self.flow()
        both = {"Cookie": "%s=%s; %s=%s" % (PRE, planted[PRE], PRE, jar[PRE])}
        answer = self.stack.page("GET", VERIFY, headers=dict(
            NAVIGATE, **both))
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/signup"))
        for path, form in (("/auth/signup", {"email": "bob@example.com",
                                             "password": NEW,
                                             "confirm": NEW}),
                           (VERIFY, {"pin": pin}),
                           ("/auth/login", {"username": "alice",
                                            "password": PASSWORD})):
            answer = self.stack.page("GET", path, headers=dict(
                NAVIGATE, **both))
            if path != VERIFY:
                self.assertEqual(answer.status, 200)
                self.assertIn("more than one cookie", answer.text)
            for csrf in (form_csrf(answer), self.stack.open_form(
                    "/auth/signup", jar)[0]):
                answer = self.stack.page(
                    "POST", path, form=dict(form, csrf=csrf),
                    headers=dict(SUBMIT, **both))
                self.assertIn(answer.status, (403, 422), path)
                self.assertIn("more than one cookie", answer.text)
                self.assertNotIn(COOKIE + "=", answer.raw.decode())
        # With the other one gone, it goes on where it was.
        self.assertEqual(self.enter(pin, jar)[0].status, 303)


if __name__ == "__main__":
    unittest.main()
