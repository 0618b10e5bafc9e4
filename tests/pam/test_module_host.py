# SPDX-License-Identifier: MIT
"""The PAM module leaves its host as it was: threads, forks, small limits."""

import concurrent.futures
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

from host_case import (
    AUTH_ERR, HOST, MODULE, PASSWORD, SANITIZED, SESSION_ERR, SUCCESS,
    UNAVAIL, HostCase)

CLEAN = (SUCCESS, UNAVAIL)
NOBODY = 65534
CAP_SYS_RESOURCE = 1 << 24


class Threads(HostCase):
    def test_a30_64_threads_each_with_its_own_handle(self):
        for name in ("bob0", "bob1", "bob2", "bob3", "carol"):
            self.stack.add_user(name, PASSWORD, "--system-login")
        codes = [int(rest) for word, rest in self.host("threads=64")
                 if word == "thread"]
        self.assertEqual(codes, [SUCCESS, AUTH_ERR] * 32)

    def test_a31_a_child_uses_the_handle(self):
        said = self.host("start", "fork=auth", "auth", "fork=setcred", "end")
        self.assertEqual([rest for word, rest in said if word == "auth"],
                         ["0", "0"])
        self.assertIn(("setcred", "0"), said)

    def test_a31_loaded_and_unloaded_1000_times(self):
        said = self.host("cycles=100", "measure=before", "cycles=1000",
                         "measure=after", "start", "auth", "end")
        before = self.measured(said, "before")
        after = self.measured(said, "after")
        self.assertEqual(said.count(("cycles", "0")), 2)
        self.assertEqual(after["fds"], before["fds"])
        self.assertEqual(after["threads"], 1)
        if not SANITIZED:
            self.assertLess(after["rss_kib"] - before["rss_kib"], 256)
        self.assertIn(("auth", "0"), said)


class Limits(HostCase):
    def unchanged(self, *setup, allowed=(SUCCESS,), **more):
        """The right password under these conditions, and a wrong one."""
        for password, codes in ((PASSWORD, allowed),
                                ("wrong", set(allowed) - {SUCCESS}
                                 | {AUTH_ERR})):
            # The first start maps libpam's own; it is not what is measured.
            said = self.host(*setup, "start", "save", "auth", "end",
                             "compare", password=password, **more)
            code = int(next(rest for word, rest in said if word == "auth"))
            self.assertIn(code, codes)
            states = [rest for word, rest in said if word == "state"]
            self.assertEqual(states, ["same"])
            self.assertIn(("sigchld", "0"), said)

    def test_a32_signals_of_the_host(self):
        self.unchanged()
        self.unchanged("sigchld=ignore")
        self.unchanged("sigchld=count")
        self.unchanged("block")
        self.unchanged("alarm", "umask")

    def test_a32_closed_standard_descriptors(self):
        self.unchanged("close012")

    def test_a32_few_descriptors(self):
        self.unchanged("nofile=8", allowed=CLEAN)
        self.unchanged("nofile=5", allowed=CLEAN)

    @unittest.skipIf(SANITIZED, "a sanitizer reserves more than that")
    def test_a32_little_memory(self):
        self.unchanged("as_mib=64", allowed=CLEAN)

    @unittest.skipIf(SANITIZED, "the leak check needs a process of its own")
    def test_a32_x16_no_process_left(self):
        """As a user: root is not limited. This helper always says wrong."""
        module = os.path.join(self.stack.dir, "module.so")
        shutil.copy(MODULE, module)
        os.chmod(module, 0o755)
        # It waits for the question: a helper that ends before it is one
        # that could not be asked.
        helper = self.script("#!/bin/sh\nhead -c 7 >/dev/null\n"
                             "printf 'STA\\001\\001\\000\\000'\n")
        path = os.path.join(self.confdir, "own")
        with open(path, "w", encoding="utf-8") as out:
            out.write("auth required %s helper=%s\n" % (module, helper))
        user = "uid=%d" % NOBODY
        self.unchanged("service=own", user, allowed=(AUTH_ERR,))
        said = self.host("service=own", "nproc=0", user, "start", "save",
                         "auth", "end", "compare")
        self.assertIn(("state", "same"), said)
        self.assertIn(("auth", str(UNAVAIL)), said)

    def test_a32_a_fault_leaves_nothing_behind_either(self):
        for helper in ("/nonexistent", self.script("#!/bin/sh\nkill -9 $$\n"),
                       self.script("#!/bin/sh\nexec /usr/bin/yes\n")):
            self.service(["required"], "broken", "conf=%s helper=%s" % (
                self.stack.conf, helper))
            self.unchanged("service=broken", "sigchld=count",
                           allowed=(UNAVAIL,))


