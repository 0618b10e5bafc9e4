# SPDX-License-Identifier: MIT
"""audit, and its seals: by the gate each minute, told to the journal, kept
over a restore, and verified by who holds a head."""

import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
SEAL = re.compile(r"audit seal number=(\d+) first=(\d+) last=(\d+) rows=(\d+) "
                  r"head=([0-9a-f]{64})$", re.M)
KEYS = ["seals", "rows", "deleted", "unsealed", "findings", "number", "head"]


class Audit(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def sealed(self):
        return SEAL.search(self.stack.log().decode())

    def verify(self, code, *args):
        result = self.stack.ctl("audit", "verify", "--json", *args)
        self.assertEqual(result.returncode, code, result.stderr)
        told = json.loads(result.stdout)
        self.assertEqual(list(told), KEYS)
        return told, result.stderr

    def test_the_gate_seals_and_a_rewrite_is_found(self):
        backup = os.path.join(self.stack.dir, "backup.db")
        self.stack.add_user("alice", PASSWORD)
        self.assertEqual(self.verify(0)[0]["seals"], 0)
        self.stack.ctl("backup", backup, check=True)
        self.stack.start_gate()
        number, first, _, rows, head = wait_for(self.sealed, 15).groups()
        self.assertEqual((number, first), ("1", "1"))
        told, _ = self.verify(0, "--head", head.upper())
        self.assertEqual((told["rows"], told["head"], told["findings"]),
                         (int(rows), head, 0))
        self.verify(65, "--head", "0" * 64)
        self.stack.sql("UPDATE audit SET actor = 'nobody' WHERE id = 1")
        told, said = self.verify(65)
        self.assertEqual(told["findings"], 1)
        self.assertIn("seal 1: a row was changed", said)
        plain = self.stack.ctl("audit", "verify")
        self.assertEqual(plain.returncode, 65)
        self.assertRegex(plain.stdout, r"(?m)^findings: +1$")
        # A restore names both heads.
        self.stack.ctl("restore", "--yes", backup, check=True)
        rows = json.loads(self.stack.ctl("audit", "--json").stdout)
        detail = [r["detail"] for r in rows if r["event"] == "restore"][0]
        self.assertEqual(
            detail, "backup seal 0 none, replaced seal 1 " + head)
        self.verify(0)
        self.assertIn("no seal has this head", self.verify(
            65, "--head", head)[1])

    def test_a_head_is_64_hex_digits(self):
        for head in ("", "12", "g" * 64, "0" * 65):
            result = self.stack.ctl("audit", "verify", "--head", head)
            self.assertEqual(result.returncode, 64, result.stderr)
        self.assertEqual(
            self.stack.ctl("audit", "verify", "x").returncode, 64)

    def test_rows_come_in_order_of_time_and_of_one_user(self):
        for name in ("alice", "bob"):
            self.stack.add_user(name, PASSWORD)
        self.stack.ctl("user", "disable", "alice", check=True)
        rows = json.loads(self.stack.ctl("audit", "--json").stdout)
        self.assertEqual([(r["event"], r["user"], r["channel"])
                          for r in rows],
                         [("user.add", "alice", "cli"),
                          ("user.add", "bob", "cli"),
                          ("user.disable", "alice", "cli")])
        rows = json.loads(self.stack.ctl(
            "audit", "--json", "--user", "ALICE").stdout)
        self.assertEqual([r["event"] for r in rows],
                         ["user.add", "user.disable"])


if __name__ == "__main__":
    unittest.main()
