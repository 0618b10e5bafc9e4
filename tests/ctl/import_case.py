# SPDX-License-Identifier: MIT
"""What the tests of `import KIND FILE` share."""

import ctypes
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, Stack  # noqa: E402

# Python 3.13 has no module for it any more.
LIBCRYPT = ctypes.CDLL("libcrypt.so.1")
LIBCRYPT.crypt.restype = ctypes.c_char_p

SALT = "k2XAnEHBqQ1Ct2aM"
# Every crypt(3) scheme that is taken, as cheap as it gets.
SETTINGS = {
    "y": "$y$j75$" + SALT, "gy": "$gy$j75$" + SALT,
    "7": "$7$86..../...." + SALT, "6": "$6$rounds=1000$" + SALT,
    "5": "$5$rounds=1000$" + SALT, "2a": "$2a$04$" + SALT + "PjXe.u",
    "2b": "$2b$04$" + SALT + "PjXe.u", "2y": "$2y$04$" + SALT + "PjXe.u",
}


def hashed(password, setting="6"):
    """What libxcrypt makes of it."""
    made = LIBCRYPT.crypt(password.encode(), SETTINGS[setting].encode())
    made = made.decode()
    assert made and made[0] == "$", setting
    return made


class ImportCase(unittest.TestCase):
    kind = None

    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.path = os.path.join(self.stack.dir, "file")

    def write(self, content):
        with open(self.path, "wb") as out:
            out.write(content if isinstance(content, bytes)
                      else content.encode())

    def run_import(self, code, *options, path=None):
        result = self.stack.ctl("import", self.kind, path or self.path,
                                *options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def count(self, code, *options):
        """added, existing, skipped; and what was said."""
        result = self.run_import(code, "--json", *options)
        found = json.loads(result.stdout)
        return ((found["added"], found["existing"], found["skipped"]),
                result.stderr)

    def both(self, code, counts):
        """A dry run that writes nothing, and the real one: the same."""
        before = self.users()
        dry = self.count(code, "--dry-run")
        self.assertEqual(self.users(), before)
        self.assertEqual(dry, self.count(code))
        self.assertEqual(dry[0], counts, dry[1])
        return dry[1]

    def users(self):
        return {user["name"]: user for user in json.loads(
            self.stack.ctl("user", "list", "--json").stdout)}

    def stored(self, name):
        return self.stack.sql("SELECT password FROM users WHERE name = ?",
                              name)[0][0]

    def assert_login(self, name, password):
        for typed, code in ((password, 0), (password + "x", 77)):
            result = self.stack.ctl("user", "verify", name,
                                    "--password-stdin", stdin=typed + "\n")
            self.assertEqual(result.returncode, code, (name, result.stderr))

    def check_hostile(self, contents):
        """Refused whole, with the file's name, and nothing is written."""
        for content in contents:
            with self.subTest(content[:40]):
                self.write(content)
                result = self.run_import(65)
                self.assertIn(self.path, result.stderr)
                self.assertEqual(self.users(), {})

    def check_denied(self):
        """Also as root, who has to give up what lets him read anything."""
        drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        os.chmod(self.path, 0)
        result = subprocess.run(
            (drop if os.geteuid() == 0 else []) +
            [CTL, "-c", self.stack.conf, "import", self.kind, self.path],
            stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertIn(self.path, result.stderr)

    def check_no_file(self):
        missing = os.path.join(self.stack.dir, "missing")
        for path in (missing, self.stack.dir, "/dev/null"):
            self.assertIn(path, self.run_import(65, path=path).stderr)
        os.mkfifo(missing)
        self.run_import(65, path=missing)
