# SPDX-License-Identifier: MIT
"""The helper at its socket: who may ask what about whom, and how often."""

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
    ACCOUNT, ALLOW, ANY_ACCOUNT, AS_ROOT, AUTH, BAD_CONFIG, CHANGE, CHECK,
    CLOSE, CONFIG, FLAGS, HANDLE, HOST_UID, LOG, NEED_WORD, NEW_WORD,
    NOT_PERMITTED, OPEN, PROOF, RHOST, SERVICE, TEXT, THROTTLED, TTY,
    UNAVAILABLE, UNKNOWN, USER, WORD, WRONG, frame)

NEW = "seventeen purple lanterns"


class Helper(PamCase):
    @staticmethod
    def ask(data, user="alice", groups=()):
        """What the listener answers this user: (kind, fields)."""
        return helper_wire.ask_listener(data, user, groups)

    def auth_frame(self, name, password, *more):
        return frame(AUTH, [(USER, name.encode()), (WORD, password.encode()),
                            (SERVICE, b"locker"), *more])

    def test_a_locker_of_the_user_s_own(self):
        self.stack.service("locker")
        self.assertEqual(self.auth("alice", PASSWORD, service="locker",
                                   user="alice"), "SUCCESS")
        self.assertEqual(self.auth("alice", "wrong", service="locker",
                                   user="alice"), "AUTH_ERR")
        self.assertEqual(self.account("alice", service="locker",
                                      user="alice"), "SUCCESS")
        # Nobody but root is believed about a terminal.
        self.assertEqual({r["address"] for r in self.events("login")},
                         {"remote:locker"})

    def test_a34_another_s_name(self):
        for kind in (AUTH, ACCOUNT, CHECK, CHANGE):
            for name in (b"mallory", b"MALLORY", b"root", b"nobody", b"",
                         b"alice\n", b"alice "):
                answer, fields = self.ask(frame(kind, [
                    (USER, name), (WORD, OTHER.encode()),
                    (NEW_WORD, NEW.encode()),
                    (FLAGS, AS_ROOT), (HOST_UID, b"0"), (HANDLE, b"x" * 16),
                    (SERVICE, b"locker")]))
                self.assertEqual(answer, NOT_PERMITTED, (kind, name))
                self.assertEqual(fields, {})
        self.assertEqual(self.events("login", "login.wrong"), [])
        self.assertIn("uid 2001: may ask about the own name only",
                      self.stack.listener.log())

    def test_u1_who_may_ask_about_whom(self):
        self.stack.write_config({"PAM_CALLERS": "nobody-here  bob"})
        auth = self.auth_frame("mallory", OTHER)
        account = frame(ACCOUNT, [(USER, b"mallory")])
        change = frame(CHECK, [(USER, b"mallory"), (WORD, OTHER.encode())])
        opened = frame(OPEN, [(USER, b"mallory"), (SERVICE, b"x")])
        for user, groups, kinds in (
                ("alice", [], (NOT_PERMITTED,) * 3 + (UNKNOWN,)),
                ("alice", ["stauth"], (ALLOW, ALLOW, NOT_PERMITTED, UNKNOWN)),
                ("stauth", [], (ALLOW, ALLOW, NOT_PERMITTED, UNKNOWN)),
                # One of PAM_CALLERS; the own password neither.
                ("bob", [], (ALLOW, ALLOW, NOT_PERMITTED, UNKNOWN)),
                ("mallory", [], (ALLOW, ALLOW, ALLOW, UNKNOWN)),
                ("root", [], (ALLOW, ALLOW, ALLOW, ALLOW))):
            got = tuple(self.ask(data, user=user, groups=groups)[0]
                        for data in (auth, account, change, opened))
            self.assertEqual(got, kinds, (user, groups))
        own = frame(CHECK, [(USER, b"bob"), (WORD, PASSWORD.encode())])
        self.assertEqual(self.ask(own, user="bob")[0], NOT_PERMITTED)

    def test_a34_u2_only_root_changes_without_the_current_one(self):
        fields = [(USER, b"alice"), (NEW_WORD, NEW.encode()),
                  (FLAGS, AS_ROOT), (HOST_UID, b"0"), (SERVICE, b"passwd")]
        uid, epoch = self.stack.sql(
            "SELECT uid, epoch FROM users WHERE name = 'alice'")[0]
        proof = (PROOF, b"%d %d" % (uid, epoch))
        for kind in (CHECK, CHANGE):
            for more in ([], [proof]):
                self.assertEqual(self.ask(frame(CHECK, fields + more))[0],
                                 NEED_WORD)
        self.assertEqual(self.ask(frame(CHANGE, fields + [proof]))[0], WRONG)
        self.assertEqual(
            self.ask(frame(CHANGE, fields), user="mallory",
                     groups=["stauth"])[0], NOT_PERMITTED)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        # Root's proof is of this account, at this epoch.
        fields = [f for f in fields if f[0] != FLAGS]
        for text, kind in ((b"%d %d" % (uid, epoch + 1), NEED_WORD),
                           (b"%d %d" % (uid + 1, epoch), NEED_WORD),
                           (b"", NEED_WORD), (proof[1], ALLOW)):
            self.assertEqual(self.ask(frame(CHECK, fields + [(PROOF, text)]),
                                      user="root")[0], kind, text)

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
                (USER, name), (SERVICE, b"x")]), user="root")
            self.assertEqual(kind, ALLOW)
            opened[name] = fields[HANDLE]
        # The process that asked is gone, so they would be swept.
        self.stack.sql("UPDATE sessions SET agent = ''")
        # Whoever asks, under whatever name but the row's own.
        for user, name in (("alice", b"alice"), ("mallory", b"mallory"),
                           ("root", b"alice"), ("root", b"nobody"),
                           ("root", b"MALLORY ")):
            self.ask(frame(CLOSE, [(USER, name), (SERVICE, b"x"),
                                   (HANDLE, opened[b"mallory"])]), user=user)
            self.assertEqual(len(self.sessions()), 2, (user, name))
        self.ask(frame(CLOSE, [(USER, b"alice"), (SERVICE, b"x"),
                               (HANDLE, opened[b"alice"])]), user="root")
        row, = self.sessions()
        self.assertEqual(row["user"], "mallory")

    def test_a34_by_hand_on_a_terminal_or_with_words(self):
        told = self.stack.host([pamrig.INSTALLED_HELPER], user="alice")
        self.assertEqual(told.status, 64)
        self.assertIn("usage: stauth_chkpwd --listen", told.text)
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
        self.assertEqual(self.auth("alice", PASSWORD, rhost="192.0.2.1"),
                         "SUCCESS")
        # The address and the uid are not the caller's to say.
        wrong, more = guesses(lambda n: b"s")
        self.assertLessEqual(wrong, 5 + more)
        # The service's name is, so the caller is counted, too.
        wrong, more = guesses(lambda n: b"s%d" % n)
        self.assertLessEqual(wrong, 15 + more)
        self.assertTrue(self.events("login.throttled"))
        self.assertEqual({r["source"] for r in
                          self.listed("throttle", "list")
                          if r["limit"] == "caller"}, {"local:2001"})
        # And nobody else waits for it, nor she where she was before.
        self.assertEqual(self.auth("mallory", OTHER, user="mallory"),
                         "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD, rhost="192.0.2.1"),
                         "SUCCESS")

    def test_a26_environment_and_conf_of_the_caller(self):
        home = pwd.getpwnam("alice").pw_dir
        evil = home + "/evil.conf"
        with open(evil, "w", encoding="ascii") as out:
            out.write("ARGON2_PASSES='none'\n")
        # A listener has one configuration, whoever names another.
        named = self.auth_frame("alice", PASSWORD, (CONFIG, evil.encode()))
        for user in ("alice", "root"):
            self.assertEqual(self.ask(named, user=user)[0], ALLOW)
        # A helper of root's own takes the one that root names.
        env = {"STAUTH_CONFIG": evil, "HOME": home, "OPENSSL_CONF": evil,
               "SQLITE_TMPDIR": home, "TMPDIR": home}
        kind, _ = helper_wire.ask(pamrig.INSTALLED_HELPER, self.auth_frame(
            "alice", PASSWORD), env=env)
        self.assertEqual(kind, ALLOW)
        kind, fields = helper_wire.ask(pamrig.INSTALLED_HELPER, named)
        self.assertIn(kind, (UNAVAILABLE, BAD_CONFIG))
        self.assertIn(b"evil.conf", fields[LOG])
        # What is wrong is told to root alone, and in the listener's log.
        os.chmod(pamrig.CONF, 0o666)
        kind, fields = self.ask(self.auth_frame("alice", PASSWORD))
        self.assertEqual((kind, fields), (BAD_CONFIG, {}))
        self.assertIn("uid 2001: the file is writable",
                      self.stack.listener.log())
        kind, fields = self.ask(self.auth_frame("alice", PASSWORD),
                                user="root")
        self.assertEqual(kind, BAD_CONFIG)
        self.assertIn(pamrig.CONF.encode(), fields[LOG])


