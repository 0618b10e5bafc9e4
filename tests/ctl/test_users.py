# SPDX-License-Identifier: MIT
"""user add, list, show, set, disable, enable, delete: results and codes."""

import json
import os
import pwd
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"
KEYS = ["name", "email", "display_name", "su", "groups", "disabled",
        "system_login", "must_change",
        "password_expires_at", "created_at", "last_login_at"]


class Users(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args, **more):
        result = self.stack.ctl(*args, **more)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def add(self, name, *options, code=0, password=PASSWORD):
        return self.ctl(code, "user", "add", name, "--password-stdin",
                        *options, stdin=password + "\n")

    def show(self, name):
        return json.loads(
            self.ctl(0, "user", "show", name, "--json").stdout)

    def test_add_and_show_with_every_option(self):
        before = int(time.time())
        self.add("Alice", "--email", "Alice@Example.com", "--name",
                 'Alïce "A" <b>', "--groups", "ops,dev,ops", "--su",
                 "--system-login", "--must-change")
        user = self.show("ALICE")
        self.assertEqual(list(user), KEYS)
        self.assertGreaterEqual(user.pop("created_at"), before)
        self.assertEqual(user, {
            "name": "alice", "email": "alice@example.com",
            "display_name": 'Alïce "A" <b>', "su": True,
            "groups": ["dev", "ops"], "disabled": False,
            "system_login": True, "must_change": True,
            "password_expires_at": None,
            "last_login_at": None})

    def test_plain_user_has_nothing_by_default(self):
        self.add("bob")
        user = self.show("bob")
        self.assertEqual(
            (user["email"], user["su"], user["groups"], user["system_login"],
             user["must_change"], user["disabled"]),
            ("", False, [], False, False, False))

    def test_a_mail_address_as_name_is_the_address_too(self):
        self.add("carol@example.com")
        self.assertEqual(self.show("carol@example.com")["email"],
                         "carol@example.com")

    def test_exists_73_for_name_and_address_in_any_case(self):
        self.add("alice", "--email", "a@example.com")
        self.add("ALICE", code=73)
        self.add("bob", "--email", "A@example.COM", code=73)
        self.add("bob")
        self.ctl(73, "user", "set", "bob", "--email", "a@example.com")
        self.assertEqual(self.show("bob")["email"], "")

    def test_bad_data_65_and_nothing_is_added(self):
        for name in ("", " alice", "al ice", "-alice", "älice", "a" * 65,
                     "a/b", "a\x1b[31m"):
            with self.subTest(name):
                self.ctl(65, "user", "add", "--password-stdin", "--", name,
                         stdin=PASSWORD + "\n")
        self.add("bob", "--email", "not an address", code=65)
        self.add("bob", "--name", "a\nb", code=65)
        self.add("bob", "--groups", "su", code=65)
        self.add("bob", "--groups", "a b", code=65)
        self.assertEqual(
            json.loads(self.ctl(0, "user", "list", "--json").stdout), [])

    def test_unknown_user_67_everywhere(self):
        for words in (["user", "show", "nobody"],
                      ["user", "set", "nobody", "--su"],
                      ["user", "disable", "nobody"],
                      ["user", "enable", "nobody"],
                      ["user", "delete", "nobody", "--yes"],
                      ["user", "passwd", "nobody", "--generate"],
                      ["user", "show", "no body"],
                      ["session", "list", "nobody"],
                      ["session", "revoke", "--user", "nobody"]):
            with self.subTest(words):
                result = self.ctl(67, *words)
                self.assertEqual(result.stdout, "")

    def test_set_changes_what_is_named_and_only_that(self):
        self.add("root1", "--su")
        self.add("bob", "--email", "b@example.com", "--name", "Bob",
                 "--groups", "x,y")
        self.ctl(0, "user", "set", "bob", "--groups", "z", "--su",
                 "--system-login")
        user = self.show("bob")
        self.assertEqual((user["groups"], user["su"], user["system_login"],
                          user["email"], user["display_name"]),
                         (["z"], True, True, "b@example.com", "Bob"))
        self.ctl(0, "user", "set", "bob", "--email", "", "--name", "",
                 "--groups", "", "--no-su", "--no-system-login")
        user = self.show("bob")
        self.assertEqual((user["groups"], user["su"], user["system_login"],
                          user["email"], user["display_name"]),
                         ([], False, False, "", ""))

    def test_set_of_nothing_or_of_both_64(self):
        self.add("bob")
        self.ctl(64, "user", "set", "bob")
        self.ctl(64, "user", "set", "bob", "--su", "--no-su")
        self.ctl(64, "user", "set", "bob", "--system-login",
                 "--no-system-login")

    def test_set_with_json_shows_the_user_as_it_is_now(self):
        self.add("bob")
        result = self.ctl(0, "user", "set", "bob", "--name", "B", "--json")
        self.assertEqual(json.loads(result.stdout), self.show("bob"))

    def test_the_last_superuser_stays_77(self):
        self.add("alice", "--su")
        self.add("bob")
        self.ctl(77, "user", "set", "alice", "--no-su")
        self.ctl(77, "user", "disable", "alice")
        result = self.ctl(77, "user", "delete", "alice", "--yes")
        self.assertEqual(result.stderr.count("last superuser"), 1,
                         "told once")
        self.assertTrue(self.show("alice")["su"])
        self.ctl(0, "user", "set", "bob", "--su")
        self.ctl(0, "user", "disable", "bob")
        self.ctl(77, "user", "delete", "alice")
        self.ctl(0, "user", "enable", "bob")
        self.ctl(0, "user", "delete", "alice")

    def test_disable_and_enable_are_idempotent(self):
        self.add("alice", "--su")
        self.add("bob")
        for verb, value in (("disable", True), ("disable", True),
                            ("enable", False), ("enable", False)):
            self.ctl(0, "user", verb, "bob")
            self.assertIs(self.show("bob")["disabled"], value)

    def test_delete_then_the_name_is_free(self):
        self.add("alice", "--su")
        self.add("bob")
        self.ctl(0, "user", "delete", "bob")
        self.ctl(67, "user", "show", "bob")
        self.add("bob")

    def test_list_is_one_valid_array_over_many_pages(self):
        names = ["u%04d" % i for i in range(450)]
        self.add("u0000", "--name", "first")
        # The hash of one serves for all: 450 real ones would take long.
        columns = [row[1] for row in
                   self.stack.sql("PRAGMA table_info(users)")]
        copied = ", ".join(c for c in columns
                           if c not in ("uid", "name", "email"))
        with sqlite3.connect(self.stack.db) as db:
            for uid, name in enumerate(names[1:], 1000):
                db.execute(
                    "INSERT INTO users (uid, name, %s) SELECT ?, ?, %s FROM "
                    "users WHERE name = 'u0000'" % (copied, copied),
                    (uid, name))
        db.close()
        listed = json.loads(self.ctl(0, "user", "list", "--json").stdout)
        self.assertEqual([user["name"] for user in listed], names)
        lines = self.ctl(0, "user", "list").stdout.splitlines()
        self.assertEqual(len(lines), 451, "one heading")
        self.assertIn("NAME", lines[0])

    def test_search_looks_in_name_address_and_full_name(self):
        self.add("alice", "--email", "x@example.com")
        self.add("bob", "--name", "Alice's brother")
        self.add("carol", "--email", "alice2@example.com")
        self.add("dave")
        listed = json.loads(self.ctl(
            0, "user", "list", "--json", "--search", "ALICE").stdout)
        self.assertEqual([user["name"] for user in listed],
                         ["alice", "bob", "carol"])
        for text in ("%", "_", "'", '"', "zzz"):
            listed = json.loads(self.ctl(
                0, "user", "list", "--json", "--search", text).stdout)
            self.assertEqual([user["name"] for user in listed],
                             ["bob"] if text == "'" else [])

    def test_empty_list_is_an_empty_array(self):
        self.assertEqual(json.loads(
            self.ctl(0, "user", "list", "--json").stdout), [])
        self.assertEqual(self.ctl(0, "user", "list").stdout, "")

    def test_table_and_show_for_people(self):
        self.add("alice", "--su", "--groups", "ops", "--must-change")
        table = self.ctl(0, "user", "list").stdout
        self.assertRegex(table, r"NAME +E-MAIL +FULL NAME +SU +GROUPS +STATE")
        self.assertRegex(table, r"alice .*yes +ops +must-change +20\d\d-"
                         r"\d\d-\d\dT\d\d:\d\d:\d\dZ")
        shown = self.ctl(0, "user", "show", "alice").stdout
        self.assertRegex(shown, r"(?m)^name: +alice$")
        self.assertRegex(shown, r"(?m)^last_login_at: +-$")
        self.assertNotIn("argon2", table + shown)

    def test_k3_sql_in_a_name_or_address_is_inert(self):
        self.add("alice")
        for text in ('x" OR "1"="1', "x' OR '1'='1", "alice'--",
                     "x'; DROP TABLE users;--"):
            with self.subTest(text):
                self.ctl(67, "user", "show", text)
                self.ctl(67, "user", "delete", text)
        for text in ('x" OR "1"="1', "x' OR '1'='1", "x';--@b c"):
            self.add("bob", "--email", text + "@example.com", code=65)
        self.assertEqual(self.show("alice")["name"], "alice")

    def test_the_audit_names_the_unix_user_and_the_command_line(self):
        self.add("alice", "--su")
        self.add("bob")
        self.ctl(0, "user", "disable", "bob")
        self.ctl(0, "user", "delete", "bob")
        rows = json.loads(self.ctl(0, "audit", "--json").stdout)
        actor = pwd.getpwuid(os.getuid()).pw_name
        self.assertEqual(
            [(r["event"], r["user"], r["ok"]) for r in rows],
            [("user.add", "alice", True), ("user.add", "bob", True),
             ("user.disable", "bob", True), ("user.delete", "bob", True)])
        for row in rows:
            self.assertEqual((row["actor"], row["channel"], row["address"]),
                             (actor, "cli", "local:cli"))

    def test_g13_what_a_stranger_typed_is_no_escape_sequence(self):
        self.ctl(77, "user", "verify", "\x1b[31mred\x07", "--password-stdin",
                 stdin="wrong\n")
        for words in (["audit"], ["throttle", "list"]):
            self.assertNotRegex(self.ctl(0, *words).stdout, "[\x1b\x07]")


if __name__ == "__main__":
    unittest.main()
