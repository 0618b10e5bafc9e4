# SPDX-License-Identifier: MIT
"""/auth/confirm: a fresh proof of who it is."""

import json
import time
import unittest

from pages_case import PASSWORD, PagesCase
from rig import COOKIE, SUBMIT

SCRIPT = dict(SUBMIT, Accept="application/json")


class Confirm(PagesCase):
    @classmethod
    def add_users(cls):
        for name in ("alice", "forced", "factor", "slow"):
            cls.stack.add_user(name, PASSWORD)

    def signed_in(self, name="alice", age_s=3600):
        _, jar = self.stack.login(name, PASSWORD)
        self.stack.sql("UPDATE sessions SET confirmed_at = confirmed_at - ?"
                       " WHERE user_name = ?", age_s, name)
        return jar

    def confirmed_at(self, jar):
        answer = self.stack.page("GET", "/auth/status", cookies=jar)
        return json.loads(answer.text)["confirmed_at"]

    def confirm(self, jar, password=PASSWORD, rd="/x?y=1", **more):
        form = {"password": password}
        if rd is not None:
            form["rd"] = rd
        return self.stack.post("/auth/confirm", form, jar, **more)[0]

    def test_the_password_makes_the_proof_a_fresh_one(self):
        jar = self.signed_in()
        before = dict(jar)
        self.assertLess(self.confirmed_at(jar), time.time() - 3500)
        answer = self.stack.page("GET", "/auth/confirm?rd=/x%3Fy%3D1",
                                 cookies=jar)
        self.assertEqual(answer.status, 200)
        self.assertIn('name="rd" value="/x?y=1"', answer.text)
        answer = self.confirm(jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/x?y=1"))
        self.assertGreater(self.confirmed_at(jar), time.time() - 60)
        self.assertEqual(jar[COOKIE], before[COOKIE])
        rows = self.stack.sql("SELECT ok, user_name FROM audit "
                              "WHERE event = 'confirm'")
        self.assertIn((1, "alice"), [tuple(row) for row in rows])

    def test_a_wrong_one_does_not_and_counts(self):
        jar = self.signed_in("slow")
        for _ in range(5):
            answer = self.confirm(jar, "wrong")
            self.assertEqual(answer.status, 401)
            self.assertIn("Incorrect password.", answer.text)
            self.assertIn('name="rd" value="/x?y=1"', answer.text)
        answer = self.confirm(jar, PASSWORD)
        self.assertEqual(answer.status, 429)
        self.assertTrue(answer.header("Retry-After"))
        self.assertLess(self.confirmed_at(jar), time.time() - 3500)

    def test_an_empty_one_is_wrong_and_none_is_not_asked_for(self):
        jar = self.signed_in()
        self.assertEqual(self.confirm(jar, "").status, 401)
        answer, _ = self.stack.post("/auth/confirm", {"rd": "/"}, jar)
        self.assertEqual(answer.status, 401)

    def test_without_a_session_it_leads_to_the_log_in_page_and_back(self):
        answer = self.stack.page("GET", "/auth/confirm?rd=/x")
        self.assertEqual(answer.status, 303)
        self.assertIn(answer.header("Location"), (
            "/auth/login?rd=/auth/confirm%3Frd%3D/x", "/auth/login?rd=/x"))

    def test_who_must_change_the_password_does_that_first(self):
        jar = self.signed_in("forced")
        self.stack.sql("UPDATE sessions SET must_change = 1 "
                       "WHERE user_name = 'forced'")
        answer = self.stack.page("GET", "/auth/confirm", cookies=jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/account"))

    def test_rd_leads_nowhere_else(self):
        jar = self.signed_in()
        for rd in ("//evil", "https://evil", "/\\evil", None):
            answer = self.confirm(jar, rd=rd)
            self.assertEqual((answer.status, answer.header("Location")),
                             (303, "/"), rd)

    def test_a_form_of_another_site_is_refused(self):
        jar = self.signed_in()
        answer = self.confirm(jar, headers=dict(
            SUBMIT, **{"Sec-Fetch-Site": "cross-site"}))
        self.assertEqual(answer.status, 403)
        answer = self.stack.page("POST", "/auth/confirm", cookies=jar, form={
            "password": PASSWORD, "csrf": "x" * 43})
        self.assertEqual(answer.status, 403)
        self.assertLess(self.confirmed_at(jar), time.time() - 3500)

    def test_scripts_get_json(self):
        jar = self.signed_in()
        told = json.loads(self.stack.page(
            "GET", "/auth/confirm", cookies=jar, headers=SCRIPT).text)
        self.assertEqual(sorted(told), ["csrf", "message", "type"])
        answer = self.confirm(jar, headers=SCRIPT)
        self.assertEqual(answer.status, 200)
        self.assertEqual(json.loads(answer.text)["next"], "/x?y=1")
        answer = self.confirm(jar, "wrong", headers=SCRIPT)
        self.assertEqual((answer.status, json.loads(answer.text)["type"]),
                         (401, "error"))

    def test_a_second_factor_is_not_passed_over(self):
        jar = self.signed_in("factor")
        self.stack.sql("UPDATE users SET mfa_since = 1 WHERE name = 'factor'")
        answer = self.confirm(jar)
        self.assertEqual(answer.status, 403)
        self.assertIn("second factor", answer.text)
        self.assertLess(self.confirmed_at(jar), time.time() - 3500)


if __name__ == "__main__":
    unittest.main()
