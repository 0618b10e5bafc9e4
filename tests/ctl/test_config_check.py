# SPDX-License-Identifier: MIT
"""config check refuses what the service would refuse (u24)."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

NOBODY = 65534


class Check(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def check(self, code, **changes):
        self.stack.write_config(changes)
        result = self.stack.ctl("config", "check")
        self.assertEqual(result.returncode, code, result.stderr)
        for key in changes:
            self.stack.config.pop(key)
        return result.stderr

    def refused(self, text, **changes):
        message = self.check(78, **changes)
        self.assertRegex(message, r"c[a-z.]*:\d+: ")
        self.assertIn(text, message)

    def put(self, name, mode=0o600):
        path = os.path.join(self.stack.dir, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write("x" * 40)
        os.chmod(path, mode)
        return path

    def test_u24_what_the_gate_refuses(self):
        self.refused("STORAGE: no AIRTABLE provider", STORAGE="AIRTABLE")
        self.refused("SOCKET_GROUP: there is no such group",
                     SOCKET_GROUP="no-such-group")
        self.refused("SMTP_URL must be", SMTP_URL="http://mail.example.com")
        self.refused("primaryColor must be a colour", primaryColor="blurple")
        self.refused("hard to read", textColor="#777777",
                     backgroundColor="#888888")
        for key in ("PASSWORD_BLOCKLIST", "BRAND_LOGO"):
            self.refused(key + ": the service cannot read",
                         **{key: os.path.join(self.stack.dir, "none")})
        self.check(0, SOCKET_GROUP="12345")
        self.check(0, PASSWORD_BLOCKLIST=self.put("list"))

    @unittest.skipIf(os.geteuid() != 0, "only root asks for another user")
    def test_u24_files_are_read_as_the_service_reads_them(self):
        os.chmod(self.stack.dir, 0o755)
        path = self.put("list")
        key = self.put("key")
        self.check(0, PASSWORD_BLOCKLIST=path, APP_KEY_FILE=key)
        os.chown(self.stack.state_dir, NOBODY, NOBODY)
        os.chmod(self.stack.conf, 0o640)
        self.assertIn("run: chgrp stauth", self.check(78))
        os.chown(self.stack.conf, 0, NOBODY)
        self.check(0)
        self.refused("PASSWORD_BLOCKLIST: the service cannot read",
                     PASSWORD_BLOCKLIST=path)
        self.refused("APP_KEY: the service cannot read", APP_KEY_FILE=key)
        os.chown(path, 0, NOBODY)
        os.chown(key, 0, NOBODY)
        for name in (path, key):
            os.chmod(name, 0o640)
        self.check(0, PASSWORD_BLOCKLIST=path, APP_KEY_FILE=key)

    def test_u24_a_shared_env(self):
        warning = self.check(0, OPENAI_API_KEY="x", DB_HOST="y",
                             COOKIE_NAME="app")
        self.assertIn("OPENAI_API_KEY, DB_HOST", warning)
        self.assertIn("--write-config", warning)
        self.assertNotIn("COOKIE_NAME", warning)
        self.refused("did you mean ALLOW_USER_SIGN_UP?",
                     ALOW_USER_SIGN_UP="False")
        self.refused("https://xn--bcher-kva.example",
                     PUBLIC_URL="https://bücher.example")


if __name__ == "__main__":
    unittest.main()
