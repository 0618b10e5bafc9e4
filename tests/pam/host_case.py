# SPDX-License-Identifier: MIT
"""A stack of its own for the PAM host of these tests, and its answers."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import BUILD, Stack  # noqa: E402

MODULE = os.path.join(BUILD, "pam_stauth", "pam_stauth.so")
HELPER = os.path.join(BUILD, "pam_stauth", "stauth_chkpwd")
HOST = os.path.join(BUILD, "tests", "pam", "pam_host")
PASSWORD = "correct horse battery"
SANITIZED = os.path.exists(MODULE) and b"__asan_" in open(MODULE, "rb").read()

# Of <security/_pam_types.h>.
SUCCESS, SERVICE_ERR, SYSTEM_ERR, BUF_ERR, PERM_DENIED, AUTH_ERR = \
    0, 3, 4, 5, 6, 7
UNAVAIL, USER_UNKNOWN, MAXTRIES, NEW_AUTHTOK_REQD, ACCT_EXPIRED = \
    9, 10, 11, 12, 13
SESSION_ERR, CONV_ERR, AUTHTOK_ERR, IGNORE, ABORT = 14, 19, 20, 25, 26
TRY_AGAIN, CONV_AGAIN, INCOMPLETE = 24, 30, 31


def masked(text):
    return "".join("%02x" % (byte ^ 0x5a) for byte in text.encode())


class HostCase(unittest.TestCase):
    """One stack a class: alice may open the host, webonly may not."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest(
                "the helper believes root's configuration only: run as root")
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.stop)
        os.chmod(cls.stack.dir, 0o755)
        cls.confdir = os.path.join(cls.stack.dir, "pam.d")
        os.mkdir(cls.confdir)
        cls.stack.add_user("alice", PASSWORD, "--system-login")
        # None of the users has a Unix account here.
        cls.options = "conf=%s helper=%s any_account" % (
            cls.stack.conf, HELPER)
        cls.service(["required"])

    def setUp(self):
        self.stack.ctl("throttle", "clear", check=True)

    @classmethod
    def service(cls, controls, name="stauth", options=None, extra=""):
        """Writes a service; a control may carry options after a '|'."""
        lines = []
        options = cls.options if options is None else options
        for control in controls:
            control, _, more = control.partition("|")
            if "pam_" in control or control.startswith(("include", "substack")):
                lines.append("auth %s" % control)
                continue
            lines.append("auth %s %s %s %s" % (control, MODULE, options, more))
        for kind in ("account", "password", "session"):
            lines.append("%s required %s %s" % (kind, MODULE, options))
        path = os.path.join(cls.confdir, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n" + extra)
        return name

    def host(self, *words, timeout=120, password=PASSWORD, **more):
        """[(word, rest), ...] of what the host printed."""
        if password is not None:
            words = ("hidden=" + masked(password),) + words
        result = subprocess.run(
            [HOST, self.confdir, *words], check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=timeout, errors="replace", **more)
        self.assertEqual(result.returncode, 0,
                         result.stdout + result.stderr)
        return [tuple(line.split(" ", 1)) for line in
                result.stdout.splitlines()]

    def code(self, *words, of="auth", **more):
        """What the (last) call of this name returned."""
        said = self.host(*words, **more)
        codes = [int(rest) for word, rest in said if word == of]
        self.assertTrue(codes, said)
        return codes[-1]

    def auth(self, *words, **more):
        return self.code(*words, "start", "auth", "end", **more)

    @staticmethod
    def measured(said, name):
        line = next(rest for word, rest in said if word == name)
        return {key: int(value) for key, value in
                re.findall(r"(\w+)=(\d+)", line)}

    def script(self, body, mode=0o755):
        """A helper that is not ours."""
        handle, path = tempfile.mkstemp(dir=self.stack.dir, text=True)
        with open(handle, "w", encoding="utf-8") as out:
            out.write(body)
        os.chmod(path, mode)
        self.addCleanup(os.remove, path)
        return path
