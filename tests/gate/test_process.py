# SPDX-License-Identifier: MIT
"""The gate as processes: start, workers, stop. CONTRACT 1."""

import fcntl
import glob
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from process_case import PASSWORD, ProcessCase  # noqa: E402
from rig import COOKIE, GATE, SUBMIT, command_of, wait_for  # noqa: E402


class CommandLine(ProcessCase):
    def test_help_and_version(self):
        result = self.run_gate(None, "--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--config FILE", result.stdout)
        result = self.run_gate(None, "--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"\Afcgi_gate \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_is_64(self):
        for args in (("--nonsense",), ("-x",), ("-c",), ("extra",)):
            result = self.run_gate(None, *args)
            self.assertEqual(result.returncode, 64, args)
            self.assertIn("usage: fcgi_gate", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_config_by_both_spellings_and_environment(self):
        s = self.stack(start=False)
        blocker = socket.socket(socket.AF_UNIX)
        self.addCleanup(blocker.close)
        os.mkdir(s.run_dir)
        blocker.bind(s.check_sock)
        blocker.listen()
        for args, env in ((("-c", s.conf), {}),
                          (("--config", s.conf), {}),
                          (("--config=" + s.conf,), {}),
                          ((), {"STAUTH_CONFIG": s.conf})):
            result = subprocess.run(
                [GATE, *args], env=dict(os.environ, **env),
                stderr=subprocess.PIPE, text=True, timeout=20, check=False)
            # It got as far as the socket that is taken.
            self.assertEqual(result.returncode, 75, result.stderr)


class Configuration(ProcessCase):
    def refused(self, s, *words):
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 78, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertFalse(os.path.exists(s.check_sock))

    def test_a24_writable_by_others_names_the_chmod(self):
        s = self.stack(start=False)
        os.chmod(s.conf, 0o666)
        self.refused(s, "chmod", s.conf)

    def test_unknown_key_names_the_nearest(self):
        s = self.stack({"SESION_HOURS": "1"}, start=False, init=False)
        self.refused(s, "SESION_HOURS", "SESSION_HOURS", s.conf)

    def test_a23_no_file_or_no_plain_file(self):
        s = self.stack(start=False, init=False)
        os.unlink(s.conf)
        self.refused(s, s.conf)
        os.mkfifo(s.conf, 0o600)
        self.refused(s, s.conf)
        os.unlink(s.conf)
        os.mkdir(s.conf, 0o700)
        self.refused(s, s.conf)

    def test_airtable_is_not_in_this_build(self):
        s = self.stack({"STORAGE": "AIRTABLE", "AIRTABLE_PAT": "p" * 20,
                        "AIRTABLE_BASE_KEY": "appX"}, start=False, init=False)
        self.refused(s, "no AIRTABLE provider in this build")

    def test_warnings(self):
        s = self.stack({"PUBLIC_URL": None})
        log = s.log().decode()
        self.assertIn("fcgi_gate: warning: ", log)
        self.assertIn("PUBLIC_URL", log)
        self.assertEqual("root" in log, os.geteuid() == 0)


class Workers(ProcessCase):
    def test_x1_killed_worker_is_back_and_others_serve(self):
        s, token = self.with_alice()
        before = s.workers()
        self.assertGreaterEqual(len(before), 3)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(s.check(token).status, 204)
            start = time.monotonic()
            self.assertTrue(wait_for(lambda p=pid: p not in s.workers() and
                                     len(s.workers()) == len(before), 3))
            self.assertLess(time.monotonic() - start, 1)
        self.assertFalse(set(before) & set(s.workers()))
        self.assertIn("exited on signal 9", s.log().decode())

    def test_x1_again_and_again(self):
        s = self.stack({"CHECK_WORKERS": "1", "PAGE_WORKERS": "1"})
        for _ in range(12):
            for pid in s.workers():
                os.kill(pid, signal.SIGKILL)
            start = time.monotonic()
            self.assertEqual(s.check(timeout=5).status, 401)
            self.assertLess(time.monotonic() - start, 1.2)

    def test_x3_stopped_worker_holds_only_its_own(self):
        s, token = self.with_alice()
        checks = [p for p in s.workers() if os.getpriority(
            os.PRIO_PROCESS, p) == os.getpriority(os.PRIO_PROCESS, 0)]
        self.assertEqual(len(checks), 2)
        os.kill(checks[0], signal.SIGSTOP)
        self.addCleanup(os.kill, checks[0], signal.SIGCONT)
        answered = 0
        for _ in range(10):
            try:
                answered += s.check(token, timeout=0.5).status == 204
            except socket.timeout:
                pass
        self.assertGreaterEqual(answered, 1)

    def test_u7_a_peer_that_left_costs_no_hash(self):
        """Its request lay waiting while the worker was busy."""
        s = self.stack({"PAGE_WORKERS": "1"}, start=False)
        s.add_user("alice", PASSWORD)
        s.start_gate()
        worker = [p for p in s.workers()
                  if command_of(p) == "fcgi_gate pages"][0]
        csrf, jar = s.open_form()
        body = urllib.parse.urlencode({"username": "alice", "csrf": csrf,
                                       "password": "wrong one"}).encode()
        params = {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/auth/login",
            "REQUEST_URI": "/auth/login", "QUERY_STRING": "",
            "REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "app.example.com",
            "HTTPS": "on", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        params.update(s.http_params(SUBMIT, jar))
        data = fcgi.request(params, body)

        def failures():
            return len(s.sql("SELECT 1 FROM audit WHERE event LIKE 'login%' "
                             "AND NOT ok"))
        os.kill(worker, signal.SIGSTOP)
        for _ in range(3):
            with fcgi.connect(s.pages_sock) as sock:
                sock.sendall(data)
        os.kill(worker, signal.SIGCONT)
        self.assertEqual(s.page("GET", "/auth/login").status, 200)
        self.assertEqual(failures(), 0)
        # The same of one who waits is a failure.
        with fcgi.connect(s.pages_sock) as sock:
            sock.sendall(data)
            self.assertEqual(fcgi.receive(sock).status, 401)
        self.assertEqual(failures(), 1)

    def test_page_workers_are_nice(self):
        s = self.stack({"CHECK_WORKERS": "2", "PAGE_WORKERS": "3"})
        own = os.getpriority(os.PRIO_PROCESS, 0)

        def nice():
            return sorted(os.getpriority(os.PRIO_PROCESS, pid) - own
                          for pid in s.workers())
        # Each sets its own, first of all.
        self.assertTrue(wait_for(lambda: nice() == [0, 0, 5, 5, 5], 5),
                        nice())

    def test_ps_tells_them_apart(self):
        s = self.stack({"CHECK_WORKERS": "2", "PAGE_WORKERS": "3"})
        self.assertTrue(wait_for(lambda: sorted(
            command_of(pid) for pid in s.workers()) == [
                "fcgi_gate check"] * 2 + ["fcgi_gate pages"] * 3, 5))

    def test_no_core_and_many_descriptors(self):
        s = self.stack()
        with open("/proc/%d/limits" % s.workers()[0],
                  encoding="ascii") as limits:
            text = limits.read()
        self.assertRegex(text, r"Max core file size\s+0\s+0")
        line = [x for x in text.splitlines() if "Max open files" in x][0]
        soft, hard = line.split()[3:5]
        self.assertEqual(soft, hard)

    def test_closed_standard_descriptors(self):
        s = self.stack(start=False)
        s.gate = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', GATE, s.conf])
        self.assertTrue(wait_for(lambda: os.path.exists(s.pages_sock), 10))
        self.assertEqual(s.check().status, 401)


def open_files(pid):
    """The paths of its descriptors, those that last long enough."""
    for entry in glob.glob("/proc/%d/fd/*" % pid):
        try:
            yield os.readlink(entry)
        except OSError:
            pass


class Stopping(ProcessCase):
    def while_it_starts(self, signo):
        """A gate that waits for RUN_DIR's lock gets the signal."""
        s = self.stack(start=False)
        os.mkdir(s.run_dir)
        lock = os.path.join(s.run_dir, "gate.lock")
        with open(lock, "w", encoding="ascii") as held, open(
                s.gate_log, "wb") as log:
            fcntl.flock(held, fcntl.LOCK_EX)
            s.gate = subprocess.Popen([GATE, "-c", s.conf], stderr=log)
            self.assertTrue(wait_for(
                lambda: lock in open_files(s.gate.pid), 5))
            s.gate.send_signal(signo)
            time.sleep(0.1)
        return s

    def test_sighup_while_it_starts_is_a_reload(self):
        s = self.while_it_starts(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: b"reload: done" in s.log(), 10),
                        s.log())
        self.assertEqual(s.check().status, 401)

    def test_sigterm_while_it_starts_ends_it(self):
        s = self.while_it_starts(signal.SIGTERM)
        self.assertEqual(s.gate.wait(10), 0)
        s.gate = None
        self.assertFalse(os.path.exists(s.check_sock))

    def test_sigterm_and_sigint_end_with_0(self):
        for signo in (signal.SIGTERM, signal.SIGINT):
            s = self.stack()
            workers = s.workers()
            start = time.monotonic()
            self.assertEqual(s.stop_gate(signo), 0)
            self.assertLess(time.monotonic() - start, 3)
            for pid in workers:
                self.assertFalse(os.path.exists("/proc/%d" % pid))

    def test_ctrl_c_reaches_all_of_the_group(self):
        s = self.stack()
        os.killpg(s.gate.pid, signal.SIGINT)
        self.assertEqual(s.gate.wait(10), 0)
        s.gate = None

    def test_sigterm_drains_a_page_request(self):
        s, _ = self.with_alice()
        csrf, jar = s.open_form()
        body = urllib.parse.urlencode({
            "username": "alice", "password": PASSWORD, "csrf": csrf}).encode()
        params = {
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/auth/login",
            "REQUEST_URI": "/auth/login", "QUERY_STRING": "",
            "REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "app.example.com",
            "HTTPS": "on", "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        params.update(s.http_params(SUBMIT, jar))
        with fcgi.connect(s.pages_sock) as sock:
            # Half of the body is there when the signal comes.
            sock.sendall(fcgi.begin()
                         + fcgi.stream(fcgi.PARAMS, fcgi.pairs(params))
                         + fcgi.record(fcgi.STDIN, body[:10]))
            time.sleep(0.2)
            s.gate.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            sock.sendall(fcgi.stream(fcgi.STDIN, body[10:]))
            response = fcgi.receive(sock)
        self.assertEqual(response.status, 303, response.raw[:300])
        self.assertIn(COOKIE, "".join(response.all("Set-Cookie")))
        self.assertEqual(s.gate.wait(10), 0)
        s.gate = None

    def test_sigterm_under_checks_gives_no_wrong_answer(self):
        s, token = self.with_alice()
        wrong, good, stop = [], [], threading.Event()

        def client():
            data = fcgi.request(s.check_params(token), flags=1)
            while not stop.is_set():
                try:
                    with fcgi.connect(s.check_sock, 5) as sock:
                        while not stop.is_set():
                            sock.sendall(data)
                            response = fcgi.receive(sock)
                            if response.status == 204:
                                good.append(1)
                            elif response.raw:
                                wrong.append(response.raw)
                            else:
                                break
                except OSError:
                    time.sleep(0.01)
        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        start = time.monotonic()
        code = s.stop_gate()
        took = time.monotonic() - start
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual((code, wrong), (0, []))
        self.assertGreater(len(good), 10)
        self.assertLess(took, 3)

    def test_stuck_worker_is_killed_after_ten_seconds(self):
        s = self.stack()
        os.kill(s.workers()[0], signal.SIGSTOP)
        start = time.monotonic()
        self.assertEqual(s.stop_gate(), 0)
        self.assertLess(time.monotonic() - start, 13)
        self.assertGreater(time.monotonic() - start, 8)


if __name__ == "__main__":
    unittest.main()
