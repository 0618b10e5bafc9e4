# SPDX-License-Identifier: MIT
"""A real Streamlit behind the relay: its tabs, spoken by hand."""

import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
import streamlit  # noqa: E402
from rig import TOP, command_of, wait_for  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402
from streamlit_page import Page  # noqa: E402

PASSWORD = "correct horse battery"
# Below, a session is resumed for every client that names it, so nginx takes the name
# away ($stauth_resume).
RESUMES = tuple(map(int, streamlit.__version__.split(".")[:2])) >= (1, 61)


class RelayStack(NginxStack):
    relay = True

    def write_nginx_conf(self):
        conf = super().write_nginx_conf()
        if not RESUMES:
            with open(conf, encoding="utf-8") as text:
                changed = text.read().replace("set $stauth_resume on;", "")
            with open(conf, "w", encoding="utf-8") as out:
                out.write(changed)
        return conf


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = RelayStack(app="streamlit", script=os.path.join(
            TOP, "tests", "e2e", "apps", "live.py"))
        cls.addClassCleanup(cls.stack.stop)
        for name in ("alice", "bob"):
            cls.stack.add_user(name, PASSWORD)
        cls.stack.start()

    def page(self, cookies, **more):
        page = Page(self.stack, cookies, **more)
        self.addCleanup(page.close)
        return page

    def session(self, name):
        return self.stack.session(name, PASSWORD)

    def test_b23_revoke_while_a_fragment_runs(self):
        page = self.page(self.session("alice"))
        self.assertIn("I am alice, N=0", page.text())
        for _ in range(2):
            page.send_run(fragment=page.fragment)
            page.wait_fragment()
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        start = time.monotonic()
        self.assertFalse(page.wait(lambda: False))
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(page.redirects, [""])

    def test_b25_a_dead_tab_is_sent_to_the_log_in_page(self):
        page = self.page(None)
        self.assertEqual((page.status, page.redirects, page.text()),
                         (101, [""], ""))

    def test_ux65_fifty_dead_tabs_are_gone_in_seconds(self):
        """Each asks what Streamlit's page asks, once; none comes back."""
        start = time.monotonic()
        for _ in range(50):
            for path in ("/_stcore/health", "/_stcore/host-config"):
                self.assertEqual(self.stack.http("GET", path).status, 200)
            with self.stack.websocket() as sock:
                self.assertEqual(sock.end(), ([b"\xc2\x01\x00"], 4401))
        self.assertLess(time.monotonic() - start, 10)

    def test_b24_another_session_never_gets_the_state(self):
        alice = self.session("alice")
        page = self.page(alice)
        self.assertIn("N=1", page.click("more").text())
        for cookies, name in ((self.session("bob"), "bob"),
                              (self.session("alice"), "alice")):
            # While her tab is open, and when it is gone.
            for gone in (False, True):
                if gone:
                    page.close()
                other = self.page(cookies, resume=page.session)
                self.assertIn("I am %s, N=0" % name, other.text())
                other.close()

    def test_ux55_the_same_log_in_resumes_where_that_is_safe(self):
        cookies = self.session("bob")
        page = self.page(cookies)
        page.click("more")
        os.kill([pid for pid in self.stack.children()
                 if command_of(pid) == "fcgi_gate relay"][0],
                signal.SIGKILL)
        page.wait(lambda: False)
        self.assertTrue(page.closed)

        def back():
            again = self.page(cookies, resume=page.session)
            return again if again.status == 101 else None

        again = wait_for(back, 5)
        self.assertIn("I am bob, N=%d" % (1 if RESUMES else 0), again.text())


if __name__ == "__main__":
    unittest.main()
