# SPDX-License-Identifier: MIT
"""The SendGrid transport against the simulator. n20: row 20 of the failures
that a client must survive, and so on."""

import json
import unittest

import mail_rig
import sendgrid_sim

PIN = {"kind": "signup-pin", "code": "123456", "to": "you@example.com"}


class Case(unittest.TestCase):
    def setUp(self):
        mail_rig.enter()
        self.sim = sendgrid_sim.SendGrid(key=mail_rig.KEY).start()
        self.post = mail_rig.Post(SENDGRID_API_KEY=mail_rig.KEY,
                                  SENDGRID_URL=self.sim.url)
        self.addCleanup(self.post.remove)
        self.addCleanup(self.sim.stop)

    def send(self, fault=None, **more):
        self.sim.fault = fault
        return self.post.send(**dict(PIN, **more))

    def expect(self, fault, rc, retry=0, said="", requests=1):
        before = len(self.sim.journal)
        result = self.send(fault)
        self.assertEqual(result["rc"], rc, result)
        self.assertEqual(result["retry_after_s"], retry, result)
        self.assertIn(said, result["msg"])
        self.assertNotIn("123456", result["msg"])
        self.assertNotIn(mail_rig.KEY[3:10], result["msg"])
        self.assertEqual(len(self.sim.journal) - before, requests)
        return result


