# SPDX-License-Identifier: MIT
"""SIGHUP: another configuration without a lost request. CONTRACT 1."""

import os
import re
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from process_case import PASSWORD, ProcessCase  # noqa: E402
from rig import wait_for  # noqa: E402

CLIENTS = 8
RELOADS = 10


class ReloadCase(ProcessCase):
    def reload(self, s, changes=None, says=b"reload: done"):
        """Writes the file, sends SIGHUP, waits for the word in the log."""
        start = len(s.log())
        if changes is not None:
            s.write_config(changes)
        s.gate.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: says in s.log()[start:], 10),
                        s.log()[start:])
        return s.log()[start:].decode()

    def lifetime_hours(self, s):
        """Of the only session."""
        rows = s.sql("SELECT expires_at - created_at FROM sessions")
        self.assertEqual(len(rows), 1)
        return rows[0][0] / 3600


class Good(ReloadCase):
    def test_new_values_hold_and_old_sessions_stay(self):
        s, token = self.with_alice({"SESSION_HOURS": "2"})
        self.assertEqual(self.lifetime_hours(s), 2)
        before = set(s.workers())
        self.reload(s, {"SESSION_HOURS": "5", "BRAND_NAME": "Orchard"})
        # Old ones drain, the new ones are there at once.
        self.assertTrue(wait_for(lambda: not before & set(s.workers()), 5))
        self.assertEqual(len(s.workers()), len(before))
        self.assertEqual(s.check(token).status, 204)
        self.assertIn("Orchard", s.page("GET", "/auth/login").text)
        s.sql("DELETE FROM sessions")
        s.token("alice", PASSWORD)
        self.assertEqual(self.lifetime_hours(s), 5)

    def test_more_and_fewer_workers(self):
        s = self.stack({"CHECK_WORKERS": "2", "PAGE_WORKERS": "2"})
        for check, pages in ((3, 4), (1, 1)):
            self.reload(s, {"CHECK_WORKERS": str(check),
                            "PAGE_WORKERS": str(pages)})
            self.assertTrue(wait_for(
                lambda n=check + pages: len(s.workers()) == n, 5))
            self.assertEqual(s.check().status, 401)

    def test_a_worker_killed_afterwards_is_back_with_the_new_values(self):
        s = self.stack({"CHECK_WORKERS": "1", "PAGE_WORKERS": "1"})
        before = set(s.workers())
        self.reload(s, {"BRAND_NAME": "Orchard"})
        self.assertTrue(wait_for(lambda: not before & set(s.workers()), 5))
        for pid in s.workers():
            os.kill(pid, signal.SIGKILL)
        self.assertIn("Orchard", s.page("GET", "/auth/login").text)

    def test_what_needs_a_restart_is_reported_and_stays(self):
        s = self.stack()
        elsewhere = os.path.join(s.dir, "elsewhere")
        said = self.reload(s, {"RUN_DIR": elsewhere,
                               "SOCKET_GROUP": "nogroup",
                               "BRAND_NAME": "Orchard"})
        for key in ("RUN_DIR", "SOCKET_GROUP"):
            self.assertRegex(said, "warning: reload: %s changes only with a "
                                   "restart" % key)
        self.assertIn(s.run_dir, said)
        self.assertFalse(os.path.exists(elsewhere))
        self.assertIn("Orchard", s.page("GET", "/auth/login").text)

    def test_stuck_old_worker_is_killed_and_holds_up_nobody(self):
        s = self.stack()
        stuck = s.workers()[0]
        os.kill(stuck, signal.SIGSTOP)
        start = time.monotonic()
        self.reload(s)
        self.assertTrue(wait_for(lambda: s.check().status == 401, 5))
        self.assertTrue(wait_for(lambda: stuck not in s.workers(), 14))
        self.assertGreater(time.monotonic() - start, 8)


