# SPDX-License-Identifier: MIT
"""Real sshd, su, sudo, login, a cron-like host: the same accounts."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import pty_talk  # noqa: E402
from rig import wait_for  # noqa: E402
from sshd_rig import Sshd  # noqa: E402

NEW = "seventeen purple lanterns"
KEYBOARD = "keyboard-interactive"


class Ssh(PamCase):
    def setUp(self):
        super().setUp()
        self.stack.service("sshd")
        self.sshd = Sshd(self.stack)
        self.addCleanup(self.sshd.stop)

    def both(self, name, password):
        """(exit status, text) by password and by keyboard-interactive."""
        for method in ("password", KEYBOARD):
            self.fresh()
            yield method, self.sshd.login(name, password, method=method)

    def test_a_password_that_only_stauth_knows(self):
        for method, told in self.both("alice", PASSWORD):
            self.assertEqual(told.status, 0, (method, told, self.sshd.log()))
            self.assertIn("\nalice\n", told.text)
        for method, told in self.both("alice", OTHER):
            self.assertEqual(told.status, 255, method)
        self.assertEqual(
            {(r["channel"], r["address"]) for r in
             self.events("login", "login.wrong")}, {("pam:sshd", "127.0.0.1")})

    def test_disabled_unmarked_unknown_and_low_are_refused(self):
        self.stack.add_user("games", PASSWORD, "--system-login")
        self.stack.ctl("user", "disable", "mallory", check=True)
        for name, password in (("bob", PASSWORD), ("mallory", OTHER),
                               ("games", PASSWORD), ("daemon", PASSWORD),
                               ("nobody-here", PASSWORD), ("alice", "")):
            for method, told in self.both(name, password):
                self.assertEqual(told.status, 255, (method, name))
        self.assertEqual(self.sessions(), [])

    def test_a12_users_that_sshd_refuses_itself(self):
        # An account of ours without a Unix account: sshd sends us its junk
        # password, of the same length as the one typed.
        self.stack.add_user("webonly", PASSWORD, "--system-login")
        for _, told in self.both("webonly", PASSWORD):
            self.assertEqual(told.status, 255)
        self.assertEqual(self.events("login"), [])

    def test_throttled(self):
        told = self.sshd.ssh("alice", [("assword: ", "wrong")] * 5)
        self.assertEqual(told.status, 255)
        # The wait begins only now, however slow the machine is.
        self.stack.sql("UPDATE rate_limits SET last_at = strftime('%s', 'now') + 20")
        told = self.sshd.login("alice", PASSWORD)
        self.assertEqual(told.status, 255)
        self.assertTrue(self.events("login.throttled"))
        self.assertTrue(any("reason=throttled rhost=127.0.0.1 user=alice"
                            in line for line in
                            self.stack.syslog.of_module()))
        self.fresh()
        self.assertEqual(self.sshd.login("alice", PASSWORD).status, 0)

    def test_the_row_lives_as_long_as_the_session(self):
        terminal = pty_talk.Terminal([
            "/usr/bin/ssh", "-F", "none", "-p", str(self.sshd.port), "-tt",
            "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", "UserKnownHostsFile=/dev/null", "alice@127.0.0.1",
            "echo ready; read line"])
        self.addCleanup(terminal.kill)
        at = terminal.await_text("assword: ")
        terminal.type(PASSWORD)
        self.assertGreater(terminal.await_text("ready", at), 0)
        row, = self.sessions()
        self.assertEqual((row["user"], row["channel"]), ("alice", "pam:sshd"))
        self.assertTrue(row["address"].startswith("127.0.0.1"), row)
        terminal.type("over")
        self.assertEqual(terminal.finish(), 0)
        self.assertTrue(wait_for(lambda: self.sessions() == []))

    def test_must_change_is_done_at_the_log_in(self):
        self.stack.ctl("user", "passwd", "alice", "--password-stdin",
                       "--must-change", stdin=PASSWORD + "\n", check=True)
        told = self.sshd.ssh("alice", [
            ("assword: ", PASSWORD), ("New password: ", NEW),
            ("Retype new password: ", NEW)], method=KEYBOARD)
        self.assertIn("must change your password", told.text)
        self.assertEqual(told.status, 0, (told, self.sshd.log()))
        self.assertEqual(self.sshd.login("alice", NEW).status, 0)
        self.assertEqual(self.sshd.login("alice", PASSWORD).status, 255)


class Su(PamCase):
    def setUp(self):
        super().setUp()
        self.stack.service("su")

    def su(self, name, password, by="mallory"):
        return self.stack.host(
            ["/bin/su", "-c", "id -un", name], [("Password: ", password)],
            user=by)

    def test_right_wrong_and_unmarked(self):
        told = self.su("alice", PASSWORD)
        self.assertEqual((told.status, told.text.split()[-1]), (0, "alice"))
        self.assertNotEqual(self.su("alice", OTHER).status, 0)
        self.assertNotEqual(self.su("bob", PASSWORD).status, 0)
        self.assertNotEqual(self.su("root", PASSWORD).status, 0)
        # The source is the user who called it, not root.
        self.assertEqual({row["address"] for row in self.events("login")},
                         {"local:su:2003"})
        self.assertEqual(self.sessions(), [])
        closed, = self.events("session.close")
        self.assertEqual(closed["actor"], "mallory")

    def test_nobody_is_locked_out_by_another_caller(self):
        for _ in range(8):
            self.assertNotEqual(self.su("alice", "wrong").status, 0)
        self.assertNotEqual(self.su("alice", PASSWORD).status, 0)
        self.assertEqual(self.su("alice", PASSWORD, by="bob").status, 0)


class Sudo(PamCase):
    def setUp(self):
        super().setUp()
        self.stack.service("sudo")
        with open("/etc/sudoers", "w", encoding="ascii") as out:
            out.write("alice ALL=(ALL) ALL\nbob ALL=(ALL) ALL\n")
        os.chmod("/etc/sudoers", 0o440)

    def sudo(self, user, password):
        """From stdin; the caller's own password."""
        return subprocess.run(
            ["/usr/bin/sudo", "-k", "-S", "id", "-un"], user=user, group=user,
            extra_groups=[], input=password + "\n", text=True, cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            start_new_session=True, timeout=60)

    def test_right_wrong_and_unmarked(self):
        done = self.sudo("alice", PASSWORD)
        self.assertEqual((done.returncode, done.stdout), (0, "root\n"),
                         done.stderr)
        self.assertEqual(self.sudo("alice", "wrong").returncode, 1)
        self.assertEqual(self.sudo("bob", PASSWORD).returncode, 1)
        # Without a terminal nobody is known to sit at this host.
        self.assertEqual(self.events("login")[0]["address"], "remote:sudo")
        # A session of root's, who is not ours, is nobody's failure.
        self.assertFalse([line for line in self.stack.syslog.of_module()
                          if "session open failure" in line])

    def test_on_a_terminal(self):
        told = self.stack.host(["/usr/bin/sudo", "-k", "id", "-un"],
                               [("password for alice: ", PASSWORD)],
                               user="alice")
        self.assertEqual((told.status, told.text.split()[-1]), (0, "root"))
        self.assertEqual(self.events("login")[0]["address"],
                         "local:sudo:2001")

    def test_require_su_for_sudo(self):
        self.stack.service("sudo", "require_su")
        self.assertEqual(self.sudo("alice", PASSWORD).returncode, 1)
        self.stack.ctl("user", "set", "alice", "--su", check=True)
        self.assertEqual(self.sudo("alice", PASSWORD).returncode, 0)


