# SPDX-License-Identifier: MIT
"""What the tests of the check share: one gate, three people signed in."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"
APP_KEY = "k" * 40


class CheckCase(unittest.TestCase):
    """One gate for the class; three people have a session."""

    config = {"APP_KEY": APP_KEY}

    @classmethod
    def setUpClass(cls):
        cls.s = Stack(config=cls.config)
        cls.addClassCleanup(cls.s.stop)
        cls.s.add_user("alice", PASSWORD, "--email", "alice@example.com",
                       "--name", "Alice Ännerl 100%")
        cls.s.add_user("root", PASSWORD, su=True)
        cls.s.add_user("bob", PASSWORD)
        cls.s.ctl("user", "set", "bob", "--groups", "staff,ops.a-b_c",
                  check=True)
        cls.addClassCleanup(cls.look_for_reports)
        cls.s.start_gate()
        cls.alice = cls.s.token("alice", PASSWORD)
        cls.root = cls.s.token("root", PASSWORD)
        cls.bob = cls.s.token("bob", PASSWORD)

    @classmethod
    def look_for_reports(cls):
        """A sanitized worker that died was started again: not unseen."""
        cls.s.stop_gate()
        log = cls.s.log().decode("utf-8", "replace")
        # (A "WARNING: ... failed to allocate" is libfcgi asking for what a
        # hostile peer named.)
        if re.search(r"ERROR: \w+Sanitizer|runtime error", log):
            raise AssertionError(log)

    def refused(self, response, status=401):
        self.assertEqual(response.status, status, response.raw)
        self.assertTrue(response.raw.startswith(b"Status: "))
        self.assertEqual(response.body, b"")
        names = {name.lower() for name, _ in response.headers}
        self.assertLessEqual(names, {"status", "x-auth-redirect"})

    def allowed(self, response, user="alice"):
        self.assertEqual(response.status, 204, response.raw)
        self.assertTrue(response.raw.startswith(b"Status: 204"))
        self.assertEqual(response.body, b"")
        self.assertEqual(response.header("X-Auth-User"), user)
