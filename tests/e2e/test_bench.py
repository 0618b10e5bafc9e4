# SPDX-License-Identifier: MIT
"""The benchmark runs to its end and every answer in it is right. What it
measures is not judged here: this machine is busy with tests."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import TOP  # noqa: E402

BENCH = os.path.join(TOP, "tests", "bench", "check")
FIGURES = (
    "instructions of the gate a check", "requests/s: the same proxy",
    "requests/s: a no-op", "requests/s: textbook", "processor time",
    "accepts a request", "anonymous memory", "its growth", "never served",
    "slowest one", "requests/s: 100 sessions : 1000")


class Smoke(unittest.TestCase):
    def run_bench(self, *options):
        return subprocess.run(
            [sys.executable, BENCH, *options], text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)

    def test_every_part_runs(self):
        ran = self.run_bench("--smoke")
        self.assertEqual(ran.returncode, 0, ran.stdout)
        for figure in FIGURES:
            with self.subTest(figure=figure):
                line = re.search(
                    "^.*%s.* (<=|>=) .*$" % re.escape(figure), ran.stdout,
                    re.M)
                self.assertTrue(line, ran.stdout)
        self.assertRegex(ran.stdout, r"(?m)^\d+ limits missed$")

    def test_help(self):
        ran = self.run_bench("--help")
        self.assertEqual(ran.returncode, 0)
        for option in ("--full", "--smoke", "--instructions", "--only"):
            self.assertIn(option, ran.stdout)


if __name__ == "__main__":
    unittest.main()
