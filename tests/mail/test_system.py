# SPDX-License-Identifier: MIT
"""What the system around a mailer can do to it, and who links libcurl."""

import os
import socket
import subprocess
import unittest

import mail_rig
import rig
import smtp_sim

PIN = {"kind": "signup-pin", "code": "123456", "to": "you@example.com"}


class TestSystem(unittest.TestCase):
    def setUp(self):
        self.net = mail_rig.enter()
        self.post = mail_rig.Post()
        self.addCleanup(self.post.remove)

    def test_x25_a_dns_server_that_hangs(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 53))
        conf = self.net.path("resolv.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("nameserver 127.0.0.1\noptions timeout:30\n")
        mail_rig.bind(conf, "/etc/resolv.conf")
        self.addCleanup(mail_rig.libc.umount, b"/etc/resolv.conf")
        for config in ({"SMTP_URL": "smtp://slow.example"},
                       {"SENDGRID_URL": "https://slow.example",
                        "SENDGRID_API_KEY": mail_rig.KEY}):
            with self.subTest(sorted(config)):
                self.post.set(**config)
                result = self.post.send(**PIN)
                self.assertEqual(result["rc"], "out of reach", result)
                self.assertGreater(result["ms"], 4000)
                self.assertLess(result["ms"], 9000)

    def test_x26_the_bundle_of_authorities_is_missing(self):
        sim = smtp_sim.Smtp(tls=self.net.cert).start()
        self.addCleanup(sim.stop)
        empty = self.net.path("empty")
        with open(empty, "w", encoding="ascii"):
            pass
        self.post.set(SMTP_URL=f"smtp://mail.test:{sim.port}")
        mail_rig.bind(empty, mail_rig.BUNDLE)
        self.addCleanup(mail_rig.libc.umount, mail_rig.BUNDLE.encode())
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "configuration", result)
        self.assertIn("certificate", result["msg"])
        self.assertEqual(sim.mails, [])


class TestLinks(unittest.TestCase):
    def needed(self, *path):
        shown = subprocess.run(
            ["readelf", "-d", os.path.join(rig.BUILD, *path)], check=True,
            stdout=subprocess.PIPE, text=True).stdout
        return {line.split("[")[1].split("]")[0]
                for line in shown.splitlines() if "(NEEDED)" in line}

    def test_only_gate_and_stauthctl_have_the_network(self):
        for path in (("pam_stauth", "pam_stauth.so"),
                     ("pam_stauth", "stauth_chkpwd")):
            self.assertNotIn("curl", " ".join(self.needed(*path)))
        self.assertIn("libcurl.so.4",
                      self.needed("tests", "mail", "mail_send"))


if __name__ == "__main__":
    unittest.main()
