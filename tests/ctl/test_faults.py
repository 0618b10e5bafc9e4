# SPDX-License-Identifier: MIT
"""A store that is missing, locked, broken, foreign: codes and words."""

import glob
import json
import os
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, Stack  # noqa: E402

PASSWORD = "correct horse battery"
READ = ["user", "show", "alice"]
WRITE = ["user", "set", "alice", "--name", "A"]


class Init(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(init=False)
        self.addCleanup(self.stack.stop)

    def test_init_makes_keys_and_database_and_can_be_repeated(self):
        os.rmdir(self.stack.state_dir)
        first = self.stack.ctl("init", check=True)
        self.assertEqual(first.stdout, "")
        self.assertIn(self.stack.db, first.stderr)
        self.stack.add_user("alice", PASSWORD)
        keys = {}
        for name in ("csrf", "pin", "device"):
            path = os.path.join(self.stack.state_dir, "keys", name)
            with open(path, "rb") as key:
                keys[path] = key.read()
            self.assertEqual(len(keys[path]), 32)
            self.assertEqual(os.stat(path).st_mode & 0o137, 0, path)
        self.assertEqual(len(set(keys.values())), 3)
        self.stack.ctl("init", check=True)
        for path, content in keys.items():
            with open(path, "rb") as key:
                self.assertEqual(key.read(), content)
        self.assertEqual(self.stack.ctl(*READ).returncode, 0)

    def test_without_init_78_and_says_what_to_do(self):
        for words in (["user", "list"], ["session", "list"], ["audit"],
                      ["user", "add", "alice", "--generate"],
                      ["user", "verify", "alice", "--password-stdin"]):
            with self.subTest(words):
                result = self.stack.ctl(*words, stdin="x\n")
                self.assertEqual(result.returncode, 78, result.stderr)
                self.assertIn("stauthctl init", result.stderr)
                self.assertEqual(result.stdout, "")
        self.assertFalse(os.path.exists(self.stack.db))

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_files_of_somebody_else_77(self):
        self.stack.ctl("init", check=True)
        self.stack.add_user("alice", PASSWORD)
        program = os.path.join(self.stack.dir, "stauthctl")
        with open(CTL, "rb") as source, open(program, "wb") as copy:
            copy.write(source.read())
        os.chmod(program, 0o755)
        os.chmod(self.stack.dir, 0o755)
        os.chmod(self.stack.conf, 0o644)
        for words in (READ, WRITE, ["init"]):
            result = subprocess.run(
                [program, "-c", self.stack.conf, *words], check=False,
                user=65534, group=65534, extra_groups=[], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=30)
            self.assertEqual(result.returncode, 77, (words, result.stderr))


class Faults(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD)

    def both(self, code, text=""):
        for words in (READ, WRITE):
            result = self.stack.ctl(*words)
            self.assertEqual(result.returncode, code, (words, result.stderr))
            self.assertEqual(result.stdout, "")
            self.assertIn(text, result.stderr)

    def works(self):
        for words in (READ, WRITE):
            result = self.stack.ctl(*words)
            self.assertEqual(result.returncode, 0, (words, result.stderr))

    def replace(self, data):
        for path in glob.glob(self.stack.db + "*"):
            os.unlink(path)
        with open(self.stack.db, "wb") as out:
            out.write(data)
        os.chmod(self.stack.db, 0o660)

    def test_locked_waits_no_longer_than_two_seconds(self):
        db = sqlite3.connect(self.stack.db, isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        result = self.stack.ctl(*WRITE)
        took = time.monotonic() - start
        self.assertIn(result.returncode, (69, 75), result.stderr)
        self.assertLess(took, 5)
        self.assertEqual(self.stack.ctl(*READ).returncode, 0,
                         "a reader is not disturbed")
        db.execute("ROLLBACK")
        self.works()

    def test_missing_then_back(self):
        moved = self.stack.db + ".moved"
        self.stack.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        os.rename(self.stack.db, moved)
        self.both(78, "stauthctl init")
        os.rename(moved, self.stack.db)
        self.works()

    def test_corrupt_or_empty_is_an_error_and_stays_as_it_is(self):
        with open(self.stack.db, "rb") as data:
            good = data.read()
        for bad, codes in ((os.urandom(8192), (69, 78)),
                           (good[:100] + b"\xff" * 8000, (69, 78)),
                           (b"", (78,))):
            self.replace(bad)
            for words in (READ, WRITE):
                result = self.stack.ctl(*words)
                self.assertIn(result.returncode, codes, result.stderr)
                self.assertEqual(result.stdout, "")
            with open(self.stack.db, "rb") as data:
                self.assertEqual(data.read(), bad)

    def test_newer_schema_78_also_for_init(self):
        version = self.stack.sql("PRAGMA user_version")[0][0]
        self.assertGreater(version, 0)
        self.stack.sql("PRAGMA user_version = %d" % (version + 1))
        self.both(78, "newer")
        result = self.stack.ctl("init")
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn("newer", result.stderr)
        self.stack.sql("PRAGMA user_version = %d" % version)
        self.works()

    def test_a_failing_list_is_no_empty_array(self):
        self.stack.sql("PRAGMA user_version = 999")
        for words in (["user", "list"], ["session", "list"], ["audit"]):
            result = self.stack.ctl(*words, "--json")
            self.assertEqual(result.returncode, 78, result.stderr)
            self.assertEqual(result.stdout, "")

    def test_missing_keys_do_not_stop_what_needs_none(self):
        for path in glob.glob(self.stack.state_dir + "/keys/*"):
            os.unlink(path)
        self.works()
        found = json.loads(self.stack.ctl("user", "list", "--json").stdout)
        self.assertEqual(len(found), 1)

    def test_stdout_that_is_full_is_no_success(self):
        for words in (["user", "list"], ["user", "list", "--json"],
                      ["user", "show", "alice"], ["config", "show"],
                      ["streamlit-config"],
                      ["user", "passwd", "alice", "--generate"]):
            with self.subTest(words), open("/dev/full", "wb") as full:
                result = subprocess.run(
                    [CTL, "-c", self.stack.conf, *words], check=False,
                    stdin=subprocess.DEVNULL, stdout=full,
                    stderr=subprocess.PIPE, timeout=30)
                self.assertEqual(result.returncode, 75, result.stderr)


if __name__ == "__main__":
    unittest.main()
