# SPDX-License-Identifier: MIT
"""What `meson install` puts where, and what systemd thinks of the units."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import installed  # noqa: E402

EXPECTED = """
etc/logrotate.d/stauth
etc/nginx/snippets/stauth-http.conf
etc/nginx/snippets/stauth-optional.conf
etc/nginx/snippets/stauth-protect.conf
etc/nginx/snippets/stauth-public.conf
etc/nginx/snippets/stauth-server.conf
etc/nginx/snippets/stauth-stream.conf
usr/lib/systemd/system/stauth-check.socket
usr/lib/systemd/system/stauth-chkpwd.service
usr/lib/systemd/system/stauth-chkpwd.socket
usr/lib/systemd/system/stauth-pages.socket
usr/lib/systemd/system/stauth-stream.socket
usr/lib/systemd/system/stauth.service
usr/lib/sysusers.d/stauth.conf
usr/lib/tmpfiles.d/stauth.conf
usr/libexec/stauth/stauth_chkpwd
usr/sbin/fcgi_gate
usr/sbin/stauthctl
usr/share/doc/stauth/fail2ban.conf
usr/share/man/man5/stauth.conf.5
usr/share/man/man8/fcgi_gate.8
usr/share/man/man8/pam_stauth.8
usr/share/man/man8/stauthctl.8
usr/share/pam-configs/stauth
""".split()


def run(*command, **more):
    return subprocess.run(command, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, **more)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="stauth-install-")
        installed.install(cls.dir)
        cls.units = os.path.join(cls.dir, "usr/lib/systemd/system")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def read(self, path):
        with open(os.path.join(self.dir, path), encoding="utf-8") as file:
            return file.read()

    def test_everything_is_where_debian_expects_it(self):
        missing = [path for path in EXPECTED
                   if not os.path.isfile(os.path.join(self.dir, path))]
        self.assertEqual(missing, [])
        modules = [name for _, _, names in os.walk(self.dir)
                   for name in names if name == "pam_stauth.so"]
        self.assertEqual(len(modules), 1)

    def test_no_placeholder_is_left_in_the_units(self):
        for name in os.listdir(self.units):
            text = self.read("usr/lib/systemd/system/" + name)
            self.assertNotRegex(text, r"@\w+@", name)
        self.assertIn("ExecStart=/usr/sbin/fcgi_gate -c /etc/stauth/",
                      self.read("usr/lib/systemd/system/stauth.service"))

    def test_sockets_have_names_owner_and_mode(self):
        for role in ("check", "pages"):
            text = self.read(
                "usr/lib/systemd/system/stauth-%s.socket" % role)
            for line in ("ListenStream=/run/stauth/%s.sock" % role,
                         "FileDescriptorName=%s" % role,
                         "SocketUser=stauth", "SocketGroup=www-data",
                         "SocketMode=0660", "Backlog=1024"):
                self.assertIn(line + "\n", text)

    def test_the_mail_worker_may_reach_its_server(self):
        text = self.read("usr/lib/systemd/system/stauth.service")
        self.assertIn("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
                      text)
        self.assertNotRegex(text, "(?m)^(PrivateNetwork=yes|IPAddressDeny)")

    def test_x29_a_worker_killed_for_memory_ends_no_service(self):
        self.assertIn("\nOOMPolicy=continue\n", self.read(
            "usr/lib/systemd/system/stauth.service"))

    def test_ux96_exposure_is_at_most_two(self):
        told = run("systemd-analyze", "security", "--offline=true",
                   os.path.join(self.units, "stauth.service"))
        found = re.search(r"exposure level for \S+: ([\d.]+)", told.stdout)
        self.assertIsNotNone(found, told.stdout)
        self.assertLessEqual(float(found.group(1)), 2.0)

    def test_ux96_systemd_accepts_the_units(self):
        # systemd looks for the programs of the units below --root, and kill
        # is another package's.
        kill = os.path.join(self.dir, "bin", "kill")
        os.makedirs(os.path.dirname(kill), exist_ok=True)
        shutil.copy("/bin/true", kill)
        told = run("systemd-analyze", "verify", "--man=no",
                   "--recursive-errors=no", "--root=" + self.dir,
                   "stauth.service", "stauth-check.socket",
                   "stauth-pages.socket")
        ours = [line for line in told.stdout.splitlines()
                if "stauth" in line]
        self.assertEqual(ours, [])


if __name__ == "__main__":
    unittest.main()
