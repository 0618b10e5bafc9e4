# SPDX-License-Identifier: MIT
"""A day of a busy gate in minutes: everybody does everything at once.

Visitors that read, users that come and go and change their passwords (and
hold the gate to what it acknowledged), newcomers that sign up and forget,
strangers that guess, an administrator, and now and then a reload.
"""

import os
import random
import re
import signal
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from actor import Actor, Children, new_password  # noqa: E402
from rig import wait_for  # noqa: E402
from soak_stack import SoakStack  # noqa: E402
from soak_watch import Watch  # noqa: E402

READERS, USERS = 2, 3
READ_EVERY_S, ACT_EVERY_S, CTL_EVERY_S = 0.01, 0.05, 1.0
READER_TOKENS = 20
RELOADS = 4


class Soak:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.stack = SoakStack()
        self.children = Children()
        self.stopping = threading.Event()
        self.wrong, self.waits_s = [], []
        self.done = {}
        self.users = []

    def complain(self, text):
        self.wrong.append(text)

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    # --- who comes

    def read(self, rng, name):
        """Looks at the app, for ever signed in."""
        password = new_password()
        self.stack.add_user(name, password)
        tokens = [self.stack.token(name, password)
                  for _ in range(READER_TOKENS)]
        while not self.stopping.wait(READ_EVERY_S):
            begun = time.monotonic()
            answer = self.stack.check(rng.choice(tokens))
            self.waits_s.append(time.monotonic() - begun)
            if (answer.status, answer.header("x-auth-user")) != (204, name):
                self.complain("%s: a live session was refused: %d" % (
                    name, answer.status))
            self.count("read")

    def use(self, rng, name):
        """An actor of the kill tests; here nothing may be cut off."""
        password = new_password()
        self.stack.add_user(name, password)
        actor = Actor(self.stack, self.children, name, password, rng,
                      "192.0.2.%d" % rng.randrange(1, 255))
        self.users.append(actor)
        while not self.stopping.wait(ACT_EVERY_S):
            actor.act()

    def arrive(self, rng, name):
        """Signs up, forgets the password, is deleted."""
        number = 0
        while not self.stopping.wait(ACT_EVERY_S):
            number += 1
            email = "%s.%d@example.com" % (name, number)
            address = "198.51.%d.%d" % divmod(rng.randrange(60000), 250)
            if self.sign_up(email, address) and self.reset(email, address):
                self.count("newcomer")
            self.children.run(self.stack.conf, "user", "delete", email,
                              "--yes")
            # The limits of mail are not what is tried here.
            self.stack.sql("DELETE FROM rate_limits WHERE name LIKE 'mail%'")

    def sign_up(self, email, address):
        password = new_password()
        answer, jar = self.stack.post("/auth/signup", {
            "email": email, "password": password, "confirm": password},
            address=address)
        letter = answer.status == 303 and self.stack.letter(email)
        if not letter:
            return self.unless_shed("sign-up", answer)
        pin = re.search(r"\b\d{6}\b", letter.partition("\n\n")[2]).group(0)
        answer, jar = self.stack.post("/auth/signup/verify", {"pin": pin},
                                      jar, address=address)
        return answer.status == 303 or self.unless_shed("PIN", answer)

    def reset(self, email, address):
        answer, _ = self.stack.post("/auth/forgot", {"email": email},
                                    address=address)
        letter = answer.status == 200 and self.stack.letter(email)
        if not letter:
            return self.unless_shed("forgot", answer)
        token = re.search(r"token=3D([\w-]{43})|token=([\w-]{43})",
                          letter.replace("=\n", ""))
        token = token.group(1) or token.group(2)
        password = new_password()
        answer, _ = self.stack.post("/auth/reset", {
            "token": token, "password": password, "confirm": password},
            form_path="/auth/reset?token=" + token, address=address)
        return answer.status == 303 or self.unless_shed("reset", answer)

    def unless_shed(self, what, answer):
        if answer.status not in (429, 503) and not self.stopping.is_set():
            self.complain("%s: %d %s" % (what, answer.status,
                                         answer.text[-300:]))
        return False

    def guess(self, rng, name):
        while not self.stopping.wait(ACT_EVERY_S):
            # Users come from new devices, and would have to wait with them.
            victim = rng.choice(["reader0", "nobody%d" % rng.randrange(1000)])
            answer, _ = self.stack.login(
                victim, "wrong " + name,
                address="203.0.%d.%d" % divmod(rng.randrange(60000), 250))
            if answer.status not in (401, 429, 503):
                self.complain("a guess: %d" % answer.status)
            self.count("guess")

    def administer(self, rng, name):
        copy = os.path.join(self.stack.dir, name + ".copy")
        while not self.stopping.wait(CTL_EVERY_S):
            for args in (("user", "list", "--json"), ("session", "list"),
                         ("audit", "--user", "user0"), ("throttle", "list"),
                         ("pending", "list"), ("backup", copy)):
                status = self.children.run(self.stack.conf, *args)
                if status != 0:
                    self.complain("stauthctl %s: %d" % (args[0], status))
            os.unlink(copy)
            self.count("administrator's round")

    # --- a run

    def start(self):
        self.stack.start()
        cast = ([("reader%d" % i, self.read) for i in range(READERS)]
                + [("user%d" % i, self.use) for i in range(USERS)]
                + [("newcomer", self.arrive), ("stranger", self.guess),
                   ("administrator", self.administer)])
        self.threads = [
            threading.Thread(target=self.play, args=(
                part, random.Random(self.rng.random()), name))
            for name, part in cast]
        for thread in self.threads:
            thread.start()

    def play(self, part, rng, name):
        try:
            part(rng, name)
        except Exception as error:  # pylint: disable=broad-except
            self.complain("%s: %r" % (name, error))

    def reload(self):
        before = self.stack.workers()
        self.stack.gate.send_signal(signal.SIGHUP)
        if not wait_for(lambda: not set(before) & set(self.stack.workers()),
                        30):
            self.complain("the workers of before a reload are still there")

    def run(self, seconds):
        """A quarter of the time with reloads, the rest is watched."""
        self.start()
        try:
            for _ in range(RELOADS):
                time.sleep(seconds / 4 / RELOADS)
                self.reload()
            self.watch = Watch(self.stack, len(self.threads))
            with self.watch:
                time.sleep(seconds * 3 / 4)
        finally:
            self.stopping.set()
            for thread in self.threads:
                thread.join()
        return self.judge()

    def judge(self):
        for user in self.users:
            user.verify()
            self.wrong += user.wrong
            if user.cut:
                self.complain("%s: not acknowledged: %s; %s" % (
                    user.name, user.cut, user.broken_by))
        self.wrong += self.watch.wrong() + self.stack.unexpected
        return self.wrong

    def stop(self):
        self.stack.stop()

    def report(self):
        lines = ["%s: %d" % pair for pair in sorted(self.done.items())]
        for user in self.users:
            lines.append("%s: %s" % (user.name, ", ".join(
                "%d %s" % (count, what) for what, count in
                sorted(user.acknowledged.items()))))
        waits = sorted(self.waits_s)
        lines.append("a page of the app: median %.1f ms, 99 in 100 under "
                     "%.1f ms, longest %.0f ms" % (
                         statistics.median(waits) * 1000,
                         waits[len(waits) * 99 // 100] * 1000,
                         waits[-1] * 1000))
        lines += ["%-28s %d: %d" % (route, status, count) for
                  (route, status), count in sorted(self.stack.answers.items())]
        return "\n".join(lines + [self.watch.report()])
