# SPDX-License-Identifier: MIT
"""pending, user reset-link and mail test."""

import json
import os
import re
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import ORIGIN, Stack  # noqa: E402

PASSWORD = "correct horse battery"


class Case(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args):
        result = self.stack.ctl(*args)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def put(self, number, email, password="$argon2id$x", life=600):
        self.now = int(time.time())
        self.stack.sql(
            "INSERT INTO pending_users (flow_hash, email, password, "
            "created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
            bytes([number] * 32), email, password, self.now - 5,
            self.now + life)


class Pending(Case):
    def listed(self):
        return json.loads(self.ctl(0, "pending", "list", "--json").stdout)

    def test_list_shows_who_waits_and_no_password(self):
        self.assertEqual(self.listed(), [])
        self.put(1, "zoe@example.org")
        self.put(2, "ann@example.org")
        self.put(3, "decoy@example.org", password="")
        self.put(4, "late@example.org", life=0)
        rows = self.listed()
        self.assertEqual([r["email"] for r in rows],
                         ["ann@example.org", "zoe@example.org"])
        self.assertEqual(list(rows[0]),
                         ["email", "created_at", "expires_at"])
        self.assertEqual(rows[0]["expires_at"] - rows[0]["created_at"], 605)
        table = self.ctl(0, "pending", "list").stdout
        self.assertEqual(len(table.splitlines()), 3)
        self.assertNotIn("argon2", table)

    def test_a_long_list_is_whole(self):
        for number in range(250):
            self.stack.sql(
                "INSERT INTO pending_users (flow_hash, email, password, "
                "created_at, expires_at) VALUES (?, 'same@example.org', "
                "'$x', 1, 9999999999)", number.to_bytes(32, "big"))
        self.assertEqual(len(self.listed()), 250)

    def test_delete_takes_the_address_as_typed(self):
        self.put(1, "ann@example.org")
        self.put(2, "ann@example.org")
        self.put(3, "zoe@example.org")
        self.ctl(0, "pending", "delete", "Ann@Example.org")
        self.assertEqual([r["email"] for r in self.listed()],
                         ["zoe@example.org"])
        self.ctl(67, "pending", "delete", "ann@example.org")
        self.ctl(67, "pending", "delete", "no address")
        rows = self.stack.sql("SELECT event, user_name, channel FROM audit "
                              "WHERE ok = 1 ORDER BY id DESC LIMIT 1")
        self.assertEqual(rows, [("signup.delete", "ann@example.org", "cli")])
        self.ctl(64, "pending", "delete")
        self.ctl(64, "pending")


class ResetLink(Case):
    LINK = re.escape(ORIGIN) + r"/auth/reset\?token=[A-Za-z0-9_-]{43}\n"

    def setUp(self):
        super().setUp()
        self.stack.add_user("alice", PASSWORD, "--email", "al@example.org")

    def test_the_link_alone_is_on_stdout(self):
        first = self.ctl(0, "user", "reset-link", "Alice").stdout
        self.assertRegex(first, "^" + self.LINK + "$")
        second = self.ctl(0, "user", "reset-link", "alice").stdout
        self.assertNotEqual(first, second)
        self.assertEqual(self.stack.sql("SELECT count(*) FROM resets"),
                         [(1,)])
        token = second.strip().partition("=")[2]
        for table in ("resets", "outbox", "audit"):
            for row in self.stack.sql("SELECT * FROM " + table):
                self.assertNotIn(token, repr(row), table)
        quiet = self.ctl(0, "-q", "user", "reset-link", "alice")
        self.assertRegex(quiet.stdout, self.LINK)
        self.assertEqual(quiet.stderr, "")

    def test_who_gets_none(self):
        self.stack.add_user("root2", PASSWORD, "--system-login")
        self.ctl(67, "user", "reset-link", "nobody")
        result = self.ctl(77, "user", "reset-link", "root2")
        self.assertIn("user passwd", result.stderr)
        self.assertEqual(result.stdout, "")
        self.ctl(77, "user", "reset-link", "root2", "--send")
        self.ctl(0, "user", "disable", "alice")
        self.ctl(77, "user", "reset-link", "alice")
        self.assertEqual(self.stack.sql("SELECT count(*) FROM resets"),
                         [(0,)])

    def test_it_needs_to_know_where_the_pages_are(self):
        self.stack.write_config({"PUBLIC_URL": None})
        result = self.ctl(78, "user", "reset-link", "alice")
        self.assertIn("PUBLIC_URL", result.stderr)

    def test_send_puts_it_into_the_outbox_and_shows_nothing(self):
        self.ctl(78, "user", "reset-link", "alice", "--send")
        self.stack.write_config({
            "MAIL_TRANSPORT": "FILE",
            "NOTIFICATION_FROM_EMAIL": "auth@example.org"})
        result = self.ctl(0, "user", "reset-link", "alice", "--send")
        self.assertEqual(result.stdout, "")
        rows = self.stack.sql("SELECT kind, recipient, user_name, "
                              "length(code) FROM outbox")
        self.assertEqual(rows, [
            ("reset-link", "al@example.org", "alice", 43)])
        code = self.stack.sql("SELECT code FROM outbox")[0][0]
        self.assertNotIn(code, result.stderr)
        self.stack.add_user("bob", PASSWORD)
        self.ctl(65, "user", "reset-link", "bob", "--send")


class Mail(Case):
    FROM = {"NOTIFICATION_FROM_EMAIL": "auth@example.org"}

    def test_without_a_way_it_says_what_is_missing(self):
        result = self.ctl(78, "mail", "test", "me@example.org")
        self.assertIn("SMTP_URL", result.stderr)

    def test_file_writes_one_mail(self):
        self.stack.write_config(dict(self.FROM, MAIL_TRANSPORT="FILE"))
        self.ctl(65, "mail", "test", "no address")
        result = self.ctl(0, "mail", "test", "me@example.org")
        self.assertEqual(result.stdout, "")
        folder = os.path.join(self.stack.state_dir, "mail")
        letters = [n for n in os.listdir(folder) if n.endswith(".eml")]
        self.assertEqual(len(letters), 1)
        with open(os.path.join(folder, letters[0]), encoding="utf-8") as eml:
            self.assertIn("To: me@example.org", eml.read().replace(
                "<", "").replace(">", ""))

    def test_nobody_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.stack.write_config(dict(
                self.FROM, SMTP_URL="smtp://127.0.0.1:%d"
                % taken.getsockname()[1]))
            self.ctl(69, "mail", "test", "me@example.org")


if __name__ == "__main__":
    unittest.main()
