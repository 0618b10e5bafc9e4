# SPDX-License-Identifier: MIT
"""The profile of pam-auth-update: off, on, and off again."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import pamrig  # noqa: E402

PROFILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "pam_stauth", "pam-config")
COMMON = ["auth", "account", "password", "session"]
UNIX = "only the unix file knows"


@unittest.skipUnless(os.path.exists("/usr/sbin/pam-auth-update"),
                     "no pam-auth-update on this system")
class Profile(PamCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sandbox = pamrig.PamStack.sandbox
        for path in ("/var/lib/pam", "/usr/share/pam-configs"):
            copy = sandbox.folder(path)
            shutil.copytree(path, copy, dirs_exist_ok=True)
            sandbox.cover(path, copy)
        with open(PROFILE, encoding="utf-8") as file:
            text = file.read().replace("pam_stauth.so", sandbox.module)
        with open("/usr/share/pam-configs/stauth", "w",
                  encoding="utf-8") as out:
            out.write(text)

    def setUp(self):
        super().setUp()
        subprocess.run(["chpasswd", "-c", "SHA512"], check=True, text=True,
                       input="mallory:%s\nbob:%s\n" % (UNIX, UNIX))
        self.stack.service("hostlike", text="\n".join(
            "@include common-" + kind for kind in COMMON))

    def update(self, *words):
        done = subprocess.run(
            ["pam-auth-update", *words], check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                 "DEBIAN_FRONTEND": "noninteractive"})
        self.assertEqual(done.returncode, 0, done.stdout)

    @staticmethod
    def common():
        texts = []
        for kind in COMMON:
            with open("/etc/pam.d/common-" + kind, encoding="utf-8") as file:
                texts.append(file.read())
        return texts

    def test_ux95_off_by_default_then_both_then_as_before(self):
        self.update("--package")
        before = self.common()
        self.assertFalse(any("pam_stauth" in text for text in before))
        self.assertEqual(self.auth("mallory", UNIX, "hostlike"), "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD, "hostlike"),
                         "AUTH_ERR")
        self.update("--enable", "stauth")
        self.assertTrue(all("pam_stauth" in text for text in self.common()))
        # u26: a job of cron is no session.
        with open("/etc/pam.d/common-session-noninteractive",
                  encoding="utf-8") as file:
            self.assertNotIn("pam_stauth", file.read())
        self.assertEqual(self.auth("alice", PASSWORD, "hostlike"), "SUCCESS")
        self.assertEqual(self.account("alice", "hostlike"), "SUCCESS")
        # Each of the two passwords of a user who has both.
        self.assertEqual(self.auth("mallory", OTHER, "hostlike"), "SUCCESS")
        self.assertEqual(self.auth("mallory", UNIX, "hostlike"), "SUCCESS")
        self.assertEqual(self.auth("mallory", PASSWORD, "hostlike"),
                         "AUTH_ERR")
        # Not marked: stauth's password opens nothing, the other still does.
        self.assertEqual(self.auth("bob", PASSWORD, "hostlike"), "AUTH_ERR")
        self.assertEqual(self.auth("bob", UNIX, "hostlike"), "SUCCESS")
        self.assertEqual(self.account("bob", "hostlike"), "SUCCESS")
        # stauth out of reach: the host's own users come in as before.
        os.rename(self.stack.db, self.stack.db + ".away")
        self.assertEqual(self.auth("bob", UNIX, "hostlike"), "SUCCESS")
        self.assertEqual(self.account("bob", "hostlike"), "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD, "hostlike"),
                         "AUTH_ERR")
        os.rename(self.stack.db + ".away", self.stack.db)
        told = self.change("alice", OTHER, OTHER, service="hostlike")
        self.assertEqual(told.code, "SUCCESS")
        self.assertEqual(self.auth("alice", OTHER, "hostlike"), "SUCCESS")
        # A weak one is the end of it; pam_unix does not take it over.
        told = self.change("alice", "short", "short", service="hostlike")
        self.assertNotEqual(told.code, "SUCCESS")
        self.assertEqual(self.auth("alice", "short", "hostlike"), "AUTH_ERR")
        # What the host's own files say of an account holds for us, too.
        subprocess.run(["chage", "-E", "0", "alice"], check=True)
        self.assertEqual(self.account("alice", "hostlike"), "AUTH_ERR")
        subprocess.run(["chage", "-E", "-1", "alice"], check=True)
        self.stack.ctl("user", "set", "alice", "--system-login", check=True)
        self.stack.sql("UPDATE users SET must_change = 1 WHERE name = 'alice'")
        self.assertEqual(self.account("alice", "hostlike"),
                         "NEW_AUTHTOK_REQD")
        # Who is disabled here does not come in with the other password.
        self.stack.ctl("user", "disable", "mallory", check=True)
        self.assertEqual(self.auth("mallory", UNIX, "hostlike"), "SUCCESS")
        self.assertEqual(self.account("mallory", "hostlike"), "ACCT_EXPIRED")
        self.update("--disable", "stauth")
        self.assertEqual(self.common(), before)

    def enabled(self):
        self.update("--enable", "stauth")
        self.addCleanup(self.update, "--disable", "stauth")

    @staticmethod
    def shadow(name):
        with open("/etc/shadow", encoding="ascii") as file:
            return next(line.split(":")[1] for line in file
                        if line.startswith(name + ":"))

    def stored(self, name):
        return self.stack.sql("SELECT password FROM users WHERE name = ?",
                              name)[0][0]

    def unix_change(self, name, user=None):
        """passwd NAME, as the host's own passwd(1) calls it."""
        prompts = [("New password: ", OTHER), ("Retype new password: ", OTHER)]
        if user:
            prompts.insert(0, ("Current password: ", UNIX))
        return self.stack.pamtester("hostlike", name, "chauthtok", user=user,
                                    answers=prompts)

    def test_u2_passwd_changes_the_password_of_the_host(self):
        """An unmarked web account does not come in between."""
        self.stack.add_user("root", PASSWORD, su=True)
        self.enabled()
        for name, user in (("bob", None), ("root", None)):
            before = self.shadow(name), self.stored(name)
            told = self.unix_change(name, user)
            self.assertEqual(told.code, "SUCCESS", told)
            self.assertNotEqual(self.shadow(name), before[0], name)
            self.assertEqual(self.stored(name), before[1], name)

    def test_u2_signed_in_with_the_unix_password(self):
        """A must-change of stauth asks for stauth's own current one."""
        self.enabled()
        self.stack.ctl("user", "passwd", "mallory", "--password-stdin",
                       "--must-change", stdin=PASSWORD + "\n", check=True)
        self.assertEqual(self.account("mallory", "hostlike"),
                         "NEW_AUTHTOK_REQD")
        before = self.stored("mallory")
        told = self.stack.pamtester(
            "hostlike", "mallory", "authenticate",
            "chauthtok(PAM_CHANGE_EXPIRED_AUTHTOK)",
            answers=[("Password: ", UNIX), ("Current password: ", UNIX)])
        self.assertEqual(told.code, "AUTH_ERR", told)
        self.assertEqual(self.stored("mallory"), before)

    def test_u2_an_aged_unix_entry_is_renewed_there(self):
        self.enabled()
        for name in ("mallory", "bob"):
            subprocess.run(["chage", "-d", "0", name], check=True)
            self.assertEqual(self.account(name, "hostlike"),
                             "NEW_AUTHTOK_REQD")
            before = self.stored(name)
            new = "another unix password " + name
            told = self.stack.pamtester(
                "hostlike", name, "chauthtok(PAM_CHANGE_EXPIRED_AUTHTOK)",
                answers=[("Current password: ", UNIX),
                         ("New password: ", new),
                         ("Retype new password: ", new)])
            self.assertEqual(told.code, "SUCCESS", told)
            self.assertEqual(self.stored(name), before)
            self.assertEqual(self.account(name, "hostlike"), "SUCCESS")
            self.assertEqual(self.auth(name, new, "hostlike"), "SUCCESS")

    def test_u6_no_second_password_while_the_store_is_away(self):
        self.enabled()
        before = self.shadow("mallory")
        os.rename(self.stack.db, self.stack.db + ".away")
        for name in ("mallory", "bob"):
            told = self.unix_change(name)
            self.assertEqual(told.code, "AUTHINFO_UNAVAIL", told)
            self.assertNotIn("assword:", told.text)
        os.rename(self.stack.db + ".away", self.stack.db)
        self.assertEqual(self.shadow("mallory"), before)
        # Nor without the helper.
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)
        os.rename(pamrig.INSTALLED_HELPER, pamrig.INSTALLED_HELPER + ".away")
        self.addCleanup(os.rename, pamrig.INSTALLED_HELPER + ".away",
                        pamrig.INSTALLED_HELPER)
        self.silent_helpers = (pamrig.INSTALLED_HELPER,)
        self.assertEqual(self.unix_change("mallory").code, "AUTHINFO_UNAVAIL")
        self.assertEqual(self.shadow("mallory"), before)

    def test_u3_the_host_s_own_users_fail_at_nothing(self):
        """Six log-ins and four changes with the right Unix password."""
        self.enabled()
        self.stack.ctl("user", "delete", "bob", "--yes", check=True)
        rows = len(self.listed("audit"))
        lines = len(self.stack.syslog.settle())
        for _ in range(8):
            told = self.stack.pamtester(
                "hostlike", "bob", "authenticate", "acct_mgmt",
                "setcred(PAM_ESTABLISH_CRED)", "open_session",
                "close_session", answers=[("Password: ", UNIX)],
                items={"rhost": "192.0.2.9"})
            self.assertEqual(told.code, "SUCCESS", told)
        for number in range(4):
            self.assertEqual(self.unix_change("bob").code, "SUCCESS", number)
        self.assertEqual(len(self.listed("audit")), rows)
        self.assertEqual(self.listed("throttle", "list"), [])
        self.assertEqual(self.stack.syslog.of_module(lines), [])


if __name__ == "__main__":
    unittest.main()
