# SPDX-License-Identifier: MIT
"""Sign-up by e-mail and PIN, through the pages' socket."""

import concurrent.futures
import json
import unittest

from signup_case import (
    NEW, PASSWORD, SCRIPT, VERIFY, MailCase, bare, form_csrf, other_than,
    set_cookies)
from rig import COOKIE, NAVIGATE, SUBMIT, Stack, wait_for

DEVICE = "__Secure-stauth-dev"
PRE = "__Secure-stauth-pre"


class SignUp(MailCase):
    def tearDown(self):
        self.drop()

    # --- the whole way

    def test_from_the_form_to_the_app(self):
        pin, jar = self.flow()
        self.assertRegex(pin, r"^\d{6}$")
        page = self.stack.page("GET", VERIFY, cookies=jar)
        self.assertEqual(page.status, 200)
        for words in ("bob@example.com", "30 minutes", "one-time-code",
                      'inputmode="numeric"', "Send a new code",
                      'class="hint wait"'):
            self.assertIn(words, page.text)
        pre = jar[PRE]
        answer, jar = self.enter(pin[:3] + " " + pin[3:], jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/"))
        self.assertIn(DEVICE, jar)
        self.assertNotEqual(jar[PRE][:32], pre[:32])
        check = self.stack.check(jar[COOKIE])
        self.assertEqual(check.header("X-Auth-User"), "bob@example.com")
        self.assertEqual(check.header("X-Auth-Email"), "bob@example.com")
        self.assertEqual(self.stack.login("bob@example.com", NEW)[0].status,
                         303)
        answer = self.stack.page("GET", VERIFY, cookies=jar)
        self.assertEqual(answer.header("Location"), "/")

    def test_reload_and_a_second_tab_lose_nothing(self):
        pin, jar = self.flow()
        for _ in range(3):
            self.assertIn("bob@example.com", self.stack.page(
                "GET", VERIFY, cookies=jar).text)
            self.stack.page("GET", "/auth/signup", cookies=jar)
            self.stack.page("GET", "/auth/login", cookies=jar)
        self.assertEqual(self.enter(pin, jar)[0].status, 303)

    def test_without_a_sign_up_the_way_leads_to_its_start(self):
        answer = self.stack.page("GET", VERIFY)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/signup"))
        for path, form in ((VERIFY, {"pin": "123456"}),
                           ("/auth/signup/resend", {})):
            answer, _ = self.stack.post(path, form, form_path="/auth/signup")
            self.assertEqual(answer.status, 422, path)
            self.assertIn("start again", answer.text)
            self.assertIn('name="email"', answer.text)

    # --- the form

    def test_what_is_wrong_is_reported_at_the_field(self):
        for change, field in (
                ({"confirm": NEW + "x"}, "confirm"),
                ({"password": "password123"}, "new"),
                ({"password": ""}, "new"), ({"password": "x" * 512}, "new"),
                ({"password": "bob@example.com"}, "new"),
                ({"email": ""}, "email"), ({"email": "bob"}, "email")):
            answer, _ = self.sign_up(**change)
            self.assertEqual(answer.status, 422, change)
            self.assertIn('id="%s-fault"' % field, answer.text)
            self.assertEqual(answer.text.count('aria-invalid="true"'), 1)
            self.assertEqual(answer.text.count('class="fault"'), 1)
            self.assertIn("<title>Error: ", answer.text)
            self.assertEqual("too long" in answer.text,
                             len(change.get("password", "")) > 511)
            if "email" not in change:
                self.assertIn('value="bob@example.com"', answer.text)
            self.assertNotIn(NEW, answer.text)
        self.assertEqual(self.box.secrets("bob@example.com"),
                         self.box.taken & self.box.secrets("bob@example.com"))

    def test_f11_one_strict_grammar_of_addresses(self):
        for address in ("a@x.com@y.com", '"a b"@x.com', "a@[1.2.3.4]",
                        "m\u0131ke@example.com", "@x.com",
                        "a@", "a b@x.com", "a@x..com", "a,b@x.com",
                        "a" * 310 + "@example.com", "<a@x.com>"):
            answer, _ = self.sign_up(address)
            self.assertEqual(answer.status, 422, address)
            self.assertIn("email-fault", answer.text)
        answer, _ = self.sign_up("a@x.com\r\nBcc: b@x.com")
        self.assertEqual(answer.status, 400)
        for address in ("bob+tag@example.com", "Bob+Tag@Example.COM"):
            self.pass_cool_down()
            self.assertEqual(self.sign_up(address)[0].status, 303, address)
        self.assertEqual(self.stack.sql(
            "SELECT DISTINCT recipient FROM outbox WHERE recipient LIKE "
            "'%+tag%'") in ([], [("bob+tag@example.com",)]), True)

    def test_d5_what_was_typed_comes_back_escaped(self):
        for text in ("<script>alert(1)</script>", '"><img onerror=x src=y>',
                     "';--", "&#60;", "+ADw-script+AD4-", "\u2028",
                     "<b>" * 3000):
            answer, _ = self.sign_up(text)
            self.assertEqual(answer.status, 422)
            self.assertEqual(answer.header("Content-Type"),
                             "text/html; charset=utf-8")
            for raw in ("<script>alert", "<img", "<b>", '"">'):
                self.assertNotIn(raw, answer.text)

    # --- the PIN

    def test_a_wrong_pin_tells_the_tries_and_the_fifth_is_the_last(self):
        pin, jar = self.flow()
        for left in (4, 3, 2, 1):
            answer, jar = self.enter(other_than(pin), jar)
            self.assertEqual(answer.status, 401)
            self.assertIn("%d attempt" % left, answer.text)
            self.assertIn('name="pin"', answer.text)
            self.assertIn("<title>Error: ", answer.text)
            self.assertIn("%d attempt" % left, self.stack.page(
                "GET", VERIFY, cookies=jar).text)
        csrf, jar = self.stack.open_form(VERIFY, jar)
        form = {"pin": other_than(pin), "csrf": csrf}
        answer = self.stack.page("POST", VERIFY, form=form, cookies=jar)
        self.assertEqual(answer.status, 401)
        self.assertIn("no attempts left", answer.text)
        self.assertNotIn('name="pin"', answer.text)
        form["pin"] = pin
        answer = self.stack.page("POST", VERIFY, form=form, cookies=jar)
        self.assertEqual(answer.status, 422)
        self.assertIn('action="/auth/signup/resend"', answer.text)
        self.assertIn("bob@example.com", answer.text)

    def test_f6_only_six_digits_are_a_pin(self):
        pin, jar = self.flow()
        for typed in ("12345", "1234567", "\uff11\uff12\uff13\uff14\uff15"
                      "\uff16", "0x1234", "1e5", "", "      ", "-123456"):
            self.stack.sql("UPDATE pins SET tries_left = 5")
            answer, jar = self.enter(typed, jar)
            self.assertEqual(answer.status, 401, typed)
            self.assertNotIn(COOKIE, jar)
        self.stack.sql("UPDATE pins SET tries_left = 5")
        self.assertEqual(self.enter(pin, jar)[0].status, 303)

    def test_an_expired_pin_is_one_click_from_a_new_one(self):
        pin, jar = self.flow()
        csrf, jar = self.stack.open_form(VERIFY, jar)
        self.stack.sql("UPDATE pins SET expires_at = 1")
        answer = self.stack.page("POST", VERIFY, cookies=jar,
                                 form={"pin": pin, "csrf": csrf})
        self.assertEqual(answer.status, 422)
        self.assertIn("no longer valid", answer.text)
        self.assertNotIn("password", answer.text)
        page = self.stack.page("GET", VERIFY, cookies=jar)
        self.assertEqual(page.status, 200)
        self.assertIn("no longer valid", page.text)
        self.pass_cool_down()
        answer = self.stack.page("POST", "/auth/signup/resend", cookies=jar,
                                 form={"csrf": csrf})
        self.assertEqual(answer.status, 303)
        pin = self.box.secret("bob@example.com")
        self.assertEqual(self.enter(pin, jar)[0].status, 303)

    def test_f5_a_pin_is_good_in_its_browser_and_until_the_next(self):
        pin, jar = self.flow()
        _, other = self.sign_up("eve@example.com")
        self.assertEqual(self.enter(pin, other)[0].status, 401)
        csrf, strange = self.stack.open_form("/auth/signup")
        answer = self.stack.page("POST", VERIFY, cookies=strange,
                                 form={"pin": pin, "csrf": csrf})
        self.assertEqual(answer.status, 422)
        self.pass_cool_down()
        answer, jar = self.stack.post("/auth/signup/resend", {}, jar,
                                      form_path=VERIFY)
        self.assertEqual(answer.status, 303)
        self.assertTrue(answer.header("Location").startswith(VERIFY))
        page = self.stack.page("GET", answer.header("Location"), cookies=jar)
        self.assertIn("new code is on its way", page.text)
        fresh = self.box.secret("bob@example.com")
        if fresh != pin:
            self.assertEqual(self.enter(pin, jar)[0].status, 401)
        self.assertEqual(self.enter(fresh, jar)[0].status, 303)

    def test_f7_resend_waits_a_minute(self):
        pin, jar = self.flow()
        for _ in range(3):
            answer, jar = self.stack.post("/auth/signup/resend", {}, jar,
                                          form_path=VERIFY)
            self.assertEqual(answer.status, 429)
            wait = int(answer.header("Retry-After"))
            self.assertTrue(1 <= wait <= 60, wait)
            self.assertIn("request a new code in %d second" % wait, answer.text)
            self.assertIn('name="pin"', answer.text)
        self.assertEqual(self.enter(pin, jar)[0].status, 303)

    def test_f7_over_the_limits_the_first_form_answers_the_same(self):
        answers = [self.sign_up("one@example.com", address="10.0.0.%d" % i)
                   for i in range(9)]
        self.assertEqual({a.status for a, _ in answers}, {303})
        pages = {bare(self.stack.page("GET", VERIFY, cookies=jar))
                 for _, jar in answers}
        self.assertEqual(len(pages), 1)

    def test_u7_a_source_has_twenty_hashes_an_hour(self):
        answers = [self.sign_up("a%d@example.com" % i)[0] for i in range(22)]
        self.assertEqual([a.status for a in answers], [303] * 20 + [429] * 2)
        self.assertTrue(1 <= int(answers[-1].header("Retry-After")) <= 3600)
        self.assertIn("Too many attempts", answers[-1].text)
        self.assertIn('value="a21@example.com"', answers[-1].text)
        answer, _ = self.sign_up("b@example.com", address="10.0.0.9")
        self.assertEqual(answer.status, 303)

    def test_f8_an_address_with_an_account_looks_the_same(self):
        before = self.stack.sql("SELECT * FROM users")
        seen = []
        for address in ("alice@example.com", "carol@example.com"):
            answer, jar = self.sign_up(address)
            page = self.stack.page("GET", VERIFY, cookies=jar)
            wrong = self.enter("999999", jar)[0]
            seen.append([answer.status, answer.header("Location")] + [
                (p.status, bare(p).replace(address, "")) for p in
                (page, wrong)])
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(self.stack.sql("SELECT * FROM users"), before)
        self.assertEqual(self.stack.login("alice", PASSWORD)[0].status, 303)

    def test_f10_who_signs_up_first_gains_nothing(self):
        _, thief = self.flow(password="the thief's own words")
        self.pass_cool_down()
        pin, owner = self.flow()
        self.assertIn(self.enter(pin, thief)[0].status, (401, 422))
        self.assertEqual(self.enter(pin, owner)[0].status, 303)
        self.assertEqual(self.stack.login(
            "bob@example.com", "the thief's own words")[0].status, 401)
        self.assertEqual(self.stack.login("bob@example.com", NEW)[0].status,
                         303)

    def test_f9_the_second_to_verify_an_address_starts_again(self):
        first, jar = self.flow()
        self.pass_cool_down()
        second, other = self.flow(password="the second one's own words")
        csrf, other = self.stack.open_form(VERIFY, other)
        self.assertEqual(self.enter(first, jar)[0].status, 303)
        answer = self.stack.page("POST", VERIFY, cookies=other,
                                 form={"pin": second, "csrf": csrf})
        self.assertEqual(answer.status, 422)
        self.assertIn('action="/auth/signup"', answer.text)
        self.assertIn('href="/auth/login"', answer.text)
        self.assertNotIn(COOKIE + "=", answer.raw.decode())
        self.assertEqual(self.stack.login("bob@example.com", NEW)[0].status,
                         303)

    def test_h8_a_mailed_pin_stays_nowhere(self):
        pin, jar = self.flow()
        mails = wait_for(
            lambda: [m for m in self.box.delivered("bob@example.com")
                     if pin in str(m["Subject"])], 60)
        self.assertTrue(mails, self.stack.log().decode()[-2000:])
        text = mails[-1].get_body(("plain",)).get_content()
        self.assertIn(pin, text)
        self.assertIn("30 minutes", text)
        self.assertTrue(wait_for(lambda: not self.stack.sql(
            "SELECT 1 FROM outbox WHERE code <> ''"), 60))
        self.assertEqual(self.enter(pin, jar)[0].status, 303)
        self.assertNotIn(pin.encode(), self.stack.log())
        rows = str([self.stack.sql("SELECT * FROM " + table)
                    for table in ("pins", "pending_users", "outbox")])
        self.assertNotIn("'%s'" % pin, rows)

    # --- who may

    def test_d8_every_form_needs_its_token(self):
        pin, jar = self.flow()
        csrf, jar = self.stack.open_form(VERIFY, jar)
        other, _ = self.stack.open_form("/auth/signup")
        cross = dict(SUBMIT, **{"Sec-Fetch-Site": "cross-site"})
        forms = (("/auth/signup", {"email": "x@example.com",
                                   "password": NEW, "confirm": NEW}),
                 (VERIFY, {"pin": pin}), ("/auth/signup/resend", {}))
        before = self.dump()
        for path, form in forms:
            for token, headers in ((None, SUBMIT), ("", SUBMIT),
                                   (other, SUBMIT), (csrf, cross)):
                sent = dict(form, **({"csrf": token} if token is not None
                                     else {}))
                answer = self.stack.page("POST", path, form=sent,
                                         cookies=jar, headers=headers)
                self.assertEqual(answer.status, 403, (path, token))
                if headers is SUBMIT:
                    self.assertEqual(form_csrf(answer), csrf)
                    self.assertNotIn(NEW, answer.text)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.enter(pin, jar)[0].status, 303)

    def test_d9_no_get_or_head_changes_anything(self):
        pin, jar = self.flow()
        before = self.dump()
        for path in ("/auth/signup", VERIFY, VERIFY + "?pin=" + pin,
                     "/auth/signup/resend"):
            for method in ("GET", "HEAD"):
                answer = self.stack.page(method, path, cookies=jar)
                self.assertEqual(
                    answer.status, 405 if "resend" in path else 200)
        self.assertEqual(self.dump(), before)

    def test_methods_and_fields(self):
        for path, allow in (("/auth/signup", "GET, HEAD, POST"),
                            (VERIFY, "GET, HEAD, POST"),
                            ("/auth/signup/resend", "POST")):
            answer = self.stack.page("PUT", path)
            self.assertEqual((answer.status, answer.all("Allow")),
                             (405, [allow]))
        csrf, jar = self.stack.open_form("/auth/signup")
        for path in ("/auth/signup", VERIFY, "/auth/signup/resend"):
            answer = self.stack.page("POST", path, cookies=jar,
                                     form={"su": "1", "csrf": csrf})
            self.assertEqual(answer.status, 400)

    def test_json_form_of_all_of_it(self):
        answer = self.stack.page("GET", "/auth/signup", headers=SCRIPT)
        told = json.loads(answer.text)
        self.assertEqual(sorted(told), ["csrf", "message", "type"])
        jar = dict([answer.header("Set-Cookie").split(";")[0].split("=", 1)])

        def post(path, form):
            answer = self.stack.page(
                "POST", path, headers=SCRIPT, cookies=jar,
                form=dict(form, csrf=told["csrf"]))
            set_cookies(answer, jar)
            return answer.status, json.loads(answer.text)
        form = {"email": "bob@example.com", "password": NEW}
        status, said = post("/auth/signup", dict(form, confirm="x"))
        self.assertEqual((status, said["type"]), (422, "error"))
        status, said = post("/auth/signup", dict(form, confirm=NEW))
        self.assertEqual((status, said["type"], said["next"]),
                         (200, "success", VERIFY))
        pin = self.box.secret("bob@example.com")
        answer = self.stack.page("GET", VERIFY, headers=SCRIPT, cookies=jar)
        # The sign-up has a pre-cookie of its own, and its forms a token.
        self.assertNotEqual(json.loads(answer.text)["csrf"], told["csrf"])
        self.assertEqual(post(VERIFY, {"pin": pin})[0], 403)
        told = json.loads(answer.text)
        self.assertEqual(post(VERIFY, {"pin": other_than(pin)})[0], 401)
        self.assertEqual(post("/auth/signup/resend", {})[0], 429)
        status, said = post(VERIFY, {"pin": pin})
        self.assertEqual((status, said["type"], said["next"]),
                         (200, "success", "/"))
        answer = self.stack.page("GET", VERIFY, headers=SCRIPT)
        self.assertEqual((answer.status, json.loads(answer.text)["next"]),
                         (200, "/auth/signup"))

    # --- many at once

    def many(self, pins, jar):
        csrf, jar = self.stack.open_form(VERIFY, jar)

        def attempt(i):
            return self.stack.page(
                "POST", VERIFY, form={"pin": pins[i], "csrf": csrf},
                cookies=jar, timeout=120,
                address="10.%d.%d.1" % (i // 250, i % 250)).status
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            return list(pool.map(attempt, range(len(pins))))

    def test_f4_of_1000_wrong_pins_at_most_five_are_compared(self):
        pin, jar = self.flow()
        wrong = [n for n in ("%06d" % i for i in range(1001)) if n != pin]
        statuses = self.many(wrong[:1000], jar)
        self.assertEqual(set(statuses) - {401, 422, 503}, set())
        self.assertEqual(len(statuses), 1000)
        self.assertEqual(statuses.count(401), 5)
        self.assertEqual(self.enter(pin, jar)[0].status, 422)

    def test_f3_of_100_right_pins_one_makes_an_account(self):
        pin, jar = self.flow()
        statuses = self.many([pin] * 100, jar)
        self.assertEqual(statuses.count(303), 1, statuses)
        self.assertEqual(self.stack.sql(
            "SELECT COUNT(*) FROM users WHERE name = 'bob@example.com'"),
            [(1,)])


class Off(unittest.TestCase):
    def test_sign_up_off_is_not_there(self):
        with Stack({"MAIL_TRANSPORT": "FILE",
                    "NOTIFICATION_FROM_EMAIL": "a@example.com"}) as stack:
            stack.start_gate()
            for path in ("/auth/signup", VERIFY, "/auth/signup/resend"):
                for method in ("GET", "POST", "PUT"):
                    self.assertEqual(
                        stack.page(method, path).status, 404, path)
            text = stack.page("GET", "/auth/login", headers=NAVIGATE).text
            self.assertNotIn("/auth/signup", text)
            self.assertIn("/auth/forgot", text)


if __name__ == "__main__":
    unittest.main()