class Source(PamCase):
    """u4: nobody is local, and no address is one, because it is unknown."""

    def source(self, user, *fields, groups=()):
        helper_wire.ask_listener(frame(AUTH, [
            (USER, b"alice"), (WORD, b"wrong"), (SERVICE, b"imap"),
            *fields]), user, groups)
        address = self.events("login.wrong")[-1]["address"]
        self.fresh()
        return address

    def test_u4_what_counts_as_local(self):
        self.stack.write_config({"PAM_CALLERS": "bob"})
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        tty = os.ttyname(slave).encode()
        there, remote = b"192.0.2.9", "remote:imap"
        for fields, wanted in (
                ([], remote), ([(RHOST, b"")], remote),
                ([(RHOST, there)], "192.0.2.9"),
                ([(RHOST, b"2001:db8::9"), (TTY, tty)], "2001:db8::9"),
                ([(RHOST, b"mail.example.com"), (TTY, tty)], remote),
                ([(RHOST, b"localhost"), (TTY, tty)], remote),
                ([(RHOST, there + b" "), (TTY, tty)], remote),
                ([(TTY, tty)], "local:imap:0"),
                ([(TTY, tty[len("/dev/"):])], "local:imap:0"),
                ([(TTY, b":0")], "local:imap:0"),
                ([(TTY, b":10.0")], "local:imap:0"),
                ([(TTY, b":")], remote), ([(TTY, b":x")], remote),
                ([(TTY, b"ssh")], remote), ([(TTY, b"pts/9999")], remote),
                ([(TTY, b"/dev/null")], remote),
                ([(TTY, b"pts/../null")], remote),
                ([(TTY, b"tty/../../etc/passwd")], remote),
                ([(TTY, tty), (HOST_UID, b"2002")], "local:imap:2002"),
                ([(TTY, tty), (HOST_UID, b"0"), (helper_wire.RUSER, b"bob")],
                 "local:imap:2002"),
                ([(TTY, tty), (HOST_UID, b"2001"),
                  (helper_wire.RUSER, b"bob")], "local:imap:2001"),
                ([(TTY, tty), (helper_wire.RUSER, b"nobody-here")],
                 "local:imap:0")):
            self.assertEqual(self.source("root", *fields), wanted, fields)
        # The word of others: PAM_CALLERS' about the address, nobody's about
        # a terminal.
        for user, groups in (("bob", ()), ("stauth", ()), ("alice", ()),
                             ("mallory", ["stauth"])):
            self.assertEqual(self.source(
                user, (RHOST, there), groups=groups),
                "192.0.2.9" if user == "bob" else remote, user)
            self.assertEqual(self.source(
                user, (TTY, tty), (HOST_UID, b"0"), groups=groups), remote)

    def test_u4_a_stranger_without_an_address_keeps_nobody_out(self):
        """sshd with UseDNS, saslauthd, a service that is not root's."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        tty = os.ttyname(slave)
        self.assertEqual(self.auth("alice", PASSWORD, rhost="192.0.2.1"),
                         "SUCCESS")
        for number in range(25):
            self.auth("alice", "wrong", rhost="host%d.example.com" % number)
        self.assertEqual(self.auth("alice", PASSWORD,
                                   rhost="other.example.com"), "MAXTRIES")
        told = self.stack.pamtester(
            "stauth-test", "alice", "authenticate",
            answers=[("Password: ", PASSWORD)], items={"tty": tty})
        self.assertEqual(told.code, "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD, rhost="192.0.2.1"),
                         "SUCCESS")


if __name__ == "__main__":
    unittest.main()
