# SPDX-License-Identifier: MIT
"""The gate's log: one line for one event, and no request waits for it."""

import os
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from process_case import PASSWORD, ProcessCase  # noqa: E402
from rig import GATE, wait_for  # noqa: E402

HEALTH = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/auth/health",
          "SCRIPT_NAME": "/auth/health"}


class Log(ProcessCase):
    def test_j7_what_a_client_sends_makes_no_line_of_its_own(self):
        s, _ = self.with_alice()
        for name in ("x\nfcgi_gate: ready", "x\r\n\x1b[2Jready", "x\0y"):
            s.login(name, PASSWORD)
            s.page("GET", "/auth/" + name)
            s.check(extra=(("HTTP_COOKIE", name), ("HTTP_ACCEPT", name)))
        self.assertEqual(s.log().count(b"ready"), 1)
        self.assertNotIn(b"\x1b", s.log())
        for line in s.log().splitlines():
            self.assertTrue(line.startswith(b"fcgi_gate: "), line)

    def test_j7_x27_a_log_that_is_stuck_holds_up_nobody(self):
        s = self.stack({"PAGE_WORKERS": "1"}, start=False, init=False)
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        s.gate = subprocess.Popen([GATE, "-c", s.conf], stderr=write)
        self.assertTrue(wait_for(lambda: os.path.exists(s.pages_sock), 10))
        self.assertEqual(fcgi.ask(s.pages_sock, HEALTH).status, 503)
        filler = os.open("/proc/self/fd/%d" % write,
                         os.O_WRONLY | os.O_NONBLOCK)
        try:
            while True:
                os.write(filler, b"." * 4096)
        except BlockingIOError:
            pass
        # Each of these is a line.
        for _ in range(5):
            start = time.monotonic()
            self.assertEqual(fcgi.ask(s.pages_sock, HEALTH).status, 503)
            self.assertLess(time.monotonic() - start, 2)
        while select.select([read], [], [], 0.1)[0]:
            os.read(read, 65536)
        self.assertEqual(fcgi.ask(s.pages_sock, HEALTH).status, 503)
        self.assertTrue(select.select([read], [], [], 5)[0])
        self.assertIn(b"fcgi_gate: warning: 5 lines of the log were lost\n",
                      os.read(read, 65536))
        os.close(filler)
        os.close(write)


if __name__ == "__main__":
    unittest.main()
