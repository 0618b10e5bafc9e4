# SPDX-License-Identifier: MIT
"""One user of a gate that is killed now and then, and what was promised to it.

An actor does one thing after the other and writes down what was acknowledged:
a token that it was handed lives, one that was logged out or revoked is dead, a
password that was changed is the new one. What was cut off may have happened
or not; verify() finds out which, and complains where the gate forgot a
promise or did half of something.
"""

import os
import secrets
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE, CTL  # noqa: E402

OLD_DEAD_ASKED = 10


def new_password():
    return "pass " + secrets.token_hex(8)


class Children:
    """stauthctl processes that run, to be killed together with the gate."""

    def __init__(self):
        self.running = set()

    def run(self, conf, *args, stdin=""):
        """The exit status; negative: killed."""
        child = subprocess.Popen(
            [CTL, "-c", conf, *args], stdin=subprocess.PIPE, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.add(child)
        try:
            child.communicate(stdin)
        finally:
            self.running.discard(child)
        return child.returncode

    def kill(self):
        for child in list(self.running):
            child.kill()


class Actor:
    def __init__(self, stack, children, name, password, rng, address):
        self.stack, self.children, self.rng = stack, children, rng
        self.name, self.password, self.address = name, password, address
        self.old_passwords = []
        self.alive = {}         # token: the jar it came in
        self.dead = []          # acknowledged as ended
        self.fresh_dead = []    # of this round
        self.maybe = set()      # ends or ended: not acknowledged
        self.together = set()   # of these: with the password, or not at all
        self.next_password = None
        self.acknowledged, self.cut = {}, {}
        self.wrong = []
        self.broken_by = ""     # the last connection that broke

    # --- bookkeeping

    def end(self, tokens):
        for token in list(tokens):
            self.alive.pop(token, None)
            self.maybe.discard(token)
            self.dead.append(token)
            self.fresh_dead.append(token)

    def doubt(self, tokens):
        for token in list(tokens):
            self.alive.pop(token, None)
            self.maybe.add(token)

    def note(self, what, done):
        where = self.acknowledged if done else self.cut
        where[what] = where.get(what, 0) + 1

    def changed(self):
        self.old_passwords.append(self.password)
        self.password, self.next_password = self.next_password, None
        self.together = set()

    def any_token(self):
        return self.rng.choice(list(self.alive)) if self.alive else None

    def ctl(self, *args, stdin=""):
        return self.children.run(self.stack.conf, *args, stdin=stdin)

    # --- what it does

    def log_in(self):
        """With a session presented now and then, which then ends."""
        presented = self.any_token() if self.rng.random() < 0.3 else None
        jar = dict(self.alive[presented]) if presented else None
        if presented:
            self.doubt([presented])
        answer, jar = self.stack.login(self.name, self.password, jar=jar,
                                       address=self.address)
        done = answer.status == 303 and answer.ended
        if done:
            self.alive[jar[COOKIE]] = jar
            self.end([presented] if presented else [])
        self.note("log-in", done)

    def log_out(self):
        token = self.any_token()
        if not token:
            return self.log_in()
        jar = dict(self.alive[token])
        self.doubt([token])
        answer, _ = self.stack.post("/auth/logout", {}, jar,
                                    form_path="/auth/account",
                                    address=self.address)
        done = answer.status == 303
        if done:
            self.end([token])
        return self.note("log-out", done)

    def revoke_one(self):
        token = self.any_token()
        if not token:
            return self.log_in()
        handle = self.stack.check(token).header("X-Auth-Session")
        if not handle:
            return None
        self.doubt([token])
        done = self.ctl("session", "revoke", handle) == 0
        if done:
            self.end([token])
        return self.note("revoke", done)

    def revoke_all(self):
        tokens = list(self.alive)
        self.doubt(tokens)
        done = self.ctl("session", "revoke", "--user", self.name) in (
            (0,) if tokens else (0, 67))
        if done:
            self.end(tokens)
        self.note("revoke --user", done)

    def choose_password(self):
        """From here on it is not known whether it holds."""
        self.next_password = new_password()
        return self.next_password

    def change_by_page(self):
        token = self.any_token()
        if not token:
            return self.log_in()
        jar = dict(self.alive[token])
        others = [other for other in self.alive if other != token]
        self.doubt(others + [token])
        self.together = set(others)
        new = self.choose_password()
        answer, jar = self.stack.post(
            "/auth/account/password",
            {"current": self.password, "password": new, "confirm": new},
            jar, form_path="/auth/account", address=self.address)
        done = answer.status == 303 and "done=password" in (
            answer.header("Location") or "")
        if done:
            self.changed()
            self.end(others)
            if jar.get(COOKIE, token) != token:
                self.end([token])
            self.maybe.discard(token)
            self.alive[jar.get(COOKIE, token)] = jar
        return self.note("password by page", done)

    def change_by_ctl(self):
        tokens = list(self.alive)
        self.doubt(tokens)
        self.together = set(tokens)
        new = self.choose_password()
        done = self.ctl("user", "passwd", self.name, "--password-stdin",
                        stdin=new + "\n") == 0
        if done:
            self.changed()
            self.end(tokens)
        self.note("password by stauthctl", done)

    def act(self):
        """One thing; False: nothing more can be done in this round."""
        if self.next_password:
            return False
        what = self.rng.choices(
            [self.log_in, self.log_out, self.revoke_one, self.revoke_all,
             self.change_by_page, self.change_by_ctl],
            [10 if len(self.alive) < 6 else 2, 5, 2, 1, 2, 1])[0]
        try:
            what()
        except (OSError, EOFError) as error:
            self.note("connection", False)
            self.broken_by = "%s: %r" % (what.__name__, error)
        return not self.next_password

    # --- afterwards

    def complain(self, text):
        self.wrong.append("%s: %s" % (self.name, text))

    def holds(self, password):
        return self.ctl("user", "verify", self.name, "--password-stdin",
                        stdin=password + "\n") == 0

    def verify_password(self):
        """True: a change that was cut off has happened."""
        if not self.next_password:
            if not self.holds(self.password):
                self.complain("the acknowledged password does not hold")
            if self.old_passwords and self.holds(self.old_passwords[-1]):
                self.complain("a password that was changed is back")
            return False
        old = self.holds(self.password)
        new = self.holds(self.next_password)
        if old == new:
            self.complain("old password %s, new password %s" % (old, new))
        if new:
            self.changed()
        self.next_password = None
        return new

    def status(self, token):
        answer = self.stack.check(token)
        if answer.status == 204 and answer.header("X-Auth-User") != self.name:
            self.complain("a session of " + answer.header("X-Auth-User"))
        return answer.status

    def verify_tokens(self, together, changed):
        for token in self.alive:
            if self.status(token) != 204:
                self.complain("a session that was acknowledged is gone")
        asked = self.fresh_dead + self.rng.sample(
            self.dead, min(OLD_DEAD_ASKED, len(self.dead)))
        for token in asked:
            if self.status(token) != 401:
                self.complain("a session that was ended is back")
        for token in self.maybe:
            status = self.status(token)
            if status not in (204, 401):
                self.complain("a check says %d" % status)
            if token in together and status != (401 if changed else 204):
                self.complain("half a password change: changed %s, a "
                              "session of before %d" % (changed, status))
            if status == 204:
                self.alive[token] = {COOKIE: token}
            else:
                self.dead.append(token)

    def verify(self):
        together = set(self.together)
        changed = self.verify_password()
        self.verify_tokens(together, changed)
        self.maybe, self.together, self.fresh_dead = set(), set(), []
