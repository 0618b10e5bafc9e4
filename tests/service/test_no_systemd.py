# SPDX-License-Identifier: MIT
"""`meson install` where systemd is not, as in a container: the same owners
and modes, and a gate that hands its sockets to nginx by itself."""

import os
import pwd
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import installed  # noqa: E402
from installed import APP, owner, run_as  # noqa: E402
from rig import TOP  # noqa: E402


@unittest.skipIf(installed.why_not(), installed.why_not())
class NoSystemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed.enter()
        # In the overlays that enter() laid over the machine's.
        for name in ("systemd-sysusers", "systemd-tmpfiles"):
            os.unlink(shutil.which(name))
        subprocess.run(["userdel", "-f", "stauth"], check=True)
        for path in ("/etc/stauth", "/var/lib/stauth", "/run/stauth"):
            shutil.rmtree(path, ignore_errors=True)
        for _ in range(2):      # an installation over an older one
            done = run_as({}, "sh", TOP + "/systemd/after_install.sh")
            if done.returncode != 0:
                raise AssertionError(done.stdout)

    def test_owners_and_modes_are_those_of_contract_9(self):
        self.assertEqual(owner("/etc/stauth"), "root:root 0755")
        self.assertEqual(owner("/var/lib/stauth"), "stauth:stauth 2770")
        self.assertEqual(owner("/run/stauth"), "stauth:stauth 0755")
        self.assertEqual(owner("/usr/libexec/stauth/stauth_chkpwd"),
                         "root:root 0755")
        user = pwd.getpwnam("stauth")
        self.assertEqual((user.pw_dir, user.pw_shell),
                         ("/var/lib/stauth", "/usr/sbin/nologin"))
        groups = run_as({}, "id", "-Gn", "stauth").stdout.split()
        self.assertEqual(sorted(groups), ["stauth", "www-data"])
        self.assertNotIn("stauth", run_as(
            {}, "id", "-Gn", "www-data").stdout.split())

    def test_the_gate_as_stauth_hands_its_sockets_to_nginx(self):
        s = installed.InstalledStack()
        self.addCleanup(s.stop_gate)
        s.ctl("init", check=True)
        s.start_gate()
        self.assertEqual(owner(s.check_sock), "stauth:www-data 0660")
        self.assertNotIn("usermod", s.log().decode())
        self.assertNotEqual(run_as(APP, "test", "-w", s.check_sock)
                            .returncode, 0)


if __name__ == "__main__":
    unittest.main()
