# SPDX-License-Identifier: MIT
"""pam_stauth.so and its helper as units of a systemd that really boots."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))

from test_systemd import DEADLY, PASSWORD, Case  # noqa: E402
from rig import wait_for  # noqa: E402


class Helper(Case):
    """pam_stauth.so and its helper, under the unit's sandbox."""

    PAM = ("for kind in auth account password session; do "
           "echo $kind required pam_stauth.so; done >/etc/pam.d/stauth-try")

    def pamtester(self, who, *words, service="stauth-try"):
        told = self.machine.run(
            "runuser", "-u", who, "--", "pamtester", service, "hostuser",
            *words, stdin=PASSWORD + "\n")
        return told.returncode, told.stdout + told.stderr

    def test_u1_everybody_asks_through_the_socket(self):
        self.machine.run("sh", "-c", self.PAM + "; id hostuser || useradd "
                         "-m hostuser", check=True)
        self.stack.add_user("hostuser", PASSWORD, "--system-login")
        self.machine.systemctl("enable", "--now", "stauth-chkpwd.socket")
        self.assertEqual(self.owner("/run/stauth/chkpwd.sock"),
                         "root:root 0666")
        # A call that the filter refuses ends the helper, and the test.
        folder = "/etc/systemd/system/stauth-chkpwd.service.d"
        self.machine.run("sh", "-c", "mkdir -p %s; printf '%s' >%s/test.conf"
                         % (folder, DEADLY.replace("\n", "\\n"), folder),
                         check=True)
        self.machine.systemctl("daemon-reload")
        for who in ("hostuser", "root"):
            code, text = self.pamtester(who, "authenticate", "acct_mgmt",
                                        "open_session", "close_session")
            self.assertEqual(code, 0, (who, text, self.journal(
                "stauth-chkpwd.service")))
        code, text = self.pamtester("nobody", "acct_mgmt")
        self.assertIn("Permission denied", text)
        self.assertIn("may ask about the own name only",
                      self.journal("stauth-chkpwd.service"))
        pid = self.machine.show("stauth-chkpwd.service", "MainPID")
        status = self.machine.run("cat", "/proc/%s/status" % pid).stdout
        for line in (r"Seccomp:\t2", r"NoNewPrivs:\t1", r"CapEff:\t0+"):
            self.assertRegex(status, line + "\n")
        # The row was of this process, which is seen, and gone by now.
        self.assertEqual(self.pamtester("root", "open_session")[0], 0)
        self.assertNotIn("pam:", self.stack.ctl("session", "list").stdout)
        # However often somebody connects, the socket stays.
        self.machine.run("python3", "-c", (
            "import socket\n"
            "for _ in range(3000):\n"
            "    with socket.socket(socket.AF_UNIX) as s:\n"
            "        s.connect('/run/stauth/chkpwd.sock')\n"), check=True)
        self.assertEqual(self.machine.show("stauth-chkpwd.socket",
                                           "ActiveState"), "active")
        # Killed it is back by itself; stopped for good root spawns.
        self.machine.run("kill", "-KILL", pid, check=True)
        self.assertTrue(wait_for(lambda: self.pamtester(
            "hostuser", "acct_mgmt")[0] == 0, 5))
        self.machine.systemctl("stop", "stauth-chkpwd.socket",
                               "stauth-chkpwd.service")
        self.assertEqual(self.pamtester("root", "authenticate")[0], 0)
        self.assertNotEqual(self.pamtester("hostuser", "authenticate")[0], 0)
        self.assertEqual(self.owner("/var/lib/stauth/stauth.db"),
                         "stauth:stauth 0660")


if __name__ == "__main__":
    unittest.main()
