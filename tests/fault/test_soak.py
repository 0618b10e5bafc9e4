# SPDX-License-Identifier: MIT
"""The soak, short, and that its judge can say no.

    tests/fault/soak --minutes 10     is the long one
"""

import os
import random
import sys
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from soak_stack import SoakStack  # noqa: E402
from soak_watch import Watch, growth  # noqa: E402
from soaking import Soak  # noqa: E402

SECONDS = 16


def answer(status, *headers):
    return types.SimpleNamespace(
        status=status, text="", header=dict(headers).get)


class Judge(unittest.TestCase):
    def watch(self, memory, descriptors, wal=100):
        watch = Watch(None, 8)
        watch.memory, watch.open = {7: memory}, {7: descriptors}
        watch.wal = [wal] * len(memory)
        return watch.wrong()

    def test_what_stays_is_right(self):
        wobbly = [2000 + 300 * (i % 3) for i in range(60)]
        self.assertEqual(self.watch(wobbly, [9, 12, 10] * 20), [])
        # What is filled once, at the beginning.
        filled = [500] * 10 + [3000] * 50
        self.assertEqual(self.watch(filled, [9] * 60), [])

    def test_what_grows_is_wrong(self):
        leaking = [2000 + 60 * i for i in range(60)]
        self.assertIn("memory grew", self.watch(leaking, [9] * 60)[0])
        self.assertIn("descriptors more", self.watch(
            [2000] * 60, list(range(60)))[0])
        self.assertIn("8300 KiB", self.watch([8300] * 60, [9] * 60)[0])
        self.assertIn("write-ahead log", self.watch(
            [2000] * 60, [9] * 60, wal=20000)[0])

    def test_growth_of_few_samples_is_none(self):
        self.assertEqual(growth([1, 100]), 0)

    def test_a_5xx_is_unexpected_unless_a_queue_was_shed(self):
        stack = SoakStack()
        self.addCleanup(stack.stop)
        shed = ("Retry-After", "2")
        for path, status, headers, expected in (
                ("/auth/login", 503, [shed], True),
                ("/auth/login", 503, [], False),
                ("/auth/login", 500, [shed], False),
                ("/", 503, [shed], False),
                ("/auth/login?rd=/", 401, [], True)):
            before = len(stack.unexpected)
            stack.note("GET", path, answer(status, *headers))
            self.assertEqual(len(stack.unexpected) == before, expected,
                             (path, status))


class Short(unittest.TestCase):
    def test_g8_a_busy_gate_keeps_its_promises_and_its_size(self):
        seed = random.SystemRandom().randrange(1 << 32)
        soak = Soak(seed)
        self.addCleanup(soak.stop)
        wrong = soak.run(SECONDS)
        told = "seed %d\n%s" % (seed, soak.report())
        self.assertEqual(wrong, [], told)
        # Everybody got something done.
        for what in ("read", "newcomer", "guess", "administrator's round"):
            self.assertGreater(soak.done.get(what, 0), 0, told)
        for user in soak.users:
            self.assertGreater(user.acknowledged.get("log-in", 0), 0, told)


if __name__ == "__main__":
    unittest.main()
