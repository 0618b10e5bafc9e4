# SPDX-License-Identifier: MIT
"""A forgotten password, through the pages' socket."""

import json
import unittest

from signup_case import (
    NEW, PASSWORD, SCRIPT, MailCase, bare, form_csrf, mailbox, set_cookies)
from rig import COOKIE, NAVIGATE, ORIGIN, SUBMIT, Stack, wait_for

MAIL = "alice@example.com"


class Reset(MailCase):
    def setUp(self):
        super().setUp()
        self.stack.ctl("user", "passwd", "alice", "--password-stdin",
                       stdin=PASSWORD + "\n", check=True)
        self.stack.sql("DELETE FROM rate_limits")

    def link(self):
        """The token of a mailed link."""
        answer, _ = self.ask_reset()
        self.assertEqual(answer.status, 200)
        token = self.box.secret(MAIL)
        self.assertRegex(token, r"^[\w-]{43}$")
        return token

    def open(self, token, jar=None, **more):
        return self.stack.page("GET", "/auth/reset?token=" + token,
                               cookies=jar, **more)

    def change(self, token, password=NEW, confirm=None, **more):
        csrf, jar = self.stack.open_form("/auth/forgot")
        return self.stack.page("POST", "/auth/reset", cookies=jar, form={
            "token": token, "password": password, "csrf": csrf,
            "confirm": password if confirm is None else confirm}, **more)

    # --- asking

    def test_the_page_is_the_same_for_everybody(self):
        seen = []
        for address in (MAIL, "nobody@example.com"):
            answer, _ = self.ask_reset(address)
            self.assertEqual(answer.status, 200)
            self.assertIn("If there is an account with this address, a mail "
                          "is on its way.", answer.text)
            self.assertIn("30 minutes", answer.text)
            seen.append(bare(answer).replace(address, ""))
        self.assertEqual(seen[0], seen[1])
        for _ in range(8):
            self.assertEqual(bare(self.ask_reset(MAIL)[0]).replace(MAIL, ""),
                             seen[0])
        self.assertEqual(
            len(self.box.secrets(MAIL) - self.box.taken), 1)
        self.assertFalse(self.box.secrets("nobody@example.com"))

    def test_f7_over_the_limits_it_answers_the_same(self):
        answers = [self.ask_reset("a%d@example.com" % i)[0]
                   for i in range(25)]
        self.assertEqual({a.status for a in answers}, {200})
        self.assertEqual(len({bare(a).replace("a%d@" % i, "@")
                              for i, a in enumerate(answers)}), 1)

    def test_f11_what_is_no_address_is_refused_at_the_field(self):
        for address in ("", "alice", "a@x.com@y.com", "a b@x.com",
                        "<script>alert(1)</script>@x", '"><img src=x>'):
            answer, _ = self.ask_reset(address)
            self.assertEqual(answer.status, 422, address)
            self.assertIn('id="email-fault"', answer.text)
            self.assertNotIn("<script>alert", answer.text)
            self.assertNotIn("<img", answer.text)
        self.assertEqual(self.ask_reset("a@x.com\nBcc: y")[0].status, 400)

    def test_d5_the_address_comes_back_escaped(self):
        answer, _ = self.ask_reset("a&b'c@example.com")
        self.assertEqual(answer.status, 200)
        self.assertIn("a&amp;b&#39;c@example.com", answer.text)

    # --- the link

    def test_f13_d9_looking_consumes_nothing(self):
        token = self.link()
        before = self.dump()
        for method in ("GET", "HEAD") * 5:
            answer = self.stack.page(method, "/auth/reset?token=" + token)
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.dump(), before)
        answer = self.change(token)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "/auth/login")

    def test_the_form_is_one_for_password_managers(self):
        page = self.open(self.link())
        self.assertEqual(page.text.count('autocomplete="new-password"'), 2)
        self.assertIn('value="alice" autocomplete="username"', page.text)
        self.assertIn('name="referrer" content="strict-origin"', page.text)

    def test_afterwards_everybody_must_sign_in_again(self):
        _, old = self.stack.login("alice", PASSWORD)
        token = self.link()
        jar = dict(old)
        csrf, jar = self.stack.open_form("/auth/reset?token=" + token, jar)
        answer = self.stack.page("POST", "/auth/reset", cookies=jar, form={
            "token": token, "password": NEW, "confirm": NEW, "csrf": csrf})
        self.assertEqual(answer.status, 303)
        set_cookies(answer, jar)
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 401)
        page = self.stack.page("GET", answer.header("Location"), cookies=jar)
        self.assertEqual(page.status, 200)
        self.assertIn("Your password has been changed.", page.text)
        self.assertIn('name="username"', page.text)
        # Said to the browser that did it, and not to who has the address.
        self.assertNotIn("changed", self.stack.page(
            "GET", "/auth/login").text)
        self.assertEqual(self.stack.login("alice", PASSWORD)[0].status, 401)
        self.assertEqual(self.stack.login("alice", NEW)[0].status, 303)

    def test_f12_a_dead_link_comes_before_a_bad_password(self):
        token = self.link()
        csrf, jar = self.stack.open_form("/auth/reset?token=" + token)
        self.stack.sql("DELETE FROM resets")
        answer = self.stack.page("POST", "/auth/reset", cookies=jar, form={
            "token": token, "password": "", "confirm": "", "csrf": csrf})
        self.assertEqual(answer.status, 422)
        self.assertIn("This link is no longer valid", answer.text)
        self.assertNotIn('name="password"', answer.text)

    def test_a_weak_password_leaves_the_link_as_it_was(self):
        token = self.link()
        for password, confirm, field in (("password1", None, "new"),
                                         ("", None, "new"),
                                         ("x" * 512, None, "new"),
                                         (NEW, "another", "confirm")):
            answer = self.change(token, password, confirm)
            self.assertEqual(answer.status, 422, password)
            self.assertIn('id="%s-fault"' % field, answer.text)
            self.assertIn('value="%s"' % token, answer.text)
            self.assertNotIn(NEW, answer.text)
        self.assertEqual(self.change(token).status, 303)

    def test_f12_a_link_works_once_and_only_the_newest(self):
        first = self.link()
        self.pass_cool_down()
        token = self.link()
        self.assertEqual(self.open(first).status, 422)
        self.assertEqual(self.change(first).status, 422)
        for bad in (token[:-1], token + "A", token[:10] + (
                "A" if token[10] != "A" else "B") + token[11:], "",
                "A" * 43, token.swapcase(), "%00", "%", "x" * 5000,
                token + "&token=" + token):
            self.assertEqual(self.open(bad).status, 422, bad)
        self.assertEqual(self.change("x" * 300).status, 422)
        self.assertEqual(self.change(token).status, 303)
        for answer in (self.open(token), self.change(token, NEW + "!")):
            self.assertEqual(answer.status, 422)
            self.assertIn("no longer valid", answer.text)
            self.assertIn('href="/auth/forgot"', answer.text)
            self.assertNotIn('name="token"', answer.text)
        self.assertEqual(self.stack.login("alice", NEW)[0].status, 303)

    def test_f12_a_link_dies_with_a_change(self):
        for command in (("passwd", "alice", "--password-stdin"),
                        ("disable", "alice")):
            self.pass_cool_down()
            token = self.link()
            self.stack.ctl("user", *command, stdin=PASSWORD + "\n",
                           check=True)
            self.assertEqual(self.open(token).status, 422, command)
            self.assertEqual(self.change(token).status, 422, command)
            self.stack.ctl("user", "enable", "alice")

    def test_f12_h8_the_token_is_in_no_log_title_or_answer(self):
        token = self.link()
        self.open(token)
        self.open(token[:-1] + "-")
        answer = self.change(token)
        self.assertNotIn(token, answer.raw.decode())
        self.assertNotIn(token.encode(), self.stack.log())
        self.assertNotIn(token[:42].encode(), self.stack.log())

    def test_h8_a_delivered_link_stands_on_one_line_and_nowhere_else(self):
        token = self.link()
        mails = wait_for(lambda: [m for m in self.box.delivered(MAIL)
                                  if token in m.get_body(
                                      ("plain",)).get_content()], 60)
        self.assertTrue(mails, self.stack.log().decode()[-2000:])
        lines = mails[0].get_body(("plain",)).get_content().split("\n")
        self.assertIn(ORIGIN + "/auth/reset?token=" + token,
                      [line.strip() for line in lines])
        self.assertTrue(wait_for(lambda: not self.stack.sql(
            "SELECT 1 FROM outbox WHERE code <> ''"), 60))
        self.assertNotIn(token, str(self.dump()))
        self.assertNotIn(token.encode(), self.stack.log())

    def test_ux34_the_owner_gets_a_notice(self):
        def notices():
            return ["changed" in m.get_body(("plain",)).get_content()
                    for m in self.box.delivered(MAIL)].count(True)

        # The link's own mail is dropped if it was still waiting.
        before = notices()
        self.assertEqual(self.change(self.link()).status, 303)
        self.assertTrue(wait_for(lambda: notices() > before, 60))

    # --- who may

    def test_d8_both_forms_need_their_token(self):
        token = self.link()
        csrf, jar = self.stack.open_form("/auth/forgot")
        other, _ = self.stack.open_form("/auth/forgot")
        cross = dict(SUBMIT, **{"Sec-Fetch-Site": "cross-site"})
        before = self.dump()
        for path, form in (("/auth/forgot", {"email": MAIL}),
                           ("/auth/reset", {"token": token, "password": NEW,
                                            "confirm": NEW})):
            for sent, headers in ((None, SUBMIT), ("", SUBMIT),
                                  (other, SUBMIT), (csrf, cross)):
                fields = dict(form, **({} if sent is None
                                       else {"csrf": sent}))
                answer = self.stack.page("POST", path, form=fields,
                                         cookies=jar, headers=headers)
                self.assertEqual(answer.status, 403, (path, sent))
                if headers is SUBMIT:
                    self.assertEqual(form_csrf(answer), csrf)
                    self.assertNotIn(NEW, answer.text)
                    self.assertIn('value="%s"' % form.get("email", token),
                                  answer.text)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.change(token).status, 303)

    def test_methods_and_fields(self):
        csrf, jar = self.stack.open_form("/auth/forgot")
        for path in ("/auth/forgot", "/auth/reset"):
            answer = self.stack.page("PUT", path)
            self.assertEqual((answer.status, answer.all("Allow")),
                             (405, ["GET, HEAD, POST"]))
            answer = self.stack.page("POST", path, cookies=jar,
                                     form={"user": "x", "csrf": csrf})
            self.assertEqual(answer.status, 400)

    def test_json_form_of_both(self):
        answer = self.stack.page("GET", "/auth/forgot", headers=SCRIPT)
        told = json.loads(answer.text)
        self.assertEqual((told["type"], sorted(told)),
                         ("info", ["csrf", "message", "type"]))
        jar = set_cookies(answer, {})

        def post(path, form):
            answer = self.stack.page(
                "POST", path, headers=SCRIPT, cookies=jar,
                form=dict(form, csrf=told["csrf"]))
            return answer.status, json.loads(answer.text)
        status, said = post("/auth/forgot", {"email": MAIL})
        self.assertEqual((status, said["type"], said["next"]),
                         (200, "success", "/auth/login"))
        token = self.box.secret(MAIL)
        answer = self.open(token, jar, headers=SCRIPT)
        self.assertEqual(json.loads(answer.text)["csrf"], told["csrf"])
        form = {"token": token, "password": NEW, "confirm": "x"}
        self.assertEqual(post("/auth/reset", form)[0], 422)
        status, said = post("/auth/reset", dict(form, confirm=NEW))
        self.assertEqual((status, said["type"]), (200, "success"))
        self.assertEqual(said["next"], "/auth/login")
        status, said = post("/auth/reset", dict(form, confirm=NEW))
        self.assertEqual((status, said["type"]), (422, "error"))


