# SPDX-License-Identifier: MIT
"""The relay with bad peers, few descriptors, a store that is away, and its
own end."""

import hashlib
import os
import resource
import signal
import socket
import threading
import time
import unittest

from rig import command_of
from stream_case import (
    PASSWORD, StreamCase, StreamStack, WsApp, wait_for, web)

HEAD = (b"GET /_stcore/stream HTTP/1.1\r\nHost: a\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
VISITOR = HEAD + b"X-Stauth-Optional: 1\r\n"


def relay_pid(stack):
    return [pid for pid in stack.children()
            if command_of(pid) == "fcgi_gate relay"][0]


def rss_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as lines:
        return [int(line.split()[1]) for line in lines
                if line.startswith("VmRSS")][0]


class Peers(StreamCase):
    def raw(self, data, timeout=10):
        """Sends these bytes; the status, 0 if none came."""
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        with sock:
            sock.connect(self.stack.stream_sock)
            try:
                sock.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            try:
                words = sock.recv(4096).split(b" ")
            except ConnectionResetError:
                words = []
        return int(words[1]) if len(words) > 1 else 0

    def test_a_head_that_is_too_large_or_bad_is_refused(self):
        self.assertEqual(self.raw(
            VISITOR + b"X-A: " + b"a" * 70000 + b"\r\n\r\n"), 413)
        self.assertEqual(self.raw(VISITOR + b"\r\nbody"), 400)
        self.assertEqual(self.raw(
            VISITOR + b"Content-Length: 1\r\n\r\n"), 400)
        self.assertEqual(self.raw(b"GET / HTTP/1.1\r\n\r\n"), 400)
        self.assertEqual(self.raw(b"\x16\x03\x01\r\n\r\n"), 400)
        self.assertEqual(self.raw(
            VISITOR + b"X-A: " + b"a" * 60000 + b"\r\n\r\n"), 101)
        # In the smallest pieces.
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.stack.stream_sock)
        with sock:
            for byte in VISITOR + b"\r\n":
                sock.send(bytes([byte]))
            self.assertTrue(sock.recv(4096).startswith(b"HTTP/1.1 101"))

    def test_peers_that_say_nothing_are_not_waited_for(self):
        """All limits at once: a request that stops, an app that is not
        there, one that answers no head, and one that answers a huge one."""
        def timed(run, results, name):
            start = time.monotonic()
            status = run()
            results[name] = (status, time.monotonic() - start)

        results = {}
        with WsApp(answer=b"HTTP/1.1 101 X\r\nX: " + b"x" * 20000) as huge, \
                WsApp(answer=b"HTTP/1.1 200 OK\r\n") as broken, \
                StreamStack({"APP_UPSTREAM": " ".join(
                    (huge.name, broken.name, "127.0.0.1:1",
                     "unix:/nowhere", "no-such-host.invalid:1"))}) as stack:
            stack.start_gate()

            def status(app):
                with stack.visitor(app=app) as sock:
                    return sock.status

            runs = {"slow": lambda: self.raw(HEAD, 20),
                    "huge": lambda: status(huge.name),
                    "broken": lambda: status(broken.name),
                    "refused": lambda: status("127.0.0.1:1"),
                    "unix": lambda: status("unix:/nowhere"),
                    "name": lambda: status("no-such-host.invalid:1")}
            threads = [threading.Thread(target=timed,
                                        args=(run, results, name))
                       for name, run in runs.items()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual({name: found[0] for name, found in results.items()},
                         {"slow": 0, "huge": 502, "broken": 502,
                          "refused": 502, "unix": 502, "name": 502})
        self.assertGreater(results["slow"][1], 4)
        for name, (_, seconds) in results.items():
            self.assertLess(seconds, 8 if name == "slow" else 4, name)

    def test_every_address_of_a_name_is_tried_and_unix_sockets_work(self):
        path = os.path.join(self.stack.dir, "app.sock")
        with WsApp() as v4, WsApp(path=path) as local:
            names = "localhost:%d %s [::1]:%d" % (v4.port, local.name,
                                                  v4.port)
            with StreamStack({"APP_UPSTREAM": names}) as stack:
                stack.start_gate()
                for app in (None, "localhost:%d" % v4.port, local.name):
                    with stack.visitor(app=app) as sock:
                        self.echo(sock)
            self.assertEqual((len(v4.heads), len(local.heads)), (2, 1))

    def test_who_does_not_read_is_not_read_from(self):
        """Neither side makes the relay keep more than a buffer; and once it
        reads all is there, in order."""
        pid = relay_pid(self.stack)
        with self.stack.visitor() as sock:
            self.echo(sock)
            before = rss_kib(pid)
            sock.send(b"say 30000000")
            sock.send(b"say 5")
            time.sleep(0.5)
            self.assertLess(rss_kib(pid) - before, 1000)
            opcode, payload = sock.receive()
            self.assertEqual((opcode, len(payload)), (2, 30000000))
            self.assertEqual(payload.count(b"x"), len(payload))
            self.assertEqual(sock.receive(), (2, b"x" * 5))

    def test_an_app_that_does_not_read_stops_its_user_alone(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        name = "127.0.0.1:%d" % listener.getsockname()[1]
        with StreamStack() as stack, listener:
            stack.write_config({"APP_UPSTREAM": name + " " + stack.app.name})
            stack.start_gate()
            pid = relay_pid(stack)
            slow = socket.socket(socket.AF_UNIX)
            slow.connect(stack.stream_sock)
            slow.sendall(VISITOR + b"\r\n")
            app, _ = listener.accept()
            app.recv(4096)
            app.sendall(b"HTTP/1.1 101 X\r\n\r\n")
            self.assertIn(b"101", slow.recv(4096))
            before = rss_kib(pid)
            digest, sent = hashlib.sha256(), 0
            slow.setblocking(False)
            chunk = b"\x82\xfe\x7f\xff" + b"\0" * 4 + os.urandom(32767)
            # Until nobody takes any more.
            stopped = 0
            while stopped < 20:
                try:
                    count = slow.send(chunk)
                    digest.update(chunk[:count])
                    sent += count
                    chunk = chunk[count:] + chunk[:count]
                    stopped = 0
                except BlockingIOError:
                    stopped += 1
                    time.sleep(0.02)
            self.assertGreater(sent, 100000)
            self.assertLess(rss_kib(pid) - before, 1000)
            with stack.visitor(app=stack.app.name) as sock:
                self.echo(sock)
            got = hashlib.sha256()
            app.settimeout(5)
            while sent:
                data = app.recv(min(sent, 65536))
                got.update(data)
                sent -= len(data)
            self.assertEqual(got.digest(), digest.digest())
            slow.close()
            app.close()

    def test_what_is_no_websocket_is_cut_off(self):
        before = len(self.stack.app.messages)
        with self.stack.visitor() as sock:
            sock.sock.sendall(b"\x82\x05hello")  # not masked
            self.assertRaises((EOFError, ConnectionResetError),
                              sock.receive)
        self.stack.app.greeting = b"\x83\x00"
        try:
            with self.stack.visitor() as sock:
                self.assertEqual(sock.status, 502)
        finally:
            self.stack.app.greeting = b""
        self.assertEqual(len(self.stack.app.messages), before)

    def test_a_user_who_leaves_and_an_app_that_leaves(self):
        closed = len(self.stack.app.closed)
        sock = self.stack.visitor()
        self.echo(sock)
        sock.close()
        self.assertTrue(wait_for(
            lambda: len(self.stack.app.closed) > closed, 3))
        with self.stack.visitor() as sock:
            sock.send(b"drop")
            self.assertRaises(EOFError, sock.receive)


class Use(StreamCase):
    config = {"SESSION_IDLE_MINUTES": "10"}

    def seen(self, handle):
        return self.stack.sql("SELECT last_seen_at FROM sessions "
                              "WHERE handle = ?", handle)[0][0]

    def test_messages_count_as_use_and_nothing_else_does(self):
        quiet, busy = self.stack.handle("alice"), self.stack.handle("bob")
        old = int(time.time()) - 500
        with self.stack.open(quiet) as one, self.stack.open(busy) as two:
            for handle in (quiet, busy):
                self.stack.sql("UPDATE sessions SET last_seen_at = ? "
                               "WHERE handle = ?", old, handle)
            time.sleep(0.6)  # the relay has asked since
            one.send(b"", 9)
            self.assertEqual(one.receive(), (10, b""))
            one.send(b"", 10)
            self.echo(two)
            self.assertTrue(wait_for(lambda: self.seen(busy) > old, 15))
            self.assertEqual(self.seen(quiet), old)
            # An idle session is over like any other.
            self.stack.sql("UPDATE sessions SET last_seen_at = ? "
                           "WHERE handle = ?", old - 101, quiet)
            self.assert_sent_away(one)
            self.echo(two)

    def test_the_start_does_not_warn_of_it(self):
        self.assertNotIn(b"SESSION_IDLE_MINUTES", self.stack.log())


class Ends(unittest.TestCase):
    def start(self, config=None, **more):
        stack = StreamStack(config)
        self.addCleanup(stack.stop)
        stack.add_user("alice", PASSWORD)
        stack.start_gate(**more)
        return stack

    def test_x37_a_store_that_is_away_closes_within_seconds(self):
        stack = self.start()
        handle = stack.handle("alice")
        sock, visitor = stack.open(handle), stack.visitor()
        self.assertEqual((sock.status, visitor.status), (101, 101))
        for end in ("", "-wal", "-shm"):
            if os.path.exists(stack.db + end):
                os.rename(stack.db + end, stack.db + end + ".away")
        start = time.monotonic()
        self.assertEqual(sock.end(), ([], 1013))
        self.assertLess(time.monotonic() - start, 8)
        self.assertGreater(time.monotonic() - start, 3)
        self.assertEqual(stack.open(handle).status, 503)
        visitor.send(b"still here")
        self.assertEqual(visitor.receive(), (2, b"still here"))
        for end in ("", "-wal", "-shm"):
            if os.path.exists(stack.db + end + ".away"):
                os.rename(stack.db + end + ".away", stack.db + end)
        self.assertTrue(wait_for(
            lambda: stack.open(handle).status == 101, 5))

    def test_a_worker_that_is_killed_is_back_within_a_second(self):
        stack = self.start()
        handle = stack.handle("alice")
        sock = stack.open(handle)
        os.kill(relay_pid(stack), signal.SIGKILL)
        self.assertEqual(sock.end(), ([], None))
        start = time.monotonic()
        self.assertEqual(stack.open(handle).status, 101)
        self.assertLess(time.monotonic() - start, 1)

    def test_restart_and_reload_say_so_to_the_browsers(self):
        stack = self.start()
        handle = stack.handle("alice")
        sock = stack.open(handle)
        stack.gate.send_signal(signal.SIGHUP)
        self.assertEqual(sock.end(), ([], 1012))
        self.assertTrue(wait_for(lambda: b"reload: done" in stack.log()))
        sock, visitor = stack.open(handle), stack.visitor()
        self.assertEqual((sock.status, visitor.status), (101, 101))
        start = time.monotonic()
        stack.gate.send_signal(signal.SIGTERM)
        self.assertEqual(sock.end(), ([], 1012))
        self.assertEqual(visitor.end(), ([], 1012))
        self.assertEqual(stack.stop_gate(), 0)
        self.assertLess(time.monotonic() - start, 5)
        self.assertEqual(stack.listed(), [])
        self.assertFalse(os.path.exists(stack.stream_sock))

    def test_without_apps_there_is_no_socket(self):
        stack = self.start({"APP_UPSTREAM": None,
                            "SESSION_IDLE_MINUTES": "10"})
        self.assertIn(b"SESSION_IDLE_MINUTES is on and APP_UPSTREAM",
                      stack.log())
        self.assertFalse(os.path.exists(stack.stream_sock))
        self.assertEqual([pid for pid in stack.children()
                          if command_of(pid) == "fcgi_gate relay"], [])

    def test_apps_that_are_none_are_a_configuration_error(self):
        stack = StreamStack()
        self.addCleanup(stack.stop)
        for bad in ("8501", "http://127.0.0.1:8501", "host:0", "host:x",
                    "host:70000", ":8501", "unix:app.sock", "a:1,b:2",
                    "a:1 b", "unix:/" + "x" * 200):
            stack.write_config({"APP_UPSTREAM": bad})
            result = stack.ctl("config", "check")
            self.assertEqual(result.returncode, 78, bad)
            self.assertIn("APP_UPSTREAM", result.stderr)

    def test_when_descriptors_run_out_others_wait_and_nothing_spins(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (104, 104))

        stack = self.start({"PAGE_WORKERS": "1", "CHECK_WORKERS": "1"},
                           preexec_fn=few)
        pid = relay_pid(stack)
        opened = [stack.visitor() for _ in range(20)]
        self.assertEqual({sock.status for sock in opened}, {101})
        waiting = socket.socket(socket.AF_UNIX)
        waiting.settimeout(0.7)
        waiting.connect(stack.stream_sock)
        waiting.sendall(VISITOR + b"\r\n")
        before = self.ticks(pid)
        self.assertRaises(socket.timeout, waiting.recv, 1)
        self.assertLess(self.ticks(pid) - before, 20)
        opened[0].send(b"alive")
        self.assertEqual(opened[0].receive(), (2, b"alive"))
        opened.pop().close()
        waiting.settimeout(5)
        self.assertIn(b"101", waiting.recv(4096))
        waiting.close()
        for sock in opened:
            sock.close()

    @staticmethod
    def ticks(pid):
        with open("/proc/%d/stat" % pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])


__all__ = ["web"]

if __name__ == "__main__":
    unittest.main()
