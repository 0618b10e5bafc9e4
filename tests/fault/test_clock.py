# SPDX-License-Identifier: MIT
"""The clock jumps while everything runs: nobody is let in by it, and nobody
is locked out after it. The gate's wall clock alone is false (libfaketime);
nginx's and the browser's are right."""

import glob
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import faketime, form_csrf, set_cookies, wait_for  # noqa: E402
from smtp_sink import Sink  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"
YEAR_S, DAY_S = 365 * 86400, 86400


class ClockStack(NginxStack):
    def __init__(self, port):
        super().__init__({
            "SMTP_URL": "smtp://127.0.0.1:%d" % port, "PAGE_WORKERS": "2",
            "NOTIFICATION_FROM_EMAIL": "noreply@app.example.com"})
        self.clock_file = os.path.join(self.dir, "clock")
        self.set_clock(0)

    def set_clock(self, ahead_s):
        """At once, for every process of the gate."""
        with open(self.clock_file + ".new", "w", encoding="ascii") as out:
            out.write("%+d\n" % ahead_s)
        os.replace(self.clock_file + ".new", self.clock_file)

    def start_gate(self, timeout=20, **more):
        env = dict(os.environ, LD_PRELOAD=faketime(),
                   FAKETIME_TIMESTAMP_FILE=self.clock_file,
                   FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
                   NO_FAKE_STAT="1")
        return super().start_gate(timeout, env=env, **more)

    def stop_gate(self, *how):
        """And what the library leaves behind."""
        pid = self.gate.pid if self.gate else 0
        code = super().stop_gate(*how)
        for path in glob.glob("/dev/shm/*faketime_*_%d" % pid):
            os.unlink(path)
        return code


class Clock(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.s = ClockStack(self.sink.port)
        self.addCleanup(self.s.stop)
        for name in ("alice", "bob"):
            self.s.add_user(name, PASSWORD, "--email", name + "@example.com")
        self.s.start()

    def status(self, jar, path="/app"):
        return self.s.http("GET", path, cookies=jar).status

    def assert_in(self, jar):
        self.assertEqual(self.status(jar), 200, self.s.log().decode())
        self.assertEqual(self.status(jar, "/auth/status"), 200)

    def assert_out(self, jar):
        """At the app, at the pages, and for an administrator."""
        self.assertEqual(self.status(jar), 401)
        self.assertEqual(self.status(jar, "/auth/status"), 401)
        page = self.s.http("GET", "/auth/account", cookies=jar)
        self.assertEqual(page.status, 303)
        self.assertIn("/auth/login", page.header("Location"))

    def log_in(self, name="alice"):
        return self.s.session(name, PASSWORD)

    def guess(self, name, password="a wrong password"):
        answer, _ = self.s.sign_in(name, password)
        return answer

    def ask_for_mail(self, name):
        page = self.s.http("GET", "/auth/forgot")
        answer = self.s.post_form("/auth/forgot", {
            "email": name + "@example.com", "csrf": form_csrf(page)},
            set_cookies(page, {}))
        self.assertEqual(answer.status, 200, answer.text)

    def waits(self):
        return self.s.sql("SELECT tries, due_at - unixepoch() FROM outbox")

    def test_x18_a_year_ahead_and_back(self):
        before = self.log_in()
        self.assert_in(before)
        self.s.set_clock(YEAR_S)
        # Over; people log in again.
        self.assert_out(before)
        future = self.log_in()
        self.assert_in(future)
        handle = json.loads(self.s.http(
            "GET", "/auth/status", cookies=future).body)["session"]
        # Bob forgets his password, and the mail server is busy.
        for _ in range(5):
            self.guess("bob")
        self.s.sql("UPDATE rate_limits SET failures = 12")  # now he waits a minute
        self.assertEqual(self.guess("bob", PASSWORD).status, 429)
        self.sink.refuse = b"451 4.7.1 try again later"
        self.ask_for_mail("bob")
        self.assertTrue(wait_for(lambda: self.waits() and
                                 self.waits()[0][0] >= 1, 20))
        self.assertGreater(self.waits()[0][1], YEAR_S - DAY_S)
        # Set right: what was made meanwhile is dead, and in nobody's way.
        self.s.set_clock(0)
        self.sink.refuse = b""
        self.assert_out(future)
        listed = self.s.ctl("session", "list", check=True).stdout
        self.assertNotIn(handle, listed)
        now = self.log_in()
        self.assert_in(now)
        self.assert_out(future)
        # The throttle: its wait is one of seconds, and ends.
        answer = self.guess("bob", PASSWORD)
        self.assertEqual(answer.status, 429)
        wait_s = int(answer.header("Retry-After"))
        self.assertLessEqual(wait_s, 60)
        self.s.set_clock(wait_s)
        self.assert_in(self.log_in("bob"))
        # And the mail goes out.
        self.assertTrue(wait_for(lambda: self.sink.mails, 20), self.waits())
        # That year later it is not alice's session either.
        self.s.set_clock(YEAR_S)
        self.assert_out(future)
        self.assert_out(now)

    def test_x19_a_day_back_and_forth(self):
        before = self.log_in()
        self.s.set_clock(-DAY_S)
        self.assert_out(before)
        meanwhile = self.log_in("bob")
        self.assert_in(meanwhile)
        self.s.set_clock(0)
        # Made yesterday, for twelve hours.
        self.assert_out(meanwhile)
        self.assert_in(before)
        self.assert_in(self.log_in("bob"))

    def test_x19_steps_of_minutes_harm_nobody(self):
        jar = self.log_in()
        for ahead_s in (-240, 0, 200, -40, 0):
            self.s.set_clock(ahead_s)
            self.assert_in(jar)


if __name__ == "__main__":
    unittest.main()
