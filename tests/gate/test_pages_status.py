# SPDX-License-Identifier: MIT
"""/auth/status and /auth/health, for programs."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE, ORIGIN, Stack, wait_for  # noqa: E402

KEY = "0123456789abcdef0123456789abcdef"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, key=KEY, header=None, digest=hashlib.sha256):
    text = "%s.%s" % (
        b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()),
        b64(json.dumps(claims).encode()))
    mac = hmac.new(key.encode(), text.encode(), digest).digest()
    return "%s.%s" % (text, b64(mac))


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Status(PagesCase):
    config = {"APP_KEY": KEY}

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD, "--name", 'Al "\u00efce',
                           "--email", "alice@example.com",
                           "--groups", "ops,dev", su=True)

    def setUp(self):
        _, self.jar = self.stack.login("alice", PASSWORD)
        self.assertion = self.stack.check(
            self.jar[COOKIE]).header("X-Auth-Assertion")

    def status(self, cookies=None, assertion=None, **more):
        headers = {}
        if assertion is not None:
            headers["X-Auth-Assertion"] = assertion
        answer = self.stack.page("GET", "/auth/status", cookies=cookies,
                                 headers=headers, **more)
        self.assertEqual(answer.header("Content-Type"), "application/json")
        return answer.status, json.loads(answer.text)

    def assert_nobody(self, got, note=None):
        self.assertEqual(got, (401, {"authenticated": False}), note)

    def test_by_cookie(self):
        status, told = self.status(self.jar)
        self.assertEqual(status, 200)
        expires_at = told.pop("expires_at")
        confirmed_at = told.pop("confirmed_at")
        self.assertAlmostEqual(confirmed_at, time.time(), delta=60)
        self.assertAlmostEqual(expires_at, time.time() + 12 * 3600, delta=60)
        self.assertRegex(told.pop("session"), r"^[\w-]{16}$")
        self.assertEqual(told, {
            "authenticated": True, "user": "alice",
            "email": "alice@example.com", "name": 'Al "\u00efce',
            "groups": ["su", "dev", "ops"]})

    def test_nobody(self):
        self.assert_nobody(self.status())
        for value in ("", "x", "A" * 32, "A" * 33, '"%s"' % "A" * 32):
            self.assert_nobody(self.status({COOKIE: value}), value)

    def test_by_assertion_of_a_live_session(self):
        status, told = self.status(assertion=self.assertion)
        self.assertEqual(status, 200)
        self.assertEqual(told, self.status(self.jar)[1])

    def test_a_cookie_wins_whatever_it_holds(self):
        self.assert_nobody(self.status({COOKIE: "A" * 32}, self.assertion))
        self.assert_nobody(self.status({COOKIE: "x"}, self.assertion))

    def test_the_session_of_an_assertion_must_still_stand(self):
        self.stack.post("/auth/logout", {}, self.jar,
                        form_path="/auth/account")
        self.assert_nobody(self.status(assertion=self.assertion))

    def test_forged_assertions_are_refused(self):
        good = claims_of(self.assertion)
        self.assertEqual(self.status(assertion=jwt(good))[0], 200)
        head, body, mac = self.assertion.split(".")
        none = b64(b'{"alg":"none","typ":"JWT"}')
        bad = {
            "other key": jwt(good, key="x" * 32),
            "alg none": "%s.%s." % (none, body),
            "alg none with mac": "%s.%s.%s" % (none, body, mac),
            "alg none, signed": jwt(good, header={"alg": "none"}),
            "HS512": jwt(good, header={"alg": "HS512"},
                         digest=hashlib.sha512),
            "RS256": jwt(good, header={"alg": "RS256"}),
            "no mac": "%s.%s." % (head, body),
            "two parts": "%s.%s" % (head, body),
            "cut": self.assertion[:-1],
            "longer": self.assertion + "A",
            "blank": self.assertion + " ",
            "empty": "", "dots": "..", "junk": "x" * 4000,
            "expired": jwt(dict(good, exp=int(time.time()) - 1)),
            "issuer": jwt(dict(good, iss="https://evil.example")),
            "audience": jwt(dict(good, aud="https://evil.example")),
            "session": jwt(dict(good, sid="A" * 16)),
            "session type": jwt(dict(good, sid=7)),
            "exp type": jwt(dict(good, exp=str(good["exp"]))),
            "array": jwt([good]),
        }
        for claim in ("exp", "iss", "aud", "sid"):
            bad["no " + claim] = jwt(
                {k: v for k, v in good.items() if k != claim})
        for note, token in bad.items():
            self.assert_nobody(self.status(assertion=token), note)

    def test_two_assertions_are_one_too_many(self):
        answer = self.stack.page(
            "GET", "/auth/status",
            headers={"X-Auth-Assertion": self.assertion},
            extra=[("HTTP_X_AUTH_ASSERTION", self.assertion)])
        self.assertEqual(answer.status, 400)

    def test_without_an_app_key_it_is_ignored(self):
        with Stack() as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            token = stack.token("alice", PASSWORD)
            sid = stack.sql("SELECT handle FROM sessions")[0][0]
            now = int(time.time())
            for key in ("", KEY, "\0" * 32):
                answer = stack.page(
                    "GET", "/auth/status", headers={
                        "X-Auth-Assertion": jwt(
                            {"iss": ORIGIN, "aud": ORIGIN, "sub": "alice",
                             "sid": sid, "iat": now, "exp": now + 60}, key)})
                self.assertEqual(answer.status, 401)
            self.assertEqual(stack.page(
                "GET", "/auth/status", cookies={COOKIE: token}).status, 200)

    def test_asking_counts_as_no_use(self):
        with Stack({"SESSION_IDLE_MINUTES": "10"}) as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            _, jar = stack.login("alice", PASSWORD)
            stack.sql("UPDATE sessions SET last_seen_at = last_seen_at - 300")
            before = stack.sql("SELECT last_seen_at FROM sessions")
            self.assertEqual(stack.page(
                "GET", "/auth/status", cookies=jar).status, 200)
            self.assertEqual(
                stack.sql("SELECT last_seen_at FROM sessions"), before)
            # A page is a use.
            stack.page("GET", "/auth/account", cookies=jar)
            self.assertGreater(
                stack.sql("SELECT last_seen_at FROM sessions"), before)

    def test_c10_expiry_is_to_the_second(self):
        now = int(time.time())
        for expires_at, status in ((now + 60, 200), (now, 401),
                                   (now - 1, 401)):
            self.stack.sql("UPDATE sessions SET expires_at = ?", expires_at)
            self.assertEqual(self.status(self.jar)[0], status)
        self.stack.sql("DELETE FROM sessions")


class Health(unittest.TestCase):
    def test_it_follows_the_store(self):
        with Stack() as stack:
            stack.start_gate()
            answer = stack.page("GET", "/auth/health")
            self.assertEqual((answer.status, answer.body), (200, b"ok"))
            self.assert_soon(stack, 200)
            os.rename(stack.db, stack.db + ".away")
            self.assert_soon(stack, 503)
            answer = stack.page("GET", "/auth/health")
            self.assertNotIn(b"stauth", answer.body)
            self.assertTrue(answer.header("Retry-After"))
            os.rename(stack.db + ".away", stack.db)
            self.assert_soon(stack, 200)

    def assert_soon(self, stack, status):
        """From every worker: five times in a row."""
        self.assertTrue(wait_for(lambda: all(
            stack.page("GET", "/auth/health").status == status
            for _ in range(5))))


if __name__ == "__main__":
    unittest.main()
