# SPDX-License-Identifier: MIT
"""Everything killed under load: what was acknowledged is on disk."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from killing import Killing  # noqa: E402

ROUNDS = 25


class Kill(unittest.TestCase):
    def test_x7_g8_nothing_acknowledged_comes_back(self):
        seed = random.SystemRandom().randrange(1 << 32)
        killing = Killing(seed)
        self.addCleanup(killing.stop)
        wrong = killing.run(ROUNDS)
        told = "seed %d: %s" % (seed, killing.report(ROUNDS))
        self.assertEqual(wrong, [], told)
        done = killing.total("acknowledged")
        for what in ("log-in", "log-out", "password by page"):
            self.assertGreater(done.get(what, 0), 0, told)
        # The kills hit something.
        self.assertGreater(sum(killing.total("cut").values()), ROUNDS // 2,
                           told)


if __name__ == "__main__":
    unittest.main()
