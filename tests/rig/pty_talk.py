# SPDX-License-Identifier: MIT
"""A person at a terminal: runs a program on a pty, waits, types."""

import fcntl
import os
import pty
import pwd
import select
import signal
import subprocess
import termios
import time


class Terminal:
    """One program on a terminal of its own."""

    def __init__(self, argv, user=None, env=None):
        self.master, slave = pty.openpty()
        self.text = ""
        self.name = os.ttyname(slave)
        more = {}
        if user:
            who = pwd.getpwnam(user)
            os.fchown(slave, who.pw_uid, -1)
            more = {"user": who.pw_uid, "group": who.pw_gid,
                    "extra_groups": []}

        def own_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, close_fds=True,
            start_new_session=True, preexec_fn=own_terminal,
            env=dict({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                      "TERM": "dumb", "LC_ALL": "C"}, **env or {}),
            cwd="/", **more)
        os.close(slave)

    def read(self, seconds):
        """Reads what comes; False at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.text += data.decode("utf-8", "backslashreplace")
        return bool(data)

    def await_text(self, wanted, since=0, timeout=20):
        """The place after wanted, or -1."""
        until = time.monotonic() + timeout
        while wanted not in self.text[since:]:
            left = until - time.monotonic()
            if left <= 0 or not self.read(min(left, 1)):
                return -1
        return self.text.index(wanted, since) + len(wanted)

    def type(self, line):
        # A prompt appears before echo is off; what is typed earlier is
        # flushed.
        until = time.monotonic() + 1
        while time.monotonic() < until:
            if not termios.tcgetattr(self.master)[3] & termios.ECHO:
                break
            time.sleep(0.02)
        data = line if isinstance(line, bytes) else line.encode()
        os.write(self.master, data + b"\n")

    def finish(self, timeout=20):
        """Reads to the end; the exit status."""
        until = time.monotonic() + timeout
        while time.monotonic() < until and self.read(0.2):
            if self.process.poll() is not None:
                while self.read(0.05) and select.select(
                        [self.master], [], [], 0)[0]:
                    pass
                break
        try:
            status = self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
            status = 124
        os.close(self.master)
        return status

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(5)


def talk(argv, answers=(), user=None, env=None, timeout=40):
    """(exit status, all that was said). answers: (awaited text, reply);
    an answer that is never asked for is not given."""
    terminal = Terminal(argv, user=user, env=env)
    at = 0
    for wanted, reply in answers:
        found = terminal.await_text(wanted, at, timeout)
        if found < 0:
            break
        at = found
        terminal.type(reply)
    return terminal.finish(timeout), terminal.text
