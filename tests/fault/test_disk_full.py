# SPDX-License-Identifier: MIT
"""A disk that is really full: a small tmpfs of its own for STATE_DIR."""

import errno
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import pamrig  # noqa: E402
from rig import COOKIE, Stack, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
SIZE = "size=6m"


class Disk(Stack):
    """STATE_DIR on a disk that can be filled."""

    def __init__(self):
        super().__init__(init=False)
        pamrig.mount("tmpfs", self.state_dir, "tmpfs", 0, SIZE)
        self.filler = os.path.join(self.state_dir, "filler")
        self.reserve = self.db + "-reserve"
        self.ctl("init", check=True)

    def fill(self):
        """To the last byte."""
        with open(self.filler, "ab", buffering=0) as out:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        out.write(b"x" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self):
        os.unlink(self.filler)

    def stop(self):
        self.stop_gate()
        pamrig.unmount(self.state_dir)
        super().stop()


@unittest.skipIf(os.geteuid() != 0, "needs root (a disk of its own)")
class DiskFull(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pamrig.own_mounts()

    def setUp(self):
        self.s = Disk()
        self.addCleanup(self.s.stop)
        for name in ("alice", "bob"):
            self.s.add_user(name, PASSWORD)
        self.s.start_gate()

    def jar(self, name="alice"):
        answer, jar = self.s.login(name, PASSWORD)
        self.assertEqual(answer.status, 303, self.s.log().decode())
        return jar

    def log_out(self, jar):
        answer, _ = self.s.post("/auth/logout", {}, jar,
                                form_path="/auth/account")
        return answer.status

    def test_x10_g7_who_is_in_stays_and_nobody_comes_in(self):
        jar = self.jar()
        self.s.fill()
        for _ in range(3):
            self.assertEqual(self.s.login("bob", PASSWORD)[0].status, 503)
            self.assertEqual(self.s.check(jar[COOKIE]).status, 204)
        self.assertNotEqual(self.s.ctl(
            "user", "add", "carol", "--password-stdin",
            stdin=PASSWORD + "\n").returncode, 0)
        self.assertIn(b"full", self.s.log())
        workers = self.s.workers()
        self.s.make_room()
        self.assertEqual(self.s.check(self.jar("bob")[COOKIE]).status, 204)
        self.assertEqual(self.s.check(jar[COOKIE]).status, 204)
        self.assertEqual(self.s.workers(), workers)
        self.assertEqual(self.s.sql("PRAGMA integrity_check"), [("ok",)])

    def test_x10_everybody_can_log_out(self):
        jars = [self.jar() for _ in range(8)]
        self.s.fill()
        for jar in jars:
            self.assertEqual(self.log_out(jar), 303, self.s.log().decode())
            self.assertEqual(self.s.check(jar[COOKIE]).status, 401)
        # What was acknowledged is on the disk, full as it is.
        os.killpg(self.s.gate.pid, signal.SIGKILL)
        self.s.gate.wait()
        self.s.start_gate()
        for jar in jars:
            self.assertEqual(self.s.check(jar[COOKIE]).status, 401)

    def test_x10_the_room_of_log_outs_is_not_for_log_ins(self):
        jars = [self.jar() for _ in range(4)]
        self.s.fill()
        self.assertEqual(self.log_out(jars[0]), 303)
        self.assertFalse(os.path.exists(self.s.reserve))
        for jar in jars[1:]:
            for _ in range(5):
                self.assertEqual(
                    self.s.login("bob", PASSWORD)[0].status, 503)
            self.assertEqual(self.log_out(jar), 303)
        self.s.make_room()
        self.jar("bob")
        self.assertEqual(os.stat(self.s.reserve).st_blocks * 512, 1 << 20)

    def test_x10_administrators_end_what_must_end(self):
        first, second = self.jar(), self.jar("bob")
        handle = self.s.check(first[COOKIE]).header("X-Auth-Session")
        self.s.fill()
        for args in (("session", "revoke", handle),
                     ("user", "disable", "bob")):
            done = self.s.ctl(*args)
            self.assertEqual(done.returncode, 0, done.stderr)
        for jar in (first, second):
            self.assertTrue(wait_for(
                lambda j=jar: self.s.check(j[COOKIE]).status == 401))

    def test_u15_also_with_nobody_having_the_database_open(self):
        """Opening it makes its side files: the reserve is spent before."""
        self.jar()
        self.s.stop_gate()
        self.s.fill()
        self.s.ctl("session", "revoke", "--user", "alice", check=True)
        self.assertEqual(self.s.sql("SELECT * FROM sessions"), [])
        self.s.make_room()
        self.s.ctl("audit", check=True)

    def test_u15_a_disable_with_nobody_having_the_database_open(self):
        self.s.stop_gate()
        self.s.fill()
        self.s.ctl("user", "disable", "alice", check=True)
        self.assertEqual(self.s.sql(
            "SELECT disabled FROM users WHERE name = 'alice'"), [(1,)])

    def test_x10_a_disk_full_from_the_start(self):
        jar = self.jar()
        self.s.stop_gate()
        self.s.fill()
        self.s.start_gate()
        self.assertIn(self.s.check(jar[COOKIE]).status, (204, 503))
        self.s.make_room()
        self.assertTrue(wait_for(
            lambda: self.s.check(jar[COOKIE]).status == 204))
        self.jar("bob")


if __name__ == "__main__":
    unittest.main()
