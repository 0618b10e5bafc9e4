# SPDX-License-Identifier: MIT
"""Every case of the table of return codes, by pamtester, root and user."""

import os
import subprocess
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
        # A wait of a second may be over before the next program runs.
        self.stack.sql("UPDATE rate_limits SET failures = failures + 2 "
                       "WHERE name = 'account+source'")
        told = self.stack.pamtester(
            "stauth-test", "alice", "authenticate",
            answers=[("Password: ", PASSWORD)])
        self.assertEqual(told.code, "MAXTRIES")
        self.assertRegex(told.text, r"Too many attempts\. Please wait \d+ second")
        self.assertEqual(len(self.events("login.throttled")), 1)
        time.sleep(4.1)
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
        self.stack.add_user("carol", PASSWORD)
        self.stack.service("spelling", text=(
            "auth required MODULE any_account\n"
            "auth required pam_exec.so quiet stdout " + printer))
        for name in ("CAROL", "caRol"):
            told = self.stack.pamtester(
                "spelling", name, "authenticate",
                answers=[("Password: ", PASSWORD)])
            self.assertEqual(told.code, "SUCCESS")
            self.assertIn("is [carol]", told.text)
        self.stack.service("mail", "any_account")
        for name in ("carol ", "carol.", " carol", "\uff43arol", "c\u0430rol",
                     "carol\u200b", "carol\t"):
            self.assertEqual(self.auth(name, PASSWORD, "mail"),
                             "USER_UNKNOWN", name)
        self.fresh()
        for name in ("Carol", "CAROL", "carol", "cAROL", "caroL"):
            self.assertEqual(self.auth(name, "wrong", "mail"), "AUTH_ERR")
        self.assertEqual(self.auth("carol", PASSWORD, "mail"), "MAXTRIES")

    def test_u2_another_unix_account_is_another_user(self):
        """alice of stauth opens no Alice, toor no Toor."""
        with open("/etc/passwd", "a", encoding="utf-8") as out:
            out.write("Alice:x:2077:2077::/:/bin/sh\n"
                      "Bob:x:2002:2002::/:/bin/sh\n"
                      "Toor:x:0:0::/:/bin/sh\ntoor:x:2078:2078::/:/bin/sh\n")
        self.addCleanup(subprocess.run, [
            "sed", "-i", "/^\\(Alice\\|Bob\\|[tT]oor\\):/d", "/etc/passwd"],
            check=True)
        self.stack.ctl("user", "set", "bob", "--system-login", check=True)
        self.stack.add_user("toor", PASSWORD, "--system-login")
        for options in ("", "any_account", "minimum_uid=0"):
            self.stack.service("names", options)
            for name, code in (
                    ("Alice", "USER_UNKNOWN"), ("ALICE", "USER_UNKNOWN"),
                    ("Toor", "USER_UNKNOWN"), ("alice", "SUCCESS"),
                    ("toor", "SUCCESS"),
                    # The same uid is the same account.
                    ("Bob", "SUCCESS")):
                with self.subTest(name=name, options=options):
                    self.assertEqual(self.auth(name, PASSWORD, "names"), code)
                    self.assertEqual(self.account(name, "names"), code)
                    told = self.stack.pamtester(
                        "names", name, "open_session", "close_session")
                    self.assertEqual(told.code, "SUCCESS")
                    if code != "SUCCESS":
                        self.assertEqual(self.change(
                            name, OTHER, OTHER, service="names").code, code)
        opened = {row["user"] for row in self.events("session.open")}
        self.assertEqual(opened, {"alice", "bob", "toor"})
        self.assertEqual(len(self.events("session.open")), 9)
        self.assertEqual(self.listed("throttle", "list"), [])

    def test_a2_a5_names_that_are_too_long_or_sql(self):
        rows = self.stack.sql("SELECT count(*) FROM users")
        # 254 bytes and more behind it: no cut name is another's.
        long_name = ".".join(("a" * 64 + "@" + "b" * 63, "c" * 63, "d" * 61))
        self.stack.ctl("user", "add", long_name, "--system-login",
                       "--password-stdin", stdin=PASSWORD + "\n", check=True)
        self.stack.service("mail", "any_account")
        self.assertEqual(self.auth(long_name, PASSWORD, "mail"), "SUCCESS")
        self.assertEqual(self.auth(long_name, PASSWORD), "USER_UNKNOWN")
        for name in (long_name + "x", long_name + "x" * 50, "a" * 257,
                     "alice" + "x" * 4096, "a" * 100000,
                     "x' OR '1'='1", '";--', "%"):
            self.fresh()
            for service in ("mail", "stauth-test"):
                self.assertEqual(self.auth(name, PASSWORD, service),
                                 "USER_UNKNOWN", name[:40])
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
        # No Unix account at all: nothing that a host could open.
        self.stack.add_user("virtual@example.com", PASSWORD, "--system-login")
        self.assertEqual(self.both("virtual@example.com", ""),
                         ("USER_UNKNOWN", "USER_UNKNOWN"))
        self.assertEqual(self.both("virtual@example.com", "any_account"),
                         self.OPEN)


class Account(PamCase):
    def test_a20_account_and_setcred_without_authenticate(self):
        setcred = "setcred(PAM_ESTABLISH_CRED)"
        self.assertEqual(self.account("alice"), "SUCCESS")
        self.assertEqual(self.account("Alice"), "USER_UNKNOWN")
        self.assertEqual(self.account("nobody"), "USER_UNKNOWN")
        self.assertEqual(self.account("bob"), "PERM_DENIED")
        for name in ("alice", "bob", "nobody"):
            told = self.stack.pamtester("stauth-test", name, setcred)
            self.assertEqual(told.code, "SUCCESS")
        self.stack.ctl("user", "passwd", "alice", "--generate",
                       "--must-change", check=True)
        told = self.stack.pamtester("stauth-test", "alice", "acct_mgmt")
        self.assertEqual(told.code, "NEW_AUTHTOK_REQD")
        self.assertIn("must change your password", told.text)
        self.stack.ctl("user", "disable", "alice", check=True)
        self.assertEqual(self.account("alice"), "ACCT_EXPIRED")
        # What the policy says comes first, then that it is disabled.
        self.stack.ctl("user", "disable", "bob", check=True)
        self.assertEqual(self.account("bob"), "PERM_DENIED")
        self.stack.ctl("user", "delete", "alice", "--yes", check=True)
        self.assertEqual(self.account("alice"), "USER_UNKNOWN")

    def test_a_user_asks_about_the_own_account(self):
        self.assertEqual(self.account("alice", user="alice"), "SUCCESS")
        self.assertEqual(self.account("bob", user="bob"), "PERM_DENIED")


if __name__ == "__main__":
    unittest.main()
