# SPDX-License-Identifier: MIT
"""The outbox and its worker: nothing is lost, nothing is late, nothing
stays. Rows H5 H8, fault X21."""

import glob
import os
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from process_case import ProcessCase  # noqa: E402
from rig import wait_for  # noqa: E402
from smtp_sink import Sink  # noqa: E402

PASSWORD = "kite mango 17 pepper"
SENDER = "noreply@app.example.com"
MAILS = 200


class MailCase(ProcessCase):
    def sink(self, port=0):
        sink = Sink(port)
        self.addCleanup(sink.stop)
        return sink

    def mailing(self, port, **more):
        return self.stack(dict({
            "SMTP_URL": "smtp://127.0.0.1:%d" % port,
            "NOTIFICATION_FROM_EMAIL": SENDER,
            "ALLOW_USER_SIGN_UP": "True", "CHECK_WORKERS": "1",
            "PAGE_WORKERS": "2"}, **more))

    def put(self, s, count, life_s=3600, kind="password-changed", code=""):
        """Mails into the outbox, as if a page had: their ids."""
        now = int(time.time())
        ids = ["%016x" % random.getrandbits(64) for _ in range(count)]
        for i, message_id in enumerate(ids):
            s.sql("INSERT INTO outbox (kind, recipient, user_name, code, "
                  "message_id, tries, due_at, created_at, expires_at) "
                  "VALUES (?, ?, 'u', ?, ?, 0, ?, ?, ?)", kind,
                  "u%d@example.com" % i, code, message_id, now, now,
                  now + life_s)
        return [i.encode() for i in ids]

    def waiting(self, s):
        return s.sql("SELECT count(*) FROM outbox")[0][0]

    def sign_up(self, s, email):
        start = time.monotonic()
        answer, _ = s.post("/auth/signup", {
            "email": email, "password": PASSWORD, "confirm": PASSWORD})
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/signup/verify"))
        return time.monotonic() - start


class Killed(MailCase):
    def test_kill_9_at_random_points_loses_nothing(self):
        sink = self.sink()
        sink.delay_s = 0.01
        s = self.mailing(sink.port)
        others = set(s.workers()[:3])
        ids = self.put(s, MAILS)
        rng = random.Random(6)
        kills = 0

        def worker():
            found = [p for p in s.workers() if p not in others]
            return found[0] if found else 0

        while kills < 15 and self.waiting(s) > 20:
            pid = wait_for(worker, 10)
            time.sleep(rng.uniform(0.05, 0.25))
            try:
                os.kill(pid, signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
            wait_for(lambda p=pid: worker() not in (0, p), 10)
        self.assertGreater(kills, 3)

        def only_leased():
            return s.sql("SELECT count(*) FROM outbox WHERE due_at <= "
                         "unixepoch()")[0][0] == 0

        self.assertTrue(wait_for(only_leased, 60))
        # Nobody holds them any more: their lease need not be waited for.
        left = -1
        while left != self.waiting(s):
            left = self.waiting(s)
            time.sleep(1.5)
        self.assertLessEqual(left, kills)
        s.sql("UPDATE outbox SET due_at = unixepoch()")
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 60))
        came = sink.ids()
        self.assertEqual(sorted(set(came)), sorted(ids))
        doubles = len(came) - len(ids)
        self.assertLessEqual(doubles, kills)
        print("# %d kills, %d mails, %d doubled" % (kills, MAILS, doubles))

    def test_sigterm_ends_after_the_mail_under_way(self):
        sink = self.sink()
        sink.delay_s = 2
        s = self.mailing(sink.port)
        self.put(s, 3)
        self.assertTrue(wait_for(lambda: sink.mails, 20))
        self.assertEqual(s.stop_gate(), 0)
        self.assertEqual(len(sink.mails), 1)
        self.assertEqual(self.waiting(s), 2)
        sink.delay_s = 0
        s.start_gate()
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 20))
        self.assertEqual(len(sink.ids()), len(set(sink.ids())))

    def test_x1_a_killed_worker_is_back(self):
        s = self.mailing(self.sink().port)
        before = s.workers()
        os.kill(before[3], signal.SIGKILL)
        self.assertTrue(wait_for(lambda: len(s.workers()) == 4 and
                                 before[3] not in s.workers(), 10))


