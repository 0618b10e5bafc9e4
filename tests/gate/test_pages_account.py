# SPDX-License-Identifier: MIT
"""The account page: the password, the forced change, the own sessions."""

import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import COOKIE, SUBMIT, Stack  # noqa: E402

PASSWORD = "correct horse battery"
NEW = "violet tractor umbrella"
DEVICE = "__Secure-stauth-dev"
SCRIPT = dict(SUBMIT, Accept="application/json")
PHONE = dict(SUBMIT, **{"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS "
                        "17_5 like Mac OS X) Version/17.5 Safari/604.1"})


class Account(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD, "--name", "Al <b>ice")
        self.stack.start_gate()

    def change(self, jar, current=PASSWORD, new=NEW, confirm=None, **more):
        rd = more.pop("rd", None)
        form = {"current": current, "password": new,
                "confirm": new if confirm is None else confirm}
        if rd is not None:
            form["rd"] = rd
        return self.stack.post("/auth/account/password", form, jar,
                               form_path="/auth/account", **more)

    def verifies(self, password):
        return self.stack.ctl("user", "verify", "alice", "--password-stdin",
                              stdin=password + "\n").returncode == 0

    def handles(self, jar):
        answer = self.stack.page("GET", "/auth/account", cookies=jar)
        return re.findall(r'name="session" value="([^"]+)"', answer.text)

    # --- the page

    def test_without_a_session_it_leads_to_the_log_in_page(self):
        for path in ("/auth/account", "/auth/account?x=1"):
            answer = self.stack.page("GET", path)
            self.assertEqual(answer.status, 303)
            self.assertEqual(answer.header("Location"),
                             "/auth/login?rd=/auth/account")
        for path in ("/auth/", "/.well-known/change-password"):
            answer = self.stack.page("GET", path)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/auth/account"))
        answer = self.stack.page("GET", "/auth/account", headers=SCRIPT)
        self.assertEqual(answer.status, 200)
        self.assertEqual(json.loads(answer.text)["next"],
                         "/auth/login?rd=/auth/account")

    def test_it_says_who_and_what(self):
        _, jar = self.stack.login("alice", PASSWORD)
        answer = self.stack.page("GET", "/auth/account", cookies=jar)
        self.assertEqual(answer.status, 200)
        self.assertIn("<strong>alice</strong> (Al &lt;b&gt;ice)", answer.text)
        for token in ("username", "current-password", "new-password"):
            self.assertIn('autocomplete="%s"' % token, answer.text)
        self.assertIn("passwordrules=", answer.text)
        self.assertIn("this session", answer.text)
        self.assertIn("Firefox on Linux", answer.text)
        self.assertIn("192.0.2.7", answer.text)
        self.assertLess(len(answer.raw), 30000)
        told = json.loads(self.stack.page(
            "GET", "/auth/account", cookies=jar, headers=SCRIPT).text)
        self.assertEqual(sorted(told), ["csrf", "message", "type"])

    # --- the password

    def test_c9_a_change_ends_all_other_sessions(self):
        _, jar = self.stack.login("alice", PASSWORD)
        others = [self.stack.token("alice", PASSWORD) for _ in range(2)]
        answer, jar = self.change(jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"),
                         "/auth/account?done=password")
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)
        for token in others:
            self.assertEqual(self.stack.check(token).status, 401)
        self.assertTrue(self.verifies(NEW))
        self.assertFalse(self.verifies(PASSWORD))
        answer = self.stack.page("GET", "/auth/account?done=password",
                                 cookies=jar)
        self.assertIn("Your password has been changed.", answer.text)
        self.assertIn('role="status"', answer.text)

    def test_the_current_password_is_checked(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for current in ("wrong", ""):
            answer, jar = self.change(jar, current=current)
            self.assertEqual(answer.status, 401)
            self.assertIn('id="current-fault">The current password is '
                          'incorrect.', answer.text)
            self.assertIn("<title>Error: Your account</title>", answer.text)
            self.assertNotIn(NEW, answer.text)
        self.assertTrue(self.verifies(PASSWORD))

    def test_e8_guessing_the_current_password_is_throttled(self):
        _, jar = self.stack.login("alice", PASSWORD)
        statuses = [self.change(jar, current="wrong %d" % i)[0].status
                    for i in range(9)]
        self.assertEqual(statuses[0], 401)
        self.assertIn(429, statuses)
        self.stack.sql("UPDATE rate_limits SET failures = failures + 8 "
                       "WHERE failures >= 5")
        answer, _ = self.change(jar)
        self.assertEqual(answer.status, 429)
        self.assertGreater(int(answer.header("Retry-After")), 0)
        self.assertTrue(self.stack.check(jar[COOKIE]).status == 204)

    def test_u7_the_current_password_is_checked_first(self):
        """To judge a new one costs time, and whoever holds the session for a
        moment is not told what the policy thinks of it."""
        _, jar = self.stack.login("alice", PASSWORD)
        for new in ("12" * 32, "password123", "weak"):
            answer, jar = self.change(jar, current="wrong", new=new)
            self.assertEqual(answer.status, 401, new)
            self.assertNotIn('id="new-fault"', answer.text)

    def test_e13_a_bad_new_password_is_refused_at_its_field(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for new, confirm, where, words in (
                ("short", None, "new", "too short. Use at least 10"),
                ("password123", None, "new", "too easy to guess"),
                ("alicealice", None, "new", "too easy to guess"),
                ("", None, "new", "Enter a password"),
                ("x" * 512, None, "new", "too long"),
                ("a good\nlong secret", None, "new", "line break"),
                (PASSWORD, None, "new", "must be different"),
                (NEW, NEW + "x", "confirm", "do not match"),
                (NEW, "", "confirm", "do not match")):
            answer, jar = self.change(jar, new=new, confirm=confirm)
            self.assertEqual(answer.status, 422, new)
            found = re.search(r'id="%s-fault">([^<]*)<' % where, answer.text)
            self.assertTrue(found, (new, answer.text))
            self.assertIn(words, found.group(1))
            self.assertIn("<title>Error: ", answer.text)
        answer, jar = self.change(jar, new="weak", headers=SCRIPT)
        self.assertEqual(answer.status, 422)
        self.assertEqual(json.loads(answer.text)["type"], "error")
        # None of this was a failure to log in.
        self.assertEqual(self.change(jar)[0].status, 303)

    def test_e13_long_odd_passwords_are_taken_whole(self):
        _, jar = self.stack.login("alice", PASSWORD)
        new = ' "<&%+\u00e4\U0001f40e ' * 20
        self.assertLess(len(new.encode()), 512)
        answer, jar = self.change(jar, new=new)
        self.assertEqual(answer.status, 303)
        self.assertTrue(self.verifies(new))
        self.assertFalse(self.verifies(new[:-1]))
        answer, _ = self.stack.login("alice", new)
        self.assertEqual(answer.status, 303)

    def test_the_device_of_the_change_stays_known(self):
        _, mine = self.stack.login("alice", PASSWORD)
        _, other = self.stack.login("alice", PASSWORD)
        _, mine = self.change(mine)
        for _ in range(25):
            self.stack.login("alice", "wrong", address="198.51.100.9")
        mine.pop(COOKIE)
        answer, _ = self.stack.login("alice", NEW, mine,
                                     address="198.51.100.9")
        self.assertEqual(answer.status, 303)
        other.pop(COOKIE)
        answer, _ = self.stack.login("alice", NEW, other,
                                     address="198.51.100.9")
        self.assertEqual(answer.status, 429)

    def test_json_form_of_the_change(self):
        _, jar = self.stack.login("alice", PASSWORD)
        answer, _ = self.change(jar, headers=SCRIPT)
        self.assertEqual(answer.status, 200)
        told = json.loads(answer.text)
        self.assertEqual(told["type"], "success")
        self.assertEqual(told["next"], "/auth/account?done=password")

    # --- the forced change

    def test_must_change_comes_before_everything(self):
        self.stack.add_user("bob", PASSWORD, "--must-change")
        answer, jar = self.stack.login("bob", PASSWORD, rd="/deep?x=1")
        forced = "/auth/account?rd=/deep%3Fx%3D1"
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, forced))
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 401)
        self.assertEqual(self.stack.page(
            "GET", "/auth/status", cookies=jar).status, 401)
        answer = self.stack.page(
            "GET", "/auth/login?rd=/deep%3Fx%3D1", cookies=jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, forced))
        answer = self.stack.page("GET", forced, cookies=jar)
        self.assertIn("must change your password before you continue", answer.text)
        self.assertIn('name="rd" value="/deep?x=1"', answer.text)
        self.assertNotIn("sessions/end", answer.text)
        for path in ("/auth/account/sessions/end",
                     "/auth/account/sessions/end-others"):
            answer, jar = self.stack.post(
                path, {"session": "A" * 16} if path.endswith("end") else {},
                jar, form_path="/auth/account")
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/auth/account"))

        weak, jar = self.change(jar, new="weak", rd="/deep?x=1")
        self.assertEqual(weak.status, 422)
        self.assertIn('name="rd" value="/deep?x=1"', weak.text)
        old = jar[COOKIE]
        answer, jar = self.change(jar, rd="/deep?x=1")
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/deep?x=1"))
        self.assertNotEqual(jar[COOKIE], old)
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)
        self.assertEqual(self.stack.check(old).status, 401)

    def test_a_forced_change_keeps_remember_me(self):
        self.stack.add_user("bob", PASSWORD, "--must-change")
        answer, jar = self.stack.login("bob", PASSWORD, remember="1")
        self.assertIn("Max-Age=2592000", answer.raw.decode())
        answer, jar = self.change(jar, rd="//evil.example")
        self.assertEqual(answer.header("Location"), "/")
        self.assertRegex(answer.raw.decode(), COOKIE + "=.*Max-Age=2592000")

    # --- the sessions

    def test_ending_one_session(self):
        _, mine = self.stack.login("alice", PASSWORD)
        _, phone = self.stack.login("alice", PASSWORD, headers=PHONE)
        answer = self.stack.page("GET", "/auth/account", cookies=mine)
        self.assertIn("Safari on iPhone", answer.text)
        self.assertEqual(answer.text.count("this session"), 1)
        own = json.loads(self.stack.page(
            "GET", "/auth/status", cookies=mine).text)["session"]
        (other,) = set(self.handles(mine)) - {own}
        answer, mine = self.stack.post(
            "/auth/account/sessions/end", {"session": other}, mine,
            form_path="/auth/account")
        self.assertEqual(answer.header("Location"), "/auth/account?done=ended")
        self.assertEqual(self.stack.check(phone[COOKIE]).status, 401)
        self.assertEqual(self.stack.check(mine[COOKIE]).status, 204)
        answer, mine = self.stack.post(
            "/auth/account/sessions/end", {"session": other}, mine,
            form_path="/auth/account")
        self.assertEqual(answer.header("Location"), "/auth/account?done=gone")
        answer, mine = self.stack.post(
            "/auth/account/sessions/end", {"session": own}, mine,
            form_path="/auth/account")
        self.assertEqual(answer.header("Location"), "/auth/login?out=1")
        self.assertNotIn(COOKIE, mine)

    def test_nobody_ends_the_session_of_another(self):
        self.stack.add_user("eve", PASSWORD)
        _, alice = self.stack.login("alice", PASSWORD)
        (handle,) = self.handles(alice)
        _, eve = self.stack.login("eve", PASSWORD)
        for session in (handle, "", "x", "../..", "A" * 200):
            answer, eve = self.stack.post(
                "/auth/account/sessions/end", {"session": session}, eve,
                form_path="/auth/account")
            self.assertEqual(answer.header("Location"),
                             "/auth/account?done=gone")
        self.assertEqual(self.stack.check(alice[COOKIE]).status, 204)

    def test_ending_all_others(self):
        _, mine = self.stack.login("alice", PASSWORD)
        others = [self.stack.token("alice", PASSWORD) for _ in range(3)]
        answer, mine = self.stack.post(
            "/auth/account/sessions/end-others", {}, mine,
            form_path="/auth/account")
        self.assertEqual(answer.header("Location"),
                         "/auth/account?done=others")
        self.assertEqual([self.stack.check(t).status for t in others],
                         [401] * 3)
        self.assertEqual(self.stack.check(mine[COOKIE]).status, 204)
        self.assertEqual(len(self.handles(mine)), 1)

    def test_c9_a_disabled_account_has_no_page(self):
        _, jar = self.stack.login("alice", PASSWORD)
        self.stack.ctl("user", "disable", "alice", check=True)
        answer = self.stack.page("GET", "/auth/account", cookies=jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(self.stack.page(
            "GET", "/auth/status", cookies=jar).status, 401)

    def test_u18_a_post_without_a_session_says_that_it_has_ended(self):
        csrf, jar = self.stack.open_form()
        for path, form in (
                ("/auth/account/password", {"current": "a"}),
                ("/auth/account/sessions/end", {"session": "a"}),
                ("/auth/account/sessions/end-others", {})):
            answer = self.stack.page("POST", path, cookies=jar,
                                     form=dict(form, csrf=csrf))
            self.assertEqual(
                (answer.status, answer.header("Location")),
                (303, "/auth/login?ended=1&rd=/auth/account"))
            # A form that is older than its session tells the same.
            stale = self.stack.page("POST", path, cookies=jar,
                                    form=dict(form, csrf="x"))
            self.assertEqual((stale.status, stale.header("Location")),
                             (303, answer.header("Location")))
            self.assertIn("Your session has ended", self.stack.page(
                "GET", answer.header("Location"), cookies=jar).text)


if __name__ == "__main__":
    unittest.main()
