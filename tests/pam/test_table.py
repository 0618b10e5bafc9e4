# SPDX-License-Identifier: MIT
"""Every case of the table of return codes, by pamtester, root and user."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402


class Authenticate(PamCase):
    def test_right_and_wrong_by_root_and_by_the_user(self):
        for user in (None, "alice"):
            self.assertEqual(self.auth("alice", PASSWORD, user=user),
                             "SUCCESS")
            self.assertEqual(self.auth("alice", OTHER, user=user), "AUTH_ERR")
            self.assertEqual(self.auth("alice", PASSWORD.upper(), user=user),
                             "AUTH_ERR")
        self.assertEqual(len(self.events("login")), 2)
        self.assertEqual(len(self.events("login.wrong")), 4)

    def test_a9_empty_is_wrong_and_asked_once(self):
        self.stack.sql("UPDATE users SET password = '' WHERE name = 'bob'")
        for name in ("alice", "bob"):
            told = self.stack.pamtester(
                "stauth-test", name, "authenticate",
                answers=[("Password: ", "")])
            self.assertEqual(told.code, "AUTH_ERR")
            self.assertEqual(told.text.count("Password: "), 1)
        told = self.stack.pamtester(
            "stauth-test", "alice",
            "authenticate(PAM_DISALLOW_NULL_AUTHTOK)",
            answers=[("Password: ", "")])
        self.assertEqual(told.code, "AUTH_ERR")

    def test_a8_stored_ones_that_are_none(self):
        for stored in ("", "*", "!", "*0", "$argon2id$v=19$m=1024", "x" * 512):
            self.stack.sql("UPDATE users SET password = ? "
                           "WHERE name = 'alice'", stored)
            for password in (PASSWORD, stored, ""):
                self.fresh()
                self.assertEqual(self.auth("alice", password), "AUTH_ERR",
                                 stored)

    def test_a7_unknown_after_a_real_check_and_never_right(self):
        def took(name, password):
            self.fresh()
            start = time.monotonic()
            code = self.auth(name, password)
            return code, time.monotonic() - start
        self.stack.ctl("user", "add", "carol", "--password-stdin",
                       stdin=PASSWORD + "\n", check=True)
        self.stack.ctl("user", "delete", "carol", "--yes", check=True)
        for name in ("nobody-at-all", "carol"):
            for password in (PASSWORD, "", "x"):
                self.assertEqual(took(name, password)[0], "USER_UNKNOWN")
        # 64 MiB and four passes: a hash that was left out would show.
        self.stack.write_config({"ARGON2_MEMORY_KIB": "65536",
                                 "ARGON2_PASSES": "4"})
        self.stack.ctl("user", "passwd", "alice", "--password-stdin",
                       stdin=PASSWORD + "\n", check=True)
        self.stack.sql("DELETE FROM users WHERE name <> 'alice'")
        known, unknown = [], []
        for _ in range(25):
            known.append(took("alice", OTHER)[1])
            unknown.append(took("carol", OTHER)[1])
            apart = abs(min(known) - min(unknown))
            if len(known) >= 5 and apart < 0.25 * min(known) + 0.02:
                return
        self.fail("%.3f s known, %.3f s unknown" % (
            min(known), min(unknown)))

    def test_a12_the_password_that_sshd_makes_up(self):
        junk = b"\x08\x0b\x7fINCORRECT"
        for name in ("alice", "nobody"):
            self.assertIn(self.auth(name, junk), ("AUTH_ERR", "USER_UNKNOWN"))

    def test_throttled_says_so_and_how_long(self):
        for _ in range(5):
            self.assertEqual(self.auth("alice", "wrong"), "AUTH_ERR")
        told = self.stack.pamtester(
            "stauth-test", "alice", "authenticate",
            answers=[("Password: ", PASSWORD)])
        self.assertEqual(told.code, "MAXTRIES")
        self.assertRegex(told.text, r"Too many attempts\. Please wait \d+ second")
        self.assertEqual(len(self.events("login.throttled")), 1)
        time.sleep(1.1)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_disabled_in_auth_and_account(self):
        self.stack.ctl("user", "disable", "alice", check=True)
        told = self.stack.pamtester(
            "stauth-test", "alice", "authenticate",
            answers=[("Password: ", PASSWORD)])
        self.assertEqual(told.code, "AUTH_ERR")
        self.assertEqual(self.auth("alice", OTHER), "AUTH_ERR")
        self.assertEqual(self.account("alice"), "ACCT_EXPIRED")

    def test_a6_one_name_in_all_spellings(self):
        printer = "/etc/stauth/who"
        with open(printer, "w", encoding="utf-8") as out:
            out.write("#!/bin/sh\necho \"is [$PAM_USER]\"\n")
        os.chmod(printer, 0o755)
        self.stack.service("spelling", text=(
            "auth required MODULE\n"
            "auth required pam_exec.so quiet stdout " + printer))
        for name in ("ALICE", "aLiCe"):
            told = self.stack.pamtester(
                "spelling", name, "authenticate",
                answers=[("Password: ", PASSWORD)])
            self.assertEqual(told.code, "SUCCESS")
            self.assertIn("is [alice]", told.text)
        for name in ("alice ", "alice.", " alice", "\uff41lice", "al\u0131ce",
                     "alice\u200b"):
            self.assertEqual(self.auth(name, PASSWORD), "USER_UNKNOWN", name)
        self.fresh()
        for name in ("Alice", "ALICE", "alice", "aLICE", "alicE"):
            self.assertEqual(self.auth(name, "wrong"), "AUTH_ERR")
        self.assertEqual(self.auth("alice", PASSWORD), "MAXTRIES")

    def test_a2_a5_names_that_are_too_long_or_sql(self):
        rows = self.stack.sql("SELECT count(*) FROM users")
        # 254 bytes and more behind it: no cut name is another's.
        long_name = ".".join(("a" * 64 + "@" + "b" * 63, "c" * 63, "d" * 61))
        self.stack.ctl("user", "add", long_name, "--system-login",
                       "--password-stdin", stdin=PASSWORD + "\n", check=True)
        self.assertEqual(self.auth(long_name, PASSWORD), "SUCCESS")
        for name in (long_name + "x", long_name + "x" * 50, "a" * 257,
                     "alice" + "x" * 4096, "a" * 100000,
                     "x' OR '1'='1", '";--', "%"):
            self.fresh()
            self.assertEqual(self.auth(name, PASSWORD), "USER_UNKNOWN",
                             name[:40])
        self.assertEqual(self.stack.sql("SELECT count(*) - 1 FROM users"),
                         rows)


class Wall(PamCase):
    """The right password, and a rule that says no."""

    def both(self, name, options, password=PASSWORD):
        self.stack.service("wall", options)
        self.fresh()
        return (self.auth(name, password, service="wall"),
                self.account(name, service="wall"))

    OPEN = ("SUCCESS", "SUCCESS")
    SHUT = ("PERM_DENIED", "PERM_DENIED")

    def test_the_mark(self):
        self.assertEqual(self.both("alice", ""), self.OPEN)
        self.assertEqual(self.both("bob", ""), self.SHUT)
        self.assertEqual(self.both("bob", "any_account"), self.OPEN)
        self.stack.ctl("user", "set", "bob", "--system-login", check=True)
        self.assertEqual(self.both("bob", ""), self.OPEN)
        self.stack.ctl("user", "set", "bob", "--no-system-login", check=True)
        self.assertEqual(self.both("bob", ""), self.SHUT)
        refused = self.events("login.refused")
        self.assertEqual([row["ok"] for row in refused], [False, False])
        self.assertEqual({row["user"] for row in refused}, {"bob"})

    def test_a_wrong_password_learns_no_rule(self):
        for options in ("", "require_su", "group=staff"):
            self.assertEqual(self.both("bob", options, "wrong")[0],
                             "AUTH_ERR")

    def test_require_su_and_group(self):
        self.assertEqual(self.both("alice", "require_su"), self.SHUT)
        self.assertEqual(self.both("alice", "group=staff"), self.SHUT)
        self.assertEqual(self.both("alice", "group=su"), self.SHUT)
        self.stack.ctl("user", "set", "alice", "--groups", "ops,staffing",
                       check=True)
        self.assertEqual(self.both("alice", "group=staff"), self.SHUT)
        self.stack.ctl("user", "set", "alice", "--groups", "ops,staff",
                       check=True)
        self.assertEqual(self.both("alice", "group=staff"), self.OPEN)
        self.assertEqual(self.both("alice", "group=Staff"), self.SHUT)
        self.stack.ctl("user", "set", "alice", "--su", check=True)
        self.assertEqual(self.both("alice", "require_su"), self.OPEN)
        self.assertEqual(self.both("alice", "group=su"), self.OPEN)
        self.assertEqual(self.both("alice", "require_su group=other"),
                         self.SHUT)
        # any_account lifts the mark, nothing else.
        self.assertEqual(self.both("bob", "any_account require_su"),
                         self.SHUT)

    def test_minimum_uid(self):
        for name in ("games", "root"):
            self.stack.add_user(name, PASSWORD, "--system-login", su=True)
            self.assertEqual(self.both(name, ""), self.SHUT)
            self.assertEqual(self.both(name, "any_account"), self.SHUT)
        self.assertEqual(self.both("games", "minimum_uid=5"), self.OPEN)
        self.assertEqual(self.both("games", "minimum_uid=6"), self.SHUT)
        self.assertEqual(self.both("root", "minimum_uid=0"), self.OPEN)
        self.assertEqual(self.both("alice", "minimum_uid=2002"), self.SHUT)
        # No Unix account at all: nothing below the least uid.
        self.stack.add_user("virtual@example.com", PASSWORD, "--system-login")
        self.assertEqual(self.both("virtual@example.com", ""), self.OPEN)


class Account(PamCase):
    def test_a20_account_and_setcred_without_authenticate(self):
        setcred = "setcred(PAM_ESTABLISH_CRED)"
        self.assertEqual(self.account("alice"), "SUCCESS")
        self.assertEqual(self.account("Alice"), "SUCCESS")
        self.assertEqual(self.account("nobody"), "USER_UNKNOWN")
        self.assertEqual(self.account("bob"), "PERM_DENIED")
        for name in ("alice", "bob", "nobody"):
            told = self.stack.pamtester("stauth-test", name, setcred)
            self.assertEqual(told.code, "SUCCESS")
        self.stack.ctl("user", "passwd", "alice", "--generate",
                       "--must-change", check=True)
        told = self.stack.pamtester("stauth-test", "alice", "acct_mgmt")
        self.assertEqual(told.code, "NEW_AUTHTOK_REQD")
        self.assertIn("must be changed", told.text)
        self.stack.ctl("user", "disable", "alice", check=True)
        self.assertEqual(self.account("alice"), "ACCT_EXPIRED")
        self.stack.ctl("user", "delete", "alice", "--yes", check=True)
        self.assertEqual(self.account("alice"), "USER_UNKNOWN")

    def test_a_user_asks_about_the_own_account(self):
        self.assertEqual(self.account("alice", user="alice"), "SUCCESS")
        self.assertEqual(self.account("bob", user="bob"), "PERM_DENIED")


if __name__ == "__main__":
    unittest.main()
