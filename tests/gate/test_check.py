# SPDX-License-Identifier: MIT
"""The check's answers over raw FastCGI: CONTRACT 3.1."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from check_case import APP_KEY, PASSWORD, CheckCase  # noqa: E402
from rig import COOKIE, HOST, ORIGIN, Stack, wait_for  # noqa: E402

IDENTITY = ["X-Auth-User", "X-Auth-Email", "X-Auth-Name", "X-Auth-Groups",
            "X-Auth-Session"]


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Answers(CheckCase):
    def test_identity_headers(self):
        response = self.s.check(self.alice)
        self.allowed(response)
        self.assertEqual([n for n, _ in response.headers],
                         ["Status"] + IDENTITY + ["X-Auth-Assertion"])
        self.assertEqual(response.header("X-Auth-Email"), "alice@example.com")
        self.assertEqual(response.header("X-Auth-Name"),
                         "Alice %C3%84nnerl 100%25")
        self.assertEqual(response.header("X-Auth-Groups"), "")
        self.assertRegex(response.header("X-Auth-Session"),
                         r"\A[A-Za-z0-9_-]{16}\Z")

    def test_groups_su_first(self):
        self.assertEqual(
            self.s.check(self.root).header("X-Auth-Groups").split(",")[0],
            "su")
        self.assertEqual(self.s.check(self.bob).header("X-Auth-Groups"),
                         "ops.a-b_c,staff")

    def test_headers_are_constant_for_one_session(self):
        first, second = self.s.check(self.alice), self.s.check(self.alice)
        for name in IDENTITY:
            self.assertEqual(first.header(name), second.header(name))
        other = self.s.check(self.s.token("alice", PASSWORD))
        self.assertNotEqual(first.header("X-Auth-Session"),
                            other.header("X-Auth-Session"))

    def test_assertion(self):
        response = self.s.check(self.bob)
        head, claims, signature = \
            response.header("X-Auth-Assertion").split(".")
        mac = hmac.new(APP_KEY.encode(), ("%s.%s" % (head, claims)).encode(),
                       hashlib.sha256).digest()
        self.assertEqual(unb64(signature), mac)
        self.assertEqual(json.loads(unb64(head))["alg"], "HS256")
        claims = json.loads(unb64(claims))
        self.assertEqual(claims["sub"], "bob")
        self.assertEqual(claims["sid"], response.header("X-Auth-Session"))
        self.assertEqual(claims["iss"], ORIGIN)
        self.assertEqual(claims["aud"], ORIGIN)
        self.assertLess(abs(claims["iat"] - time.time()), 60)
        self.assertLess(abs(claims["exp"] - time.time() - 12 * 3600), 60)

    def test_assertion_of_each_is_his_own(self):
        for _ in range(3):
            for token, user in ((self.alice, "alice"), (self.bob, "bob")):
                jwt = self.s.check(token).header("X-Auth-Assertion")
                self.assertEqual(
                    json.loads(unb64(jwt.split(".")[1]))["sub"], user)

    def test_no_cookie(self):
        self.refused(self.s.check())

    def test_require(self):
        self.allowed(self.s.check(self.root, require="su"), "root")
        self.allowed(self.s.check(self.bob, require="group:staff"), "bob")
        self.allowed(self.s.check(self.bob, require="group:ops.a-b_c"), "bob")
        for token, require in (
                (self.alice, "su"), (self.alice, "group:staff"),
                (self.bob, "su"), (self.bob, "group:staf"),
                (self.bob, "group:staff,ops.a-b_c"), (self.bob, "group:"),
                (self.root, "nonsense"), (self.root, "SU"),
                (self.root, "group:staff")):
            with self.subTest(require=require):
                self.refused(self.s.check(token, require=require), 403)
        # Without a session it is not said that there is an area.
        self.refused(self.s.check(require="su"))

    def test_require_several_all_must_hold(self):
        self.allowed(self.s.check(
            self.bob, require="group:staff group:ops.a-b_c"), "bob")
        for require in ("su group:staff", "group:staff su",
                        "group:staff nonsense", "group:staff optional"):
            with self.subTest(require=require):
                self.refused(self.s.check(self.bob, require=require), 403)
                self.refused(self.s.check(require=require))

    def test_optional_lets_nobody_in_as_nobody(self):
        def nobody(**more):
            response = self.s.check(require="optional", **more)
            self.assertEqual((response.status, response.body), (204, b""))
            self.assertEqual(response.headers, [
                ("Status", "204 No Content"), ("X-Auth-Logged-In", "")])
        dead = self.s.token("bob", PASSWORD)
        handle = self.s.check(dead).header("X-Auth-Session")
        self.s.ctl("session", "revoke", handle, check=True)
        self.s.add_user("dora", PASSWORD, "--must-change")
        waiting = self.s.login("dora", PASSWORD)[1][COOKIE]
        for token in (None, "short", dead, waiting, "A" * 32):
            with self.subTest(token=token):
                nobody(token=token)
        nobody(headers={"Cookie": "%s=%s; %s=%s" % (
            COOKIE, self.alice, COOKIE, self.alice)})
        response = self.s.check(self.alice, require="optional")
        self.allowed(response)
        self.assertEqual(response.header("X-Auth-Logged-In"), "1")
        self.assertEqual([n for n, _ in response.headers], [
            "Status", "X-Auth-Logged-In", *IDENTITY, "X-Auth-Assertion"])

    def test_optional_refuses_what_is_foreign_or_comes_twice(self):
        websocket = {"Upgrade": "websocket",
                     "Origin": "https://evil.example"}
        for token in (None, self.alice):
            self.refused(self.s.check(
                token, require="optional", headers=websocket), 403)
            self.refused(self.s.check(
                token, require="optional",
                extra=(("HTTP_ACCEPT", "x"), ("HTTP_ACCEPT", "y"))), 403)

    def test_optional_is_a_fault_without_a_store(self):
        gate = Stack(config={}, init=False)
        self.addCleanup(gate.stop)
        gate.start_gate()
        self.assertEqual(
            gate.check("A" * 32, require="optional").status, 503)
        self.assertEqual(gate.check(require="optional").status, 204)

    def test_mfa_level_2_sends_a_navigation_to_confirm(self):
        navigate = {"Sec-Fetch-Mode": "navigate",
                    "Sec-Fetch-Dest": "document"}
        response = self.s.check(self.root, require="level:2 su",
                                headers=navigate, uri="/a?b=1")
        self.refused(response, 403)
        self.assertEqual(response.header("X-Auth-Redirect"),
                         "/auth/confirm?rd=/a%3Fb%3D1")
        for token, require, more in (
                (self.root, "level:2", {}), (self.bob, "level:2 su", navigate)):
            response = self.s.check(token, require=require, headers=more)
            self.refused(response, 403)
            self.assertIsNone(response.header("X-Auth-Redirect"))
        # Whoever has a second factor in his session comes in.
        token = self.s.token("root", PASSWORD)
        handle = self.s.check(token).header("X-Auth-Session")
        self.s.sql("UPDATE sessions SET level = 2 WHERE handle = ?", handle)
        self.allowed(self.s.check(token, require="level:2 su"), "root")

    def test_must_change_is_no_session_yet(self):
        self.s.add_user("carol", PASSWORD, "--must-change")
        response, jar = self.s.login("carol", PASSWORD)
        self.assertEqual(response.status, 303)
        self.refused(self.s.check(jar[COOKIE]))

    def test_logout_is_seen_at_once(self):
        token = self.s.token("bob", PASSWORD)
        self.allowed(self.s.check(token), "bob")
        handle = self.s.check(token).header("X-Auth-Session")
        self.s.ctl("session", "revoke", handle, check=True)
        self.refused(self.s.check(token))


class Cookies(CheckCase):
    def test_c1_malformed_tokens_touch_no_store(self):
        good = self.alice
        broken = [good[:31], good + "A", good[:31] + "%", "%41" + good[:29],
                  good[:31] + "+", good[:31] + "/", good[:31] + "=",
                  '"%s"' % good, '"%s"' % good[:30], good + " ", "A" * 4096,
                  "", good[:16] + "\0" + good[17:], good[:30] + "ü"]
        # A gate without a database: who asks it is told 503.
        gate = Stack(config={}, init=False)
        self.addCleanup(gate.stop)
        gate.start_gate()
        self.assertEqual(gate.check(good).status, 503)
        for value in broken:
            with self.subTest(value=value[:40]):
                self.refused(self.s.check(value))
                self.refused(gate.check(value))

    def test_c2_other_spellings_are_no_cookie_of_ours(self):
        t = self.alice
        for cookie in ("__HOST-stauth=" + t, "__host-stauth=" + t,
                       "\u2000__Host-stauth=" + t, "=__Host-stauth=" + t,
                       "\x0b__Host-stauth=" + t, "__Host-stauth =" + t,
                       "$Version=1, __Host-stauth=" + t,
                       'a="__Host-stauth=%s"' % t, "x__Host-stauth=" + t,
                       "stauth=" + t, "__Host-stauth" + t, t,
                       "__Secure-stauth-pre=" + t, "__Secure-stauth-dev=" + t):
            with self.subTest(cookie=cookie):
                self.refused(self.s.check(cookie=cookie))

    def test_k6_ours_among_others(self):
        for cookie in ("a=1; __Host-stauth=%s", "a=1;\t__Host-stauth=%s; b=2",
                       'x="; __Host-stauth=%s; y="', "__Host-stauth=%s;"):
            with self.subTest(cookie=cookie):
                self.allowed(self.s.check(cookie=cookie % self.alice))

    def test_b11_two_of_our_name_are_no_session(self):
        pair = "__Host-stauth=" + self.alice
        for cookie in (pair + "; " + pair, pair + "; __Host-stauth=",
                       "__Host-stauth=x; " + pair,
                       pair + "; __Host-stauth=" + self.bob):
            with self.subTest(cookie=cookie):
                self.refused(self.s.check(cookie=cookie))
        # In two parameters.
        self.refused(self.s.check(
            self.alice, extra=[("HTTP_COOKIE", pair)]))
        self.refused(self.s.check(
            cookie="a=1", extra=[("HTTP_COOKIE", pair),
                                 ("HTTP_COOKIE", pair)]))
        self.allowed(self.s.check(
            self.alice, extra=[("HTTP_COOKIE", "a=1")]))

    def test_b11_repeated_parameters(self):
        for name, value in (
                ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/"),
                ("HTTP_HOST", HOST), ("STAUTH_REQUIRE", ""),
                ("HTTP_ACCEPT", "x"), ("HTTP_SEC_FETCH_MODE", "x")):
            with self.subTest(name=name):
                response = self.s.check(self.alice, extra=[(name, value)])
                self.refused(response)
                self.assertIsNone(response.header("X-Auth-Redirect"))
        self.refused(self.s.check(
            self.alice, require="su", extra=[("STAUTH_REQUIRE", "")]))

    def test_c4_other_tokens_are_no_session(self):
        _, jar = self.s.login("alice", PASSWORD)
        others = [v for name, v in jar.items() if name != COOKIE]
        self.assertGreaterEqual(len(others), 1)
        handle = self.s.check(self.alice).header("X-Auth-Session")
        jwt = self.s.check(self.alice).header("X-Auth-Assertion")
        for value in others + [handle, handle * 2, jwt, jwt[:32]]:
            with self.subTest(value=value[:40]):
                self.refused(self.s.check(value))

    def test_c11_stored_values_are_no_cookies(self):
        raw = hashlib.sha256(self.alice.encode()).digest()
        for value in (raw.hex(), raw.hex()[:32],
                      base64.urlsafe_b64encode(raw).decode().rstrip("="),
                      base64.urlsafe_b64encode(raw).decode()[:32]):
            self.refused(self.s.check(value))

    def test_c13_junk_cookies_write_nothing(self):
        def written():
            return [(os.stat(self.s.db + end).st_size,
                     os.stat(self.s.db + end).st_mtime_ns)
                    for end in ("", "-wal")]

        before, files = self.s.log(), written()
        junk = base64.urlsafe_b64encode(b"junk" * 6).decode()
        self.assertEqual(len(junk), 32)
        with fcgi.connect(self.s.check_sock) as sock:
            data = fcgi.request(self.s.check_params(junk), flags=1)
            start = time.monotonic()
            for _ in range(500):
                sock.sendall(data)
                self.assertEqual(fcgi.receive(sock).status, 401)
            self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(self.s.log(), before)
        self.assertEqual(written(), files)


class Clock(CheckCase):
    """c10: expiry by editing rows, as no program would."""

    config = {"SESSION_IDLE_MINUTES": "10"}

    def session(self, **more):
        token = self.s.token("alice", PASSWORD, **more)
        return token, self.s.check(token).header("X-Auth-Session")

    def edit(self, handle, **columns):
        for name, value in columns.items():
            self.s.sql("UPDATE sessions SET %s = ? WHERE handle = ?" % name,
                       value, handle)
        self.assertEqual(self.s.sql("SELECT count(*) FROM sessions WHERE "
                                    "handle = ?", handle), [(1,)])

    def test_c10_absolute_expiry(self):
        token, handle = self.session()
        now = int(time.time())
        self.edit(handle, expires_at=now + 5)
        self.allowed(self.s.check(token))
        self.edit(handle, expires_at=now - 1)
        self.refused(self.s.check(token))
        self.edit(handle, expires_at=int(time.time()))
        self.refused(self.s.check(token))
        # Beyond 32 bits, and beyond the year 2106.
        for far in (1 << 31, 1 << 32, 1 << 33):
            self.edit(handle, expires_at=far)
            self.allowed(self.s.check(token))

    def test_c10_idle_expiry(self):
        token, handle = self.session()
        now = int(time.time())
        self.edit(handle, last_seen_at=now - 590)
        self.allowed(self.s.check(token))
        self.edit(handle, last_seen_at=now - 600)
        self.refused(self.s.check(token))
        self.edit(handle, last_seen_at=now - 86400)
        self.refused(self.s.check(token))

    def test_c10_remembered_ones_have_no_idle_limit(self):
        token, handle = self.session(remember="1")
        self.edit(handle, last_seen_at=int(time.time()) - 86400)
        self.allowed(self.s.check(token))

    def test_use_moves_last_seen_within_seconds(self):
        token, handle = self.session()
        old = int(time.time()) - 300
        self.edit(handle, last_seen_at=old)
        self.allowed(self.s.check(token))

        def seen():
            return self.s.sql("SELECT last_seen_at FROM sessions WHERE "
                              "handle = ?", handle)[0][0]
        self.assertEqual(seen(), old)
        self.assertTrue(wait_for(lambda: seen() > old, 15))
        self.assertLess(abs(seen() - time.time()), 20)


if __name__ == "__main__":
    unittest.main()
