# SPDX-License-Identifier: MIT
"""Peers of the check that are no nginx."""

import os
import resource
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from check_case import PASSWORD, CheckCase  # noqa: E402
from rig import Stack  # noqa: E402


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
        before = self.cpu_s(s)
        kept.sendall(data)
        self.allowed(fcgi.receive(kept))
        time.sleep(1)
        self.assertLess(self.cpu_s(s) - before, 0.2)
        for sock in socks:
            sock.close()
        kept.close()
        start = time.monotonic()
        self.allowed(s.check(token))
        self.assertLess(time.monotonic() - start, 1)

    @staticmethod
    def cpu_s(s):
        total = 0
        for pid in s.workers():
            with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
                fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    unittest.main()
