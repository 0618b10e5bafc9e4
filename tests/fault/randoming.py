# SPDX-License-Identifier: MIT
"""A gate, and what else is started, whose random source is ours: randomness.c
preloaded, with its switch and its record."""

import os

from rig import BUILD, Stack

LIBRARY = os.path.join(BUILD, "tests", "fault", "librandomness.so")


class RandomStack(Stack):
    def __init__(self, config=None):
        super().__init__(dict({
            "MAIL_TRANSPORT": "FILE", "ALLOW_USER_SIGN_UP": "True",
            "NOTIFICATION_FROM_EMAIL": "noreply@app.example.com"},
            **(config or {})))
        self.switch = os.path.join(self.dir, "switch")
        self.record = os.path.join(self.dir, "record")
        with open(self.record, "wb"):
            os.chmod(self.record, 0o666)
        self.env = dict(os.environ, LD_PRELOAD=LIBRARY,
                        STAUTH_RANDOM_SWITCH=self.switch,
                        STAUTH_RANDOM_RECORD=self.record)

    def start_gate(self, timeout=20, **more):
        return super().start_gate(timeout, env=self.env, **more)

    def turn(self, word=""):
        """From the next call on, in every process."""
        with open(self.switch + ".new", "w", encoding="ascii") as out:
            out.write(word)
        os.replace(self.switch + ".new", self.switch)

    def recorded(self):
        """[(pid, bytes)] of all calls so far."""
        with open(self.record, encoding="ascii") as lines:
            return [(int(pid), bytes.fromhex(data)) for pid, data in
                    (line.split() for line in lines)]