class Surroundings(HostCase):
    """What the helper is started with: nothing of its host's."""

    PRINTER = """#!/usr/bin/python3 -I
import json, os, resource
found = {"env": open("/proc/self/environ").read(), "fds": {}}
for fd in os.listdir("/proc/self/fd"):
    try:
        found["fds"][fd] = os.readlink("/proc/self/fd/" + fd)
    except OSError:
        pass    # the listing itself
for line in open("/proc/self/status"):
    if line.startswith("Sig"):
        name, value = line.split()
        found[name] = int(value, 16) if "/" not in value else 0
    elif line.startswith(("Uid", "Gid", "Groups")):
        found[line.split(":")[0]] = line.split()[1:]
umask = os.umask(0)
found.update(
    nice=os.nice(0), policy=os.sched_getscheduler(0), umask=umask,
    processors=len(os.sched_getaffinity(0)), cwd=os.getcwd(),
    session=os.getsid(0), oom=open("/proc/self/oom_score_adj").read().strip(),
    limits={name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
            for name in ("CPU", "FSIZE", "NOFILE", "CORE", "NPROC", "AS")})
with open(__file__ + ".out", "w") as out:
    json.dump(found, out)
os.read(0, 7)
os.write(1, b"STA\\x01\\x01\\0\\0")
"""

    def printed(self, *words, **more):
        """What a helper finds that this host has started."""
        helper = self.script(self.PRINTER)
        self.addCleanup(os.remove, helper + ".out")
        self.service(["required"], "printer", "helper=" + helper)
        self.assertEqual(self.auth("service=printer", *words, **more),
                         AUTH_ERR)
        with open(helper + ".out", encoding="ascii") as file:
            return json.load(file)

    def test_u1_nothing_that_the_caller_chose(self):
        def of_the_caller():
            os.setgroups([4, 5])
            os.nice(12)
            os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
            os.umask(0o777)
            for name, value in (("CPU", 60), ("FSIZE", 4096), ("NOFILE", 64),
                                ("CORE", 1 << 20), ("NPROC", 10)):
                resource.setrlimit(getattr(resource, "RLIMIT_" + name),
                                   (value, value))
            with open("/proc/self/oom_score_adj", "w",
                      encoding="ascii") as out:
                out.write("700")

        found = self.printed("ruid=%d" % NOBODY, preexec_fn=of_the_caller,
                             cwd="/tmp")
        self.assertEqual(found["Uid"], ["0"] * 4)
        self.assertEqual(found["Gid"], ["0"] * 4)
        self.assertEqual(found["Groups"], [])
        self.assertEqual((found["nice"], found["policy"], found["oom"]),
                         (0, os.SCHED_OTHER, "0"))
        self.assertEqual(found["processors"], len(os.sched_getaffinity(0)))
        self.assertEqual((found["umask"], found["cwd"]), (0o077, "/"))
        self.assertNotEqual(found["session"], os.getsid(0))
        self.assertEqual(found["limits"]["CORE"], [0, 0])
        with open("/proc/self/status", encoding="ascii") as file:
            rights = int(re.search(r"CapEff:\t(\w+)", file.read())[1], 16)
        if not rights & CAP_SYS_RESOURCE:
            self.skipTest("root may not raise limits here")
        self.assertEqual(found["limits"], {
            "CPU": [-1, -1], "FSIZE": [-1, -1], "NPROC": [-1, -1],
            "AS": [-1, -1], "NOFILE": [1024, 1024], "CORE": [0, 0]})

    def test_helper_has_the_rights_of_who_spawns_it(self):
        module = os.path.join(self.stack.dir, "module.so")
        shutil.copy(MODULE, module)
        os.chmod(module, 0o755)
        script = self.script("#!/bin/sh\nhead -c 7 >/dev/null\n"
                             "test $(id -u) = %d && "
                             "printf 'STA\\001\\001\\000\\000'\n" % NOBODY)
        with open(os.path.join(self.confdir, "own2"), "w",
                  encoding="utf-8") as out:
            out.write("auth required %s helper=%s\n" % (module, script))
        self.assertEqual(self.auth("service=own2", "uid=%d" % NOBODY),
                         AUTH_ERR)
        self.assertEqual(self.auth("service=own2"), UNAVAIL)

    def test_u15_a_helper_that_sleeps_holds_its_host_thirty_seconds(self):
        helper = self.script("#!/bin/sh\nsleep 70\n")
        answers = self.script("#!/bin/sh\nhead -c 7 >/dev/null\n"
                              "printf 'STA\\001\\001\\000\\000'\nsleep 70\n")
        self.service(["required"], "sleepy", "helper=" + helper)
        self.service(["required"], "lingers", "helper=" + answers)

        def timed(service, call):
            start = time.monotonic()
            said = self.host("service=" + service, "start", "save", call,
                             "end", "compare")
            code = next(int(rest) for word, rest in said if word == call)
            return code, time.monotonic() - start, ("state", "same") in said

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(timed, *words) for words in (
                ("sleepy", "auth"), ("sleepy", "acct"), ("sleepy", "open"),
                ("lingers", "auth"))]
            results = [job.result() for job in jobs]
        self.assertEqual([result[0] for result in results],
                         [UNAVAIL, UNAVAIL, SESSION_ERR, AUTH_ERR])
        for _, took, same in results:
            self.assertLess(took, 33)
            self.assertTrue(same)
        # Nobody is left who would sleep on.
        left = subprocess.run(["pgrep", "-f", helper + "|" + answers],
                              check=False, stdout=subprocess.PIPE, text=True)
        self.assertEqual(left.stdout, "")

    def test_a26_a32_environment_descriptors_and_signals(self):
        def of_the_host():
            for sig in (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE,
                        signal.SIGRTMIN, signal.SIGRTMAX):
                signal.signal(sig, signal.SIG_IGN)

        with open("/etc/passwd", "rb") as one, \
                open("/dev/full", "wb") as other:
            found = self.printed(
                "sigint", "block",
                env={"LD_LIBRARY_PATH": "/nonexistent", "IFS": "x",
                     "STAUTH_CONFIG": "/nonexistent", "PATH": "/bin"},
                pass_fds=(one.fileno(), other.fileno()),
                preexec_fn=of_the_host, restore_signals=False)
        self.assertEqual(found["env"], "")
        # Python itself ignores these two.
        own = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
        self.assertEqual((found["SigBlk:"], found["SigIgn:"] & ~own), (0, 0))
        fds = found["fds"]
        self.assertEqual(set(fds), {"0", "1", "2"}, fds)
        self.assertTrue(fds["0"].startswith("socket:"), fds)
        self.assertEqual((fds["1"], fds["2"]), (fds["0"], "/dev/null"))


