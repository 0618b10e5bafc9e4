# SPDX-License-Identifier: MIT
"""Rounds of: work, kill -9 of everything, start again, look what is left."""

import concurrent.futures
import os
import random
import signal
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from actor import Actor, Children, new_password  # noqa: E402
from rig import Stack  # noqa: E402

ACTORS = 6
WORK_MAX_S = 0.8


class Killing:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.stack = Stack({"SESSIONS_PER_USER": "100", "HASH_SLOTS": "3",
                            "CHECK_WORKERS": "2", "PAGE_WORKERS": "4"})
        self.children = Children()
        self.wrong = []
        self.restart_s = []
        self.actors = []
        for i in range(ACTORS):
            name, password = "user%d" % i, new_password()
            self.stack.add_user(name, password)
            self.actors.append(Actor(
                self.stack, self.children, name, password,
                random.Random(self.rng.random()), "192.0.2.%d" % (10 + i)))

    def stop(self):
        self.stack.stop()

    def start(self):
        """Until the first answer."""
        begun = time.monotonic()
        self.stack.start_gate()
        if self.stack.check().status != 401:
            self.wrong.append("the first check after a start failed")
        self.restart_s.append(time.monotonic() - begun)

    def work(self):
        """Runs the actors until everything is killed."""
        stop = threading.Event()

        def run(actor):
            while not stop.is_set() and actor.act():
                pass
        threads = [threading.Thread(target=run, args=(actor,))
                   for actor in self.actors]
        for thread in threads:
            thread.start()
        time.sleep(self.rng.uniform(0.02, WORK_MAX_S))
        os.killpg(self.stack.gate.pid, signal.SIGKILL)
        self.children.kill()
        stop.set()
        for thread in threads:
            thread.join()
        self.stack.gate.wait()
        self.stack.gate = None

    def check_file(self):
        for pragma, good in (("integrity_check", [("ok",)]),
                             ("foreign_key_check", [])):
            found = self.stack.sql("PRAGMA " + pragma)
            if found != good:
                self.wrong.append("%s: %s" % (pragma, found))

    def verify(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(a.verify) for a in self.actors]:
                done.result()
        for actor in self.actors:
            self.wrong += actor.wrong
            actor.wrong = []

    def round(self):
        # A try that is killed stays counted as a failure, as it must.
        self.stack.ctl("throttle", "clear", check=True)
        self.work()
        # Who opens the file first after a crash repairs it: both do.
        if self.rng.random() < 0.5:
            self.check_file()
            self.start()
        else:
            self.start()
            self.check_file()
        self.verify()

    def run(self, rounds, say=None):
        self.start()
        for i in range(1, rounds + 1):
            self.round()
            if say and (i % 20 == 0 or i == rounds):
                say(self.report(i))
            if self.wrong:
                break
        return self.wrong

    def total(self, which):
        total = {}
        for actor in self.actors:
            for what, count in getattr(actor, which).items():
                total[what] = total.get(what, 0) + count
        return total

    def report(self, rounds):
        def listed(which):
            return ", ".join("%d %s" % (count, what) for what, count in
                             sorted(self.total(which).items()))
        times = sorted(self.restart_s)
        return ("%d rounds; acknowledged: %s; cut off: %s; until the first "
                "answer: median %.2f s, longest %.2f s; wrong: %d" % (
                    rounds, listed("acknowledged"), listed("cut"),
                    statistics.median(times), times[-1], len(self.wrong)))
