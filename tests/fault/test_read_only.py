# SPDX-License-Identifier: MIT
"""A store that can be read and not written: a file system that is really
read-only, and a directory where no -wal can be made."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import pamrig  # noqa: E402
from rig import Stack, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}


@unittest.skipIf(os.geteuid() != 0, "needs root (mounts, another user)")
class ReadOnly(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pamrig.own_mounts()

    def setUp(self):
        self.s = Stack()
        self.addCleanup(self.s.stop)
        self.s.add_user("alice", PASSWORD)
        self.s.start_gate()
        self.token = self.s.token("alice", PASSWORD)
        self.s.stop_gate()

    def closed(self, reason):
        """The start says why, and nobody gets in."""
        log = self.s.log().decode()
        self.assertRegex(log, r"(?m)^fcgi_gate: warning: .*stauth\.db.*"
                         + reason)
        self.assertEqual(self.s.check(self.token).status, 503)
        self.assertEqual(self.s.login("alice", PASSWORD)[0].status, 503)
        self.assertEqual(self.s.page("GET", "/auth/health").status, 503)

    def opens_by_itself(self):
        self.assertEqual(wait_for(
            lambda: self.s.check(self.token).status == 204), True)
        self.assertEqual(self.s.login("alice", PASSWORD)[0].status, 303)

    def test_g11_a_read_only_file_system_is_named_and_nobody_gets_in(self):
        state = self.s.state_dir
        pamrig.mount(state, state, None, MS_BIND)
        pamrig.mount(None, state, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
        mounted = [True]
        self.addCleanup(lambda: mounted and pamrig.unmount(state))
        self.s.start_gate()
        self.closed("the file system is read-only; see findmnt -T " + state)
        for words in (["user", "list"], ["user", "disable", "alice"],
                      ["init"]):
            result = self.s.ctl(*words)
            self.assertEqual(result.returncode, 69, result.stderr)
            self.assertIn("the file system is read-only", result.stderr)
        pamrig.unmount(state)
        mounted.clear()
        self.opens_by_itself()

    def test_g11_a_directory_that_takes_no_wal_is_named(self):
        s = self.s
        os.chmod(s.dir, 0o755)
        os.chmod(s.conf, 0o644)
        for path in [s.state_dir] + [
                os.path.join(folder, name)
                for folder, folders, files in os.walk(s.state_dir)
                for name in folders + files]:
            shutil.chown(path, "nobody", "nogroup")
        os.makedirs(s.run_dir, exist_ok=True)
        for name in os.listdir(s.run_dir):
            os.unlink(os.path.join(s.run_dir, name))
        shutil.chown(s.run_dir, "nobody")
        os.chmod(s.state_dir, 0o550)
        s.start_gate(**NOBODY)
        self.closed("(may not write the directory|chmod 2770 %s)"
                    % s.state_dir)
        os.chmod(s.state_dir, 0o770)
        self.opens_by_itself()


if __name__ == "__main__":
    unittest.main()