class Bad(ReloadCase):
    def test_j6_a_bad_file_keeps_the_old_one(self):
        s, token = self.with_alice({"BRAND_NAME": "Meadow"})
        workers = sorted(s.workers())
        for bad in ({"SESSION_HOURS": "many"}, {"SESION_HOURS": "1"},
                    {"STORAGE": "AIRTABLE", "AIRTABLE_PAT": "p" * 20,
                     "AIRTABLE_BASE_KEY": "appX"}):
            said = self.reload(s, dict(bad, BRAND_NAME="Orchard"),
                               says=b"the old configuration stays\n")
            self.assertIn("reload: ", said)
            self.assertNotIn("reload: done", said)
            s.write_config(dict.fromkeys(bad))
        self.assertEqual(sorted(s.workers()), workers)
        self.assertEqual(s.check(token).status, 204)
        self.assertIn("Meadow", s.page("GET", "/auth/login").text)
        # Mended, it is taken.
        self.reload(s)
        self.assertIn("Orchard", s.page("GET", "/auth/login").text)

    def test_the_log_names_file_and_line(self):
        s = self.stack()
        said = self.reload(s, {"SESSION_HOURS": "many"},
                           says=b"the old configuration stays")
        line = list(s.config).index("SESSION_HOURS") + 1
        self.assertRegex(said, r"(?m)^fcgi_gate: reload: %s:%d: .*; the "
                               r"old configuration stays$" % (
                                   re.escape(s.conf), line))

    def test_a24_a_file_that_others_may_write_is_not_taken(self):
        s = self.stack()
        os.chmod(s.conf, 0o666)
        self.reload(s, says=b"the old configuration stays")
        self.assertEqual(s.check().status, 401)
        os.chmod(s.conf, 0o640)
        os.unlink(s.conf)
        self.reload(s, says=b"the old configuration stays")
        self.assertEqual(s.check().status, 401)


class UnderLoad(ReloadCase):
    def clients(self, s, token, stop):
        """Eight of them, half on connections that they keep, as nginx
        does: one that was used before and is closed without a byte is
        asked again on a new one. Everything else is a failure."""
        good, failed = [], []

        def ask(sock, data, used):
            try:
                sock.sendall(data)
                response = fcgi.receive(sock)
            except OSError as error:
                return None if used else repr(error)
            if response.status == 204:
                good.append(1)
                return "204"
            return None if used and not response.raw else response.raw

        def connected(data, keep):
            with fcgi.connect(s.check_sock, 5) as sock:
                used = False
                while not stop.is_set():
                    answer = ask(sock, data, used)
                    if answer is None:
                        return
                    if answer != "204":
                        failed.append(answer)
                        return
                    if not keep:
                        return
                    used = True

        def client(keep):
            data = fcgi.request(s.check_params(token), flags=int(keep))
            while not stop.is_set():
                try:
                    connected(data, keep)
                except OSError as error:
                    failed.append(repr(error))

        threads = [threading.Thread(target=client, args=(i % 2 == 0,))
                   for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        return threads, good, failed

    def test_x5_ten_reloads_lose_no_request(self):
        s, token = self.with_alice()
        stop = threading.Event()
        threads, good, failed = self.clients(s, token, stop)
        pages = []
        try:
            for i in range(RELOADS):
                before = len(good)
                self.reload(s, {"BRAND_NAME": "Orchard %d" % i})
                pages.append(s.page("GET", "/auth/login").status)
                self.assertTrue(wait_for(lambda n=before: len(good) > n, 5))
                time.sleep(0.15)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(pages, [200] * RELOADS)
        self.assertGreater(len(good), 100)

    def test_x5_signals_in_a_burst(self):
        s, token = self.with_alice()
        workers = len(s.workers())
        stop = threading.Event()
        threads, good, failed = self.clients(s, token, stop)
        for _ in range(50):
            s.gate.send_signal(signal.SIGHUP)
            time.sleep(0.005)
        time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertTrue(good)
        self.assertTrue(wait_for(lambda: len(s.workers()) == workers, 5))
        self.assertEqual(s.stop_gate(), 0)


if __name__ == "__main__":
    unittest.main()
