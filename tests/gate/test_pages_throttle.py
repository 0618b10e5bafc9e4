# SPDX-License-Identifier: MIT
"""The throttle as a browser meets it."""

import concurrent.futures
import fcntl
import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import COOKIE, Stack  # noqa: E402

PASSWORD = "correct horse battery"
DEVICE = "__Secure-stauth-dev"


class Throttle(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD)
        self.stack.add_user("bob", PASSWORD)
        self.stack.start_gate()

    def fail(self, name, times, address="192.0.2.7", **more):
        return [self.stack.login(name, "wrong", address=address,
                                 **more)[0].status for _ in range(times)]

    def block(self, name, address="192.0.2.7", **more):
        """Fails until it must wait, and makes the wait a long one, so that
        a slow machine does not sit it out."""
        statuses = self.fail(name, 8, address, **more)
        self.assertIn(429, statuses)
        self.stack.sql("UPDATE rate_limits SET failures = failures + 8 "
                       "WHERE failures >= 5 AND name <> 'account'")
        return statuses

    def test_e1_five_are_free_then_one_waits(self):
        self.assertEqual(self.fail("alice", 5), [401] * 5)
        # Three failures more, so that no slow machine outlives the wait.
        self.stack.sql("UPDATE rate_limits SET failures = failures + 3 "
                       "WHERE name = 'account+source'")
        answer, _ = self.stack.login("alice", PASSWORD)
        self.assertEqual(answer.status, 429)
        wait = int(answer.header("Retry-After"))
        self.assertTrue(1 <= wait <= 60)
        self.assertIn("Please wait %d s" % wait, answer.text)
        self.assertIn('value="alice"', answer.text)
        self.assertIn("<title>Error: ", answer.text)
        self.stack.sql("UPDATE rate_limits SET last_at = last_at - ?", wait)
        answer, _ = self.stack.login("alice", PASSWORD)
        self.assertEqual(answer.status, 303)

    def test_e3_known_and_unknown_wait_alike_and_without_a_hash(self):
        bodies = []
        for name in ("alice", "nobody"):
            self.assertEqual(self.block(name)[:5], [401] * 5)
            start = time.monotonic()
            csrf, jar = self.stack.open_form()
            answer = self.stack.page(
                "POST", "/auth/login", cookies=jar,
                form={"username": name, "password": "x", "csrf": csrf})
            self.assertLess(time.monotonic() - start, 0.5)
            self.assertEqual(answer.status, 429)
            bodies.append(re.sub(r"wait \d+ s", "wait", answer.text.replace(
                csrf, "").replace(name, "")))
        self.assertEqual(bodies[0], bodies[1])

    def test_e4_spellings_share_a_counter(self):
        statuses = self.fail("alice", 2) + self.fail("ALICE", 2)
        self.assertEqual(statuses, [401] * 4)
        self.block("Alice")
        self.assertEqual(
            self.stack.login("aLiCe", PASSWORD)[0].status, 429)
        self.assertEqual(self.stack.login("bob", PASSWORD)[0].status, 303)

    def test_e5_a_client_cannot_choose_its_source(self):
        statuses = []
        for i in range(8):
            headers = {"Origin": "https://app.example.com",
                       "X-Forwarded-For": "10.0.0.%d" % i,
                       "Forwarded": "for=10.0.0.%d" % i,
                       "X-Real-IP": "10.0.0.%d" % i}
            statuses += self.fail("alice", 1, headers=headers)
        self.assertIn(429, statuses)

    def test_e5_an_ipv6_network_is_one_source(self):
        statuses = []
        for i in range(8):
            statuses += self.fail("alice", 1, address="2001:db8:1:2::%x" % i)
        self.assertIn(429, statuses)
        self.assertEqual(self.stack.login(
            "alice", PASSWORD, address="2001:db8:1:3::1")[0].status, 303)

    def test_e6_the_owner_gets_in_beside_an_attacker(self):
        _, jar = self.stack.login("alice", PASSWORD)
        jar.pop(COOKIE)
        for i in range(40):
            self.fail("alice", 1, address="198.51.100.%d" % i)
        self.assertEqual(self.stack.login(
            "alice", PASSWORD, address="203.0.113.5")[0].status, 429)
        answer, _ = self.stack.login("alice", PASSWORD, jar,
                                     address="203.0.113.5")
        self.assertEqual(answer.status, 303)

    def test_e6_a_device_is_bound_to_its_account(self):
        _, jar = self.stack.login("bob", PASSWORD)
        jar.pop(COOKIE)
        self.block("alice")
        answer, _ = self.stack.login("alice", PASSWORD, jar)
        self.assertEqual(answer.status, 429)

    def test_e6_a_known_device_is_throttled_too(self):
        _, jar = self.stack.login("alice", PASSWORD)
        device = {DEVICE: jar[DEVICE]}
        self.assertIn(429, self.fail("alice", 9, jar=device))

    def test_e8_parallel_tries_are_counted_before_the_hash(self):
        forms = [self.stack.open_form() for _ in range(4)]

        def attempt(i):
            csrf, jar = forms[i % 4]
            return self.stack.page(
                "POST", "/auth/login", cookies=jar,
                form={"username": "alice", "password": "w%d" % i,
                      "csrf": csrf}).status
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(attempt, range(60)))
        self.assertTrue(set(statuses) <= {401, 429, 503}, statuses)
        self.assertLessEqual(statuses.count(401), 7)

    def test_e9_a_new_session_or_cookie_resets_nothing(self):
        self.block("alice")
        for jar in ({}, {DEVICE: "A" * 32}, {COOKIE: "A" * 32},
                    {"__Secure-stauth-pre": "C" * 32}):
            self.assertEqual(
                self.stack.login("alice", PASSWORD, jar)[0].status, 429)
        self.stack.stop_gate()
        self.stack.start_gate()
        self.assertEqual(
            self.stack.login("alice", PASSWORD)[0].status, 429)

    def test_e10_a_success_clears_its_own_source_only(self):
        self.block("alice", address="198.51.100.1")
        self.fail("alice", 4, address="198.51.100.2")
        self.assertEqual(self.stack.login(
            "alice", PASSWORD, address="198.51.100.2")[0].status, 303)
        self.assertEqual(self.fail("alice", 5, address="198.51.100.2"),
                         [401] * 5)
        self.assertEqual(self.stack.login(
            "alice", PASSWORD, address="198.51.100.1")[0].status, 429)

    def test_e12_long_passwords_cost_no_hash(self):
        # Who holds every slot lets nobody hash: 503 for what needs one.
        with open(os.path.join(self.stack.state_dir, "slots.lock"),
                  "r+b") as slots:
            fcntl.lockf(slots, fcntl.LOCK_EX)
            self.assertEqual(self.stack.login(
                "alice", "x" * 511, address="198.51.100.76")[0].status, 503)
            for size in (512, 60000):
                self.assertEqual(self.stack.login(
                    "alice", "x" * size,
                    address="198.51.100.77")[0].status, 401, size)
            answer = self.stack.page(
                "POST", "/auth/login", form={"password": "x" * 1000000},
                address="198.51.100.77")
            self.assertEqual(answer.status, 413)

    def test_throttled_for_a_script_is_an_error_with_its_status(self):
        self.block("alice")
        answer, _ = self.stack.login("alice", PASSWORD, headers={
            "Accept": "application/json", "Sec-Fetch-Site": "same-origin"})
        self.assertEqual(answer.status, 429)
        self.assertIn('"type":"error"', answer.text)
        self.assertTrue(answer.header("Retry-After"))


