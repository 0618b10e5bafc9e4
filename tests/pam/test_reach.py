# SPDX-License-Identifier: MIT
"""u1: nobody ordinary reaches a process that others wait for, whichever way
the module takes to the helper."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import helper_wire  # noqa: E402
import pamrig  # noqa: E402
import pty_talk  # noqa: E402
from helper_wire import (  # noqa: E402
    ACCOUNT, ALLOW, AUTH, SERVICE, UNAVAILABLE, USER, WORD, frame)
from rig import wait_for  # noqa: E402

ACCOUNT_OF_ALICE = frame(ACCOUNT, [(USER, b"alice"), (SERVICE, b"x")])
# Slow enough to be met in the middle.
SLOW = {"ARGON2_MEMORY_KIB": "131072", "ARGON2_PASSES": "3"}


def below(pid):
    """pid and all that it started."""
    found = [pid]
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="ascii") as file:
            for child in file.read().split():
                found += below(int(child))
    except OSError:
        pass
    return found


def signal_as(user, pids, number):
    """Those of pids that this user may signal."""
    code = ("import os,sys\n"
            "for pid in sys.argv[2:]:\n"
            "    try: os.kill(int(pid), int(sys.argv[1])); print(pid)\n"
            "    except OSError: pass\n")
    told = subprocess.run(
        ["/usr/bin/python3", "-I", "-S", "-c", code, str(number),
         *map(str, pids)], user=user, group=user, extra_groups=[], cwd="/",
        stdout=subprocess.PIPE, check=True, text=True)
    return [int(pid) for pid in told.stdout.split()]


class Stopped(PamCase):
    config = SLOW

    def setUp(self):
        super().setUp()
        self.stack.service("su")

    def su(self):
        """mallory's su to alice, at the moment the password is typed."""
        host = pty_talk.Terminal(["/bin/su", "-c", "id -un", "alice"],
                                 user="mallory")
        self.addCleanup(host.kill)
        self.assertGreater(host.await_text("Password: "), 0, host.text)
        host.type(PASSWORD)
        return host

    def others_log_in(self):
        start = time.monotonic()
        told = self.stack.host(["/bin/su", "-c", "id -un", "mallory"],
                               [("Password: ", OTHER)], user="bob")
        self.assertEqual(told.status, 0, told)
        self.assertEqual(self.auth("alice", PASSWORD, user="alice",
                                   service="su") if self.stack.listener
                         else "SUCCESS", "SUCCESS")
        return time.monotonic() - start

    def stop_at_every_step(self):
        usual = self.others_log_in()
        for delay in (0.01, 0.05, 0.1, 0.2, 0.4):
            host = self.su()
            time.sleep(delay)
            pids = below(host.process.pid)
            if self.stack.listener:
                pids += self.stack.listener.children()
            stopped = signal_as("mallory", pids, signal.SIGSTOP)
            # The host itself is the caller's, and nothing else is.
            self.assertLessEqual(set(stopped), {host.process.pid})
            took = self.others_log_in()
            self.assertLess(took, 2 * usual + 3, delay)
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(host.finish(), 0, host.text)
            self.fresh()

    def test_u1_a_stopped_su_with_a_listener(self):
        self.stop_at_every_step()

    def test_u1_a_stopped_su_that_spawned_its_helper(self):
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)
        self.stop_at_every_step()

    def test_x33_a_host_that_is_killed(self):
        for listen in (True, False):
            self.stack.listen(listen=listen)
            self.addCleanup(self.stack.listen)
            host = pty_talk.Terminal(["/bin/su", "-c", "id -un", "alice"],
                                     user="mallory")
            self.addCleanup(host.kill)
            self.assertGreater(host.await_text("Password: "), 0, host.text)
            before = len(self.events("login.wrong"))
            host.type("wrong")
            time.sleep(0.15)
            host.kill()
            self.assertLess(self.others_log_in(), 15)
            self.assertTrue(wait_for(
                lambda: len(self.events("login.wrong")) == before + 1, 5))

    def test_u1_control_z(self):
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)
        host = self.su()
        time.sleep(0.1)
        own = os.getsid(host.process.pid)
        os.write(host.master, b"\x1a")
        for pid in below(host.process.pid)[1:]:
            with contextlib.suppress(ProcessLookupError):
                self.assertNotEqual(os.getsid(pid), own)
        self.others_log_in()
        os.killpg(host.process.pid, signal.SIGCONT)


