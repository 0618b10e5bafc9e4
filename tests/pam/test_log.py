# SPDX-License-Identifier: MIT
"""What hosts log: lines that no name can forge, and that fail2ban reads."""

import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import pamrig  # noqa: E402
from rig import TOP  # noqa: E402
from sshd_rig import Sshd  # noqa: E402

FILTER = os.path.join(TOP, "pam_stauth", "fail2ban", "stauth.conf")
FAIL2BAN = pamrig.which("fail2ban-regex")
LINE = re.compile(
    r"<\d+>\w{3} [ \d]\d [\d:]{8} (\S+): pam_stauth\(([^\s()]+):(\w+)\): "
    r"(authentication|account|password change) failure; reason=([\w-]+) "
    r"rhost=(\S*) user=(\S*)")


class Log(PamCase):
    def setUp(self):
        super().setUp()
        self.since = len(self.stack.syslog.settle())

    def lines(self):
        return self.stack.syslog.of_module(self.since)

    def failures(self):
        found = []
        for line in self.lines():
            match = LINE.fullmatch(line.rstrip("\0"))
            if match:
                found.append(match.groups()[2:])
        return found

    def test_each_reason(self):
        self.auth("alice", "wrong", rhost="192.0.2.5")
        self.auth("nobody", "wrong", rhost="2001:db8::5")
        self.auth("bob", PASSWORD)
        self.account("bob")
        self.stack.ctl("user", "disable", "bob", check=True)
        self.auth("bob", PASSWORD)
        self.change("alice", "weak", "weak")
        self.assertEqual(self.failures(), [
            ("auth", "authentication", "wrong", "192.0.2.5", "alice"),
            ("auth", "authentication", "not-permitted", "", "bob"),
            ("account", "account", "not-permitted", "", "bob"),
            ("auth", "authentication", "disabled", "", "bob"),
            ("chauthtok", "password change", "weak-password", "", "alice")])

    def test_a3_a4_names_that_would_be_lines(self):
        names = ["a\nNov 11 11:11:11 host sshd: pam_stauth(sshd:auth): "
                 "authentication failure; reason=wrong rhost=6.6.6.6 user=x",
                 "x rhost=6.6.6.6 user=root", "a\r\x1b[2Jb", "\x7f\x01",
                 "%n%s%x%d", "al\u202eice", "caf\u00e9", "a\\x0ab",
                 "x" * 3000]
        # Without debug such a name is nobody's failure, and no line.
        self.assertEqual(self.auth(names[0], PASSWORD), "USER_UNKNOWN")
        self.assertEqual(self.lines(), [])
        self.stack.service("chatty", "debug")
        for name in names:
            code = self.auth(name, PASSWORD, "chatty", rhost="192.0.2.5")
            self.assertEqual(code, "USER_UNKNOWN", name[:40])
        failures = self.failures()
        self.assertEqual(len(failures), len(names), self.lines())
        self.assertEqual(len(self.lines()), len(names))
        self.assertEqual({f[3] for f in failures}, {"192.0.2.5"})
        for line in self.lines():
            self.assertTrue(line.rstrip("\0").isascii())
            self.assertTrue(line.rstrip("\0").isprintable(), line)
        users = [f[4] for f in failures]
        self.assertIn("%n%s%x%d", users)
        self.assertIn(r"x\x20rhost=6.6.6.6\x20user=root", users)
        self.assertIn(r"a\x0d\x1b[2Jb", users)
        self.assertIn(r"caf\xc3\xa9", users)
        self.assertIn(r"a\x5cx0ab", users)
        # So in the audit, for those who look there.
        for row in self.stack.ctl("audit").stdout.splitlines():
            self.assertTrue(row.isprintable(), row)

    def test_a3_a_remote_host_that_would_be_a_line(self):
        code = self.auth("alice", "wrong", rhost="6.6.6.6 user=root\nx")
        self.assertEqual(code, "AUTH_ERR")
        self.assertEqual([failure[3:] for failure in self.failures()],
                         [(r"6.6.6.6\x20user=root\x0ax", "alice")])

    def test_a38_debug_and_quiet(self):
        self.stack.service("chatty", "debug")
        self.auth("alice", PASSWORD, service="chatty")
        self.auth("alice", OTHER, service="chatty")
        self.change("alice", "seventeen purple lanterns",
                    "seventeen purple lanterns", service="chatty")
        self.stack.pamtester("chatty", "alice", "open_session",
                             "close_session")
        text = "\n".join(self.lines())
        self.assertIn("authentication success", text)
        self.assertIn("session open success", text)
        for secret in (PASSWORD, OTHER, "lanterns", "argon2"):
            self.assertNotIn(secret, text)
        self.since = len(self.stack.syslog.settle())
        self.auth("alice", OTHER)
        self.auth("alice", "seventeen purple lanterns")
        # Without debug a success is not told.
        self.assertEqual(len(self.lines()), 1)
        self.stack.service("hush", "quiet")
        self.auth("alice", OTHER, service="hush")
        self.assertEqual(len(self.lines()), 1)

    @unittest.skipUnless(FAIL2BAN, "not installed: fail2ban")
    def test_a3_fail2ban_bans_who_failed(self):
        self.stack.service("sshd")
        sshd = Sshd(self.stack)
        self.addCleanup(sshd.stop)
        sshd.login("alice", "wrong", method="keyboard-interactive")
        self.auth("alice", "wrong", rhost="192.0.2.5")
        self.auth("nobody", "x", rhost="2001:db8::5")
        self.auth("bob", PASSWORD, rhost="192.0.2.6")
        # Names that are not ours, also where they are logged: another
        # module may know them.
        self.stack.service("chatty", "debug")
        for service in ("stauth-test", "chatty"):
            self.auth("x rhost=6.6.6.6 user=a", "wrong", service,
                      rhost="192.0.2.7")
            self.auth("a\npam_stauth(sshd:auth): authentication failure; "
                      "reason=wrong rhost=6.6.6.6 user=a", "x", service,
                      rhost="192.0.2.8")
        self.auth("alice", "wrong", rhost="6.6.6.6 user=root")
        self.auth("alice", "wrong")
        self.auth("alice", PASSWORD, rhost="192.0.2.99")
        self.account("bob")
        log = os.path.join(self.stack.dir, "auth.log")
        with open(log, "w", encoding="utf-8") as out:
            for line in self.stack.syslog.settle()[self.since:]:
                out.write(re.sub(r"^<\d+>(.{15}) ", r"\1 host ",
                                 line.rstrip("\0\n")) + "\n")
        installed = "/etc/fail2ban/filter.d/stauth.conf"
        shutil.copy(FILTER, installed)
        done = subprocess.run(
            [FAIL2BAN, "--out", "ip", log, installed], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(sorted(done.stdout.split()), sorted([
            "127.0.0.1", "192.0.2.5", "192.0.2.6"]),
            done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