class Busy(unittest.TestCase):
    def test_e11_no_slot_in_time_is_a_503(self):
        with Stack({"HASH_SLOTS": "1", "PAGE_WORKERS": "6",
                    "ARGON2_MEMORY_KIB": "262144",
                    "ARGON2_PASSES": "10"}) as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            forms = [stack.open_form() for _ in range(6)]

            def attempt(i):
                csrf, jar = forms[i]
                start = time.monotonic()
                answer = stack.page(
                    "POST", "/auth/login", cookies=jar,
                    address="198.51.100.%d" % i,
                    form={"username": "user%d" % i, "password": "w",
                          "csrf": csrf})
                return answer, time.monotonic() - start
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                results = list(pool.map(attempt, range(6)))
            busy = [(a, t) for a, t in results if a.status == 503]
            self.assertTrue(busy)
            for answer, took in busy:
                self.assertGreater(int(answer.header("Retry-After")), 0)
                self.assertIn("busy", answer.text)
                self.assertLess(took, 5)
            # A 503 is no failure of theirs.
            self.assertEqual(stack.sql(
                "SELECT COUNT(*) FROM rate_limits WHERE key LIKE '%user9%'"),
                [(0,)])

    def test_e11_a_crowd_is_refused_at_once(self):
        with Stack({"HASH_SLOTS": "1", "PAGE_WORKERS": "4"}) as stack:
            stack.add_user("alice", PASSWORD)
            stack.start_gate()
            _, known = stack.login("alice", PASSWORD)
            known.pop(COOKIE)
            csrf, jar = stack.open_form()

            def attempt(i):
                return stack.page(
                    "POST", "/auth/login", cookies=jar,
                    address="198.51.100.%d" % i,
                    form={"username": "user%d" % i, "password": "w",
                          "csrf": csrf})
            with open(os.path.join(stack.state_dir, "slots.lock"),
                      "r+b") as slots, \
                    concurrent.futures.ThreadPoolExecutor(40) as pool:
                fcntl.lockf(slots, fcntl.LOCK_EX, 1, 0)
                start = time.monotonic()
                crowd = [pool.submit(attempt, i) for i in range(40)]
                time.sleep(0.1)
                answer, _ = stack.login("alice", PASSWORD, jar=known)
                took = time.monotonic() - start
                answers = [refused.result() for refused in crowd]
                ended = time.monotonic() - start
            self.assertEqual(answer.status, 303)
            self.assertEqual({a.status for a in answers}, {503})
            self.assertTrue(all(a.header("Retry-After") for a in answers))
            # Two wait their three seconds, the others not at all.
            self.assertLess(took, 2)
            self.assertGreater(ended, 2.9)
            self.assertLess(ended, 5)


if __name__ == "__main__":
    unittest.main()
