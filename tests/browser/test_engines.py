# SPDX-License-Identifier: MIT
"""The main flow in three engines: to the app and back out, over https, with
the relay. The same steps for all of them, at once."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import chromium  # noqa: E402
from chromium import Browser  # noqa: E402
from engines import Chromium, Firefox, WebKit  # noqa: E402
from fronts import OuterNginx  # noqa: E402
from rig import COOKIE, TOP  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "seven green lamps on a hill"
NEW = "eleven blue doors by the sea"
USER, WORD = "input[name=username]", "input[name=password]"
SUBMIT = "main form button[type=submit]"


class Relayed(NginxStack):
    relay = True


class Engines(unittest.TestCase):
    together = True

    @classmethod
    def setUpClass(cls):
        cls.stack = Relayed(app="streamlit")
        cls.addClassCleanup(cls.stack.stop)
        cls.front = OuterNginx(cls.stack, "localhost")
        cls.addClassCleanup(cls.front.stop)
        cls.stack.write_config({"PUBLIC_URL": cls.front.url})
        for name in ("Chromium", "Firefox", "WebKit"):
            cls.stack.add_user(name, PASSWORD, "--name", name + " Äxample")
        cls.stack.start()
        cls.front.start()

    def main_flow(self, engine):
        if engine.missing():
            self.skipTest(engine.missing())
        with engine() as browser:
            self.sign_in(browser)
            self.work(browser)
            self.change_password(browser)
            self.sign_out(browser)
            self.session_ends_elsewhere(browser)

    def sign_in(self, browser):
        name = type(browser).__name__
        browser.go(self.front.url + "/?tab=x#chapter-2")
        browser.wait(lambda: browser.element(USER), "no log-in page")
        self.assertIn("/auth/login?rd=/%3Ftab%3Dx", browser.url())
        self.log_in(browser, "a wrong one")
        browser.wait_text("Incorrect user name or password.")
        self.assertIsNone(browser.cookie(COOKIE))
        browser.script("document.querySelector('%s').value = ''" % USER)
        self.log_in(browser, PASSWORD)
        browser.wait_text("Hello, %s Äxample" % name)
        self.assertEqual(browser.url(),
                         self.front.url + "/?tab=x#chapter-2")
        cookie = browser.cookie(COOKIE)
        self.assertTrue(cookie["secure"] and cookie["httpOnly"])
        self.assertEqual(cookie["path"], "/")

    @staticmethod
    def log_in(browser, password):
        browser.fill(USER, type(browser).__name__.lower())
        browser.fill(WORD, password)
        browser.click(SUBMIT)

    def work(self, browser):
        """Streamlit's WebSocket, through nginx and the relay."""
        metric = "[data-testid=stMetricValue]"
        button = "[data-testid=stBaseButton-primary]"
        browser.wait(lambda: browser.element(button), "no button")
        browser.click(button)
        browser.wait(lambda: browser.script(
            "return document.querySelector('%s').innerText" % metric
        ).strip() == "1", "no reaction")

    def change_password(self, browser):
        before = browser.cookie(COOKIE)["value"]
        browser.go(self.front.url + "/auth/account")
        browser.wait(lambda: browser.element("input[name=current]"),
                     "no account page")
        browser.fill("input[name=current]", PASSWORD)
        browser.fill("input[name=password]", NEW)
        browser.fill("input[name=confirm]", NEW)
        browser.script("document.querySelector('input[name=current]').form"
                       ".requestSubmit()")
        browser.wait_text("Your password has been changed.")
        self.assertNotEqual(browser.cookie(COOKIE)["value"], before)

    def sign_out(self, browser):
        browser.go(self.front.url + "/")
        browser.wait_text("Hello, ")
        browser.go(self.front.url + "/auth/logout")
        browser.wait(lambda: browser.element(SUBMIT), "no button")
        if "/auth/logout" in browser.url():
            browser.click(SUBMIT)
        browser.wait(lambda: "/auth/login?out=1" in browser.url(),
                     "not signed out")
        self.assertIsNone(browser.cookie(COOKIE))
        for _ in range(2):
            browser.back()
            self.assertNotIn("Äxample", browser.text())

    def session_ends_elsewhere(self, browser):
        """An open tab finds the log-in page by itself."""
        browser.go(self.front.url + "/")
        browser.wait(lambda: browser.element(USER), "no log-in page")
        self.log_in(browser, NEW)
        browser.wait_text("Hello, ")
        self.stack.ctl("session", "revoke", "--user",
                       type(browser).__name__, check=True)
        browser.wait(lambda: "/auth/login" in browser.url() and
                     browser.element(USER), "the tab went on")

    def test_chromium(self):
        self.main_flow(Chromium)

    def test_firefox(self):
        self.main_flow(Firefox)

    def test_webkit(self):
        self.main_flow(WebKit)


class Pictures(unittest.TestCase):
    """docs/login-*.png, as README.md shows them. When the page has changed,
    copy those of build/screenshots there."""

    @unittest.skipIf(chromium.missing(), chromium.missing())
    def test_u18_the_log_in_page_in_light_and_dark(self):
        with NginxStack({"BRAND_NAME": "Acme reports"}) as stack:
            stack.start()
            with Browser() as browser:
                browser.resize(520, 560)
                for scheme in ("light", "dark"):
                    browser.prefer(scheme)
                    browser.driver.get(stack.url)
                    name = "login-" + scheme
                    made = browser.screenshot(name)
                    kept = os.path.join(TOP, "docs", name + ".png")
                    self.assertEqual(self.size(made), self.size(kept))

    @staticmethod
    def size(path):
        with open(path, "rb") as picture:
            return picture.read(24)[16:]


if __name__ == "__main__":
    unittest.main()
