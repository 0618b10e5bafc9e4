# SPDX-License-Identifier: MIT
"""Open tabs of a real Streamlit app, in a real Chromium: what becomes of them
when the session, the gate, nginx or the app ends."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import chromium  # noqa: E402
from chromium import Browser  # noqa: E402
from rig import TOP  # noqa: E402
from stack_nginx import NginxStack, stop_group  # noqa: E402

PASSWORD = "correct horse battery"


class RelayStack(NginxStack):
    relay = True


@unittest.skipIf(chromium.missing(), chromium.missing())
class Tabs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = RelayStack(app="streamlit", script=os.path.join(
            TOP, "tests", "e2e", "apps", "live.py"))
        cls.addClassCleanup(cls.stack.stop)
        for name in ("alice", "bob"):
            cls.stack.add_user(name, PASSWORD)
        cls.stack.start()
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.stop)

    def setUp(self):
        """One tab, signed out."""
        driver = self.browser.driver
        for tab in driver.window_handles[1:]:
            driver.switch_to.window(tab)
            driver.close()
        driver.switch_to.window(driver.window_handles[0])
        self.tab = driver.current_window_handle
        driver.get(self.stack.url + "/auth/static/stauth.css")
        driver.delete_all_cookies()

    def sign_in(self, name, count=0):
        """Opens the app and clicks so often."""
        self.browser.driver.get(self.stack.url + "/?x=1")
        self.browser.sign_in(name, PASSWORD)
        self.click(name, 0, count)

    def click(self, name, have, want):
        self.browser.wait_text("I am %s, N=%d" % (name, have))
        for number in range(have + 1, want + 1):
            self.click_once("I am %s, N=%d" % (name, number))

    def click_once(self, words):
        """A click while Streamlit redraws the button is lost."""
        self.browser.button("more").click()
        try:
            self.browser.wait(lambda: words in self.browser.text(),
                              "never saw %r" % words, 10)
        except AssertionError:
            self.browser.button("more").click()
            self.browser.wait_text(words)

    def after(self, drop):
        """Ends the connection, and waits until the app is heard again."""
        drop()
        seen = self.browser.text()
        self.browser.wait(lambda: self.browser.text() != seen and
                          self.browser.button("more").is_enabled(),
                          "never came back")

    def new_tab(self):
        self.browser.driver.switch_to.new_window("tab")
        return self.browser.driver.current_window_handle

    def at_log_in(self, tab, rd="%3Fx%3D1"):
        self.browser.driver.switch_to.window(tab)
        self.browser.wait(lambda: "/auth/login?rd=/" + rd in
                          self.browser.driver.current_url,
                          "not at the log-in page", 5)

    def test_b23_revoke_while_a_fragment_runs(self):
        self.sign_in("alice", 1)
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        self.at_log_in(self.tab)
        self.browser.sign_in("alice", PASSWORD)
        self.browser.wait_text("I am alice, N=0")

    def test_c16_log_out_in_one_tab_closes_the_other(self):
        self.sign_in("alice")
        second = self.new_tab()
        self.browser.driver.get(self.stack.url + "/?x=1")
        self.click("alice", 0, 1)
        self.browser.driver.get(self.stack.url + "/auth/logout")
        self.browser.css("main button").click()
        self.browser.wait(lambda: "out=1" in self.browser.driver.current_url,
                          "not signed out")
        self.at_log_in(self.tab)
        self.browser.driver.switch_to.window(second)
        self.browser.driver.back()
        self.browser.driver.back()
        self.assertNotIn("I am alice", self.browser.text())

    def test_b24_who_signs_in_next_never_sees_the_last_ones_state(self):
        self.sign_in("alice", 2)
        self.new_tab()
        self.browser.driver.get(self.stack.url + "/auth/static/stauth.css")
        self.browser.driver.delete_all_cookies()
        self.sign_in("bob")
        # The first tab is still Alice's, by her session; which ends.
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        self.browser.driver.switch_to.window(self.tab)
        self.browser.wait_text("I am bob, N=0")

    def test_ux63_a_restart_of_the_gate_costs_no_state(self):
        self.sign_in("alice", 2)

        def restart():
            self.stack.stop_gate()
            self.browser.wait(lambda: not self.browser.button("more")
                              .is_enabled(), "never noticed")
            self.stack.start_gate()

        self.after(restart)
        self.click("alice", 2, 3)

    def test_ux55_a_connection_that_drops_costs_no_state(self):
        self.sign_in("alice", 1)
        relay = [pid for pid in self.stack.children()
                 if "relay" in open("/proc/%d/comm" % pid,
                                    encoding="ascii").read()]
        self.after(lambda: os.kill(relay[0], 9))
        self.click("alice", 1, 2)

    def test_nginx_reload_keeps_the_tab_and_its_end(self):
        self.sign_in("alice", 1)
        self.stack.nginx.send_signal(1)
        self.click("alice", 1, 2)
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        self.at_log_in(self.tab)

    def test_ux62_a_restart_of_the_app_recovers_without_a_log_in(self):
        self.sign_in("alice", 1)
        stop_group(self.stack.streamlit)
        self.stack.start_streamlit()
        # The page stays as it was until the next click.
        self.browser.wait(lambda: self.browser.button("more").is_enabled(),
                          "never enabled")
        self.browser.button("more").click()
        self.browser.wait_text("I am alice, N=1")


if __name__ == "__main__":
    unittest.main()
