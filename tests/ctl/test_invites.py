# SPDX-License-Identifier: MIT
"""invite add, list, revoke, and pending approve: every exit code, the JSON of
each, and that the store keeps no link."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

KEYS = ["id", "email", "groups", "uses", "uses_left", "approved",
        "created_by", "created_at", "expires_at"]
MAIL = {"PUBLIC_URL": "https://app.example.com", "MAIL_TRANSPORT": "FILE",
        "NOTIFICATION_FROM_EMAIL": "stauth@example.com"}
LINK = r"^https://app\.example\.com/auth/signup\?invite=[A-Za-z0-9_-]{32}$"


class Invites(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(MAIL)
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args):
        result = self.stack.ctl(*args)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def listed(self):
        return json.loads(self.ctl(0, "invite", "list", "--json").stdout)

    def test_u20_a_link_is_shown_once_and_its_hash_is_kept(self):
        self.assertEqual(self.listed(), [])
        result = self.ctl(0, "invite", "add", "--groups", "b,a")
        link = result.stdout.rstrip("\n")
        self.assertRegex(link, LINK)
        self.assertNotIn(link, result.stderr)
        made = json.loads(self.ctl(
            0, "invite", "add", "--email", "Ida@Example.com", "--uses", "3",
            "--days", "2", "--approve", "--json").stdout)
        self.assertEqual(list(made), KEYS + ["link"])
        self.assertRegex(made.pop("link"), LINK)
        self.assertEqual(made["expires_at"] - made["created_at"], 2 * 86400)
        rows = self.listed()
        self.assertEqual([list(row) for row in rows], [KEYS, KEYS])
        self.assertIn(made, rows)
        other = next(row for row in rows if row["id"] != made["id"])
        self.assertEqual(
            [other[key] for key in KEYS[1:6]],
            ["", ["a", "b"], 1, 1, False])
        table = self.ctl(0, "invite", "list").stdout
        self.assertEqual(len(table.splitlines()), 3)
        token = link[-32:].encode()
        for name in os.listdir(self.stack.state_dir):
            path = os.path.join(self.stack.state_dir, name)
            if os.path.isfile(path):
                with open(path, "rb") as data:
                    self.assertNotIn(token, data.read(), name)
        audit = self.ctl(0, "audit", "--json").stdout
        self.assertIn("invite.add", audit)
        self.assertNotIn(link[-32:], audit)

    def test_u20_every_exit_code(self):
        for code, *args in (
                (64, "--uses", "0"), (64, "--uses", "1001"),
                (64, "--uses", "x"), (64, "--days", "0"),
                (64, "--days", "366"), (64, "--days", "1.5"), (64, "x"),
                (65, "--email", "nobody"), (65, "--groups", "su"),
                (65, "--groups", "a b")):
            self.ctl(code, "invite", "add", *args)
        self.stack.add_user("ida@example.com", "correct horse battery")
        self.ctl(73, "invite", "add", "--email", "IDA@example.com")
        self.ctl(67, "invite", "revoke", "x")
        self.ctl(64, "invite", "revoke")
        self.ctl(0, "invite", "add")
        one = self.listed()[0]["id"]
        self.ctl(0, "invite", "revoke", one)
        self.ctl(67, "invite", "revoke", one)
        self.assertEqual(self.listed(), [])
        self.ctl(67, "pending", "approve", "new@example.com")
        self.ctl(67, "pending", "approve", "nobody")
        self.ctl(64, "pending", "approve")
        for key in ("PUBLIC_URL", "MAIL_TRANSPORT"):
            self.stack.write_config({key: None})
            result = self.ctl(78, "invite", "add")
            self.assertRegex(result.stderr, "PUBLIC_URL|no mail can be sent")
            self.stack.write_config({key: MAIL[key]})

    def test_u20_a_pending_row_shows_its_proof_where_it_matters(self):
        self.assertEqual(self.ctl(0, "pending", "list", "--json").stdout,
                         "[]\n")
        self.stack.write_config({"SIGN_UP_APPROVAL": "True"})
        self.assertEqual(self.ctl(0, "pending", "list", "--json").stdout,
                         "[]\n")

    def test_u20_a_restore_voids_every_invitation(self):
        self.ctl(0, "invite", "add")
        copy = os.path.join(self.stack.dir, "copy.db")
        self.ctl(0, "backup", copy)
        self.ctl(0, "restore", "--yes", copy)
        self.assertEqual(self.listed(), [])


if __name__ == "__main__":
    unittest.main()
