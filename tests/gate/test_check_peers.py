# SPDX-License-Identifier: MIT
"""Peers of the check that are no nginx."""

import os
import resource
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from check_case import PASSWORD, CheckCase  # noqa: E402
from rig import Stack  # noqa: E402


def cpu_s(s):
    total = 0
    for pid in s.workers():
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def rss_kib(s):
    total = 0
    for pid in s.workers():
        with open("/proc/%d/status" % pid, encoding="ascii") as status:
            total += [int(line.split()[1]) for line in status
                      if line.startswith("VmRSS")][0]
    return total


class Peers(CheckCase):
    """Peers that are no nginx; one worker only, so that it is the one."""

    config = {"CHECK_WORKERS": "1"}

    def quick(self, limit=0.2):
        start = time.monotonic()
        self.allowed(self.s.check(self.alice))
        took = time.monotonic() - start
        self.assertLess(took, limit)

    def test_b17_half_a_record_holds_nobody_up(self):
        for half in (b"\x01", b"\x01\x01\x00\x01", fcgi.begin()[:12],
                     fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\x05")):
            with self.subTest(half=half):
                self.in_one_of_three(lambda half=half: self.send_half(half))

    def send_half(self, half):
        with fcgi.connect(self.s.check_sock) as sock:
            sock.sendall(half)
            self.quick()
            # And its place is free again.
            self.assertEqual(sock.recv(1), b"")
            self.quick(0.1)

    def in_one_of_three(self, attempt):
        """A busy machine is slow now and then; a worker that waits for its
        peer is slow each time."""
        for _ in range(2):
            try:
                return attempt()
            except AssertionError:
                pass
        return attempt()

    def test_silent_peers_cost_nothing(self):
        socks = [fcgi.connect(self.s.check_sock) for _ in range(200)]
        try:
            self.in_one_of_three(lambda: self.quick(0.1))
        finally:
            for sock in socks:
                sock.close()
        self.in_one_of_three(lambda: self.quick(0.1))

    def test_b18_a_thousand_at_once(self):
        socks = []
        try:
            for _ in range(900):
                socks.append(fcgi.connect(self.s.check_sock))
            data = fcgi.request(self.s.check_params(self.alice))
            for sock in socks:
                sock.sendall(data)
            for sock in socks:
                self.allowed(fcgi.receive(sock))
        finally:
            for sock in socks:
                sock.close()

    def send(self, data):
        with fcgi.connect(self.s.check_sock, 5) as sock:
            try:
                sock.sendall(data)
                return fcgi.receive(sock)
            except (BrokenPipeError, ConnectionResetError):
                return fcgi.Response(b"")

    def test_b16_broken_records(self):
        good = fcgi.pairs(self.s.check_params(self.alice))
        begin = fcgi.begin()

        def params(data):
            return begin + fcgi.stream(fcgi.PARAMS, data) \
                + fcgi.stream(fcgi.STDIN, b"")
        cases = {
            "name length 0x7ffffffe":
                params(b"\xff\xff\xff\xfe\xff\xff\xff\xfe" + b"A" * 100),
            "name length 0x7fffffff": params(b"\xff\xff\xff\xff\x01A"),
            "value length 1 GiB": params(b"\x01\xc0\x00\x00\x00A"),
            "truncated pair": params(good[:-3]),
            "truncated record": (begin + fcgi.stream(fcgi.PARAMS, good))[:90],
            "version 9": fcgi.record(1, b"\0\1\0\0\0\0\0\0", version=9),
            "params first": fcgi.stream(fcgi.PARAMS, good),
            "role 2": fcgi.begin(role=2) + fcgi.stream(fcgi.PARAMS, good)
            + fcgi.stream(fcgi.STDIN, b""),
            "role 99": fcgi.begin(role=99) + fcgi.stream(fcgi.PARAMS, good)
            + fcgi.stream(fcgi.STDIN, b""),
            "abort": begin + fcgi.record(fcgi.ABORT),
            "request id 0": fcgi.record(1, b"\0\1\0\0\0\0\0\0", 0),
            "unknown type": fcgi.record(77, b"x", 0),
            "noise": bytes(range(256)) * 64,
        }
        for name, data in cases.items():
            with self.subTest(name=name):
                response = self.send(data)
                self.assertNotEqual(response.status, 204, name)
                # It may have cost the only worker: back within a second.
                start = time.monotonic()
                self.allowed(self.s.check(self.alice))
                self.assertLess(time.monotonic() - start, 1)

    def test_b16_management_record_then_a_request(self):
        values = fcgi.record(9, fcgi.pairs({"FCGI_MAX_CONNS": ""}), 0)
        response = self.send(values + fcgi.request(
            self.s.check_params(self.alice)))
        self.assertIn(response.status, (0, 204))
        self.quick(1)

    def test_b16_many_parameters(self):
        extra = [("X_%d" % i, "v") for i in range(20000)]
        self.allowed(self.s.check(self.alice, extra=extra))

    def test_b16_odd_names(self):
        for name in ("HTTP_COOKIE\0", "=", "\0", "HTTP_COOKIE", "http_cookie"):
            response = self.s.check(extra=[(name, "x" * 10)])
            self.refused(response)

    def test_peer_that_does_not_wait_for_its_answer(self):
        for _ in range(50):
            with fcgi.connect(self.s.check_sock) as sock:
                sock.sendall(fcgi.request(self.s.check_params(self.alice)))
        workers = self.s.workers()
        self.quick(1)
        self.assertEqual(workers, self.s.workers())

    def test_x15_descriptors_run_out(self):
        s = Stack(config={"CHECK_WORKERS": "1"})
        self.addCleanup(s.stop)
        s.add_user("alice", PASSWORD)
        s.start_gate(preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (64, 64)))
        token = s.token("alice", PASSWORD)
        kept = fcgi.connect(s.check_sock)
        data = fcgi.request(s.check_params(token), flags=1)
        kept.sendall(data)
        self.allowed(fcgi.receive(kept))
        socks = [fcgi.connect(s.check_sock) for _ in range(100)]
        time.sleep(0.3)
        # Who is in goes on, and the worker does not spin meanwhile.
        before = cpu_s(s)
        kept.sendall(data)
        self.allowed(fcgi.receive(kept))
        time.sleep(1)
        self.assertLess(cpu_s(s) - before, 0.2)
        for sock in socks:
            sock.close()
        kept.close()
        start = time.monotonic()
        self.allowed(s.check(token))
        self.assertLess(time.monotonic() - start, 1)


