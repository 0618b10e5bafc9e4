# SPDX-License-Identifier: MIT
"""Restarts and kills under 64 clients, through nginx. What holds the sockets
(systemd) lives on, so nobody who comes meanwhile is refused."""

import grp
import os
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import holder  # noqa: E402
from flood import FloodStack  # noqa: E402
from load import CLIENTS, Load  # noqa: E402
from rig import COOKIE, wait_for  # noqa: E402

PAGE_CLIENTS = 4
PASSWORD = "correct horse battery"
RESTARTS = 10


class Pages:
    """Some that open the log-in page, on a connection each."""

    def __init__(self, stack):
        self.stack, self.statuses = stack, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(PAGE_CLIENTS)]

    def run(self):
        while not self.stopping.wait(0.01):
            self.statuses.append(
                self.stack.http("GET", "/auth/login").status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def failed(self):
        return [status for status in self.statuses if status != 200]


class Case(unittest.TestCase):
    def setUp(self):
        self.stack = FloodStack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD)

    def hold(self):
        """The sockets, as the units make them."""
        s = self.stack
        os.makedirs(s.run_dir, exist_ok=True)
        os.chmod(s.run_dir, 0o755)
        self.socks = [holder.listening(path)
                      for path in (s.check_sock, s.pages_sock)]
        for sock in self.socks:
            self.addCleanup(sock.close)
            if os.geteuid() == 0:
                os.chown(sock.getsockname(), -1,
                         grp.getgrnam("www-data").gr_gid)

    def start_held(self):
        before = len(self.stack.log()) if os.path.exists(
            self.stack.gate_log) else 0
        holder.launch(self.stack, self.socks, "check:pages")
        self.assertTrue(wait_for(
            lambda: b"ready" in self.stack.log()[before:], 20))

    def begin(self, held=True):
        if held:
            self.hold()
            self.start_held()
        else:
            self.stack.start_gate()
        self.stack.start_echo()
        self.stack.start_nginx()
        self.tokens = [self.stack.session("alice", PASSWORD)[COOKIE]
                       for _ in range(8)]

    def load(self, seconds):
        load = Load(self.stack, self.tokens, seconds)
        time.sleep(0.5)
        return load

    def all_good(self, load):
        count, bad, never, longest_ms = load.told()
        self.assertEqual((bad, never), (0, 0), count)
        self.assertGreater(count, 1000)
        return longest_ms


class Restarts(Case):
    def test_x1_ten_restarts_under_a_socket_holder_fail_nobody(self):
        self.begin()
        load = self.load(RESTARTS * 0.6 + 1)
        with Pages(self.stack) as pages:
            for i in range(RESTARTS):
                # At once, as "systemctl restart"; or with a pause between.
                self.assertEqual(self.stack.stop_gate(), 0)
                time.sleep(0.3 if i % 3 == 0 else 0)
                self.start_held()
                time.sleep(0.2)
            self.all_good(load)
        self.assertEqual(pages.failed(), [])
        self.assertGreater(len(pages.statuses), 50)

    def test_x5_ten_reloads_under_load_fail_nobody(self):
        self.begin(held=False)
        load = self.load(RESTARTS * 0.3 + 1)
        with Pages(self.stack) as pages:
            for _ in range(RESTARTS):
                self.stack.gate.send_signal(signal.SIGHUP)
                time.sleep(0.3)
            self.all_good(load)
        self.assertEqual(pages.failed(), [])

    def test_x5_nginx_reloads_keep_the_sessions(self):
        self.begin(held=False)
        for _ in range(5):
            self.stack.nginx.send_signal(signal.SIGHUP)
            for token in self.tokens:
                self.assertEqual(self.stack.http(
                    "GET", "/quick/", cookies={COOKIE: token}).status, 200)
            self.assertEqual(self.stack.http("GET", "/quick/").status, 401)


class Kills(Case):
    def kinds(self):
        """(check workers, page workers), by how nice they are."""
        own = os.getpriority(os.PRIO_PROCESS, 0)
        nice = {pid: os.getpriority(os.PRIO_PROCESS, pid) - own
                for pid in self.stack.workers()}
        return ([pid for pid in nice if nice[pid] == 0][:2],
                [pid for pid in nice if nice[pid] == 5])

    def test_x1_killed_check_workers_cost_their_requests_at_most(self):
        self.begin(held=False)
        load = self.load(4)
        kills = 0
        for _ in range(5):
            checks, _ = self.kinds()
            os.kill(checks[0], signal.SIGKILL)
            kills += 1
            time.sleep(0.5)
        count, bad, never, longest_ms = load.told()
        self.assertLessEqual(bad, kills * CLIENTS)
        self.assertEqual(never, 0)
        self.assertLess(longest_ms, 2000)
        self.assertGreater(count, 1000)
        self.assertEqual(self.load(1).told()[1], 0)

    def test_x1_killed_page_workers_cost_their_requests_at_most(self):
        self.begin(held=False)
        load = self.load(4)
        with Pages(self.stack) as pages:
            kills = 0
            for _ in range(5):
                for pid in self.kinds()[1][:2]:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
                time.sleep(0.5)
            self.all_good(load)
        self.assertLessEqual(len(pages.failed()), kills)
        self.assertGreater(len(pages.statuses), 50)

    def test_x2_killed_master_is_closed_and_back_when_started(self):
        """As Restart=always does, half a second later."""
        self.begin()
        load = self.load(4)
        os.kill(self.stack.gate.pid, signal.SIGKILL)
        self.stack.gate.wait()
        time.sleep(0.5)
        self.start_held()
        count, bad, never, longest_ms = load.told()
        self.assertLessEqual(bad, CLIENTS)
        self.assertEqual(never, 0)
        self.assertLess(longest_ms, 3000)
        self.assertGreater(count, 1000)
        # Everything was killed, and nobody is there to start it: closed.
        os.killpg(self.stack.gate.pid, signal.SIGKILL)
        self.stack.gate.wait()
        for sock in self.socks:
            sock.close()
        self.assertEqual(self.stack.http(
            "GET", "/quick/", cookies={COOKIE: self.tokens[0]}).status, 503)


if __name__ == "__main__":
    unittest.main()
