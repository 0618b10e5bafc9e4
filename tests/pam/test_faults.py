# SPDX-License-Identifier: MIT
"""What is broken, missing, unsafe or mistyped: never a yes, and at once."""

import os
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import pamrig  # noqa: E402


class Faults(PamCase):
    def codes(self, service="stauth-test"):
        """auth, account and chauthtok of alice with the right password."""
        return (self.auth("alice", PASSWORD, service=service),
                self.account("alice", service=service),
                self.change("alice", OTHER, OTHER, service=service).code)

    def test_a18_a27_a_store_that_is_none(self):
        db = self.stack.db
        uid = pamrig.IDENTITIES["stauth"]

        def put(data):
            for tail in ("", "-wal", "-shm"):
                if os.path.exists(db + tail):
                    os.unlink(db + tail)
            if data is not None:
                with open(db, "wb") as out:
                    out.write(data)
                os.chown(db, uid, uid)
                os.chmod(db, 0o660)

        self.stack.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(db, "rb") as file:
            whole = file.read()
        newer = bytearray(whole)
        newer[60:64] = (99).to_bytes(4, "big")
        for data in (None, b"", b"not a database at all\n" * 400,
                     whole[:len(whole) // 2], bytes(newer)):
            put(data)
            start = time.monotonic()
            self.assertEqual(self.codes(), ("AUTHINFO_UNAVAIL",) * 3,
                             data and data[:20])
            self.assertLess(time.monotonic() - start, 6)
        logged = self.stack.syslog.of_module()[-1]
        self.assertIn("unavailable", logged)
        put(whole)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_a29_a_store_that_cannot_be_written(self):
        # The listener is user stauth's, and owner of both.
        for path, mode in ((self.stack.db, 0o440), (self.stack.state_dir,
                                                    0o2550)):
            was = os.stat(path).st_mode & 0o7777
            # Nobody has it open, so that -wal and -shm are gone.
            self.stack.ctl("user", "list", check=True)
            os.chmod(path, mode)
            for _ in range(3):
                self.assertEqual(self.auth("alice", PASSWORD, user="alice"),
                                 "AUTHINFO_UNAVAIL", path)
            os.chmod(path, was)
            self.assertEqual(self.auth("alice", PASSWORD, user="alice"),
                             "SUCCESS", path)

    def test_a28_a_locked_store_is_not_waited_for(self):
        other = sqlite3.connect(self.stack.db, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        for ask in (lambda: self.auth("alice", PASSWORD),
                    lambda: self.change("alice", OTHER, OTHER).code):
            start = time.monotonic()
            self.assertEqual(ask(), "AUTHINFO_UNAVAIL")
            self.assertLess(time.monotonic() - start, 4.5)
        other.execute("ROLLBACK")
        other.close()
        # A fault is no failure: nothing is counted.
        self.assertEqual(self.listed("throttle", "list"), [])
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_keys_that_are_gone(self):
        os.rename(self.stack.state_dir + "/keys",
                  self.stack.state_dir + "/kept")
        self.assertEqual(self.auth("alice", PASSWORD), "AUTHINFO_UNAVAIL")
        self.assertEqual(self.auth("nobody", PASSWORD), "AUTHINFO_UNAVAIL")

    def test_a23_a24_a25_configurations(self):
        conf = pamrig.CONF
        with open(conf, "rb") as file:
            text = file.read()

        def put(make):
            if os.path.isdir(conf) and not os.path.islink(conf):
                os.rmdir(conf)
            elif os.path.lexists(conf):
                os.unlink(conf)
            make()

        def plain(mode=0o640, data=text):
            with open(conf, "wb") as out:
                out.write(data)
            os.chown(conf, 0, pamrig.IDENTITIES["stauth"])
            os.chmod(conf, mode)

        def link():
            with open(conf + ".real", "wb") as out:
                out.write(text)
            os.symlink(conf + ".real", conf)

        def of_alice():
            plain(0o644)
            os.chown(conf, pamrig.IDENTITIES["alice"], 0)

        for make, codes in (
                (lambda: None, {"AUTHINFO_UNAVAIL"}),
                (lambda: os.mkdir(conf), {"AUTHINFO_UNAVAIL", "SERVICE_ERR"}),
                (lambda: os.mkfifo(conf), {"AUTHINFO_UNAVAIL",
                                           "SERVICE_ERR"}),
                (lambda: plain(data=text + b"ARGON2_PASSES='no'\n"),
                 {"AUTHINFO_UNAVAIL"}),
                (lambda: plain(data=b"#" * 10 ** 7), {"AUTHINFO_UNAVAIL",
                                                      "SERVICE_ERR"}),
                (link, {"SERVICE_ERR"}),
                (lambda: plain(0o666), {"SERVICE_ERR"}),
                (lambda: plain(0o660), {"SERVICE_ERR"}),
                (lambda: plain(0o644, text + b"ENC_PASSWORD='x'\n"),
                 {"SERVICE_ERR"}),
                (of_alice, {"SERVICE_ERR"})):
            put(make)
            start = time.monotonic()
            self.assertIn(self.auth("alice", PASSWORD), codes)
            self.assertIn(self.account("alice"), codes)
            self.assertLess(time.monotonic() - start, 3)
        put(plain)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_a22_options_that_are_none(self):
        for options in ("nonsense", "debug debug", "conf=stauth.conf",
                        "conf=../../etc/stauth/stauth.conf",
                        "conf=/etc/../etc/stauth/stauth.conf", "conf=",
                        "group=", "group=a,b", "minimum_uid=-1",
                        "minimum_uid=1e3", "nullok",
                        "try_first_pass use_first_pass",
                        "helper=stauth_chkpwd", "group=a group=b"):
            self.stack.service("odd", options)
            self.assertEqual(self.codes("odd"), ("SERVICE_ERR",) * 3, options)
            told = self.stack.pamtester("odd", "alice", "open_session")
            self.assertEqual(told.code, "SERVICE_ERR", options)
            told = self.stack.pamtester("odd", "alice",
                                        "setcred(PAM_ESTABLISH_CRED)")
            self.assertEqual(told.code, "SERVICE_ERR", options)

    def test_every_option_on_every_type(self):
        self.stack.service("all", "conf=%s helper=%s try_first_pass group=ops "
                           "any_account minimum_uid=7 use_authtok debug quiet"
                           % (pamrig.CONF, pamrig.INSTALLED_HELPER))
        self.stack.ctl("user", "set", "bob", "--groups", "ops", check=True)
        self.assertEqual(self.auth("bob", PASSWORD, service="all"), "SUCCESS")
        self.assertEqual(self.account("bob", service="all"), "SUCCESS")
        told = self.stack.pamtester(
            "all", "bob", "setcred(PAM_ESTABLISH_CRED)", "open_session",
            "close_session")
        self.assertEqual(told.code, "SUCCESS")

    def test_a33_helpers_that_do_not_answer(self):
        script = os.path.join(self.stack.sandbox.top, "helper")
        self.silent_helpers = (script,)
        for text in (None, "#!/bin/sh\nexit 0\n", "#!/bin/sh\nkill -9 $$\n",
                     "#!/bin/sh\ncat\n", "#!/bin/sh\nyes\n",
                     "#!/bin/sh\nprintf 'STA\\001\\013\\000'\n",
                     "#!/nonexistent\n"):
            if os.path.exists(script):
                os.unlink(script)
            if text is not None:
                with open(script, "w", encoding="ascii") as out:
                    out.write(text)
                os.chmod(script, 0o755)
            self.stack.service("bad", "helper=" + script)
            code = self.auth("alice", PASSWORD, service="bad")
            # Our own question back is an answer of a kind: a no.
            self.assertEqual(code, "AUTH_ERR" if text and "cat" in text
                             else "AUTHINFO_UNAVAIL", text)
            self.assertEqual(
                self.account("alice", service="bad"),
                "USER_UNKNOWN" if text and "cat" in text
                else "AUTHINFO_UNAVAIL", text)

    def test_a21_stacks(self):
        ours = "required MODULE"

        def auth(text, password):
            self.stack.service("stack", text=text)
            self.fresh()
            told = self.stack.pamtester(
                "stack", "alice", "authenticate",
                answers=[("Password: ", password)] * 2)
            return told.code, told.text.count("Password: ")
        for second in ("try_first_pass", "use_first_pass"):
            text = "auth %s\nauth %s %s" % (ours, ours, second)
            self.assertEqual(auth(text, PASSWORD), ("SUCCESS", 1))
            self.assertEqual(auth(text, "wrong"), (
                "AUTH_ERR", 2 if second == "try_first_pass" else 1))
        text = "auth %s\nauth %s" % (ours, ours)
        self.assertEqual(auth(text, PASSWORD), ("SUCCESS", 2))
        self.assertEqual(auth("auth %s use_first_pass" % ours, PASSWORD),
                         ("AUTH_ERR", 0))
        self.assertEqual(auth("auth %s try_first_pass" % ours, PASSWORD),
                         ("SUCCESS", 1))
        skip = ("auth [success=1 default=ignore] MODULE\n"
                "auth requisite pam_deny.so\nauth required pam_permit.so")
        self.assertEqual(auth(skip, PASSWORD), ("SUCCESS", 1))
        self.assertEqual(auth(skip, "wrong")[1], 1)
        self.assertNotEqual(auth(skip, "wrong")[0], "SUCCESS")
        self.stack.service("inner", types=["auth"])
        for word in ("substack", "include"):
            text = "auth %s inner" % word
            self.assertEqual(auth(text, PASSWORD), ("SUCCESS", 1))
            self.assertEqual(auth(text, "wrong"), ("AUTH_ERR", 1))

    def test_a19_no_fault_opens_a_stack(self):
        os.rename(self.stack.db, self.stack.db + ".away")
        for text in ("auth required MODULE",
                     "auth sufficient MODULE\nauth required pam_deny.so",
                     "auth requisite MODULE\nauth sufficient pam_permit.so",
                     "auth required MODULE\nauth sufficient pam_permit.so",
                     "auth [success=done default=bad] MODULE",
                     "auth optional MODULE",
                     "auth [success=1 default=die] MODULE\n"
                     "auth required pam_deny.so\n"
                     "auth required pam_permit.so"):
            self.stack.service("stack", text=text)
            self.assertNotEqual(self.auth("alice", PASSWORD, service="stack"),
                                "SUCCESS", text)


if __name__ == "__main__":
    unittest.main()