class Memory(HostCase):
    @unittest.skipIf(SANITIZED, "freed memory is kept on purpose there")
    def test_a37_the_password_is_gone_after_the_end(self):
        said = self.host("start", "auth", "end", "scan")
        self.assertIn(("auth", "0"), said)
        self.assertEqual(said[-1][1].split()[0], "0", said)
        # The scan does see one that stays.
        said = self.host("start", "auth", "end", "plant", "scan")
        self.assertEqual(said[-1][1].split()[0], "1", said)

    @unittest.skipIf(SANITIZED, "freed memory is kept on purpose there")
    def test_a37_a_long_one_is_not_left_in_freed_memory(self):
        word = "a rather long sentence of ten words, as people use them"
        for words in (("auth",), ("auth", "acct", "setcred")):
            said = self.host("start", *words, "end", "scan", password=word)
            self.assertEqual(said[-1][1].split()[0], "0", said)
        said = self.host("start", "auth", "end", "plant", "scan",
                         password=word)
        self.assertEqual(said[-1][1].split()[0], "1", said)

    @unittest.skipIf(SANITIZED, "freed memory is kept on purpose there")
    def test_a37_also_after_a_failure(self):
        self.service(["required"], "broken", "conf=%s helper=/nonexistent"
                     % self.stack.conf)
        for setup in (("user=nobodyhere",), ("service=broken",),
                      ("service=broken", "start", "change", "end")):
            said = self.host(*setup, "start", "auth", "end", "scan")
            self.assertEqual(said[-1][1].split()[0], "0", said)


if __name__ == "__main__":
    assert os.path.exists(HOST)
    unittest.main()
