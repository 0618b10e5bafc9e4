# SPDX-License-Identifier: MIT
"""The log-in page: who gets in, where to, and what the answers hold."""

import concurrent.futures
import hashlib
import json
import os
import re
import sys
import unittest
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE, NAVIGATE, SUBMIT, Stack  # noqa: E402

PRE = "__Secure-stauth-pre"
DEVICE = "__Secure-stauth-dev"
VECTORS = os.path.join(os.path.dirname(__file__), "..", "vectors",
                       "return_url.txt")
SCRIPT = dict(SUBMIT, Accept="application/json")


def vectors():
    """(kept?, bytes) of each line."""
    with open(VECTORS, encoding="ascii") as lines:
        for line in lines:
            if line[0] in "+-":
                text = line[1:].rstrip("\n").removeprefix(" ")
                url = re.sub(rb"\\x([0-9a-f]{2})",
                             lambda m: bytes([int(m.group(1), 16)]),
                             text.encode())
                yield line[0] == "+", url


class Login(PagesCase):
    config = {"SESSIONS_PER_USER": "50"}

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.add_user("disabled", PASSWORD)
        cls.stack.ctl("user", "disable", "disabled", check=True)

    def setUp(self):
        self.stack.sql("DELETE FROM rate_limits")

    def live(self, jar):
        return self.stack.check(jar.get(COOKIE)).status == 204

    # --- the way in

    def test_d2_log_in_leads_to_the_path_with_its_query(self):
        answer, jar = self.stack.login(
            "alice", PASSWORD, rd="/page?x=1&y=%C3%A4")
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.all("Location"), ["/page?x=1&y=%C3%A4"])
        self.assertTrue(self.live(jar))

    def test_the_name_is_folded_and_there_is_no_rd(self):
        answer, jar = self.stack.login("ALICE", PASSWORD)
        self.assertEqual(answer.header("Location"), "/")
        self.assertEqual(self.stack.check(jar[COOKIE]).header("X-Auth-User"),
                         "alice")

    def test_a_signed_in_get_leads_on(self):
        _, jar = self.stack.login("alice", PASSWORD)
        answer = self.stack.page("GET", "/auth/login?rd=/a%3Fb", cookies=jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "/a?b")

    def test_st_login_comes_back_to_the_page_that_asked(self):
        _, jar = self.stack.login("alice", PASSWORD)
        here = "https://app.example.com"
        for query, referer, rd in (
                ("provider=x.y.z", here + "/two?x=1&y=%C3%A4",
                 "/two?x=1&y=%C3%A4"),
                ("provider=default", here + ":443/", "/"),
                ("provider=", here + "/two", "/two"),
                ("provider=x&rd=/a", here + "/two", "/a"),
                ("x=provider", here + "/two", "/"),
                ("", here + "/two", "/"),
                ("provider=x", here, "/"),
                ("provider=x", "", "/"),
                ("provider=x", "http://app.example.com/two", "/"),
                ("provider=x", here + ".evil.example/two", "/"),
                ("provider=x", here + "@evil.example/two", "/"),
                ("provider=x", "https://evil.example/two", "/"),
                ("provider=x", here + "//evil.example/", "/"),
                ("provider=x", here + "/%2e%2e//x", "/"),
                ("provider=x", here + "/app/auth/logout", "/"),
                ("provider=x", here + "/auth/login?provider=x", "/"),
                ("provider=x", here + "/" + "a" * 2048, "/")):
            headers = dict(NAVIGATE, Referer=referer)
            with self.subTest(query=query, referer=referer):
                answer = self.stack.page("GET", "/auth/login?" + query,
                                         headers=headers, cookies=jar)
                self.assertEqual((answer.status, answer.header("Location")),
                                 (303, rd))
                form = self.stack.page("GET", "/auth/login?" + query,
                                       headers=headers).text
                found = re.search(r'name="rd"\s+value="([^"]*)"', form)
                self.assertEqual(
                    found.group(1).replace("&amp;", "&") if found else "/",
                    rd)

    def test_c3_a_post_always_checks_and_replaces_the_session(self):
        _, jar = self.stack.login("alice", PASSWORD)
        old = dict(jar)
        answer, _ = self.stack.login("alice", "wrong", jar)
        self.assertEqual(answer.status, 401)
        self.assertTrue(self.live(old))
        answer, jar = self.stack.login("alice", PASSWORD, jar)
        self.assertEqual(answer.status, 303)
        self.assertNotEqual(jar[COOKIE], old[COOKIE])
        self.assertNotEqual(jar[PRE], old[PRE])
        self.assertTrue(self.live(jar))
        self.assertFalse(self.live(old))

    def test_c3_planted_cookies_are_never_taken_over(self):
        planted = "B" * 32
        csrf, jar = self.stack.open_form("/auth/login", {PRE: planted})
        self.assertEqual(jar[PRE], planted)
        jar[COOKIE] = planted
        answer = self.stack.page(
            "POST", "/auth/login", cookies=jar,
            form={"username": "alice", "password": PASSWORD, "csrf": csrf})
        self.assertEqual(answer.status, 303)
        for line in answer.all("Set-Cookie"):
            self.assertNotIn(planted, line)
        self.assertEqual(self.stack.check(planted).status, 401)

    def test_c3_two_session_cookies_are_none(self):
        _, jar = self.stack.login("alice", PASSWORD)
        pair = "%s=%s" % (COOKIE, jar[COOKIE])
        answer = self.stack.page("GET", "/auth/login", headers=dict(
            NAVIGATE, Cookie=pair + "; " + pair))
        self.assertEqual(answer.status, 200)
        self.assertTrue(self.live(jar))

    def test_c4_other_cookies_are_no_session(self):
        csrf, _ = self.stack.open_form()
        _, jar = self.stack.login("alice", PASSWORD)
        for value in (jar[PRE], jar[PRE][:32], jar[DEVICE], csrf, csrf[:32],
                      hashlib.sha256(jar[COOKIE].encode()).hexdigest()[:32]):
            self.assertEqual(self.stack.check(value).status, 401)
            answer = self.stack.page(
                "GET", "/auth/status", cookies={COOKIE: value})
            self.assertEqual(answer.status, 401)

    def test_c12_over_the_limit_the_oldest_session_ends(self):
        with Stack({"SESSIONS_PER_USER": "2"}) as stack:
            stack.add_user("bob", PASSWORD)
            stack.start_gate()
            tokens = []
            for _ in range(3):
                tokens.append(stack.token("bob", PASSWORD))
                stack.sql("UPDATE sessions SET last_seen_at = "
                          "last_seen_at - 5, created_at = created_at - 5")
            self.assertEqual([stack.check(t).status for t in tokens],
                             [401, 204, 204])

    # --- cookies

    def test_c15_cookies_are_exact(self):
        answer, jar = self.stack.login("alice", PASSWORD)
        lines = answer.all("Set-Cookie")
        self.assertEqual(len(lines), 3)
        for cookie, rest in (
                (COOKIE, "; Path=/; Secure; HttpOnly; SameSite=Lax"),
                (PRE, "; Path=/auth/; Secure; HttpOnly; SameSite=Lax"),
                (DEVICE, "; Path=/auth/; Secure; HttpOnly; SameSite=Lax"
                         "; Max-Age=15552000")):
            self.assertIn("%s=%s%s" % (cookie, jar[cookie], rest), lines)
        self.assertRegex(jar[COOKIE], r"^[A-Za-z0-9_-]{32}$")

    def test_c15_remember_me_has_an_age(self):
        for word in ("1", "on", "true"):
            answer, _ = self.stack.login("alice", PASSWORD, remember=word)
            self.assertRegex(
                "\n".join(answer.all("Set-Cookie")),
                COOKIE + r"=[\w-]{32}; Path=/; Secure; HttpOnly; "
                r"SameSite=Lax; Max-Age=2592000(\n|$)")
        for word in ("", "0", "no", "TRUE "):
            answer, _ = self.stack.login("alice", PASSWORD, remember=word)
            self.assertEqual(answer.status, 303)
            self.assertNotIn("Max-Age=2592000", answer.raw.decode())

    def test_c15_no_token_outside_its_cookie(self):
        answer, jar = self.stack.login("alice", PASSWORD, rd="/x")
        answers = [answer] + [
            self.stack.page("GET", path, cookies=jar)
            for path in ("/auth/account", "/auth/status", "/auth/login")]
        self.assertEqual(answer.raw.decode().count(jar[COOKIE]), 1)
        for answer in answers[1:]:
            self.assertNotIn(jar[COOKIE].encode(), answer.raw)
        self.assertNotIn(jar[COOKIE].encode(), self.stack.log())
        with open(self.stack.db, "rb") as db:
            self.assertNotIn(jar[COOKIE].encode(), db.read())

    def test_a_lost_cookie_is_reported_and_loops_end(self):
        _, jar = self.stack.login("alice", PASSWORD)
        token = jar.pop(COOKIE)
        answer = self.stack.page("GET", "/auth/login?rd=/", cookies=jar)
        self.assertEqual(answer.status, 200)
        self.assertIn("did not keep the sign-in cookie", answer.text)
        # Not after a log-out: then it is gone because it should be.
        jar[COOKIE] = token
        answer, jar = self.stack.post("/auth/logout", {}, jar,
                                      form_path="/auth/account")
        self.assertEqual(answer.status, 303)
        answer = self.stack.page("GET", "/auth/login", cookies=jar)
        self.assertNotIn("did not keep", answer.text)

    # --- no way in

    def test_e1_every_no_is_the_same(self):
        bodies = set()
        for name, password in (
                ("alice", "wrong"), ("nobody", "wrong"),
                ("disabled", "wrong"), ("disabled", PASSWORD),
                ("nobody", PASSWORD), ("", ""), ("alice", ""),
                ("alice", "x" * 600), ("Not A Name!", PASSWORD)):
            csrf, jar = self.stack.open_form()
            answer = self.stack.page(
                "POST", "/auth/login", cookies=jar,
                form={"username": name, "password": password, "csrf": csrf})
            self.assertEqual(answer.status, 401, name)
            self.assertEqual(answer.all("Set-Cookie"), [])
            text = answer.text.replace(csrf, "")
            shown = 'name="username" type="text" value="%s"' % name
            self.assertEqual(text.count(shown), 1)
            bodies.add(text.replace(shown, ""))
            self.stack.sql("DELETE FROM rate_limits")
        self.assertEqual(len(bodies), 1)

    def test_a_wrong_password_keeps_the_name_and_tells_at_the_top(self):
        answer, _ = self.stack.login("alice", "secret-typo", rd="/deep")
        self.assertEqual(answer.status, 401)
        self.assertIn("<title>Error: Sign in</title>", answer.text)
        self.assertIn('role="alert"', answer.text)
        self.assertIn("Incorrect user name or password.", answer.text)
        self.assertIn('name="username" type="text" value="alice"',
                      answer.text)
        self.assertIn('name="rd" value="/deep"', answer.text)
        self.assertIn('aria-invalid="true" aria-describedby="message"',
                      answer.text)
        self.assertNotIn("secret-typo", answer.text)

    def test_d5_what_was_typed_comes_back_escaped(self):
        evil = "\"><img src=x onerror=alert(1)>'&#x3c;+ADw-\u2028"
        answer, _ = self.stack.login(evil, "x", rd='/a"<b>')
        self.assertEqual(answer.status, 401)
        self.assertNotIn("<img", answer.text)
        self.assertNotIn("<b>", answer.text)
        self.assertIn("&lt;img src=x onerror=alert(1)&gt;", answer.text)
        self.assertEqual(answer.header("Content-Type"),
                         "text/html; charset=utf-8")
        answer, _ = self.stack.login("<" * 10240, "x")
        self.assertEqual(answer.status, 401)

    def test_g_a_missing_second_factor_is_reported_and_opens_nothing(self):
        self.stack.add_user("factor", PASSWORD)
        self.stack.sql("UPDATE users SET mfa_since = 1 WHERE name = 'factor'")
        answer, jar = self.stack.login("factor", PASSWORD)
        self.assertEqual(answer.status, 403)
        self.assertIn("requires a second factor", answer.text)
        self.assertNotIn(COOKIE, jar)
        self.assertEqual(self.stack.sql(
            "SELECT COUNT(*) FROM sessions WHERE uid = "
            "(SELECT uid FROM users WHERE name = 'factor')"), [(0,)])
        answer, _ = self.stack.login("factor", "wrong")
        self.assertEqual(answer.status, 401)

    # --- where to

    def test_d1_vectors_by_get_and_post(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for kept, url in vectors():
            want = url.decode() if kept else "/"
            answer = self.stack.page(
                "GET", "/auth/login?rd=" + quote(url, safe=""), cookies=jar)
            self.assertEqual((answer.status, answer.all("Location")),
                             (303, [want]), url)
        for want, url in (("/", "//evil.example"), ("/", "/\\evil"),
                          ("/", "https:evil"), ("/", "/a\r\nX: y"),
                          ("/", "/auth/logout"), ("/a?b", "/a?b")):
            answer, _ = self.stack.login("alice", PASSWORD, rd=url)
            self.assertEqual((answer.status, answer.all("Location")),
                             (303, [want]), url)

    def test_d1_a_garbled_or_repeated_rd_counts_as_the_root(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for query in ("rd", "rd=", "rd=%", "rd=%zz", "rd=/%00",
                      "rd=/a&rd=/b", "rd=%ff", "x=%zz&rd=/",
                      "rd=/" + "a" * 8000, "rd[]=/a"):
            answer = self.stack.page("GET", "/auth/login?" + query,
                                     cookies=jar)
            self.assertEqual((answer.status, answer.all("Location")),
                             (303, ["/"]), query)

    def test_d3_line_breaks_never_reach_a_header(self):
        _, jar = self.stack.login("alice", PASSWORD)
        for evil in ("/a\r\nX-Evil: 1", "/a\nX-Evil: 1", "/a%0d%0aX-Evil: 1",
                     "/\u560a\u560dX-Evil: 1", "/a\0X-Evil: 1"):
            answer = self.stack.page(
                "GET", "/auth/login?rd=" + quote(evil, safe=""), cookies=jar)
            self.assertEqual(answer.all("X-Evil"), [])
            self.assertEqual(answer.all("Location"), ["/"])
            csrf, form_jar = self.stack.open_form()
            answer = self.stack.page(
                "POST", "/auth/login", cookies=form_jar,
                form={"username": evil, "password": "x", "csrf": csrf})
            self.assertEqual(answer.all("X-Evil"), [])
            self.assertIn(answer.status, (400, 401))

    def test_d4_only_the_configured_host(self):
        for host in ("evil.example", "app.example.com.evil.example", "",
                     "app.example.com:8443", "evil.example/app.example.com",
                     "app.example.com evil"):
            answer = self.stack.page("GET", "/auth/login", host=host)
            self.assertEqual(answer.status, 421, host)
            self.assertEqual(answer.all("Set-Cookie"), [])
            # It may be named, but nothing leads there.
            self.assertNotRegex(answer.text, r'="[^"]*evil')
        answer = self.stack.page("GET", "/auth/login", headers=dict(
            NAVIGATE, **{"X-Forwarded-Host": "evil.example"}))
        self.assertNotIn("evil", answer.raw.decode())
        answer = self.stack.page("GET", "/auth/login",
                                 extra=[("HTTP_HOST", "evil.example")])
        self.assertEqual(answer.status, 400)

    def test_d9_no_get_or_head_changes_anything(self):
        _, jar = self.stack.login("alice", PASSWORD)

        def dump():
            return [self.stack.sql("SELECT * FROM " + table) for (table,) in
                    self.stack.sql("SELECT name FROM sqlite_master "
                                   "WHERE type = 'table'")]
        before = dump()
        for cookies in ({}, jar):
            for path in ("/auth/login", "/auth/account", "/auth/status",
                         "/auth/health", "/auth/", "/auth/nope",
                         "/auth/account/password",
                         "/auth/account/sessions/end",
                         "/auth/account/sessions/end-others"):
                for method in ("GET", "HEAD"):
                    self.stack.page(method, path + "?session=x&csrf=y",
                                    cookies=cookies)
            self.stack.page("HEAD", "/auth/logout", cookies=cookies)
        self.assertEqual(dump(), before)

    # --- for scripts

    def test_json_form_of_the_log_in(self):
        answer = self.stack.page("GET", "/auth/login?rd=/a", headers=SCRIPT)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        told = json.loads(answer.text)
        self.assertEqual(sorted(told), ["csrf", "message", "type"])
        self.assertEqual(told["type"], "info")
        jar = dict([answer.header("Set-Cookie").split(";")[0].split("=", 1)])

        def post(password):
            answer = self.stack.page(
                "POST", "/auth/login", headers=SCRIPT, cookies=jar,
                form={"username": "alice", "password": password,
                      "rd": "/a", "csrf": told["csrf"]})
            return answer, json.loads(answer.text)
        answer, said = post("wrong")
        self.assertEqual(answer.status, 401)
        self.assertEqual(said["type"], "error")
        self.assertEqual(said["message"],
                         "Incorrect user name or password.")
        answer, said = post(PASSWORD)
        self.assertEqual(answer.status, 200)
        self.assertEqual(said, {"type": "success", "next": "/a",
                                "message": "You are signed in."})
        self.assertEqual(answer.all("Location"), [])
        token = re.search(COOKIE + r"=([\w-]{32})", answer.raw.decode())[1]
        answer = self.stack.page("GET", "/auth/login?rd=/b", headers=SCRIPT,
                                 cookies={COOKIE: token})
        self.assertEqual(answer.status, 200)
        self.assertEqual(json.loads(answer.text)["next"], "/b")

    def test_html_wins_where_both_are_accepted(self):
        for accept in ("text/html, application/json", "*/*", "",
                       "application/jsonx", "text/html;q=0.1,"
                       "application/json;q=0.9"):
            answer = self.stack.page("GET", "/auth/login",
                                     headers=dict(NAVIGATE, Accept=accept))
            self.assertIn("<form", answer.text, accept)
        answer = self.stack.page("GET", "/auth/login", headers=dict(
            NAVIGATE, Accept="text/plain, Application/JSON;q=0.5"))
        self.assertTrue(answer.text.startswith("{"))

    # --- many at once

    def test_several_tabs_share_the_pre_cookie(self):
        first, jar = self.stack.open_form()
        second, jar = self.stack.open_form(jar=jar)
        for csrf in (first, second, first):
            answer = self.stack.page(
                "POST", "/auth/login", cookies=jar,
                form={"username": "alice", "password": "w", "csrf": csrf})
            self.assertEqual(answer.status, 401)

    def test_log_ins_at_the_same_time_all_work(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            tokens = list(pool.map(
                lambda _: self.stack.token("alice", PASSWORD), range(8)))
        self.assertEqual(len(set(tokens)), 8)
        self.assertTrue(all(self.stack.check(t).status == 204
                            for t in tokens))


if __name__ == "__main__":
    unittest.main()
