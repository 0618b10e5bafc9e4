# SPDX-License-Identifier: MIT
"""Memory is short for the gate as a whole, by chance: what it answers is
right, or a 5xx, or nothing; and when there is memory it serves as before.
What must hold at each single request is tests/unit/test_nomem.c's."""

import os
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import BUILD, COOKIE, Stack, set_cookies, wait_for  # noqa: E402

LIBRARY = os.path.join(BUILD, "tests", "fault", "libshortage.so")
PASSWORD = "correct horse battery"
DEAD = "A" * 32
SECONDS = 1.5


class Short(unittest.TestCase):
    def setUp(self):
        self.s = Stack({"PAGE_WORKERS": "2", "SESSIONS_PER_USER": "1000"})
        self.addCleanup(self.s.stop)
        self.s.add_user("alice", PASSWORD)
        self.file = os.path.join(self.s.dir, "shortage")
        self.one_in(0)
        self.s.start_gate(env=dict(os.environ, LD_PRELOAD=LIBRARY,
                                   STAUTH_SHORTAGE=self.file))
        self.master = self.s.gate.pid
        self.seen = {}

    def one_in(self, number):
        mode = "r+b" if os.path.exists(self.file) else "wb"
        with open(self.file, mode) as out:
            out.write(struct.pack("=I", number))

    def try_it(self, what, ask):
        """The answer, or None if the connection came to nothing."""
        try:
            answer = ask()
        except (OSError, EOFError):
            answer = None
        if answer is not None and not answer.raw:
            answer = None
        status = answer.status if answer else 0
        self.seen.setdefault(what, {}).setdefault(status, 0)
        self.seen[what][status] += 1
        return answer

    def check(self, token, allowed):
        answer = self.try_it(
            "check %d" % allowed[0], lambda: self.s.check(token, timeout=1))
        if answer:
            self.assertIn(answer.status, (*allowed, 500, 503), answer.raw)
            if answer.status == 204:
                self.assertEqual(answer.header("X-Auth-User"), "alice")

    def log_in(self, ready, password, allowed):
        csrf, jar = ready
        answer = self.try_it("log-in", lambda: self.s.page(
            "POST", "/auth/login", timeout=2, cookies=jar, form={
                "username": "alice", "password": password, "csrf": csrf}))
        if not answer:
            return
        # 403: a form that could not be judged is shown anew.
        self.assertIn(answer.status, (*allowed, 403, 429, 500, 503),
                      answer.raw)
        tokens = set_cookies(answer, {})
        self.assertEqual(COOKIE in tokens, answer.status == 303)
        if answer.status == 303:
            self.good.append(tokens[COOKIE])

    def test_x14_what_is_answered_is_right(self):
        token = self.s.token("alice", PASSWORD)
        ready = self.s.open_form("/auth/login")
        self.good = [token]
        for number in (1000, 100, 10):
            self.one_in(number)
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                for _ in range(5):
                    self.check(token, (204,))
                    self.check(DEAD, (401,))
                self.log_in(ready, PASSWORD, (303,))
                self.log_in(ready, "wrong", (401,))
        self.one_in(0)
        # All of it is there again, with the master that was there.
        self.assertTrue(wait_for(
            lambda: len(self.s.workers()) == 4 and all(
                self.s.check(token).status == 204 for _ in range(8)), 20),
            self.s.log().decode()[-3000:])
        self.assertEqual(self.s.gate.pid, self.master)
        self.assertIsNone(self.s.gate.poll())
        for token in self.good:
            self.assertEqual(self.s.check(token).status, 204)
        self.assertEqual(self.s.check(DEAD).status, 401)
        self.s.ctl("throttle", "clear", check=True)
        self.s.token("alice", PASSWORD)
        self.assertEqual(self.s.sql("PRAGMA integrity_check"), [("ok",)])
        print("# %s" % self.seen)
        faults = sum(n for what in self.seen.values()
                     for status, n in what.items() if status in (0, 500, 503))
        self.assertGreater(faults, 10)


if __name__ == "__main__":
    unittest.main()