class Down(MailCase):
    def test_x21_h5_pages_answer_and_mails_go_when_it_is_back(self):
        sink = Sink()
        port = sink.port
        sink.stop()
        s = self.mailing(port)
        self.assertTrue(min(
            self.sign_up(s, "u%d@example.com" % i) for i in range(5)) < 1)
        self.assertTrue(wait_for(lambda: b"mail cannot be sent" in s.log(), 20))
        late = self.put(s, 1, life_s=1)[0]
        time.sleep(3)
        self.assertEqual(s.log().count(b"mail cannot be sent"), 1)
        sink = self.sink(port)
        start = time.monotonic()
        self.assertTrue(wait_for(lambda: len(sink.mails) == 5, 60),
                        s.log().decode())
        print("# drained %.0f s after the return" % (
            time.monotonic() - start))
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 20))
        self.assertNotIn(late, sink.ids())
        self.assertIn(b"mail is sent again", s.log())
        self.assertEqual(s.sql("SELECT count(*) FROM audit WHERE event = "
                               "'mail' AND ok = 1"), [(5,)])

    def test_x21_expired_pins_are_not_sent(self):
        s = self.mailing(self.sink().port)
        s.stop_gate()
        self.put(s, 3, life_s=-1, kind="signup-pin", code="123456")
        good = self.put(s, 1)
        s.start_gate()
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 20))
        self.assertEqual(s.sql("SELECT count(*) FROM audit WHERE event = "
                               "'mail'"), [(len(good),)])

    def test_a_mail_that_is_refused_is_given_up_and_reported(self):
        sink = self.sink()
        sink.refuse = b"550 5.1.1 no such user"
        s = self.mailing(sink.port)
        self.put(s, 1, kind="signup-pin", code="314159")
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 20))
        rows = s.sql("SELECT ok, detail FROM audit WHERE event = 'mail'")
        self.assertEqual(rows[0][0], 0)
        self.assertTrue(rows[0][1].startswith("signup-pin: "), rows)
        self.assertNotIn("314159", rows[0][1])

    def test_a_mail_that_is_deferred_waits_ten_seconds(self):
        sink = self.sink()
        sink.refuse = b"451 4.7.1 try again later"
        s = self.mailing(sink.port)
        self.put(s, 1)

        def deferred():
            rows = s.sql("SELECT tries, due_at - unixepoch() FROM outbox")
            return rows and rows[0][0] == 1 and rows[0][1] < 20 and rows

        rows = wait_for(deferred, 20)
        self.assertIn(rows[0][1], range(5, 11))
        sink.refuse = b""
        s.sql("UPDATE outbox SET due_at = unixepoch()")
        self.assertTrue(wait_for(lambda: len(sink.mails) == 1, 20))


class Left(MailCase):
    def test_h8_no_pin_stays_after_delivery(self):
        sink = self.sink()
        s = self.mailing(sink.port)
        pin = "271828"
        self.put(s, 1, kind="signup-pin", code=pin)
        self.assertTrue(wait_for(lambda: self.waiting(s) == 0, 20))
        self.assertIn(pin.encode(), sink.mails[0])
        self.assertNotIn(pin.encode(), s.log())

        def gone():
            left = b""
            for path in glob.glob(os.path.join(s.state_dir, "stauth.db*")):
                with open(path, "rb") as file:
                    left += file.read()
            return pin.encode() not in left

        self.assertTrue(wait_for(gone, 5))
        s.stop_gate()
        self.assertTrue(gone())


class Start(MailCase):
    def refused(self, config, says):
        s = self.stack(config, start=False, init=False)
        gate = self.run_gate(s)
        self.assertEqual(gate.returncode, 78)
        self.assertIn(says, gate.stderr)
        ctl = s.ctl("config", "check")
        self.assertEqual(ctl.returncode, 78)
        self.assertIn(says, ctl.stderr)

    def test_sign_up_without_a_way_for_its_mails(self):
        self.refused({"ALLOW_USER_SIGN_UP": "True"}, "MAIL_TRANSPORT")
        self.refused({"ALLOW_USER_SIGN_UP": "True", "PUBLIC_URL": None,
                      "MAIL_TRANSPORT": "FILE",
                      "NOTIFICATION_FROM_EMAIL": SENDER}, "PUBLIC_URL")

    def test_mail_without_a_sender(self):
        self.refused({"MAIL_TRANSPORT": "FILE"}, "NOTIFICATION_FROM_EMAIL")

    def test_without_mail_there_is_no_worker_and_a_word(self):
        s = self.stack({"CHECK_WORKERS": "1", "PAGE_WORKERS": "2"})
        self.assertEqual(len(s.workers()), 3)
        self.assertIn(b"mail is off", s.log())

    def test_sighup_brings_the_new_way(self):
        s = self.mailing(self.sink().port)
        s.write_config({"SMTP_URL": None, "MAIL_TRANSPORT": "FILE"})
        s.gate.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: b"reload: done" in s.log(), 20))
        self.assertTrue(wait_for(lambda: len(s.workers()) == 4, 20))
        self.put(s, 1)
        folder = os.path.join(s.state_dir, "mail", "*.eml")
        self.assertTrue(wait_for(lambda: glob.glob(folder), 20))


if __name__ == "__main__":
    unittest.main()