class Login(PamCase):
    def test_on_a_terminal(self):
        self.stack.service("login")
        told = self.stack.host(
            ["/bin/login"], [("login: ", "alice"), ("Password: ", PASSWORD),
                             ("$ ", "id -un; exit")])
        self.assertEqual(told.status, 0, told)
        self.assertIn("\nalice\n", told.text)
        row, = self.events("session.open")
        self.assertEqual(row["channel"], "pam:login")
        self.assertRegex(row["address"], r"pts/\d+")
        self.assertTrue(wait_for(lambda: self.sessions() == []))
        told = self.stack.host(
            ["/bin/login"], [("login: ", "Alice"), ("Password: ", PASSWORD),
                             ("login: ", "")], timeout=8)
        self.assertNotIn("$ ", told.text)
        told = self.stack.host(
            ["/bin/login"], [("login: ", "bob"), ("Password: ", PASSWORD),
                             ("login: ", "")], timeout=8)
        self.assertNotIn("$ ", told.text)


class Cron(PamCase):
    def test_account_and_setcred_only(self):
        self.stack.service("cron", text="account required MODULE\n"
                           "auth required MODULE\nsession required MODULE")
        steps = ["acct_mgmt", "open_session",
                 "setcred(PAM_ESTABLISH_CRED)", "close_session"]
        self.assertEqual(
            self.stack.pamtester("cron", "alice", *steps).code, "SUCCESS")
        self.assertEqual(
            self.stack.pamtester("cron", "bob", *steps).code, "PERM_DENIED")
        self.stack.ctl("user", "disable", "alice", check=True)
        self.assertEqual(
            self.stack.pamtester("cron", "alice", *steps).code,
            "ACCT_EXPIRED")
        self.assertEqual(self.sessions(), [])


if __name__ == "__main__":
    unittest.main()
