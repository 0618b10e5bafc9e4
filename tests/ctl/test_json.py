# SPDX-License-Identifier: MIT
"""The keys of --json are those that stauthctl(8) documents, in its order."""

import json
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import TOP, Stack  # noqa: E402

PASSWORD = "seven quiet herons"


def documented():
    """{command: [[keys], ...]}, a list for each run of _keys_."""
    path = os.path.join(TOP, "stauthctl", "stauthctl.8.scd")
    with open(path, encoding="utf-8") as page:
        section = re.search(r"^# JSON\n(.*?)^# ", page.read(),
                            re.M | re.S).group(1).replace("\\_", "~")
    found = {}
    for head, text in re.findall(r"^(\*.*\*)\n((?:\t.*\n)+)", section, re.M):
        keys = [run.replace("~", "_").split()
                for run in re.findall(r"_([a-z~\s]+?)_", text)]
        for command in re.findall(r"\*([a-z ]+)\*", head):
            found[command] = keys
    return found


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack({
            "APP_UPSTREAM": "127.0.0.1:9", "SIGN_UP_APPROVAL": "True",
            "ALLOW_USER_SIGN_UP": "True", "MAIL_TRANSPORT": "FILE",
            "NOTIFICATION_FROM_EMAIL": "stauth@example.com"})
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.ctl("user", "verify", "alice", "--password-stdin",
                      stdin="no\n")
        cls.stack.start_gate()
        cls.stack.login("alice", PASSWORD)
        cls.stack.sql(
            "INSERT INTO pending_users (flow_hash, email, password, "
            "created_at, expires_at) VALUES (randomblob(32), "
            "'new@example.org', 'x', 1, 9999999999)")
        cls.keys = documented()

    @classmethod
    def tearDownClass(cls):
        cls.stack.stop()

    def shown(self, *command):
        result = self.stack.ctl(*command, "--json", check=True)
        return json.loads(result.stdout)

    def test_lists_and_shows(self):
        invite = self.shown("invite", "add")
        self.assertEqual(list(invite), sum(self.keys["invite list"], []))
        for command, runs in (
                ("user list", 1), ("session list", 2), ("pending list", 2),
                ("invite list", 1), ("throttle list", 1), ("audit", 1)):
            with self.subTest(command):
                rows = self.shown(*command.split())
                self.assertGreater(len(rows), 0)
                for row in rows:
                    self.assertEqual(
                        list(row), sum(self.keys[command][:runs], []))
        self.assertEqual(list(self.shown("user", "show", "alice")),
                         self.keys["user list"][0])
        self.assertEqual(list(self.shown("audit", "verify")),
                         self.keys["audit"][1])

    def test_config(self):
        value, checked = self.keys["config show"]
        self.assertEqual(list(self.shown("config", "show")["STORAGE"]), value)
        self.assertEqual(list(self.shown("config", "check")), checked)

    def test_import(self):
        path = os.path.join(self.stack.dir, "users.jsonl")
        with open(path, "w", encoding="utf-8") as out:
            out.write(self.stack.ctl("export", check=True).stdout)
        self.assertEqual(list(self.shown("import", "json", path, "--dry-run")),
                         self.keys["import"][0])


if __name__ == "__main__":
    unittest.main()
