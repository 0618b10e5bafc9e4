# SPDX-License-Identifier: MIT
"""import json: what export wrote comes back, and nothing else does."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from import_case import ImportCase, Stack, hashed  # noqa: E402

PASSWORD = "correct horse battery"
TIMES = ("created_at", "last_login_at")


def without_times(users):
    return {name: {key: value for key, value in user.items()
                   if key not in TIMES} for name, user in users.items()}


class Json(ImportCase):
    kind = "json"

    def lines(self, *entries):
        self.write("".join(json.dumps(entry) + "\n" for entry in entries))

    def fill(self, stack):
        for name, *options in (
                ("alice", "--su", "--name", 'Ä "quoted" \\ name'),
                ("bob@example.com", "--groups", "ops,dev"),
                ("carl", "--system-login", "--email", "c@example.com"),
                ("dora@example.com", "--email", ""),
                ("eve", "--must-change"), ("o'neil+x", "--groups", "a.b_c-d")):
            stack.add_user(name, PASSWORD + name, *options)
        stack.ctl("user", "disable", "eve", check=True)

    def test_round_trip_everybody_is_who_they_were(self):
        with Stack() as other:
            self.fill(other)
            other.sql("INSERT INTO users (epoch, name, group_list, password,"
                      " display_name, su, disabled, system_login, must_change,"
                      " created_at, last_login_at, mfa_since) SELECT epoch,"
                      " 'nobody', '', '', '', 0, 0, 0, 0, 1, 0, 0 FROM users"
                      " LIMIT 1")
            text = other.ctl("export", "--with-hashes", check=True).stdout
            before = json.loads(other.ctl("user", "list", "--json").stdout)
        array = json.dumps([json.loads(line) for line in text.splitlines()])
        for content in (text, array, " \n" + array.replace("}, {", "}\n,\n{")):
            self.stack.sql("DELETE FROM users")
            self.write(content)
            said = self.both(0, (7, 0, 0))
            self.assertIn('"carl"', said)
            self.assertIn("system log-in", said)
            self.assertIn('"nobody"', said)
            self.assertEqual(len(said.splitlines()), 2)
            self.assertEqual(without_times(self.users()), without_times(
                {user["name"]: user for user in before}))
        self.assertEqual(self.both(0, (0, 7, 0)), "")
        self.stack.ctl("user", "enable", "eve", check=True)
        for name in self.users():
            if name != "nobody":
                self.assert_login(name, PASSWORD + name)
        self.assertEqual(self.stack.ctl(
            "user", "verify", "nobody", "--password-stdin",
            stdin="x\n").returncode, 77)
        self.stack.start_gate()
        token = self.stack.token("alice", PASSWORD + "alice")
        self.assertEqual(self.stack.check(token).status, 204)

    def test_an_export_without_hashes_brings_nobody_in_yet(self):
        self.lines({"name": "ann", "email": "a@example.com"})
        said = self.both(0, (1, 0, 0))
        self.assertIn("passwd", said)
        self.stack.ctl("user", "passwd", "ann", "--password-stdin",
                       stdin=PASSWORD + "\n", check=True)
        self.assert_login("ann", PASSWORD)

    def test_k3_entries_that_break_a_rule_are_skipped_by_line(self):
        good = hashed("pw")
        bad = [
            {"name": "a b"}, {"name": ""}, {"name": "x" * 65}, {"name": 7},
            {}, {"email": "x@example.com"}, {"name": "k", "uid": 7},
            {"name": "k", "Password": good}, {"name": "k", "mfa": None},
            {"name": "k", "su": 1}, {"name": "k", "su": "true"},
            {"name": "k", "disabled": None}, {"name": "k", "groups": "a"},
            {"name": "k", "groups": ["a,b"]}, {"name": "k", "groups": [""]},
            {"name": "k", "groups": [1]}, {"name": "k", "groups": ["su"]},
            {"name": "k", "groups": ["g%d" % i for i in range(33)]},
            {"name": "k", "email": "no"}, {"name": "k", "email": ["e@x.y"]},
            {"name": "k", "display_name": "a\u202eb"},
            {"name": "k", "display_name": "x" * 129},
            {"name": "k", "password": good[:-1]},
            {"name": "k", "password": "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0"},
            {"name": "k", "password": "pl\u00e4in"},
            {"name": "k", "created_at": "now"}, [], "text", None, 1]
        lines = [json.dumps(entry) for entry in bad]
        lines += ['{"name": "k", "name": "l"}', '{"name": "k"', "nonsense",
                  '{"name": "k"} {"name": "l"}', '{"name": "k\\u0000"}',
                  "[" * 60000, '{"name": "k", "\\u001b[31m": 1}', "{" * 99]
        count = len(lines)
        lines += ["", "  ", json.dumps({"name": "good", "password": good})]
        # With all of one name k they would be doubles, and nothing shown.
        lines = [line.replace('"k"', '"k%d"' % number)
                 for number, line in enumerate(lines, 1)]
        self.write("\r\n".join(lines))
        said = self.both(65, (1, 0, count))
        self.assertEqual(list(self.users()), ["good"])
        for number in range(1, count + 1):
            self.assertRegex(said, r"\bline %d\b" % number)
        for secret in (good[:-1], "irWbb", "pl\u00e4in", "\x1b"):
            self.assertNotIn(secret, said)

    def test_k4_names_and_addresses_are_unique(self):
        self.stack.add_user("alice", PASSWORD, "--email", "a@example.com")
        self.lines({"name": "Alice", "su": True}, {"name": "bob"},
                   {"name": "BOB", "su": True},
                   {"name": "carl", "email": "A@example.com"},
                   {"name": "d", "email": "d@example.com"},
                   {"name": "e", "email": "d@example.com"}, {"name": "f"})
        self.assertIn("line 6", self.both(65, (1, 1, 5)))
        self.assertEqual(list(self.users()), ["alice", "f"])
        self.assertFalse(self.users()["alice"]["su"])

    def test_an_array_that_is_not_whole_is_refused_whole(self):
        one = '{"name": "alice", "groups": ["}", "\\"]"]}'
        self.check_hostile([
            "[", "[" + one, "[" + one + ",]", "[" + one + one + "]",
            "[" + one + "] x", "[" + one + ",", "[" + one + ", 1]",
            "[" + one + '{"name": "b', "[{", "[[" + one + "]]", "[,]",
            "[" + one + ",\0]", "[" + one + ',{"name":"' + "x" * 70000])
        self.write('[{"name": "a"}, {"name": }, {"name": "b"}]')
        self.assertIn("line 1", self.both(65, (2, 0, 1)))
        self.write("[ ]\n")
        self.assertEqual(self.both(0, (0, 0, 0)), "")

    def test_files_that_are_none(self):
        good = json.dumps({"name": "alice"}).encode() + b"\n"
        self.check_hostile([good + b"\0", good + b"{" + b" " * 70000,
                            good.decode().encode("utf-16")])
        self.check_no_file()
        self.write("")
        self.assertEqual(self.both(0, (0, 0, 0)), "")

    def test_a_file_that_may_not_be_read_77(self):
        self.lines({"name": "alice"})
        self.check_denied()

    def test_counts_for_people(self):
        self.lines({"name": "alice"}, {"name": "b b"})
        self.assertIn("dry run: 1 added, 0 existing, 1 skipped",
                      self.run_import(65, "--dry-run").stderr)

    def memory_of(self, accounts):
        """Peak of a dry run, in KiB."""
        self.lines(*({"name": "user%06d@example.org" % number}
                     for number in range(accounts)))
        return self.stack.ctl_memory("import", "json", self.path, "--dry-run")

    def test_e3_a_long_file_is_not_kept_in_memory(self):
        few = self.memory_of(1000)
        self.assertLess(self.memory_of(31000) - few, 30 * 32)


if __name__ == "__main__":
    unittest.main()
