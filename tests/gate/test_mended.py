# SPDX-License-Identifier: MIT
"""What the master puts right by itself: socket files, workers that hang."""

import os
import shutil
import signal
import socket
import stat
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
import holder  # noqa: E402
from process_case import ProcessCase  # noqa: E402
from rig import wait_for  # noqa: E402

SOON_S = 8  # the master looks every five


def health(s):
    return fcgi.ask(s.pages_sock, {
        "REQUEST_METHOD": "GET", "REQUEST_URI": "/auth/health",
        "SCRIPT_NAME": "/auth/health"}, timeout=5).status


class SocketFiles(ProcessCase):
    def answers(self, s, token):
        def both():
            try:
                return s.check(token).status == 204 and health(s) == 200
            except OSError:
                return False
        self.assertTrue(wait_for(both, SOON_S), s.log())
        for path in (s.check_sock, s.pages_sock):
            self.assertEqual(stat.S_IMODE(os.lstat(path).st_mode), 0o660)

    def test_x4_a_deleted_file_is_made_anew(self):
        s, token = self.with_alice()
        before = s.workers()
        os.unlink(s.check_sock)
        self.answers(s, token)
        self.assertIn("%s was gone and is made anew" % s.check_sock,
                      s.log().decode())
        # Nobody is left who listens where nobody asks.
        self.assertTrue(wait_for(
            lambda: not set(before) & set(s.workers()), 5))
        self.assertEqual(s.stop_gate(), 0)
        self.assertFalse(os.path.exists(s.check_sock))

    def test_x4_the_whole_directory_is_gone(self):
        s, token = self.with_alice()
        shutil.rmtree(s.run_dir)
        self.answers(s, token)
        # The lock is held again, too.
        self.assertEqual(self.run_gate(s).returncode, 75)

    def test_x4_a_wrong_mode_is_set_right(self):
        s, token = self.with_alice()
        before = s.workers()
        os.chmod(s.check_sock, 0)
        os.chmod(s.pages_sock, 0o666)
        self.assertTrue(wait_for(lambda: all(
            stat.S_IMODE(os.lstat(path).st_mode) == 0o660
            for path in (s.check_sock, s.pages_sock)), SOON_S), s.log())
        self.answers(s, token)
        self.assertEqual(before, s.workers())

    def test_x4_what_somebody_put_there_stays(self):
        s, token = self.with_alice()
        os.unlink(s.check_sock)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(s.check_sock)
            other.listen()
            inode = os.lstat(s.check_sock).st_ino
            self.assertTrue(wait_for(
                lambda: b"somebody else listens" in s.log(), SOON_S))
            self.assertEqual(os.lstat(s.check_sock).st_ino, inode)
        self.assertEqual(health(s), 200)

    def test_x4_a_file_that_was_handed_in_is_told_once(self):
        s = self.stack(start=False)
        os.mkdir(s.run_dir)
        socks = []
        for path in (s.check_sock, s.pages_sock):
            socks.append(socket.socket(socket.AF_UNIX))
            self.addCleanup(socks[-1].close)
            socks[-1].bind(path)
            socks[-1].listen()
        holder.launch(s, socks, "check:pages")
        self.assertTrue(wait_for(lambda: b"ready" in s.log(), 10), s.log())
        os.unlink(s.check_sock)
        word = b"%s is gone" % s.check_sock.encode()

        self.assertTrue(wait_for(lambda: word in s.log(), SOON_S), s.log())
        time.sleep(6)
        self.assertEqual(s.log().count(word), 1)
        self.assertIn(b"systemctl restart stauth-check.socket", s.log())
        self.assertFalse(os.path.exists(s.check_sock))


class Hung(ProcessCase):
    def test_x3_who_hangs_is_replaced_and_nobody_else(self):
        s, token = self.with_alice({"CHECK_WORKERS": "2",
                                    "PAGE_WORKERS": "2"})
        before = sorted(s.workers())
        # The master starts the check workers first.
        hung, well = set(before[0::2]), set(before[1::2])
        for pid in hung:
            os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        self.assertTrue(wait_for(
            lambda: not hung & set(s.workers()) and
            len(s.workers()) == len(before), 45), s.log())
        self.assertGreater(time.monotonic() - start, 15)
        self.assertTrue(well <= set(s.workers()), s.log())
        self.assertEqual(s.log().count(b"hangs and is killed"), len(hung))
        self.assertEqual(s.check(token).status, 204)
        self.assertEqual(health(s), 200)


if __name__ == "__main__":
    unittest.main()
