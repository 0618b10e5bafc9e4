# SPDX-License-Identifier: MIT
"""export: JSON lines, whole or exit status not 0; hashes on demand only."""

import json
import os
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, Stack  # noqa: E402

PASSWORD = "correct horse battery"
KEYS = ["name", "email", "display_name", "su", "groups", "disabled",
        "system_login", "must_change", "password_expires_at",
        "created_at", "last_login_at"]


class Export(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def export(self, *options, code=0):
        result = self.stack.ctl("export", *options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def export_to(self, out, *options):
        return subprocess.run(
            [CTL, "-c", self.stack.conf, "export", *options], stdout=out,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def add(self, name, *options):
        self.stack.ctl("user", "add", name, "--password-stdin", *options,
                       stdin=PASSWORD + "\n", check=True)

    def add_many(self, count):
        """Below the program: a hash a user would take minutes."""
        self.stack.sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < ?) INSERT INTO users (epoch, name, email,"
            " display_name, group_list, password, su, disabled, system_login,"
            " must_change, created_at, last_login_at, mfa_since)"
            " SELECT 1, printf('u%07d', i), NULL, '', '', 'x', 0, 0, 0, 0, 1,"
            " 0, 0 FROM n", count)

    def test_lines_with_the_keys_of_a_user_and_no_hash(self):
        self.add("bob", "--groups", "b,a", "--email", "Bob@example.com",
                 "--name", 'B "ö"', "--must-change", "--system-login")
        self.add("alice", "--su")
        self.stack.ctl("user", "disable", "bob", check=True)
        for options in ((), ("--json",)):
            result = self.export(*options)
            self.assertEqual(result.stderr, "")
            self.assertNotIn("argon2", result.stdout)
            alice, bob = map(json.loads, result.stdout.splitlines())
            self.assertEqual(list(alice), KEYS)
            self.assertEqual([alice["name"], alice["su"]], ["alice", True])
            created = bob.pop("created_at")
            self.assertGreater(created, 1600000000)
            self.assertEqual(bob, {
                "name": "bob", "email": "bob@example.com",
                "display_name": 'B "ö"', "su": False, "groups": ["a", "b"],
                "disabled": True, "system_login": True, "must_change": True,
                "password_expires_at": None, "last_login_at": None})
        self.assertEqual(self.audit(), [])

    def audit(self):
        rows = json.loads(self.stack.ctl("audit", "--json").stdout)
        return [row for row in rows if row["event"] == "export"]

    def test_hashes_on_demand_are_reported_and_in_the_audit(self):
        self.add("alice")
        result = self.export("--with-hashes", "-q")
        self.assertIn("hash of every account", result.stderr)
        user = json.loads(result.stdout)
        self.assertEqual(list(user), KEYS + ["password"])
        self.assertEqual(user["password"], self.stack.sql(
            "SELECT password FROM users")[0][0])
        row, = self.audit()
        self.assertEqual([row["ok"], row["channel"], row["detail"]],
                         [True, "cli", "with hashes"])
        self.assertTrue(row["actor"])

    def test_a_file_that_others_may_read_is_reported(self):
        path = os.path.join(self.stack.dir, "users.jsonl")
        for mode, told in ((0o600, False), (0o644, True)):
            with open(path, "w", encoding="utf-8") as out:
                os.fchmod(out.fileno(), mode)
                result = self.export_to(out, "--with-hashes")
            self.assertEqual("others can read" in result.stderr, told)

    def test_nobody_there_prints_nothing(self):
        self.assertEqual(self.export().stdout, "")

    def test_more_than_a_page_in_order_and_whole(self):
        for count in (199, 201):
            self.add_many(count)
            for options in ((), ("--with-hashes",)):
                names = [json.loads(line)["name"] for line in
                         self.export(*options).stdout.splitlines()]
                self.assertEqual(names, ["u%07d" % i for i in
                                         range(1, count + 1)])
            self.stack.sql("DELETE FROM users")

    def test_a_disk_that_is_full_75(self):
        self.add_many(1000)
        for count in (1000, 1):
            self.stack.sql("DELETE FROM users WHERE uid > "
                           "(SELECT min(uid) FROM users) + ?", count - 1)
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = self.export_to(full)
            self.assertEqual(result.returncode, 75)
            self.assertIn("stdout", result.stderr)

    def test_an_account_that_cannot_be_read_ends_it_with_an_error(self):
        self.add("alice")
        self.add("bob")
        with sqlite3.connect(self.stack.db) as db:
            db.execute("PRAGMA ignore_check_constraints = 1")
            db.execute("UPDATE users SET password = ? WHERE name = 'bob'",
                       ("x" * 600,))
        result = self.stack.ctl("export", "--with-hashes")
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
