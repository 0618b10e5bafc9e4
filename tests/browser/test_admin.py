# SPDX-License-Identifier: MIT
"""The administration, the account and the proof of who it is, in a real
Chromium: by mouse, by keyboard, without script, wide and narrow."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import chromium  # noqa: E402
import mailbox  # noqa: E402
from chromium import Browser  # noqa: E402
from rig import COOKIE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"
PAGES = {
    "users": "/auth/admin", "new": "/auth/admin/new",
    "user": "/auth/admin/user?name=bob", "own": "/auth/admin/user?name=root",
    "host": "/auth/admin/user?name=host", "none": "/auth/admin/user?name=x",
    "audit": "/auth/admin/audit", "pending": "/auth/admin/pending",
    "throttle": "/auth/admin/throttle", "account": "/auth/account",
    "invites": "/auth/admin/invites", "live": "/auth/admin/live",
    "email": "/auth/account/email?to=new@example.com",
    "confirm": "/auth/confirm?rd=/x",
}
USERS = """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n
WHERE i + 1 < %d) INSERT INTO users (epoch, name, email, display_name,
group_list, password, su, disabled, system_login, must_change, created_at,
last_login_at, mfa_since) SELECT 1, printf('user%%06d', i),
iif(i %% 3, printf('user%%06d@example.com', i), NULL),
iif(i %% 4, printf('Person number %%d of a long list', i), ''),
iif(i %% 5, 'staff,team-%%', ''), '', 0, i %% 7 = 0, i %% 11 = 0, 0,
strftime('%%s', 'now') - i, iif(i %% 2, strftime('%%s', 'now') - i * 977, 0),
0 FROM n"""


@unittest.skipIf(chromium.missing(), chromium.missing())
class Administration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack(dict(mailbox.CONFIG, BRAND_NAME="Acme reports"))
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("root", PASSWORD, "--name", "Root Example", su=True)
        cls.stack.add_user("second", PASSWORD, su=True)
        cls.stack.add_user("bob", PASSWORD, "--email", "bob@example.com",
                           "--groups", "staff")
        cls.stack.add_user("host", PASSWORD, "--system-login")
        cls.stack.start()

        cls.browser = cls.open()
        cls.addClassCleanup(cls.browser.stop)

    @classmethod
    def open(cls, path="/auth/admin", name="root", **options):
        browser = Browser(**options)
        try:
            browser.driver.get(cls.stack.url + path)
            browser.sign_in(name, PASSWORD)
            browser.wait(lambda: browser.driver.get_cookie(COOKIE) and
                         "/auth/login" not in browser.driver.current_url and
                         not browser.all("form.sign-in"), "not signed in")
        except BaseException:
            browser.stop()
            raise
        return browser

    def setUp(self):
        self.browser.prefer("light")
        self.browser.resize(1200, 900, mobile=False)

    def stale(self):
        self.stack.sql("UPDATE sessions SET confirmed_at = 0")

    def look(self, browser, name, path):
        """Nothing scrolls sideways, axe finds nothing, what is to be hit is
        large enough, and a picture of each."""
        for scheme in ("light", "dark"):
            for width in (1200, 320):
                browser.prefer(scheme)
                browser.resize(width, 900, mobile=width == 320)
                browser.driver.get(self.stack.url + path)
                browser.screenshot("%s-%s-%d" % (name, scheme, width))
                wide, view = browser.driver.execute_script(
                    "return [document.documentElement.scrollWidth,"
                    " document.documentElement.clientWidth]")
                self.assertLessEqual(wide, view, name)
                if (scheme, width) in (("light", 1200), ("dark", 320)):
                    self.assertEqual(browser.axe(), [], (name, scheme))
        small = [e.get_attribute("outerHTML") for e in browser.all(
            "input:not([type=hidden], .away, .check input), button, a[href],"
            " select")
            if e.is_displayed() and e.size["height"] < 24]
        self.assertEqual(small, [], name)
        log = [line["message"] for line in browser.driver.get_log("browser")]
        self.assertEqual([m for m in log if "olicy" in m], [], name)
        size = browser.driver.execute_script(
            "return performance.getEntries().filter(e => e.decodedBodySize)"
            ".reduce((sum, e) => sum + e.encodedBodySize, 0)")
        self.assertLessEqual(size, 30720, name)

    def test_ux66_ux67_every_page_in_light_dark_and_narrow(self):
        self.stack.sql(
            "INSERT INTO rate_limits (name, key, failures, reserved,"
            " reserved_at, first_at, last_at, expires_at) SELECT 'account"
            "+source', 'bob' || char(10) || '192.0.2.1', 9, 0, 0, n, n,"
            " n + 900 FROM (SELECT strftime('%s', 'now') AS n)")
        self.stack.sql(
            "INSERT INTO pending_users (flow_hash, email, password,"
            " created_at, expires_at, verified_at) SELECT randomblob(32),"
            " 'new' || at || '@example.com', 'x', n - 5, n + 600, at FROM"
            " (SELECT strftime('%s', 'now') AS n), (SELECT 0 AS at UNION"
            " SELECT 5)")
        self.stack.ctl("invite", "add", "--groups", "staff", check=True)
        browser = self.browser
        for name, path in PAGES.items():
            self.look(browser, "admin-" + name, path)

    def test_ux80_pages_hold_as_little_with_many_users(self):
        self.addCleanup(self.stack.sql,
                        "DELETE FROM users WHERE name LIKE 'user%'")
        for count in (300, 100000):
            self.stack.sql("DELETE FROM users WHERE name LIKE 'user%'")
            self.stack.sql(USERS % count)
            self.look(self.browser, "admin-users-%d" % count, "/auth/admin")
        self.look(self.browser, "admin-search", "/auth/admin?q=number+7")

    def test_ux45_the_password_is_asked_and_the_action_goes_on(self):
        browser = self.browser
        browser.driver.get(self.stack.url + "/auth/admin/user?name=bob")
        self.stale()
        browser.button("Disable the account").click()
        browser.wait_text("Enter your password to continue.")
        browser.screenshot("admin-confirm-action")
        self.assertEqual(browser.axe(), [])
        browser.css("input[name=password]").send_keys("wrong")
        browser.button("Continue").click()
        browser.wait_text("Incorrect password.")
        browser.css("input[name=password]").send_keys(PASSWORD)
        browser.button("Continue").click()
        browser.wait_text("The account has been disabled.")
        browser.button("Enable the account").click()
        browser.wait_text("The account has been enabled.")

    def test_ux46_without_script(self):
        browser = self.open(javascript=False)
        self.addCleanup(browser.stop)
        browser.css("input[name=q]").send_keys("bo")
        browser.button("Show").click()
        browser.wait(lambda: "q=bo" in browser.driver.current_url, "no search")
        browser.css("input[value=bob]").click()
        browser.css("option[value=join]").click()
        browser.css("input[name=group]").send_keys("team")
        browser.button("Apply").click()
        browser.wait_text("Done for all chosen users.")
        self.assertIn("staff,team", browser.text())
        browser.driver.find_element("link text", "Add a user").click()
        browser.css("input[name=name]").send_keys("carol")
        browser.css("input[value=password]").click()
        browser.button("Add user").click()
        browser.wait_text("Generated password")
        browser.screenshot("admin-once")
        browser.driver.find_element("link text", "Back to carol").click()
        browser.css("input[name=again]").send_keys("carol")
        browser.button("Delete the account").click()
        browser.wait_text("The account has been deleted.")
        browser.driver.get(self.stack.url + "/auth/admin/invites")
        browser.css("input[name=groups]").send_keys("staff")
        browser.button("Make the link").click()
        browser.wait_text("This is shown once")
        self.assertGreater(browser.css("svg.qr path").size["height"], 100)
        browser.screenshot("admin-invite")

    def test_ux_the_keyboard_is_enough(self):
        from selenium.webdriver.common.keys import Keys
        browser = self.browser
        browser.driver.get(self.stack.url + "/auth/admin")
        active = browser.driver.switch_to
        seen = []
        for _ in range(60):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            element = active.active_element
            seen.append(element.get_attribute("name") or element.text)
            self.assertNotEqual(browser.driver.execute_script(
                "const s = getComputedStyle(document.activeElement);"
                "return s.outlineStyle + s.boxShadow"), "nonenone", seen)
            if element.text == "bob":
                element.send_keys(Keys.ENTER)
                break
        for name in ("Users", "q", "sort", "Add a user", "bob"):
            self.assertIn(name, seen)
        browser.wait(lambda: browser.all("input[name=again]"), "no page")


if __name__ == "__main__":
    unittest.main()
