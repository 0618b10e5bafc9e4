# SPDX-License-Identifier: MIT
"""Log-out: what acts, what does not, and what is left afterwards."""

import concurrent.futures
import json
import os
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE, NAVIGATE, ORIGIN, SUBMIT  # noqa: E402

OUT = "/auth/login?out=1"


def sec(site=None, mode=None, dest=None, purpose=None):
    headers = {"Accept": "text/html"}
    for name, value in (("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode),
                        ("Sec-Fetch-Dest", dest), ("Sec-Purpose", purpose)):
        if value is not None:
            headers[name] = value
    return headers


class Logout(PagesCase):
    config = {"SESSIONS_PER_USER": "100"}

    def setUp(self):
        answer, self.jar = self.stack.login("alice", PASSWORD)
        self.assertEqual(answer.status, 303)

    def live(self):
        return self.stack.check(self.jar[COOKIE]).status == 204

    def get(self, headers, method="GET"):
        return self.stack.page(method, "/auth/logout", cookies=self.jar,
                               headers=headers)

    def assert_out(self, answer):
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.all("Location"), [OUT])
        self.assertIn(COOKIE + "=; Path=/; Secure; HttpOnly; SameSite=Lax; "
                      "Max-Age=0", answer.all("Set-Cookie"))
        self.assertEqual(answer.all("Clear-Site-Data"), ['"cache"'])

    # --- what acts

    def test_c8_a_navigation_of_ours_or_typed_acts(self):
        for headers in (sec("same-origin", "navigate", "document"),
                        sec("none", "navigate", "document"),
                        sec("same-origin", "navigate"), sec("same-origin"),
                        sec("none")):
            answer, self.jar = self.stack.login("alice", PASSWORD)
            self.assertTrue(self.live())
            self.assert_out(self.get(headers))
            self.assertFalse(self.live(), headers)

    def test_c8_nothing_else_acts(self):
        for headers in (
                sec(), sec("cross-site", "navigate", "document"),
                sec("same-site", "navigate", "document"), sec("junk"),
                sec("same-origin", "no-cors", "image"),
                sec("same-origin", "cors", "empty"),
                sec("same-origin", "same-origin", "empty"),
                sec("same-origin", "navigate", "iframe"),
                sec("same-origin", "navigate", "object"),
                sec("none", "no-cors", "image"),
                sec("same-origin", "navigate", "document", "prefetch"),
                sec("none", "navigate", "document",
                    "prefetch;prerender"),
                sec("Same-Origin", "navigate", "document"),
                sec("same-origin", "NAVIGATE", "document"),
                {"Accept": "image/*"}):
            answer = self.get(headers)
            self.assertEqual(answer.status, 200, headers)
            self.assertEqual(answer.all("Location"), [])
            self.assertNotIn(COOKIE + "=", answer.raw.decode())
            self.assertIn('action="/auth/logout"', answer.text)
            self.assertTrue(self.live(), headers)
        for headers in (NAVIGATE, sec("same-origin", "navigate")):
            answer = self.get(headers, "HEAD")
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertTrue(self.live())

    def test_c8_the_way_back_from_a_log_in_does_not_act(self):
        """rd=/app/auth/logout is a path of this site, and nginx takes it to
        /auth/logout; a browser names the form as the one that led there."""
        ours = sec("same-origin", "navigate", "document")
        for path in ("/auth/login?rd=/app/auth/logout", "/auth/login",
                     "/auth/account?rd=/app/auth/logout"):
            answer = self.get(dict(ours, Referer=ORIGIN + path))
            self.assertEqual(answer.status, 200, path)
            self.assertIn('action="/auth/logout"', answer.text)
            self.assertTrue(self.live(), path)
        for referer in (ORIGIN + "/app/", ORIGIN + "/", ORIGIN,
                        ORIGIN + "/app/auth/x", "", "junk",
                        ORIGIN + "/?/auth/", ORIGIN + "/authors/"):
            answer, self.jar = self.stack.login("alice", PASSWORD)
            self.assert_out(self.get(dict(ours, Referer=referer)))
            self.assertFalse(self.live(), referer)

    def test_c8_a_foreign_post_is_refused(self):
        for headers in (sec("cross-site"), sec("same-site"), sec(),
                        {"Origin": "https://evil.example"}):
            answer, _ = self.stack.post("/auth/logout", {}, self.jar,
                                        headers=headers,
                                        form_path="/auth/account")
            self.assertEqual(answer.status, 403)
            self.assertTrue(self.live())

    def test_the_button_acts(self):
        answer = self.get(sec())
        self.assertIn("<button type=\"submit\">Sign out</button>",
                      answer.text)
        csrf = answer.text.split('name="csrf" value="')[1].split('"')[0]
        answer = self.stack.page("POST", "/auth/logout", cookies=self.jar,
                                 form={"csrf": csrf})
        self.assert_out(answer)
        self.assertFalse(self.live())

    def test_a_stale_button_comes_back_fresh(self):
        answer = self.stack.page("POST", "/auth/logout", cookies=self.jar,
                                 form={"csrf": "x"})
        self.assertEqual(answer.status, 403)
        self.assertIn('action="/auth/logout"', answer.text)
        self.assertTrue(self.live())

    # --- afterwards

    def test_c7_again_and_without_a_session_it_is_the_same(self):
        self.assert_out(self.get(NAVIGATE))
        self.assert_out(self.get(NAVIGATE))
        self.jar.pop(COOKIE)
        self.assert_out(self.get(NAVIGATE))
        for value in ("", "x", "A" * 32, "A" * 33):
            self.jar = {COOKIE: value}
            self.assert_out(self.get(NAVIGATE))

    def test_c7_a_hundred_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: self.get(NAVIGATE), range(100)))
        for answer in answers:
            self.assert_out(answer)
        self.assertFalse(self.live())
        rows = self.stack.sql(
            "SELECT COUNT(*) FROM audit WHERE event = 'logout'")
        self.get(NAVIGATE)
        self.assertEqual(rows, self.stack.sql(
            "SELECT COUNT(*) FROM audit WHERE event = 'logout'"))

    def test_c6_the_token_is_dead_when_the_answer_comes(self):
        for _ in range(10):
            token = self.jar[COOKIE]
            self.assert_out(self.get(NAVIGATE))
            self.assertEqual(self.stack.check(token).status, 401)
            self.assertEqual(self.stack.page(
                "GET", "/auth/status", cookies={COOKIE: token}).status, 401)
            _, self.jar = self.stack.login("alice", PASSWORD)

    def test_the_signed_out_page_says_so(self):
        answer = self.stack.page("GET", OUT)
        self.assertEqual(answer.status, 200)
        self.assertIn('role="status"', answer.text)
        self.assertIn("You are signed out.", answer.text)
        self.assertIn('name="password"', answer.text)
        self.assertIn("<title>Sign in</title>", answer.text)

    def test_c16_nothing_may_be_kept(self):
        account = self.stack.page("GET", "/auth/account", cookies=self.jar)
        self.assertEqual(account.header("Cache-Control"), "no-store")
        self.assert_out(self.get(NAVIGATE))

    def test_json_form(self):
        script = dict(SUBMIT, Accept="application/json", **{
            "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"})
        told = json.loads(self.get(script).text)
        self.assertEqual(sorted(told), ["csrf", "message", "type"])
        self.assertTrue(self.live())
        answer = self.stack.page(
            "POST", "/auth/logout", cookies=self.jar, headers=script,
            form={"csrf": told["csrf"]})
        self.assertEqual(answer.status, 200)
        self.assertEqual(json.loads(answer.text), {
            "type": "success", "message": "You are signed out.",
            "next": OUT})
        self.assertFalse(self.live())

    def test_the_row_goes_first_and_a_fault_keeps_the_cookie(self):
        with sqlite3.connect(self.stack.db) as db:
            db.execute("BEGIN IMMEDIATE")
            start = time.monotonic()
            answer = self.get(NAVIGATE)
            self.assertLess(time.monotonic() - start, 4)
            self.assertTrue(self.live())
            db.rollback()
        self.assertEqual(answer.status, 503)
        self.assertNotIn(COOKIE + "=;", answer.raw.decode())
        self.assertEqual(answer.all("Clear-Site-Data"), [])
        self.assert_out(self.get(NAVIGATE))

    def test_only_this_session_ends(self):
        other = self.stack.token("alice", PASSWORD)
        self.assert_out(self.get(NAVIGATE))
        self.assertEqual(self.stack.check(other).status, 204)

    def test_the_origin_header_alone_is_enough_for_a_post(self):
        answer, _ = self.stack.post(
            "/auth/logout", {}, self.jar, form_path="/auth/account",
            headers={"Origin": ORIGIN})
        self.assert_out(answer)


if __name__ == "__main__":
    unittest.main()
