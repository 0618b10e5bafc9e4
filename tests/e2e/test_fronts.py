# SPDX-License-Identifier: MIT
"""Behind another proxy that ends TLS, and behind a mapped port: set up as
docs/install.md says, and with the mistakes that it warns of."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from fronts import RULES, MappedPort, OuterNginx  # noqa: E402
from rig import COOKIE, NAVIGATE, form_csrf, set_cookies  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"
RUN_SCRIPT = b"\x5a\x00"  # BackMsg.rerun_script, empty
REAL_IP = """
	set_real_ip_from 127.0.0.1;
	real_ip_header X-Forwarded-For;
"""


class Behind(unittest.TestCase):
    @classmethod
    def begin(cls, make_front):
        cls.stack = NginxStack(app="streamlit")
        cls.front = None
        try:
            cls.front = make_front(cls.stack)
            cls.stack.add_user("alice", PASSWORD, "--name", "Alice Example")
            cls.stack.start()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        if cls.front:
            cls.front.stop()
        cls.stack.stop()

    def configure(self, **keys):
        """Another configuration, and back at the end of the test."""
        before = {key: self.stack.config.get(key) for key in keys}

        def start(with_keys):
            self.stack.stop_gate()
            self.stack.write_config(with_keys)
            self.stack.start_gate()

        self.addCleanup(start, before)
        start(keys)

    def signed_in(self):
        """By the form, with an Origin only: as browsers before Sec-Fetch."""
        stack = self.stack
        page = stack.http("GET", "/auth/login?rd=/x%3Fy%3D1")
        jar = set_cookies(page, {})
        answer = stack.http(
            "POST", "/auth/login",
            {"Content-Type": "application/x-www-form-urlencoded",
             "Origin": stack.url}, jar,
            ("username=alice&password=%s&rd=/x%%3Fy%%3D1&csrf=%s" % (
                PASSWORD.replace(" ", "+"), form_csrf(page))).encode())
        self.assertEqual(answer.status, 303, answer.text)
        self.assertEqual(answer.header("Location"), "/x?y=1")
        return answer, {COOKIE: set_cookies(answer, jar)[COOKIE]}

    def everything_works(self, strangers):
        """Log-in, redirects, Origin, the app and its WebSocket."""
        stack = self.stack
        answer = stack.http("GET", "/x?y=1", NAVIGATE)
        self.assertEqual(answer.status, 302)
        self.assertEqual(answer.header("Location"),
                         "/auth/login?rd=/x%3Fy%3D1")
        answer, jar = self.signed_in()
        cookie = [line for line in answer.all("Set-Cookie")
                  if line.startswith("__Host-stauth=")][0]
        self.assertIn("; Secure", cookie)
        self.assertIn("; Path=/;", cookie + ";")
        self.assertNotIn("domain", cookie.lower())
        page = stack.http("GET", "/", NAVIGATE, jar)
        self.assertEqual(page.status, 200)
        self.assertIn("streamlit", page.text.lower())
        with stack.websocket(cookies=jar) as ws:
            self.assertEqual(ws.status, 101)
            ws.send(RUN_SCRIPT)
            self.assertIsNotNone(ws.receive_until(b"Hello, Alice Example"))
        for origin in strangers:
            with stack.websocket(cookies=jar, origin=origin) as ws:
                self.assertEqual(ws.status, 403, origin)
        answer = stack.http(
            "POST", "/auth/login",
            {"Content-Type": "application/x-www-form-urlencoded",
             "Origin": "https://evil.example"}, {}, b"username=alice")
        self.assertEqual(answer.status, 403)


class AnotherProxyEndsTls(Behind):
    @classmethod
    def setUpClass(cls):
        def make(stack):
            front = OuterNginx(stack)
            stack.http_extra = REAL_IP
            stack.front_port, stack.front_tls = front.port, front.tls
            stack.host, stack.url = front.host, front.url
            stack.write_config({"PUBLIC_URL": front.url})
            front.start()
            return front
        cls.begin(make)

    def test_b22_everything_works_and_origins_are_judged(self):
        self.everything_works((
            "https://evil.example", "null", "",
            self.stack.url.replace("https:", "http:"),
            "https://app.example.com",
            "http://127.0.0.1:%d" % self.stack.port))

    def fail_from(self, source, forged=None, direct=False):
        """One wrong password; the sources that stand in the counters."""
        stack = self.stack
        stack.ctl("throttle", "clear", check=True)
        more = {"source": source}
        if direct:
            more.update(tls=None)
        port, stack.front_port = (
            stack.front_port, None if direct else stack.front_port)
        try:
            headers = [("Origin", stack.url), (
                "Content-Type", "application/x-www-form-urlencoded")]
            if forged:
                headers += [("X-Forwarded-For", forged),
                            ("X-Real-IP", forged), ("Forwarded",
                                                    "for=" + forged)]
            page = stack.http("GET", "/auth/login", **more)
            answer = stack.http(
                "POST", "/auth/login", headers, set_cookies(page, {}),
                ("username=alice&password=x&csrf=" +
                 form_csrf(page)).encode(), **more)
            self.assertEqual(answer.status, 401, answer.text)
        finally:
            stack.front_port = port
        rows = json.loads(stack.ctl("throttle", "list", "--json",
                                    check=True).stdout)
        return {row["source"] for row in rows if row["limit"] == "source"}

    def test_b7_the_source_is_the_client_and_nobody_can_choose_it(self):
        self.assertEqual(self.fail_from("127.0.0.5"), {"127.0.0.5"})
        self.assertEqual(self.fail_from("127.0.0.6", "203.0.113.9"),
                         {"127.0.0.6"})
        self.assertEqual(
            self.fail_from("127.0.0.6", "203.0.113.9, 127.0.0.1"),
            {"127.0.0.6"})
        # Past the outer proxy: not one whose word counts.
        self.assertEqual(
            self.fail_from("127.0.0.7", "203.0.113.9", direct=True),
            {"127.0.0.7"})

    def test_a_proxy_that_changes_host_is_reported_by_the_page(self):
        self.addCleanup(self.front.restart, RULES)
        self.front.restart("")
        answer = self.stack.http("GET", "/auth/login", NAVIGATE)
        self.assertEqual(answer.status, 421)
        self.assertIn("must pass the Host header on unchanged", answer.text)
        self.assertIn("PUBLIC_URL", answer.text)

    def test_a_proxy_that_drops_upgrade_gets_no_websocket(self):
        _, jar = self.signed_in()
        self.addCleanup(self.front.restart, RULES)
        self.front.restart("proxy_set_header Host $http_host;")
        with self.stack.websocket(cookies=jar) as ws:
            self.assertEqual(ws.status, 200)  # the page, as README says

    def test_http_in_public_url_is_reported_by_page_check_and_log(self):
        url = self.stack.url.replace("https:", "http:")
        self.configure(PUBLIC_URL=url)
        told = "PUBLIC_URL must begin with https://"
        answer = self.stack.http("GET", "/auth/login", NAVIGATE)
        self.assertEqual(answer.status, 403)
        self.assertIn(told, answer.text)
        self.assertIn(url, self.stack.ctl("config", "check").stderr)
        self.assertIn("warning: PUBLIC_URL " + url,
                      self.stack.log().decode())

    def test_no_public_url_is_reported_by_the_page(self):
        self.configure(PUBLIC_URL=None)
        answer = self.stack.http("GET", "/auth/login", NAVIGATE)
        self.assertEqual(answer.status, 403)
        self.assertIn("PUBLIC_URL", answer.text)


class MappedPorts(Behind):
    """Outside another port than the one that nginx listens on."""

    @classmethod
    def setUpClass(cls):
        def make(stack):
            front = MappedPort(stack.port)
            stack.front_port = front.port
            stack.host = "localhost:%d" % front.port
            stack.url = "http://" + stack.host
            stack.write_config({"PUBLIC_URL": stack.url})
            return front
        cls.begin(make)

    def strangers(self):
        return ("http://localhost:%d" % self.stack.port, "http://localhost",
                "https://" + self.stack.host, "null", "")

    def test_b22_the_outer_port_is_the_one_that_counts(self):
        self.everything_works(self.strangers())

    def test_b22_without_a_public_url_host_and_port_of_the_request(self):
        self.configure(PUBLIC_URL=None)
        # nginx's scheme is not what a browser behind a proxy sees, so only
        # host and port are compared.
        self.everything_works(origin for origin in self.strangers()
                              if not origin.startswith("https:"))

    def test_the_inner_port_in_public_url_is_reported_by_the_page(self):
        self.configure(PUBLIC_URL="http://localhost:%d" % self.stack.port)
        answer = self.stack.http("GET", "/auth/login", NAVIGATE)
        self.assertEqual(answer.status, 421)
        self.assertIn("PUBLIC_URL", answer.text)


if __name__ == "__main__":
    unittest.main()