class Listening(PamCase):
    def connect(self, uid, data=b""):
        """A connection of this uid, which need not have a name."""
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(20)
        os.seteuid(uid)
        try:
            sock.connect(pamrig.CHKPWD_SOCK)
        finally:
            os.seteuid(0)
        # One too many is left at once; what was told before that stays.
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
        return sock

    @staticmethod
    def answer(sock):
        got = b""
        with contextlib.suppress(ConnectionError):
            while True:
                more = sock.recv(65536)
                if not more:
                    break
                got += more
        return helper_wire.answer_of(got)[0]

    def held(self, count):
        self.assertTrue(wait_for(
            lambda: len(self.stack.listener.children()) == count, 5),
            self.stack.listener.children())

    def test_u1_four_connections_a_uid(self):
        self.held(0)
        idle = [self.connect(2001) for _ in range(4)]
        self.held(4)
        start = time.monotonic()
        self.assertEqual(self.answer(self.connect(2001)), UNAVAILABLE)
        # The refusal may be there before the question: no silence, either.
        for _ in range(6):
            self.assertEqual(self.auth("alice", PASSWORD, user="alice"),
                             "AUTHINFO_UNAVAIL")
        self.assertLess(time.monotonic() - start, 4)
        # Nobody else notices.
        self.assertEqual(self.auth("bob", "wrong", user="bob"), "AUTH_ERR")
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        idle.pop().close()
        self.held(3)
        self.assertEqual(self.auth("alice", PASSWORD, user="alice"),
                         "SUCCESS")

    def test_u1_sixteen_places_are_root_s_and_the_callers(self):
        self.stack.write_config({"PAM_CALLERS": "bob"})
        idle = [self.connect(uid) for uid in range(3000, 3012)
                for _ in range(4)]
        self.held(48)
        self.assertEqual(self.answer(self.connect(3012)), UNAVAILABLE)
        self.assertEqual(self.answer(self.connect(2001, ACCOUNT_OF_ALICE)),
                         UNAVAILABLE)
        # Root and bob have more than four, too.
        idle += [self.connect(uid) for uid in (0, 2002) for _ in range(7)]
        self.held(62)
        self.assertEqual(self.answer(self.connect(0, ACCOUNT_OF_ALICE)), ALLOW)
        self.assertEqual(self.answer(self.connect(2002, ACCOUNT_OF_ALICE)),
                         ALLOW)
        idle += [self.connect(0) for _ in range(2)]
        self.held(64)
        self.assertEqual(self.answer(self.connect(0, ACCOUNT_OF_ALICE)),
                         UNAVAILABLE)
        # Whoever asks nothing is gone after five seconds.
        self.assertTrue(wait_for(
            lambda: not self.stack.listener.children(), 9))
        self.assertEqual(self.answer(self.connect(2001, ACCOUNT_OF_ALICE)),
                         ALLOW)

    def test_u1_a_question_in_pieces_has_five_seconds(self):
        sock = self.connect(2001, ACCOUNT_OF_ALICE[:6])
        start = time.monotonic()
        for byte in ACCOUNT_OF_ALICE[6:-1]:
            with contextlib.suppress(OSError):
                sock.send(bytes([byte]))
            time.sleep(0.4)
            if time.monotonic() - start > 6:
                break
        self.assertIsNone(self.answer(sock))
        self.held(0)

    def test_u1_root_believes_a_listener_of_root_s_alone(self):
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)
        heard = []
        with socket.socket(socket.AF_UNIX) as sock:
            os.seteuid(990)
            try:
                sock.bind(pamrig.CHKPWD_SOCK)
                sock.listen(8)
            finally:
                os.seteuid(0)
            os.chmod(pamrig.CHKPWD_SOCK, 0o666)
            self.addCleanup(os.unlink, pamrig.CHKPWD_SOCK)

            def hear():
                with contextlib.suppress(OSError):
                    while True:
                        peer, _ = sock.accept()
                        with peer, contextlib.suppress(ConnectionError):
                            heard.append(peer.recv(4096))
                            peer.sendall(b"STA\x01\x0b\0\x08\x01\0\x05alice")
            threading.Thread(target=hear, daemon=True).start()
            self.assertEqual(self.auth("alice", "wrong"), "AUTH_ERR")
            self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
            self.stack.service("su")
            told = self.stack.host(["/bin/su", "-c", "true", "alice"],
                                   [("Password: ", OTHER)], user="mallory")
            self.assertNotEqual(told.status, 0)
            self.assertTrue(wait_for(lambda: len(heard) >= 3))
            self.assertEqual(set(heard), {b""})
            sock.shutdown(socket.SHUT_RDWR)

    def test_u1_one_that_makes_its_socket_itself(self):
        self.stack.listen(by_systemd=False)
        self.addCleanup(self.stack.listen)
        self.assertEqual(os.stat(pamrig.CHKPWD_SOCK).st_mode & 0o777, 0o666)
        self.assertEqual(self.auth("alice", PASSWORD, user="alice"),
                         "SUCCESS")
        # It is stauth's, so root's module does not wait for it.
        os.kill(self.stack.listener.process.pid, signal.SIGSTOP)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        os.kill(self.stack.listener.process.pid, signal.SIGCONT)
        # A second one leaves a live socket alone, and takes a dead one.
        second = subprocess.run([pamrig.INSTALLED_HELPER, "--listen"],
                                stderr=subprocess.PIPE, check=False,
                                text=True)
        self.assertEqual(second.returncode, 75)
        self.assertIn(pamrig.CHKPWD_SOCK, second.stderr)
        self.stack.listener.process.kill()
        self.stack.listener.process.wait()
        # Started as root it does not stay that.
        third = subprocess.Popen([pamrig.INSTALLED_HELPER, "--listen"])
        self.addCleanup(third.wait)
        self.addCleanup(third.kill)
        self.assertTrue(wait_for(lambda: self.auth(
            "alice", PASSWORD, user="alice") == "SUCCESS", 5))
        with open("/proc/%d/status" % third.pid, encoding="ascii") as file:
            status = file.read()
        for line in (r"Uid:(\t990){4}", r"Gid:(\t990){4}", r"Groups:\t ?",
                     r"CapEff:\t0+"):
            self.assertRegex(status, re.compile("^%s$" % line, re.M))
        # It listened as root: that is what the kernel remembers.
        os.kill(third.pid, signal.SIGSTOP)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(pamrig.CHKPWD_SOCK)
            cred = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self.assertEqual(int.from_bytes(cred[4:8], sys.byteorder), 0)

    def test_u1_x32_x34_without_a_listener(self):
        self.stack.listen(listen=False)
        self.addCleanup(self.stack.listen)
        start = time.monotonic()
        for name in ("alice", "nobody"):
            self.assertEqual(self.auth(name, PASSWORD, user="alice"),
                             "AUTHINFO_UNAVAIL")
        self.assertLess(time.monotonic() - start, 2)
        self.assertIn("no helper listens: %s" % pamrig.CHKPWD_SOCK,
                      self.stack.syslog.of_module()[-1])
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        os.unlink(pamrig.INSTALLED_HELPER)
        self.addCleanup(self.put_helper_back)
        self.silent_helpers = (pamrig.CHKPWD_SOCK, pamrig.INSTALLED_HELPER)
        self.assertEqual(self.auth("alice", PASSWORD), "AUTHINFO_UNAVAIL")
        self.assertIn("%s: No such file or directory"
                      % pamrig.INSTALLED_HELPER,
                      self.stack.syslog.of_module()[-2])

    @staticmethod
    def put_helper_back():
        pamrig.shutil.copy(pamrig.HELPER, pamrig.INSTALLED_HELPER)
        os.chmod(pamrig.INSTALLED_HELPER, 0o755)

    def test_u1_no_new_privileges_and_odd_limits(self):
        for words in (["setpriv", "--no-new-privs"],
                      ["prlimit", "--nofile=12", "--fsize=0", "--cpu=5",
                       "--nproc=1"],
                      ["nice", "-n", "19"]):
            told = self.stack.host(
                [*words, pamrig.which("pamtester"), "stauth-test", "alice",
                 "authenticate"], [("Password: ", PASSWORD)], user="alice")
            self.assertEqual(told.code, "SUCCESS", words)

    def test_u1_a_child_that_crashed_is_reported(self):
        self.connect(2001)
        self.held(1)
        os.kill(self.stack.listener.children()[0], signal.SIGSEGV)
        self.held(0)
        self.assertIn("uid 2001: ended by signal 11",
                      self.stack.listener.log())
        self.crashes = 1

    # A user who does what he may, as often as he can.
    SIEGE = (
        "import socket,sys\n"
        "held, question = [], bytes.fromhex(sys.argv[2])\n"
        "while True:\n"
        "    sock = socket.socket(socket.AF_UNIX)\n"
        "    try:\n"
        "        sock.connect(sys.argv[1])\n"
        "        sock.sendall(question)\n"
        "        if question: sock.recv(8192)\n"
        "    except OSError: pass\n"
        "    held.append(sock)\n"
        "    if len(held) > 200: held.pop(0)\n")

    def besieged(self, user, question, processes):
        """How long root's log-ins and another user's take beside it."""
        def log_in():
            start = time.monotonic()
            self.assertEqual(self.auth("bob", "wrong", user="bob"),
                             "AUTH_ERR")
            self.assertEqual(self.auth("mallory", OTHER), "SUCCESS")
            return time.monotonic() - start
        usual = log_in()
        for _ in range(processes):
            siege = subprocess.Popen(
                ["/usr/bin/python3", "-I", "-S", "-c", self.SIEGE,
                 pamrig.CHKPWD_SOCK, question.hex()],
                user=user, group=user, extra_groups=[], cwd="/")
            self.addCleanup(siege.wait)
            self.addCleanup(siege.kill)
        time.sleep(0.3)
        return usual, [log_in() for _ in range(3)]

    def test_u1_a_flood_of_silent_connections(self):
        usual, took = self.besieged("alice", b"", 2)
        self.assertLess(max(took), 5 * usual + 3)

    def test_u1_right_passwords_without_an_end(self):
        """They are no failures, and nothing counts them; but a uid has four
        at once, and who waits for the slot gets a turn."""
        usual, took = self.besieged("alice", frame(AUTH, [
            (USER, b"alice"), (WORD, PASSWORD.encode()), (SERVICE, b"x")]), 5)
        self.assertLess(max(took), 5 * usual + 5)

    def test_u1_peers_that_close_halves_or_read_nothing(self):
        question = frame(AUTH, [(USER, b"alice"), (SERVICE, b"x"),
                                (WORD, PASSWORD.encode())])
        for how in (socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR, None):
            sock = self.connect(2001)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            with contextlib.suppress(OSError):
                sock.sendall(question)
            if how is not None:
                sock.shutdown(how)
        # They are four until their children have ended.
        self.assertTrue(wait_for(lambda: self.auth(
            "alice", PASSWORD, user="alice") == "SUCCESS", 10))
        self.held(0)


if __name__ == "__main__":
    unittest.main()
