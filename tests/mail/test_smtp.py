# SPDX-License-Identifier: MIT
"""The SMTP transport against a scripted server: what is sent where, and what
every fault of the dialogue means. n21: row 21 of the failures that a client
must survive, and so on."""

import contextlib
import socket
import time
import unittest

import mail_rig
import smtp_sim

LOGIN = ("stauth", "s3cret-of-smtp")
PIN = {"kind": "signup-pin", "code": "123456", "to": "you@example.com"}


class Case(unittest.TestCase):
    def setUp(self):
        self.net = mail_rig.enter()
        self.post = mail_rig.Post(SMTP_USER=LOGIN[0], SMTP_PASSWORD=LOGIN[1])
        self.addCleanup(self.post.remove)
        self.sim = self.server()

    def server(self, cert=None, host="mail.test", scheme="smtp", **more):
        """A server, and the configuration that leads to it."""
        more.setdefault("auth", LOGIN)
        sim = smtp_sim.Smtp(tls=cert or self.net.cert,
                            implicit=scheme == "smtps", **more)
        self.addCleanup(sim.stop)
        self.post.set(SMTP_URL=f"{scheme}://{host}:{sim.port}")
        return sim.start()

    def expect(self, rc, said="", **script):
        self.sim.script = script
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], rc, (script, result))
        self.assertIn(said, result["msg"])
        self.assertNotIn("123456", result["msg"])
        self.assertNotIn(LOGIN[1], result["msg"])
        self.assertLess(result["ms"], 35000)
        return result

    def nothing_told(self, sim):
        """Neither credentials nor envelope nor letter went out."""
        self.assertEqual(sim.mails, [])
        for command in sim.commands:
            self.assertRegex(command, "^(EHLO|HELO|STARTTLS|QUIT)")


class TestAccepted(Case):
    def test_over_starttls_with_a_login(self):
        self.expect("ok")
        [mail] = self.sim.mails
        self.assertEqual((mail["from"], mail["to"], mail["login"],
                          mail["tls"]),
                         ("<noreply@acme.test", ["you@example.com"],
                          LOGIN[0], True))
        self.assertEqual(self.sim.commands[0], "EHLO acme.test")
        self.assertEqual(self.sim.commands[-1], "QUIT")

    def test_over_smtps(self):
        self.sim = self.server(scheme="smtps")
        self.expect("ok")
        self.assertTrue(self.sim.mails[0]["tls"])

    def test_to_loopback_in_the_clear_and_without_a_login(self):
        self.post.set(SMTP_USER=None, SMTP_PASSWORD=None)
        self.sim = self.server(host="localhost", auth=None)
        self.expect("ok")
        self.assertFalse(self.sim.mails[0]["tls"])

    def test_the_ehlo_name_of_the_url(self):
        self.post.set(SMTP_URL=self.post.config["SMTP_URL"] + "/me.acme.test")
        self.expect("ok")
        self.assertEqual(self.sim.commands[0], "EHLO me.acme.test")

    def test_every_header_and_both_parts(self):
        self.expect("ok")
        mail = mail_rig.parse(self.sim.mails[0]["raw"])
        self.assertEqual(mail["Subject"], "123456 is your code for Acme")
        self.assertEqual(mail["From"], "Acme <noreply@acme.test>")
        self.assertEqual(mail["To"], "you@example.com")
        self.assertEqual(mail["Message-ID"], "<id@app.example.com>")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertIsNotNone(mail["Date"].datetime)
        self.assertEqual(mail.defects, [])
        text, html = mail.iter_parts()
        self.assertIn("\n123456\n", text.get_content().replace("\r", ""))
        self.assertEqual(html.get_content_type(), "text/html")

    def test_n21_replies_of_many_lines(self):
        many = "%d-one\r\n%d-two\r\n%d three"
        self.expect("ok", greeting=many % (220, 220, 220),
                    mail=many % (250, 250, 250), rcpt=many % (251, 251, 251),
                    final=many % (250, 250, 250))

    def test_n21_any_positive_final_reply_counts(self):
        self.expect("ok", final="251 done")