class Marked(MailCase):
    def test_an_account_of_the_host_gets_no_link(self):
        self.stack.add_user("hosty", PASSWORD, "--email", "h@example.com",
                            "--system-login")
        seen = [bare(self.ask_reset(a)[0]).replace(a, "")
                for a in ("h@example.com", "n@example.com")]
        self.assertEqual(seen[0], seen[1])
        self.assertFalse(self.box.secrets("h@example.com"))


class Missing(unittest.TestCase):
    def test_without_public_url_the_routes_say_so(self):
        with Stack(dict(mailbox.CONFIG, PUBLIC_URL=None)) as stack:
            stack.start_gate()
            for path in ("/auth/forgot", "/auth/reset"):
                for method in ("GET", "POST"):
                    answer = stack.page(method, path)
                    self.assertEqual(answer.status, 503, path)
                    self.assertIn("PUBLIC_URL is not set", answer.text)
                    self.assertTrue(answer.header("Retry-After"))
            answer = stack.page("GET", "/auth/forgot", headers=dict(
                NAVIGATE, Accept="application/json"))
            self.assertEqual(json.loads(answer.text)["type"], "error")
            self.assertNotIn("/auth/forgot",
                             stack.page("GET", "/auth/login").text)

    def test_without_mail_a_printed_link_works_all_the_same(self):
        with Stack() as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            self.assertNotIn("/auth/forgot",
                             stack.page("GET", "/auth/login").text)
            self.assertEqual(stack.page("GET", "/auth/forgot").status, 503)
            answer = stack.page("GET", "/auth/reset?token=" + "A" * 43)
            self.assertEqual(answer.status, 422)
            self.assertIn("ask the administrator", answer.text)
            self.assertNotIn("/auth/forgot", answer.text)


if __name__ == "__main__":
    unittest.main()
