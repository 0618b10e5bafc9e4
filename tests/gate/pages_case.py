# SPDX-License-Identifier: MIT
"""What the tests of the pages share: one gate for the class, one user."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"


class PagesCase(unittest.TestCase):
    config = {}

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD)

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(cls.config)
        cls.addClassCleanup(cls.stack.stop)
        cls.add_users()
        cls.stack.start_gate()
