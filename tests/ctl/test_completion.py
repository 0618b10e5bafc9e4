# SPDX-License-Identifier: MIT
"""The completion of stauthctl in bash, asked as bash asks it: what takes a
name completes names."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, TOP, Stack  # noqa: E402

SCRIPT = os.path.join(TOP, "stauthctl", "completion.bash")
ASK = r"""
. "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_stauthctl "$3"
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        for name in ("alice", "alfred", "o'brien", "ann@example.org"):
            cls.stack.ctl("user", "add", name, "--generate", check=True)

    @classmethod
    def tearDownClass(cls):
        cls.stack.stop()

    def complete(self, line):
        """What follows `stauthctl -c FILE LINE`."""
        asked = subprocess.run(
            [shutil.which("bash"), "-c", ASK, "bash", SCRIPT,
             "stauthctl -c %s %s" % (self.stack.conf, line),
             CTL],
            check=True, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.assertEqual(asked.stderr, "")
        return sorted(asked.stdout.split())

    def test_commands_and_verbs(self):
        self.assertLessEqual({"init", "user", "audit", "backup", "nginx"},
                             set(self.complete("")))
        self.assertEqual(self.complete("us"), ["user"])
        self.assertEqual(self.complete("invite "), ["add", "list", "revoke"])
        self.assertEqual(self.complete("audit "), ["verify"])
        self.assertEqual(self.complete("user pass"), ["passwd"])
        self.assertEqual(self.complete("nothing "), [])

    def test_options_of_the_command(self):
        self.assertEqual(self.complete("user set alice --no-"),
                         ["--no-su", "--no-system-login"])
        self.assertIn("--json", self.complete("user list --"))
        self.assertNotIn("--groups", self.complete("user list --"))

    def test_a_verb_that_takes_a_name_completes_names(self):
        for verb in ("show", "set", "passwd", "verify", "disable", "enable",
                     "delete", "reset-link"):
            self.assertEqual(self.complete("user %s al" % verb),
                             ["alfred", "alice"], verb)
        for line in ("session list al", "session revoke --user al",
                     "audit --user al", "throttle clear al"):
            self.assertEqual(self.complete(line), ["alfred", "alice"], line)
        self.assertEqual(self.complete("user show o'b"), ["o'brien"])
        self.assertEqual(self.complete("user add al"), [])

    def test_bash_cuts_its_words_at_an_at_sign(self):
        self.assertEqual(self.complete("user show ann@ex"), ["example.org"])

    def test_without_a_store_there_is_nothing(self):
        self.assertEqual(self.complete("-c /nonexistent user show al"), [])

    def test_files(self):
        folder = os.path.join(self.stack.dir, "files")
        os.mkdir(folder)
        for name in ("a.db", "b.json"):
            with open(os.path.join(folder, name), "w", encoding="utf-8"):
                pass
        self.assertEqual(self.complete("restore %s/a" % folder),
                         [folder + "/a.db"])
        self.assertEqual(self.complete("import json %s/b" % folder),
                         [folder + "/b.json"])


if __name__ == "__main__":
    unittest.main()
