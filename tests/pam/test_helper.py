# SPDX-License-Identifier: MIT
"""The set-group-id helper: a screen locker's friend, not an oracle."""

import os
import pwd
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import helper_wire  # noqa: E402
import pamrig  # noqa: E402
from helper_wire import (  # noqa: E402
    ACCOUNT, ALLOW, AS_ROOT, AUTH, BAD_CONFIG, CHANGE, CHECK, CLOSE, CONFIG,
    FLAGS, HANDLE, HOST_PID, HOST_UID, LOG, NEW_WORD, NOT_PERMITTED, OPEN, RHOST,
    SERVICE, TEXT, THROTTLED, UNAVAILABLE, USER, WORD, WRONG, frame)


class Helper(PamCase):
    def ask(self, data, user="alice", groups=(), env=None):
        """What the helper answers to these bytes: (kind, fields)."""
        return helper_wire.ask(
            pamrig.INSTALLED_HELPER, data, user=user, group=user,
            extra_groups=list(groups), env=env or {})

    def auth_frame(self, name, password, *more):
        return frame(AUTH, [(USER, name.encode()), (WORD, password.encode()),
                            (SERVICE, b"locker"), *more])

    def test_a_locker_of_the_user_s_own(self):
        self.stack.service("locker")
        self.assertEqual(self.auth("alice", PASSWORD, service="locker",
                                   user="alice"), "SUCCESS")
        self.assertEqual(self.auth("Alice", "wrong", service="locker",
                                   user="alice"), "AUTH_ERR")
        self.assertEqual(self.account("alice", service="locker",
                                      user="alice"), "SUCCESS")
        self.assertEqual({r["address"] for r in self.events("login")},
                         {"local:locker:2001"})
        # Without the bit the helper has its caller's rights: none here.
        os.chmod(pamrig.INSTALLED_HELPER, 0o755)
        try:
            self.assertEqual(self.auth("alice", PASSWORD, service="locker",
                                       user="alice"), "AUTHINFO_UNAVAIL")
        finally:
            os.chmod(pamrig.INSTALLED_HELPER, 0o2755)

    def test_a34_another_s_name(self):
        for kind in (AUTH, ACCOUNT, CHECK, CHANGE, OPEN, CLOSE):
            for name in (b"mallory", b"MALLORY", b"root", b"nobody", b"",
                         b"alice\n", b"alice "):
                answer, fields = self.ask(frame(kind, [
                    (USER, name), (WORD, OTHER.encode()),
                    (NEW_WORD, b"seventeen purple lanterns"),
                    (FLAGS, AS_ROOT), (HOST_UID, b"0"), (HANDLE, b"x" * 16),
                    (SERVICE, b"locker")]))
                self.assertEqual(answer, NOT_PERMITTED, (kind, name))
                self.assertNotIn(TEXT, fields)
        self.assertEqual(self.events("login", "login.wrong"), [])

    def test_a34_group_stauth_asks_about_everybody(self):
        question = self.auth_frame("mallory", OTHER)
        self.assertEqual(self.ask(question)[0], NOT_PERMITTED)
        self.assertEqual(self.ask(question, groups=["stauth"])[0], ALLOW)
        self.assertEqual(self.ask(question, user="stauth")[0], ALLOW)
        self.assertEqual(self.ask(question, user="root")[0], ALLOW)

    def test_a34_as_root_is_root_s_to_say(self):
        fields = [(USER, b"alice"), (NEW_WORD, b"seventeen purple lanterns"),
                  (FLAGS, AS_ROOT), (HOST_UID, b"0"), (SERVICE, b"passwd")]
        self.assertEqual(self.ask(frame(CHANGE, fields))[0], WRONG)
        self.assertEqual(
            self.ask(frame(CHANGE, fields), user="mallory",
                     groups=["stauth"])[0], WRONG)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_a34_another_s_session_is_not_ended(self):
        self.stack.start_gate_as_stauth()
        tokens = [self.stack.token("mallory", OTHER),
                  self.stack.token("alice", PASSWORD)]
        for row in self.sessions():
            self.ask(frame(CLOSE, [(USER, b"alice"), (SERVICE, b"x"),
                                   (HANDLE, row["id"].encode())]))
        self.assertEqual([self.stack.check(t).status for t in tokens],
                         [204, 204])

    def test_a34_another_s_session_of_a_host_is_not_ended(self):
        opened = {}
        for name in (b"alice", b"mallory"):
            kind, fields = self.ask(frame(OPEN, [
                (USER, name), (SERVICE, b"x"),
                (HOST_PID, b"%d" % os.getpid())]), user="root")
            self.assertEqual(kind, ALLOW)
            opened[name] = fields[HANDLE]
        # Whoever asks, under whatever name but the row's own.
        for user, name in (("alice", b"alice"), ("root", b"alice"),
                           ("root", b"nobody"), ("root", b"MALLORY ")):
            self.ask(frame(CLOSE, [(USER, name), (SERVICE, b"x"),
                                   (HANDLE, opened[b"mallory"])]), user=user)
            self.assertEqual(len(self.sessions()), 2, (user, name))
        self.ask(frame(CLOSE, [(USER, b"alice"), (SERVICE, b"x"),
                               (HANDLE, opened[b"alice"])]))
        row, = self.sessions()
        self.assertEqual(row["user"], "mallory")

    def test_a34_by_hand_on_a_terminal_or_with_words(self):
        told = self.stack.host([pamrig.INSTALLED_HELPER], user="alice")
        self.assertEqual(told.status, 64)
        self.assertIn("pam_stauth.so starts me", told.text)
        for words in (["alice"], ["alice", "chkexpiry"], ["--help"]):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                done = subprocess.run(
                    [pamrig.INSTALLED_HELPER, *words], stdin=theirs,
                    stdout=theirs, stderr=subprocess.PIPE, user="alice",
                    group="alice", extra_groups=[], check=False, timeout=30)
            self.assertEqual(done.returncode, 64, words)

    def test_a34_frames_that_are_none(self):
        good = self.auth_frame("alice", PASSWORD)
        twice = frame(AUTH, [(USER, b"alice"), (USER, b"mallory"),
                             (WORD, OTHER.encode())])
        for data in (b"", b"STA", good[:-1], b"X" + good[1:], good + b"x",
                     good + good,
                     good.replace(b"STA\x01", b"STA\x02"), twice,
                     frame(AUTH, [(99, b"x")]), frame(0, []),
                     frame(77, [(USER, b"alice")]), b"\xff" * 9000,
                     b"STA\x01\x01\xff\xff" + b"A" * 65535,
                     frame(AUTH, [(USER, b"alice\0mallory"),
                                  (WORD, PASSWORD.encode())])):
            kind, _ = self.ask(data)
            self.assertIn(kind, (None, UNAVAILABLE, NOT_PERMITTED, WRONG),
                          data[:40])
        self.assertEqual(self.events("login"), [])
        self.assertEqual(self.ask(good)[0], ALLOW)

    def test_a35_ten_thousand_tries_are_few(self):
        def guesses(service, count=40):
            start = time.monotonic()
            kinds = [self.ask(frame(AUTH, [
                (USER, b"alice"), (WORD, b"guess %d" % n),
                (SERVICE, service(n)), (RHOST, b"192.0.2.%d" % n),
                (HOST_UID, b"%d" % n)]))[0] for n in range(count)]
            self.assertEqual(kinds[-1], THROTTLED)
            return kinds.count(WRONG), 2 + int(time.monotonic() - start)
        # The address and the uid are not the caller's to say.
        wrong, more = guesses(lambda n: b"s")
        self.assertLessEqual(wrong, 5 + more)
        # The service's name is, so the caller has a lane of his own.
        wrong, more = guesses(lambda n: b"s%d" % n)
        self.assertLessEqual(wrong, 15 + more)
        self.assertTrue(self.events("login.throttled"))
        self.assertEqual({r["source"] for r in
                          self.listed("throttle", "list")
                          if r["limit"] == "caller"}, {"local:2001"})
        # And nobody else waits for it, neither root's hosts.
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD, rhost="192.0.2.1"),
                         "SUCCESS")

    def test_a26_environment_and_conf_of_the_caller(self):
        home = pwd.getpwnam("alice").pw_dir
        evil = home + "/evil.conf"
        with open(evil, "w", encoding="ascii") as out:
            out.write("SECRETWORD='1'\n")
        env = {"STAUTH_CONFIG": evil, "HOME": home,
               "LD_PRELOAD": home + "/x.so", "OPENSSL_CONF": evil,
               "SQLITE_TMPDIR": home, "TMPDIR": home}
        self.assertEqual(
            self.ask(self.auth_frame("alice", PASSWORD), env=env)[0], ALLOW)
        named = self.auth_frame("alice", PASSWORD, (CONFIG, evil.encode()))
        self.assertEqual(self.ask(named)[0], ALLOW)
        # Root may name one; what it holds is told to root alone.
        kind, fields = self.ask(named, user="root")
        self.assertIn(kind, (UNAVAILABLE, BAD_CONFIG))
        self.assertIn(LOG, fields)
        os.chmod(pamrig.CONF, 0o666)
        kind, fields = self.ask(self.auth_frame("alice", PASSWORD))
        self.assertEqual(kind, BAD_CONFIG)
        self.assertEqual(fields[LOG], b"the configuration cannot be used")


if __name__ == "__main__":
    unittest.main()