class TestTrust(Case):
    def test_h3_n21_starttls_missing_or_stripped(self):
        self.sim = self.server()
        self.expect("configuration", ehlo="250-sim.test\r\n250 AUTH PLAIN")
        self.nothing_told(self.sim)
        self.expect("configuration", starttls="502 no")
        self.nothing_told(self.sim)
        self.expect("busy", starttls="454 not now")
        self.nothing_told(self.sim)
        self.expect("configuration", ehlo="502 no")
        self.nothing_told(self.sim)

    def test_h3_replies_injected_before_tls(self):
        fake = "220 go\r\n250-sim.test\r\n250 AUTH PLAIN\r\n235 in\r\n" \
            "250 ok\r\n250 ok\r\n354 go\r\n250 queued"
        self.sim.script = {"starttls": fake}
        result = self.post.send(**PIN)
        if result["rc"] == "ok":
            self.assertEqual(len(self.sim.mails), 1)
            self.assertTrue(self.sim.mails[0]["tls"])
        else:
            self.nothing_told(self.sim)

    def test_h3_n21_certificates_that_are_not_good(self):
        for cert, host in ((self.net.unknown, "mail.test"),
                           (self.net.expired, "mail.test"),
                           (self.net.cert, "wrong.test")):
            for scheme in ("smtp", "smtps"):
                with self.subTest((cert[0], scheme)):
                    self.sim = self.server(cert, host, scheme)
                    self.expect("configuration", "certificate")
                    self.nothing_told(self.sim)

    def test_h3_tls_that_breaks_off(self):
        self.expect("out of reach", tls="close")
        self.nothing_told(self.sim)

    def test_n21_auth_that_is_not_offered(self):
        self.sim = self.server(auth=None)
        self.expect("configuration", "offers no log-in")
        self.nothing_told(self.sim)
        self.sim = self.server(auth=None, host="localhost")
        self.expect("configuration", "offers no log-in")
        self.nothing_told(self.sim)

    def test_n21_auth_that_is_offered_before_starttls_only(self):
        def ehlo(session):
            return "250-sim.test\r\n" + (
                "250 SIZE 10485760" if session.secure
                else "250-AUTH PLAIN LOGIN\r\n250 STARTTLS")
        self.expect("configuration", "offers no log-in", ehlo=ehlo)
        self.nothing_told(self.sim)

    def test_n21_auth_lost_by_a_helo(self):
        self.sim = self.server(host="localhost")
        self.expect("configuration", "offers no log-in", ehlo="502 no")
        self.nothing_told(self.sim)

    def test_n21_ways_of_login_that_nobody_knows(self):
        self.sim = self.server(auth=None, extensions=["AUTH FOO BAR"])
        self.expect("configuration", "log-in")
        self.assertEqual(self.sim.mails, [])

    def test_n16_n21_a_wrong_password(self):
        self.post.set(SMTP_PASSWORD="an0ther-one")
        result = self.expect("permission denied", "535")
        self.assertNotIn("an0ther", result["msg"])
        self.assertEqual(self.sim.mails, [])
        self.expect("permission denied", auth="535 5.7.8 no")
        self.expect("busy", auth="454 4.7.0 later")

    def test_h7_only_smtp_urls(self):
        for url in ("http://mail.test", "file:///etc/passwd", "mail.test",
                    "imap://mail.test", "smtp://mail.test?x", "smtp://"):
            with self.subTest(url):
                self.post.set(SMTP_URL=url)
                result = self.post.send(**PIN)
                self.assertEqual(result["rc"], "configuration", result)

    def test_user_and_password_go_together(self):
        self.post.set(SMTP_PASSWORD=None)
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "configuration", result)
        self.assertIn("must be set together", result["msg"])

    def test_h7_n23_no_proxy_of_the_environment(self):
        result = self.post.send(env={"all_proxy": "http://127.0.0.1:1",
                                     "ALL_PROXY": "http://127.0.0.1:1"},
                                **PIN)
        self.assertEqual(result["rc"], "ok", result)


class TestStages(Case):
    """Nothing but a positive last reply is an OK; lost after the last byte
    is unknown; lost before is not accepted."""

    def test_h4_n21_421_at_every_stage(self):
        for stage in ("greeting", "ehlo", "auth", "mail", "rcpt", "data",
                      "final"):
            with self.subTest(stage):
                self.expect("busy", **{stage: "421 4.3.2 closing"})
        self.assertEqual(self.sim.mails, [])

    def test_h4_n21_closed_or_reset_before_the_mail(self):
        for how in ("close", "reset"):
            for stage in ("greeting", "ehlo", "auth", "mail", "rcpt",
                          "data"):
                with self.subTest((how, stage)):
                    self.expect("out of reach", **{stage: how})
        self.assertEqual(self.sim.mails, [])

    def test_x22_h4_n21_lost_before_the_last_reply(self):
        for how in ("close", "reset"):
            with self.subTest(how):
                before = self.sim.connections
                self.expect("outcome unknown", final=how)
                self.assertEqual(self.sim.connections, before + 1)
        self.assertEqual(len(self.sim.mails), 2)

    def test_h4_n21_refusals_by_stage(self):
        cases = (("greeting", "554 go away", "configuration"),
                 ("mail", "550 5.7.1 sender unknown", "configuration"),
                 ("mail", "530 5.7.0 log in first", "permission denied"),
                 ("mail", "552 5.3.4 too big", "refused"),
                 ("rcpt", "550 5.1.1 nobody here", "refused"),
                 ("rcpt", "450 4.2.0 greylisted", "busy"),
                 ("data", "554 5.5.1 no", "refused"),
                 ("final", "554 5.7.1 spam", "refused"),
                 ("final", "452 4.3.1 disk full", "busy"))
        for stage, reply, rc in cases:
            with self.subTest(reply):
                self.expect(rc, reply, **{stage: reply})
        self.assertEqual(self.sim.mails, [])

    def test_h8_what_a_server_quotes_is_not_reported(self):
        self.expect("refused", "550 spam: *** is your code",
                    final="550 spam: 123456 is your code")
        self.expect("refused", "550", rcpt="550 " + LOGIN[1])

    def test_n20_nobody_listens(self):
        self.post.set(SMTP_URL="smtp://mail.test:1")
        self.expect("out of reach", "connect")

    def test_n20_no_such_host(self):
        self.post.set(SMTP_URL="smtp://nowhere.test")
        self.expect("out of reach", "nowhere.test")


