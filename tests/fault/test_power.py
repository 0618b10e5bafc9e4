# SPDX-License-Identifier: MIT
"""A loss of power: what was acknowledged is there, the rest is whole."""

import os
import random
import subprocess
import sys
import unittest

from killing import Killing
from power import Disk, new_record
from rig import BUILD

RECORDER = os.path.join(BUILD, "tests", "fault", "librecorder.so")
ROUNDS = 8
LOOK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for found in (db.execute("PRAGMA integrity_check").fetchall()
              + db.execute("PRAGMA foreign_key_check").fetchall()):
    print(*found)
"""


class Losing(Killing):
    """As a kill of everything, but what was not synchronised may be lost."""

    def __init__(self, seed):
        super().__init__(seed)
        self.folder = self.stack.state_dir
        self.record = os.path.join(self.stack.dir, "record")
        self.syncs = 0
        self.disk = None

    def start(self):
        self.disk = Disk(self.folder)
        new_record(self.record)
        super().start()

    def work(self):
        super().work()
        self.syncs += self.disk.play(self.record)
        self.disk.lose(self.rng)

    def check_file(self):
        """Only while no gate runs: this process is not recorded. In one of
        its own: SQLite here still knows the file of before the loss."""
        if self.stack.gate:
            return
        done = subprocess.run([sys.executable, "-c", LOOK, self.stack.db],
                              capture_output=True, text=True, check=False)
        if done.stdout != "ok\n":
            self.wrong.append("integrity: " + done.stdout + done.stderr)


class Power(unittest.TestCase):
    def test_x8_what_was_acknowledged_is_there_after_a_loss_of_power(self):
        seed = random.randrange(1 << 32)
        losing = Losing(seed)
        self.addCleanup(losing.stop)
        preload = {"LD_PRELOAD": RECORDER, "STAUTH_RECORD": losing.record,
                   "STAUTH_RECORD_UNDER": losing.folder}
        for name in preload:
            self.addCleanup(os.environ.pop, name, None)
        os.environ.update(preload)
        wrong = losing.run(ROUNDS)
        self.assertEqual(wrong, [], "seed %d\n%s" % (
            seed, losing.stack.log().decode()[-2000:]))
        done = losing.total("acknowledged")
        self.assertGreater(done.get("log-in", 0), 10, done)
        self.assertGreater(losing.syncs, done["log-in"], done)


if __name__ == "__main__":
    unittest.main()
