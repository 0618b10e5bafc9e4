# SPDX-License-Identifier: MIT
"""The log of a gate that runs without systemd, as fcgi_gate(8) shows it,
under the real logrotate."""

import os
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import installed  # noqa: E402
from installed import InstalledStack, owner, which  # noqa: E402
from rig import TOP, wait_for  # noqa: E402

LOG = "/var/log/stauth/gate.log"
ROTATED = LOG + ".1"
DONE = "reload: done"


def page_commands():
    """What the man page shows: the directory's, the gate's."""
    with open(os.path.join(TOP, "fcgi_gate", "fcgi_gate.8.scd"),
              encoding="utf-8") as page:
        section = page.read().split("\n# LOG\n")[1].split("\n# ")[0]
    return section.split("```\n")[1].split("\n", 1)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Rotation(unittest.TestCase):
    def setUp(self):
        reason = installed.why_not()
        if not reason and not which("logrotate"):
            reason = "not installed: logrotate"
        if reason:
            self.skipTest(reason)
        self.stack = InstalledStack()
        self.addCleanup(self.stack.stop)
        self.stack.ctl("init", check=True)
        made, self.command = page_commands()
        # What tmpfiles.d made is what the page makes by hand.
        self.assertEqual(owner("/var/log/stauth"), "stauth:adm 2750")
        os.rmdir("/var/log/stauth")
        subprocess.run(made, shell=True, check=True)
        self.assertEqual(owner("/var/log/stauth"), "stauth:adm 2750")

    def start(self):
        self.gate = subprocess.Popen(
            "exec " + self.command, shell=True, stdin=subprocess.DEVNULL,
            start_new_session=True)
        self.addCleanup(self.end)
        self.assertTrue(wait_for(
            lambda: os.path.exists(LOG) and "ready" in read(LOG), 20))

    def end(self):
        if self.gate.poll() is None:
            self.gate.terminate()
        self.gate.wait(15)

    def rotate(self):
        done = subprocess.run(
            ["logrotate", "--verbose", "--force", "--state",
             os.path.join(self.stack.dir, "rotated"), "/etc/logrotate.d/stauth"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("error", done.stdout)

    def reload(self, count, log=LOG):
        """So many lines more, one after the other."""
        for _ in range(count):
            before = read(log).count(DONE)
            self.gate.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(
                lambda: read(log).count(DONE) == before + 1, 10))

    def test_rotated_while_a_gate_writes(self):
        self.rotate()       # with nothing there yet
        self.start()
        self.reload(3)
        before = read(LOG)
        self.rotate()
        self.assertEqual(read(ROTATED), before)
        self.assertEqual(read(LOG), "")
        # As long as it is: no hole where the old lines were.
        self.reload(5)
        after = read(LOG)
        self.assertEqual(after.count(DONE), 5)
        self.assertNotIn("\0", after)
        self.rotate()
        self.assertEqual(read(ROTATED), after)
        self.assertTrue(os.path.exists(LOG + ".2.gz"))
        for path in (LOG, ROTATED, LOG + ".2.gz"):
            self.assertEqual(owner(path), "stauth:adm 0640", path)
        self.rotate()       # an empty one stays as it is
        self.assertEqual(read(ROTATED), after)
        self.assertIsNone(self.gate.poll())
        self.assertEqual(self.stack.check().status, 401)


if __name__ == "__main__":
    unittest.main()