class TestTwoReaders(Case):
    """libcurl speaks, we read along: a reply that only one of the two
    understands must neither send a mail without its log-in nor make an
    accepted one look refused."""

    def test_u11_auth_is_offered_in_lower_case(self):
        for offer in ("auth plain login", "Auth PLAIN", "AUTH=PLAIN",
                      "AUTH\tPLAIN", "XAUTH PLAIN"):
            with self.subTest(offer):
                self.sim = self.server(host="localhost")
                self.expect("configuration", "log-in",
                            ehlo="250-sim.test\r\n250 " + offer)
                self.nothing_told(self.sim)

    def test_u11_lower_case_after_starttls(self):
        self.expect("configuration", "log-in", ehlo=lambda session:
                    "250-sim.test\r\n250-auth plain login\r\n250 STARTTLS")
        self.nothing_told(self.sim)

    def test_u11_nothing_is_sent_without_the_235(self):
        for reply in ("250 ok", "200 in", "354 go on", "221 bye", "299 in"):
            with self.subTest(reply):
                self.sim = self.server()
                self.expect("configuration", auth=reply)
                self.assertEqual(self.sim.mails, [])
                for command in self.sim.commands:
                    self.assertNotRegex(command, "^(MAIL|RCPT|DATA)")

    def test_u11_lines_that_are_no_reply_change_nothing(self):
        noise = "250\tno\r\nhello\r\n1\r\n999x no\r\n"
        self.expect("ok", greeting=noise + "220 sim.test",
                    mail=noise + "250 ok", rcpt=noise + "250 ok",
                    data=noise + "354 go on", final=noise + "250 queued")
        self.assertEqual(len(self.sim.mails), 1)

    def test_u11_a_221_takes_nobody_out_of_step(self):
        self.expect("ok", greeting="221 sim.test", mail="221 ok")
        self.assertEqual(len(self.sim.mails), 1)


class TestSlow(Case):
    together = True

    @classmethod
    def setUpClass(cls):
        mail_rig.enter()

    def greeting_after(self, seconds):
        def greeting(session):
            session.sim.ended.wait(seconds)
            return "220 sim.test"
        before = time.monotonic()
        self.expect("ok", greeting=greeting)
        self.assertGreater(time.monotonic() - before, seconds)

    def test_u11_a_greeting_that_postscreen_holds_back(self):
        self.greeting_after(6.5)

    def test_u11_a_greeting_after_a_pause_of_20_seconds(self):
        self.greeting_after(20.5)

    def test_u11_a_host_that_takes_no_connection_is_left_after_5_seconds(
            self):
        # A full queue: the kernel drops what comes on top of it.
        host = "127.0.0.2"
        with socket.socket() as deaf:
            deaf.bind((host, 0))
            deaf.listen(0)
            port = deaf.getsockname()[1]
            with contextlib.ExitStack() as waiting:
                for _ in range(3):
                    one = waiting.enter_context(socket.socket())
                    one.setblocking(False)
                    one.connect_ex((host, port))
                time.sleep(0.2)
                self.post.set(SMTP_URL="smtps://%s:%d" % (host, port))
                result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "out of reach", result)
        self.assertIn("timed out", result["msg"])
        self.assertLess(result["ms"], 8000)

    def test_h4_n24_a_hundred_megabytes_of_reply(self):
        for stage in ("greeting", "ehlo", "rcpt"):
            with self.subTest(stage):
                result = self.expect("out of reach", **{stage: "flood"})
                self.assertLess(result["ms"], 15000)

    def test_h4_n24_a_byte_a_second(self):
        result = self.expect("out of reach", mail="drip")
        self.assertGreater(result["ms"], 20000)

    def test_x21_h4_n24_no_greeting(self):
        result = self.expect("out of reach", greeting="stall")
        self.assertLess(result["ms"], 33000)

    def test_x22_n21_no_last_reply(self):
        result = self.expect("outcome unknown", final="stall")
        self.assertGreater(result["ms"], 25000)

    def test_n21_a_farewell_that_is_none(self):
        for quit_ in ("close", "reset", "stall", "drip"):
            with self.subTest(quit_):
                result = self.expect("ok", quit=quit_)
                self.assertLess(result["ms"], 6000)

    def test_u11_after_the_last_byte_only_a_refusal_is_one(self):
        for reply in ("354 more", "221 bye", "150 wait", "334 ", "hello"):
            with self.subTest(reply):
                self.sim = self.server()
                self.expect("outcome unknown", final=reply)
                self.assertEqual(len(self.sim.mails), 1)


if __name__ == "__main__":
    unittest.main()
