# SPDX-License-Identifier: MIT
"""u26: what hosts and kernels do that the module does not expect."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import PASSWORD, PamCase  # noqa: E402
import pamrig  # noqa: E402

# Runs a program under a filter that refuses one system call with an errno.
REFUSING = """
import ctypes, os, struct, sys
number, errno = int(sys.argv[1]), int(sys.argv[2])
def step(code, yes, no, k):
    return struct.pack("HBBI", code, yes, no, k)
program = (step(0x20, 0, 0, 0) + step(0x15, 0, 1, number)
           + step(0x06, 0, 0, 0x00050000 | errno)
           + step(0x06, 0, 0, 0x7fff0000))
buffer = ctypes.create_string_buffer(program)
filter = struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, filter, 0, 0):
    sys.exit("no filter")
os.execv(sys.argv[3], sys.argv[3:])
"""
CLOSE_RANGE, SETSID, EXECVE = 436, 112, 59
ENOSYS, EPERM = 38, 1


class Surroundings(PamCase):
    def setUp(self):
        super().setUp()
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)

    def refusing(self, number, errno, program=None):
        return self.stack.host(
            ["/usr/bin/python3", "-I", "-S", "-c", REFUSING, str(number),
             str(errno), *(program or [pamrig.which("pamtester"),
                                       "stauth-test", "alice",
                                       "authenticate"])],
            [("Password: ", PASSWORD)])

    @unittest.skipIf(os.uname().machine != "x86_64", "numbers of x86_64")
    def test_u26_close_range_is_refused_or_unknown(self):
        helper = pamrig.INSTALLED_HELPER + ".lists"
        with open(helper, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\nls /proc/self/fd > %s/fds\nexec %s\n" % (
                self.stack.dir, pamrig.INSTALLED_HELPER))
        os.chmod(helper, 0o755)
        self.addCleanup(os.unlink, helper)
        self.stack.service("stauth-test", "helper=" + helper)
        for errno in (ENOSYS, EPERM):
            told = self.refusing(CLOSE_RANGE, errno, [
                "/bin/bash", "-c", "exec 7</dev/null 300</dev/null; exec "
                "%s stauth-test alice authenticate"
                % pamrig.which("pamtester")])
            self.assertEqual(told.code, "SUCCESS", errno)
            with open(self.stack.dir + "/fds", encoding="ascii") as file:
                # 3: the directory that ls reads; 10: the shell's script.
                self.assertLessEqual(set(file.read().split()),
                                     {"0", "1", "2", "3", "10"})

    @unittest.skipIf(os.uname().machine != "x86_64", "numbers of x86_64")
    def test_u26_a_child_that_fails_says_why(self):
        told = self.refusing(SETSID, EPERM)
        self.assertEqual(told.code, "AUTHINFO_UNAVAIL")
        self.assertIn("leaving the caller's ids and session: Operation not "
                      "permitted", self.stack.syslog.of_module()[-2])
        os.chmod(pamrig.INSTALLED_HELPER, 0o644)
        self.addCleanup(os.chmod, pamrig.INSTALLED_HELPER, 0o755)
        self.assertEqual(self.auth("alice", PASSWORD), "AUTHINFO_UNAVAIL")
        self.assertIn("%s: Permission denied" % pamrig.INSTALLED_HELPER,
                      self.stack.syslog.of_module()[-2])


class Stacked(PamCase):
    """The password of a module above, which was meant for that one."""

    def setUp(self):
        super().setUp()
        self.stack.service(
            "stack", text="auth optional pam_unix.so\n"
            "auth required MODULE try_first_pass\n")

    def stacked(self, first, *more):
        self.fresh()
        self.before = len(self.events("login.wrong"))
        told = self.stack.pamtester(
            "stack", "alice", "authenticate",
            answers=[("Password: ", word) for word in (first, *more)])
        return (told.code, told.text.count("Password: "),
                len(self.events("login.wrong")) - self.before)

    def test_u26_try_first_pass_asks_again(self):
        self.assertEqual(self.stacked(PASSWORD), ("SUCCESS", 1, 0))
        self.assertEqual(self.stacked("other", PASSWORD), ("SUCCESS", 2, 1))
        # Every password that was compared counts, and none twice: sshd
        # answers each prompt with the same one.
        self.assertEqual(self.stacked("wrong", "wrong"), ("AUTH_ERR", 2, 1))
        self.assertEqual(self.stacked("wrong", "again"), ("AUTH_ERR", 2, 2))
        self.assertEqual(self.stacked("wrong", ""), ("AUTH_ERR", 2, 1))

    def test_u26_names_that_are_not_ours_are_not_asked_again(self):
        told = self.stack.pamtester("stack", "carol", "authenticate",
                                    answers=[("Password: ", "wrong")])
        self.assertEqual((told.code, told.text.count("Password: ")),
                         ("USER_UNKNOWN", 1))

    def test_u26_an_empty_probe_is_no_failure(self):
        """sshd tries that one before it asks."""
        for _ in range(8):
            self.assertEqual(self.auth("alice", ""), "AUTH_ERR")
        self.assertEqual(self.listed("throttle", "list"), [])
        self.assertEqual(self.events("login.wrong"), [])
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")


class Stopped(PamCase):
    def test_u26_reaping_is_bounded(self):
        """Whoever stops the process between host and helper."""
        helper = pamrig.INSTALLED_HELPER + ".stops"
        with open(helper, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\nkill -STOP $PPID\nexec %s\n"
                      % pamrig.INSTALLED_HELPER)
        os.chmod(helper, 0o755)
        self.addCleanup(os.unlink, helper)
        self.stack.service("stauth-test", "helper=" + helper)
        start = time.monotonic()
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        self.assertLess(time.monotonic() - start, 8)


if __name__ == "__main__":
    unittest.main()
