# SPDX-License-Identifier: MIT
"""What the tests of the gate's processes share."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import GATE, Stack  # noqa: E402

PASSWORD = "correct horse battery"


class ProcessCase(unittest.TestCase):
    def stack(self, config=None, start=True, init=True):
        s = Stack(config=config, init=init)
        self.addCleanup(s.stop)
        if start:
            s.start_gate()
        return s

    def with_alice(self, config=None):
        s = self.stack(config, start=False)
        s.add_user("alice", PASSWORD)
        s.start_gate()
        return s, s.token("alice", PASSWORD)

    def run_gate(self, s, *args, timeout=20, **more):
        """A gate that is expected to end by itself."""
        return subprocess.run(
            [GATE, *(args or ("-c", s.conf))], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=timeout, check=False,
            **more)
