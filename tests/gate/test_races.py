# SPDX-License-Identifier: MIT
"""What two do at the same moment, and what a killed worker leaves behind."""

import os
import random
import signal
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import COOKIE, Stack, command_of, wait_for  # noqa: E402

FIRST = "correct horse battery"
SECOND = "violet tractor umbrella"


class Races(unittest.TestCase):
    def setUp(self):
        self.stack = Stack({"HASH_SLOTS": "4", "SESSIONS_PER_USER": "1000"})
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", FIRST)
        self.stack.start_gate()
        self.tokens, self.stopping = [], threading.Event()

    def sign_in(self, number, password):
        """Again and again, from an address of its own."""
        while not self.stopping.is_set():
            try:
                answer, jar = self.stack.login(
                    "alice", password, remember="on",
                    address="192.0.2.%d" % number)
            except (OSError, AssertionError):
                continue  # a worker that was killed
            if answer.status == 303:
                self.tokens.append(jar[COOKIE])

    def beside(self, what, password=FIRST, count=3):
        """Does it while others sign in; the tokens of before and of then."""
        self.stopping.clear()
        self.tokens = []
        threads = [threading.Thread(target=self.sign_in, args=(n, password))
                   for n in range(1, count + 1)]
        for thread in threads:
            thread.start()
        try:
            self.assertTrue(wait_for(lambda: len(self.tokens) > 4, 20))
            before = list(self.tokens)
            what()
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()
        return before, self.tokens

    def alive(self, tokens):
        return [token for token in tokens
                if self.stack.check(token).status == 204]

    def test_no_log_in_outlives_a_change_of_the_password(self):
        passwords = (FIRST, SECOND)
        for turn in range(4):
            old, new = passwords[turn % 2], passwords[1 - turn % 2]
            _, jar = self.stack.login("alice", old)

            def change(old=old, new=new, jar=jar):
                answer, after = self.stack.post(
                    "/auth/account/password", {
                        "current": old, "password": new, "confirm": new},
                    jar, form_path="/auth/account")
                self.assertEqual(answer.status, 303)
                self.own = after[COOKIE]
            _, tokens = self.beside(change, old)
            self.assertEqual(self.alive(tokens), [])
            self.assertEqual(self.alive([self.own]), [self.own])
            self.stack.ctl("throttle", "clear", check=True)

    def test_a_log_out_beside_a_log_in_ends_the_old_session(self):
        for _ in range(6):
            _, jar = self.stack.login("alice", FIRST)
            old, made = jar[COOKIE], []

            def again(jar=jar, made=made):
                made.append(self.stack.login("alice", FIRST, jar=jar))
            beside = threading.Thread(target=again)
            beside.start()
            answer, _ = self.stack.post("/auth/logout", {}, jar)
            beside.join()
            self.assertEqual(answer.status, 303)
            self.assertEqual(self.alive([old]), [])
            answer, jar = made[0]
            self.assertEqual(answer.status, 303)
            self.assertEqual(self.alive([jar[COOKIE]]), [jar[COOKIE]])

    def test_what_was_acknowledged_outlives_killed_workers(self):
        def kill():
            for _ in range(12):
                pages = [pid for pid in self.stack.children()
                         if command_of(pid).endswith("pages")]
                if pages:
                    os.kill(random.choice(pages), signal.SIGKILL)
                self.stopping.wait(0.05)
        _, tokens = self.beside(kill)
        self.assertEqual(self.alive(tokens), tokens)
        self.assertTrue(wait_for(lambda: self.stack.page(
            "GET", "/auth/health").status == 200))

    def test_a_restore_beside_log_ins_ends_what_was_before(self):
        copy = os.path.join(self.stack.dir, "copy")
        self.stack.ctl("backup", copy, check=True)
        before, _ = self.beside(lambda: self.stack.ctl(
            "--yes", "restore", copy, check=True))
        self.assertEqual(self.alive(before), [])
        self.assertTrue(wait_for(
            lambda: self.stack.login("alice", FIRST)[0].status == 303))


if __name__ == "__main__":
    unittest.main()