class TenThousand(unittest.TestCase):
    """Row B18 in full. The gate raises its limit of descriptors to the hard
    one by itself, and this side does the same."""

    COUNT, PLACES = 10000, 8192  # GATE_CONNS_MAX, of each worker

    def setUp(self):
        old = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.COUNT + 500
        if old[1] != resource.RLIM_INFINITY and old[1] < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            except (ValueError, OSError):
                self.skipTest("%d descriptors are allowed, %d are needed"
                              % (old[1], wanted))
        else:
            resource.setrlimit(resource.RLIMIT_NOFILE, (
                max(wanted, old[0]), old[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (
            old[0], resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        self.socks = []
        self.addCleanup(self.close)

    def start(self, workers):
        self.s = Stack({"CHECK_WORKERS": str(workers)})
        self.addCleanup(self.s.stop)
        self.s.add_user("alice", PASSWORD)
        # A sanitized build keeps what was freed; not 256 MB of it here.
        self.s.start_gate(env=dict(os.environ, ASAN_OPTIONS=":".join(
            filter(None, (os.environ.get("ASAN_OPTIONS"),
                          "quarantine_size_mb=8")))))
        self.token = self.s.token("alice", PASSWORD)
        self.kept = fcgi.connect(self.s.check_sock)
        self.addCleanup(self.kept.close)
        self.ask_on_the_kept()
        self.pids, self.kib = self.s.workers(), rss_kib(self.s)

    def close(self):
        while self.socks:
            self.socks.pop().close()

    def connect(self, patience):
        """One more connection; None: the socket's queue is full, too."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        for left in range(patience, -1, -1):
            try:
                sock.connect(self.s.check_sock)
                sock.settimeout(15)
                return sock
            except BlockingIOError:
                time.sleep(0.002 if left else 0)
        sock.close()
        return None

    def ask_on_the_kept(self):
        self.kept.sendall(fcgi.request(
            self.s.check_params(self.token), flags=1))
        self.assertEqual(fcgi.receive(self.kept).status, 204)

    def unharmed(self):
        self.assertEqual(self.s.workers(), self.pids)
        self.assertLess(rss_kib(self.s) - self.kib, 64 * 1024)

    def over(self):
        self.close()
        start = time.monotonic()
        self.assertEqual(self.s.check(self.token).status, 204)
        self.assertLess(time.monotonic() - start, 1)
        self.ask_on_the_kept()
        self.unharmed()

    def test_b18_ten_thousand_at_once(self):
        self.start(workers=2)
        for _ in range(self.COUNT):
            self.socks.append(self.connect(1000))
            self.assertIsNotNone(self.socks[-1])
        self.ask_on_the_kept()
        self.assertEqual(self.s.check(self.token).status, 204)
        question = fcgi.request(self.s.check_params(self.token))
        for sock in self.socks:
            sock.sendall(question)
        for sock in self.socks:
            self.assertEqual(fcgi.receive(sock).status, 204)
        self.over()

    def test_b18_more_than_there_are_places(self):
        self.start(workers=1)
        patience = 100
        for _ in range(self.COUNT):
            sock = self.connect(patience)
            if sock:
                self.socks.append(sock)
            else:
                patience = 0
        # All places are taken, and the queue before them is not endless.
        self.assertGreaterEqual(len(self.socks), self.PLACES)
        self.assertLess(len(self.socks), self.COUNT)
        before = cpu_s(self.s)
        time.sleep(0.5)
        self.assertLess(cpu_s(self.s) - before, 0.2)
        self.ask_on_the_kept()
        # Who has no place gets one as soon as another goes.
        last, self.socks = self.socks[-1], self.socks[:-1]
        self.addCleanup(last.close)
        last.sendall(fcgi.request(self.s.check_params(self.token)))
        self.close()
        self.assertEqual(fcgi.receive(last).status, 204)
        self.over()


if __name__ == "__main__":
    unittest.main()
