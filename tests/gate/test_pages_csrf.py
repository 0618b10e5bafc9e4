# SPDX-License-Identifier: MIT
"""Who may send a form: the matrix of row D7, on every form there is."""

import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE, HOST, NAVIGATE, ORIGIN, SUBMIT, Stack  # noqa: E402

PRE = "__Secure-stauth-pre"
ABSENT = object()

SITES = {ABSENT: None, "same-origin": True, "same-site": False,
         "cross-site": False, "none": False, "junk": False,
         "same-origin, same-origin": False}
ORIGINS = {ABSENT: False, ORIGIN: True, "https://evil.example": False,
           "null": False, ORIGIN + ":8443": False,
           "http://" + HOST: False, ORIGIN + ".evil.example": False}


class Csrf(PagesCase):
    config = {"SESSIONS_PER_USER": "100"}

    def headers(self, site=ABSENT, origin=ABSENT, referer=ABSENT):
        headers = {"Accept": "text/html"}
        for name, value in (("Sec-Fetch-Site", site), ("Origin", origin),
                            ("Referer", referer)):
            if value is not ABSENT:
                headers[name] = value
        return headers

    def send(self, csrf, jar, headers=None, **more):
        form = {"username": "alice", "password": PASSWORD}
        if csrf is not None:
            form["csrf"] = csrf
        return self.stack.page("POST", "/auth/login", form=form, cookies=jar,
                               headers=headers or SUBMIT, **more)

    def test_d7_site_origin_and_token(self):
        csrf, jar = self.stack.open_form()
        other, _ = self.stack.open_form()
        tokens = {csrf: True, None: False, "": False, other: False,
                  csrf[:-1]: False, csrf + "A": False, "A" * 43: False}
        for site, site_ok in SITES.items():
            for origin, origin_ok in ORIGINS.items():
                for token, token_ok in tokens.items():
                    ok = token_ok and (
                        origin_ok if site_ok is None else site_ok)
                    answer = self.send(
                        token, jar, self.headers(site, origin))
                    self.assertEqual(
                        answer.status, 303 if ok else 403,
                        (site, origin, token))
                    if not ok:
                        self.assertNotIn(COOKIE + "=", answer.raw.decode())

    def test_d7_the_referer_counts_where_nothing_else_came(self):
        csrf, jar = self.stack.open_form()
        for referer, ok in ((ORIGIN + "/auth/login?rd=/x", True),
                            (ORIGIN, True),
                            ("https://evil.example/" + ORIGIN, False),
                            ("https://%s@evil.example/" % HOST, False),
                            ("http://%s/" % HOST, False),
                            ("/auth/login", False), ("", False)):
            answer = self.send(csrf, jar, self.headers(referer=referer))
            self.assertEqual(answer.status, 303 if ok else 403, referer)
        answer = self.send(csrf, jar, self.headers(
            origin="null", referer=ORIGIN + "/"))
        self.assertEqual(answer.status, 403)

    def test_d7_a_header_sent_twice_is_refused(self):
        csrf, jar = self.stack.open_form()
        answer = self.send(csrf, jar, extra=[
            ("HTTP_SEC_FETCH_SITE", "same-origin")])
        self.assertEqual(answer.status, 400)

    def test_d7_no_pre_cookie_names_cookies(self):
        csrf, jar = self.stack.open_form()
        for cookies in ({}, {PRE: ""}, {PRE: "x"}, {PRE: jar[PRE] + "x"}):
            answer = self.send(csrf, cookies)
            self.assertEqual(answer.status, 403)
            self.assertIn("Allow cookies for this site", answer.text)
        pair = "%s=%s" % (PRE, jar[PRE])
        answer = self.send(csrf, None, dict(SUBMIT, Cookie="%s; %s" % (
            pair, pair)))
        self.assertEqual(answer.status, 403)

    def test_d7_a_stale_form_comes_back_fresh_and_filled_in(self):
        _, jar = self.stack.open_form()
        answer = self.stack.page(
            "POST", "/auth/login", cookies=jar,
            form={"username": "alice", "password": "my-secret",
                  "remember": "1", "rd": "/deep?x", "csrf": "stale"})
        self.assertEqual(answer.status, 403)
        self.assertIn("form is out of date", answer.text)
        self.assertIn('value="alice"', answer.text)
        self.assertIn('value="/deep?x"', answer.text)
        self.assertIn("checked", answer.text)
        self.assertNotIn("my-secret", answer.text)
        csrf = answer.text.split('name="csrf" value="')[1].split('"')[0]
        self.assertEqual(self.send(csrf, jar).status, 303)

    def test_d7_a_foreign_form_brings_back_nothing(self):
        csrf, jar = self.stack.open_form()
        answer = self.stack.page(
            "POST", "/auth/login", cookies=jar,
            headers=dict(SUBMIT, **{"Sec-Fetch-Site": "cross-site"}),
            form={"username": "planted", "password": "x", "csrf": csrf})
        self.assertEqual(answer.status, 403)
        self.assertNotIn("planted", answer.text)
        self.assertNotIn('name="csrf"', answer.text)

    def test_d7_a_token_lives_no_longer_than_its_log_in(self):
        csrf, jar = self.stack.open_form()
        answer, jar = self.stack.login("alice", PASSWORD, jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(self.send(csrf, jar).status, 403)

    def test_d7_every_form_of_a_session(self):
        other, _ = self.stack.open_form()
        _, jar = self.stack.login("alice", PASSWORD)
        csrf, jar = self.stack.open_form("/auth/account", jar)
        for path, form in (
                ("/auth/account/password",
                 {"current": PASSWORD, "password": "another good secret",
                  "confirm": "another good secret"}),
                ("/auth/account/sessions/end", {"session": "A" * 16}),
                ("/auth/account/sessions/end-others", {}),
                ("/auth/logout", {})):
            for token, headers in (
                    (other, SUBMIT), ("", SUBMIT), (None, SUBMIT),
                    (csrf, self.headers("cross-site", ORIGIN)),
                    (csrf, self.headers("same-site", ORIGIN)),
                    (csrf, self.headers(origin="null")),
                    (csrf, self.headers(origin="https://evil.example")),
                    (csrf, self.headers())):
                sent = dict(form)
                if token is not None:
                    sent["csrf"] = token
                answer = self.stack.page(
                    "POST", path, form=sent, cookies=jar, headers=headers)
                self.assertEqual(answer.status, 403, (path, token, headers))
        self.assertEqual(self.stack.check(jar[COOKIE]).status, 204)
        self.assertEqual(self.stack.ctl(
            "user", "verify", "alice", "--password-stdin",
            stdin=PASSWORD + "\n").returncode, 0)

    def test_d7_without_public_url_the_own_host_counts(self):
        with Stack({"PUBLIC_URL": None}) as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            csrf, jar = stack.open_form(host="localhost:8080", https=False)
            form = {"username": "alice", "password": PASSWORD, "csrf": csrf}
            for origin, status in (("http://localhost:8081", 403),
                                   ("https://localhost:8080", 403),
                                   ("http://localhost", 403),
                                   ("http://localhost:8080", 303)):
                answer = stack.page(
                    "POST", "/auth/login", form=form, cookies=jar,
                    headers=self.headers(origin=origin),
                    host="localhost:8080", https=False)
                self.assertEqual(answer.status, status, origin)

    def test_d7_a_refusal_for_a_script_brings_a_new_token(self):
        _, jar = self.stack.open_form()
        answer = self.send("stale", jar,
                           dict(SUBMIT, Accept="application/json"))
        self.assertEqual(answer.status, 403)
        told = json.loads(answer.text)
        self.assertEqual(told["type"], "error")
        self.assertEqual(self.send(told["csrf"], jar).status, 303)

    def test_e_a_refused_form_is_no_failure_to_log_in(self):
        for _ in range(12):
            csrf, jar = self.stack.open_form()
            answer = self.stack.page(
                "POST", "/auth/login", cookies=jar, address="192.0.2.99",
                form={"username": "alice", "password": "w", "csrf": "x"})
            self.assertEqual(answer.status, 403)
        start = time.monotonic()
        answer, _ = self.stack.login("alice", PASSWORD, address="192.0.2.99")
        self.assertEqual(answer.status, 303)
        self.assertLess(time.monotonic() - start, 5)

    def test_a_page_is_not_needed_to_have_been_navigated_to(self):
        csrf, jar = self.stack.open_form(headers=dict(
            NAVIGATE, **{"Sec-Fetch-Site": "cross-site"}))
        self.assertEqual(self.send(csrf, jar).status, 303)


if __name__ == "__main__":
    unittest.main()
