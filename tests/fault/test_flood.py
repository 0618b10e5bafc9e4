# SPDX-License-Identifier: MIT
"""Wrong log-ins from everywhere: the checks, the victim and the memory."""

import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import flood  # noqa: E402

PASSWORD = "correct horse battery"
HASH_KIB = 65536
SLOTS = 1
PER_S = 50
SECONDS = 6


def anonymous_kib(pid):
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


class Watch:
    """What the gate's processes hold, at most; and the slowest check."""

    def __init__(self, stack, jar):
        self.stack, self.jar = stack, jar
        self.most_kib, self.slowest, self.wrong = 0, 0, []
        self.checks = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.watch_memory),
                        threading.Thread(target=self.watch_checks)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def watch_memory(self):
        """Of two looks at each: one alone sees what one worker gave back and
        the next took meanwhile, in both of them."""
        while not self.stopping.wait(0.02):
            pids = self.stack.workers()
            looks = [[anonymous_kib(pid) for pid in pids] for _ in range(2)]
            self.most_kib = max(
                self.most_kib, sum(min(pair) for pair in zip(*looks)))

    def watch_checks(self):
        while not self.stopping.is_set():
            begun = time.monotonic()
            answer = self.stack.http("GET", "/quick/", cookies=self.jar)
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.checks += 1
            if answer.status != 200:
                self.wrong.append(answer.status)


def seconds_of(call, *args, **more):
    begun = time.monotonic()
    result = call(*args, **more)
    return time.monotonic() - begun, result


class Flooded(unittest.TestCase):
    def test_e11_checks_and_the_victim_go_on(self):
        stack = flood.FloodStack(
            {"ARGON2_MEMORY_KIB": str(HASH_KIB), "ARGON2_PASSES": "3",
             "HASH_SLOTS": str(SLOTS), "SESSIONS_PER_USER": "1000"})
        self.addCleanup(stack.stop)
        stack.add_names(PASSWORD)
        stack.start()
        _, jar = stack.sign_in("alice", PASSWORD)
        known = {name: value for name, value in jar.items()
                 if name.endswith("-dev")}
        self.assertEqual(len(known), 1, jar)
        # What this machine, with all that it does besides, takes for one.
        idle = max(seconds_of(stack.sign_in, "alice", PASSWORD, jar=known)[0]
                   for _ in range(4))
        idle_check = max(seconds_of(
            stack.http, "GET", "/quick/", cookies=jar)[0] for _ in range(40))
        before = sum(anonymous_kib(pid) for pid in stack.workers())
        took = []
        with Watch(stack, dict(jar)) as watch, \
                flood.Flood(stack, PER_S, flood.mixed) as running:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                one, (answer, _) = seconds_of(
                    stack.sign_in, "alice", PASSWORD, jar=known)
                took.append(one)
                self.assertEqual(answer.status, 303, running.statuses())
                time.sleep(0.2)
        told = "%s, log-ins %s (idle %.2f), check %.3f (idle %.3f)" % (
            running.statuses(), ["%.2f" % s for s in took], idle,
            watch.slowest, idle_check)
        # A browser that is known gets in at once, whatever the others do:
        # each time, not only at its best.
        self.assertLess(max(took), 0.7 + 3 * idle, told)
        self.assertGreater(len(took), 2, told)
        self.assertEqual(watch.wrong, [], told)
        self.assertGreater(watch.checks, 20, told)
        self.assertLess(watch.slowest, 1.3 + 10 * idle_check, told)
        # Refused at once, each with a word when to come again.
        self.assertEqual(running.failed, [], told)
        self.assertLessEqual(set(running.statuses()), {401, 429, 503}, told)
        self.assertIn(503, running.statuses(), told)
        self.assertTrue(all(again for _, status, _, again in running.results
                            if status in (429, 503)))
        # One hash of the crowd's, one of a known device's; no more.
        self.assertGreater(watch.most_kib - before, HASH_KIB // 2)
        self.assertLess(watch.most_kib - before,
                        (SLOTS + 1) * HASH_KIB + 32768, told)


if __name__ == "__main__":
    unittest.main()
