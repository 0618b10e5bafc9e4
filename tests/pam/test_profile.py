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
        self.update("--disable", "stauth")
        self.assertEqual(self.common(), before)


if __name__ == "__main__":
    unittest.main()
