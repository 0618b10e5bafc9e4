# SPDX-License-Identifier: MIT
"""Workers that hang are replaced; socket files that somebody removed are
not, and let nobody in."""

import os
import shutil
import socket
import stat
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from process_case import ProcessCase  # noqa: E402
from rig import BUILD, command_of, wait_for  # noqa: E402

LIBRARY = os.path.join(BUILD, "tests", "fault", "libhang.so")
HEALTH = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/auth/health",
          "SCRIPT_NAME": "/auth/health"}


def health(s):
    return fcgi.ask(s.pages_sock, HEALTH, timeout=5).status


class SocketFiles(ProcessCase):
    def closed(self, s):
        with self.assertRaises(OSError):
            s.check(timeout=2)

    def back_after_a_restart(self, s, token):
        s.start_gate()
        self.assertEqual(s.check(token).status, 204)
        self.assertEqual(health(s), 200)
        for path in (s.check_sock, s.pages_sock):
            self.assertEqual(stat.S_IMODE(os.lstat(path).st_mode), 0o660)

    def test_x4_a_deleted_file_lets_nobody_in_until_a_restart(self):
        s, token = self.with_alice()
        before = s.workers()
        with fcgi.connect(s.check_sock, 5) as kept:
            os.unlink(s.check_sock)
            self.closed(s)
            # nginx's connections live on, and so does the other socket.
            kept.sendall(fcgi.request(s.check_params(token), flags=1))
            self.assertEqual(fcgi.receive(kept).status, 204)
        self.assertEqual(health(s), 200)
        self.assertEqual(s.workers(), before)
        self.assertEqual(s.stop_gate(), 0)
        self.back_after_a_restart(s, token)

    def test_x4_the_whole_directory_is_gone(self):
        s, token = self.with_alice()
        shutil.rmtree(s.run_dir)
        self.closed(s)
        self.assertEqual(s.stop_gate(), 0)
        self.back_after_a_restart(s, token)

    def test_x4_a_wrong_mode_stays_until_a_restart(self):
        s, token = self.with_alice()
        os.chmod(s.check_sock, 0)
        os.chmod(s.pages_sock, 0)
        self.assertEqual(s.stop_gate(), 0)
        self.back_after_a_restart(s, token)

    def test_x4_what_somebody_put_there_stays(self):
        s, _ = self.with_alice()
        os.unlink(s.check_sock)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(s.check_sock)
            other.listen()
            inode = os.lstat(s.check_sock).st_ino
            self.assertEqual(s.stop_gate(), 0)
            self.assertEqual(os.lstat(s.check_sock).st_ino, inode)
            self.assertFalse(os.path.exists(s.pages_sock))


@unittest.skipUnless(os.path.exists(LIBRARY), "not in a sanitized build")
class Hung(ProcessCase):
    def hang(self, s, path):
        """The worker that takes the connection hangs from now on."""
        trap = os.path.join(s.dir, "hang")
        with open(trap, "w", encoding="ascii"):
            pass
        sock = fcgi.connect(path, 5)
        self.addCleanup(sock.close)
        self.assertTrue(wait_for(lambda: not os.path.exists(trap), 5))

    def test_x3_who_hangs_is_replaced_and_nobody_else(self):
        s = self.stack({"CHECK_WORKERS": "2", "PAGE_WORKERS": "2"},
                       start=False)
        s.start_gate(env=dict(os.environ, LD_PRELOAD=LIBRARY,
                              STAUTH_HANG=os.path.join(s.dir, "hang")))
        before = set(s.workers())
        start = time.monotonic()
        self.hang(s, s.check_sock)
        self.hang(s, s.pages_sock)
        for _ in range(10):  # the others serve meanwhile
            self.assertEqual(s.check().status, 401)
            self.assertEqual(health(s), 200)
        self.assertTrue(wait_for(
            lambda: s.log().count(b"hung and was killed") == 2, 32), s.log())
        self.assertGreater(time.monotonic() - start, 15)
        for name in (b"check worker", b"page worker"):
            self.assertRegex(s.log(), name + rb" \d+ hung and was killed by "
                                             rb"its watchdog\n")
        self.assertTrue(wait_for(
            lambda: len(s.workers()) == len(before), 2))
        self.assertEqual(len(before & set(s.workers())), 2)
        self.assertEqual(sorted(map(command_of, s.workers())), sorted(
            ["fcgi_gate check"] * 2 + ["fcgi_gate pages"] * 2))
        self.assertEqual(s.check().status, 401)
        self.assertEqual(health(s), 200)


if __name__ == "__main__":
    unittest.main()
