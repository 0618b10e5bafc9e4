# SPDX-License-Identifier: MIT
"""import htpasswd, import shadow: from the files to a log-in."""

import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from import_case import SETTINGS, ImportCase, hashed  # noqa: E402

ARGON2 = ("$argon2id$v=19$m=1024,t=3,p=1$azJYQW5FSEJxUTFDdDJhTQ$"
          "5JmXt+kcoC8He/oXIiPBseSB2mDFLK4Z4WM//riufd0")
ARGON2_PASSWORD = "correct horse battery"


def openssl(option, password="pw"):
    return subprocess.run(["openssl", "passwd", option, password],
                          stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


class Htpasswd(ImportCase):
    kind = "htpasswd"

    def test_every_scheme_logs_in_and_is_made_modern(self):
        lines = ["%s:%s" % (name, hashed("pass of " + name, name))
                 for name in SETTINGS]
        lines += ["ssl:" + openssl("-6"), "argon:" + ARGON2]
        self.write("\n".join(lines))
        self.assertEqual(self.both(0, (len(lines), 0, 0)), "")
        for name in SETTINGS:
            self.assertEqual(self.stored(name), hashed("pass of " + name,
                                                       name))
            self.assert_login(name, "pass of " + name)
            self.assertTrue(self.stored(name).startswith("$argon2id$"))
        self.assert_login("ssl", "pw")
        self.assert_login("argon", ARGON2_PASSWORD)
        self.assertEqual(self.both(0, (0, len(lines), 0)), "")

    def test_an_imported_user_signs_in_on_the_web(self):
        self.write("Ann@Example.com:" + hashed("old pass", "2y") + "\n")
        self.both(0, (1, 0, 0))
        self.assertEqual(self.users()["ann@example.com"]["email"],
                         "ann@example.com")
        self.stack.start_gate()
        token = self.stack.token("ann@example.com", "old pass")
        self.assertEqual(self.stack.check(token).status, 204)

    def test_comments_blank_lines_crlf_and_a_third_field(self):
        self.write("\ufeff# a comment\r\n\r\n  \r\n  # more\r\nalice:"
                   + hashed("pw") + "\r\nbob:" + hashed("pw")
                   + ":the comment\r\ncarl:" + hashed("pw"))
        self.assertEqual(self.both(0, (3, 0, 0)), "")
        for name in ("alice", "bob", "carl"):
            self.assert_login(name, "pw")

    def test_e14_weak_and_costly_hashes_are_reported_by_name_only(self):
        weak = [openssl("-apr1"), openssl("-1"), "rqXexS6ZhobKA",
                "{SHA}jMmDnhJO9mgBMsgQTnXu1SkhmK8=", "hunter2-plain", "",
                "$2y$31$" + hashed("x", "2y")[7:],
                hashed("x").replace("=1000$", "=9999999$")]
        self.write("".join("u%d:%s\n" % row for row in enumerate(weak))
                   + "good:" + hashed("pw") + "\n")
        said = self.both(65, (1, 0, len(weak)))
        for number, text in enumerate(weak):
            self.assertIn('"u%d" (line %d)' % (number, number + 1), said)
            if text:
                self.assertNotIn(text, said)
        self.assertIn("stauthctl user add", said)
        self.assertEqual(list(self.users()), ["good"])

    def test_k3_k4_bad_names_and_doubles(self):
        good = hashed("pw")
        self.write("".join(name + ":" + good + "\n" for name in (
            "a b", "", "-a", "ä", "\x1b[31m", "Alice", "alice", "bob"))
            + "a line with a secret in it\n")
        said = self.both(65, (1, 0, 8))
        self.assertIn("line 9", said)
        self.assertNotIn("secret", said)
        self.assertNotIn("\x1b", said)
        self.assertEqual(list(self.users()), ["bob"])

    def test_existing_users_are_left_alone(self):
        self.stack.add_user("alice", "correct horse battery")
        self.write("alice:" + hashed("pw") + "\nbob:" + hashed("pw"))
        self.assertEqual(self.count(0)[0], (1, 1, 0))
        self.assert_login("alice", "correct horse battery")

    def test_files_that_are_none(self):
        good = b"alice:" + hashed("pw").encode() + b"\n"
        self.check_hostile([good + b"b\0b:x\n", good + b"x" * 65537,
                            good.decode().encode("utf-16"),
                            good + os.urandom(70000).replace(b"\n", b"")])
        self.check_no_file()

    def test_the_longest_line_is_read_whole(self):
        good = hashed("pw")
        self.write("alice:" + good + ":" + "x" * (65536 - len(good) - 7)
                   + "\r\nbob:" + good)
        self.assertEqual(self.both(0, (2, 0, 0)), "")

    def test_a_file_that_may_not_be_read_77(self):
        self.write("alice:" + hashed("pw"))
        self.check_denied()


class Shadow(ImportCase):
    kind = "shadow"

    def line(self, name, text, changed="19000", expires=""):
        return "%s:%s:%s:0:99999:7::%s:\n" % (name, text, changed, expires)

    def test_users_with_a_password_log_in(self):
        self.write("".join(self.line(name, hashed("pass " + name, name))
                           for name in ("y", "gy", "7", "6", "5", "2b")))
        self.assertEqual(self.both(0, (6, 0, 0)), "")
        for name, user in self.users().items():
            self.assert_login(name, "pass " + name)
            self.assertFalse(user["su"] or user["disabled"]
                             or user["system_login"] or user["must_change"])

    def test_locked_empty_and_root_are_skipped(self):
        good = hashed("pw")
        self.write(self.line("daemon", "*") + self.line("sys", "!*")
                   + self.line("off", "!" + good) + self.line("new", "!")
                   + self.line("star", "*" + good) + self.line("none", "")
                   + self.line("moved", "x") + self.line("root", good)
                   + self.line("md5", openssl("-1")) + "nonsense\n"
                   + self.line("alice", good))
        said = self.both(65, (1, 0, 10))
        self.assertEqual(list(self.users()), ["alice"])
        self.assertEqual(said.count("password is locked"), 5)
        self.assertIn("in the shadow file beside it", said)
        self.assertIn("no password; use", said)
        self.assertNotIn(good, said)

    def test_ages(self):
        good = hashed("pw")
        today = int(time.time()) // 86400
        self.write(self.line("must", good, changed="0")
                   + self.line("gone", good, expires=str(today))
                   + self.line("soon", good, expires=str(today + 2))
                   + self.line("ever", good, expires="-1"))
        said = self.both(0, (4, 0, 0))
        users = self.users()
        self.assertEqual([name for name, user in users.items()
                          if user["must_change"]], ["must"])
        self.assertEqual([name for name, user in users.items()
                          if user["disabled"]], ["gone"])
        self.assertEqual(said.count("expire"), 2)
        self.stack.ctl("user", "enable", "gone", check=True)
        self.assert_login("gone", "pw")

    def test_files_that_are_none(self):
        self.check_hostile([b"a\0b", b"x" * 70000])
        self.check_no_file()


if __name__ == "__main__":
    unittest.main()