class TestAccepted(Case):
    def test_the_request_is_exactly_what_sendgrid_documents(self):
        result = self.send(code="654321")
        self.assertEqual(result["rc"], "ok", result)
        [asked] = self.sim.journal
        self.assertEqual(asked["path"], "/v3/mail/send")
        self.assertEqual(asked["headers"]["Content-Type"],
                         "application/json")
        self.assertEqual(asked["headers"]["Authorization"],
                         "Bearer " + mail_rig.KEY)
        mail = json.loads(asked["body"])
        text, html = mail.pop("content")
        off = {"enable": False}
        self.assertEqual(mail, {
            "personalizations": [{"to": [{"email": "you@example.com"}]}],
            "from": {"email": "noreply@acme.test", "name": "Acme"},
            "subject": "654321 is your code for Acme",
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": off, "subscription_tracking": off}})
        self.assertEqual(text["type"], "text/plain")
        self.assertIn("\n654321\n", text["value"])
        self.assertEqual(html["type"], "text/html")
        self.assertIn("654321", html["value"])

    def test_no_name_where_there_is_no_brand(self):
        self.post.set(BRAND_NAME=None)
        self.assertEqual(self.send()["rc"], "ok")
        self.assertEqual(self.sim.accepted[0]["from"],
                         {"email": "noreply@acme.test"})

    def test_n20_accepted_without_a_message_id(self):
        self.expect("202-without-id", "ok")

    def test_umlauts_and_quotes_arrive(self):
        self.post.set(BRAND_NAME='Zürich "& <Söhne>" 😀')
        self.assertEqual(self.send()["rc"], "ok")
        mail = self.sim.accepted[0]
        self.assertEqual(mail["from"]["name"], 'Zürich "& <Söhne>" 😀')
        self.assertTrue(mail["subject"].endswith('Zürich "& <Söhne>" 😀'))


class TestRefused(Case):
    def test_n20_400_is_for_good(self):
        self.expect("400", "refused", said="400 Bad Request")

    def test_n20_n16_401_and_403_are_the_key(self):
        self.expect("401", "permission denied", said="grant is invalid")
        self.expect("403", "permission denied", said="access forbidden")
        self.post.set(SENDGRID_API_KEY="SG.other")
        self.expect(None, "permission denied", said="401")
        self.assertEqual(self.sim.accepted, [])

    def test_n20_413_as_html(self):
        self.expect("413", "refused", said="SendGrid: 413")

    def test_n20_an_unverified_sender(self):
        self.sim.senders = ["other@acme.test"]
        self.expect(None, "permission denied", said="Sender Identity")

    def test_n4_429_says_when(self):
        result = self.send("429")
        self.assertEqual(result["rc"], "busy", result)
        self.assertGreater(result["retry_after_s"], 20)
        self.assertLessEqual(result["retry_after_s"], 31)
        self.assertEqual(len(self.sim.journal), 1)

    def test_n4_n5_n23_retry_after_in_every_form(self):
        self.expect("429-retry-after", "busy", 7)
        self.expect("429-absurd", "busy", 3600)
        self.expect("429-negative", "busy", 0)
        result = self.send("429-date")
        self.assertIn(result["retry_after_s"], range(85, 92))

    def test_n5_server_errors_are_tried_again(self):
        self.expect("500", "out of reach", said="500 internal error")
        self.expect("502", "out of reach", said="502")
        self.expect("503", "out of reach", 20)

    def test_n7_a_portal_in_between_accepts_nothing(self):
        self.expect("200-html", "configuration", said="200")
        self.expect("302", "configuration", said="302")

    def test_n6_answers_cut_short_keep_their_status(self):
        self.expect("short-body", "refused", said="400")
        self.expect("chunk-cut", "out of reach", said="500")

    def test_h8_n16_what_is_echoed_is_not_reported(self):
        result = self.expect("echo", "refused", said="400")
        self.assertNotIn("Bearer S", result["msg"])


class TestLost(Case):
    together = True

    @classmethod
    def setUpClass(cls):
        mail_rig.enter()

    def test_n1_n2_cut_after_the_request_is_sent_once(self):
        self.expect("close-after-reading", "outcome unknown")
        self.expect("reset-after-reading", "outcome unknown")
        self.expect("close-after-accepting", "outcome unknown")
        self.expect("reset-after-accepting", "outcome unknown")
        self.assertEqual(len(self.sim.accepted), 2)

    def test_n2_every_mail_has_a_connection_of_its_own(self):
        results = self.post.send_all([PIN, PIN, PIN])
        self.assertEqual([r["rc"] for r in results], ["ok"] * 3)
        self.assertEqual(len(self.sim.accepted), 3)

    def test_n20_garbage_and_half_a_status(self):
        for fault in ("garbage", "partial-headers"):
            with self.subTest(fault):
                self.expect(fault, "outcome unknown")

    def test_n20_nobody_listens(self):
        self.post.set(SENDGRID_URL="http://127.0.0.1:1")
        self.expect(None, "out of reach", said="connect", requests=0)

    def test_n20_no_such_host(self):
        self.post.set(SENDGRID_URL="https://nowhere.test")
        self.expect(None, "out of reach", said="nowhere.test", requests=0)

    def test_n24_h4_a_reply_over_the_cap(self):
        result = self.expect("huge", "out of reach", said="500")
        self.assertLess(result["ms"], 15000)

    def test_n24_h4_a_stall_ends_in_thirty_seconds(self):
        result = self.expect("stall-after-accepting", "outcome unknown")
        self.assertGreater(result["ms"], 25000)
        self.assertLess(result["ms"], 33000)

    def test_n24_h4_accepted_and_then_a_byte_a_second(self):
        result = self.expect("drip", "ok")
        self.assertLess(result["ms"], 33000)


class TestTls(Case):
    def tls(self, cert, host="sendgrid.test"):
        sim = sendgrid_sim.SendGrid(key=mail_rig.KEY, tls=cert).start()
        self.addCleanup(sim.stop)
        self.post.set(SENDGRID_URL=f"https://{host}:{sim.port}")
        return sim

    def test_https_with_a_good_certificate(self):
        sim = self.tls(mail_rig.enter().sendgrid_cert)
        self.assertEqual(self.send()["rc"], "ok")
        self.assertEqual(len(sim.accepted), 1)

    def test_h3_certificates_that_are_not_good(self):
        net = mail_rig.enter()
        for cert, host in ((net.unknown, "mail.test"),
                           (net.expired, "mail.test"),
                           (net.sendgrid_cert, "wrong.test")):
            sim = self.tls(cert, host)
            result = self.send()
            self.assertEqual(result["rc"], "configuration", result)
            self.assertIn("certificate", result["msg"])
            self.assertEqual(sim.journal, [])

    def test_h7_the_key_goes_over_https_only(self):
        for url in ("http://sendgrid.test", "http://127.evil.test",
                    "http://localhost.evil.test", "file:///etc/passwd",
                    "smtp://sendgrid.test", "https://sendgrid.test?x=1",
                    "sendgrid.test"):
            with self.subTest(url):
                self.post.set(SENDGRID_URL=url)
                result = self.post.send(**PIN)
                self.assertEqual(result["rc"], "configuration", result)

    def test_h7_n23_no_proxy_of_the_environment(self):
        proxy = "http://127.0.0.1:1"
        result = self.post.send(env={
            "http_proxy": proxy, "https_proxy": proxy, "all_proxy": proxy,
            "HTTPS_PROXY": proxy, "ALL_PROXY": proxy}, **PIN)
        self.assertEqual(result["rc"], "ok", result)


if __name__ == "__main__":
    unittest.main()
