# SPDX-License-Identifier: MIT
"""A person with a real Chromium before nginx, the gate and Streamlit."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import chromium  # noqa: E402
from chromium import Browser, contrast  # noqa: E402
from rig import COOKIE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"


@unittest.skipIf(chromium.missing(), chromium.missing())
class WithBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack({"BRAND_NAME": "Acme reports"},
                               app="streamlit")
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD, "--name", "Älice Example")
        cls.stack.add_user("admin", PASSWORD, su=True)
        cls.stack.start()

    def open(self, path="/", **options):
        browser = Browser(**options)
        self.addCleanup(browser.stop)
        browser.driver.get(self.stack.url + path)
        return browser

    def assert_no_sideways_scroll(self, browser):
        wide, view = browser.driver.execute_script(
            "return [document.documentElement.scrollWidth,"
            " document.documentElement.clientWidth]")
        self.assertLessEqual(wide, view)


class App(WithBrowser):
    def test_c8_the_way_back_from_a_log_in_is_no_log_out(self):
        browser = self.open("/auth/login?rd=/app/auth/logout")
        browser.sign_in("alice", PASSWORD)
        browser.wait_text("Hello, Älice Example")
        self.assertTrue(browser.driver.get_cookie(COOKIE))

    def test_u19_the_fragment_survives_a_log_in(self):
        for script in (True, False):
            browser = self.open("/?tab=x#chapter-2", javascript=script)
            browser.sign_in("alice", PASSWORD)
            browser.wait(lambda b=browser: b.driver.get_cookie(COOKIE),
                         "not signed in")
            browser.wait(lambda b=browser: "/auth/" not in
                         b.driver.current_url, "not at the app")
            self.assertEqual(
                browser.driver.current_url, self.stack.url + "/?tab=x" +
                ("#chapter-2" if script else ""))

    def test_c16_log_in_work_log_out_and_back_shows_nothing(self):
        browser = self.open("/?tab=x&y=%C3%A4")
        self.assertIn("/auth/login?rd=", browser.driver.current_url)
        browser.sign_in("alice", PASSWORD)
        browser.wait_text("Hello, Älice Example")
        self.assertEqual(browser.driver.current_url,
                         self.stack.url + "/?tab=x&y=%C3%A4")
        cookie = browser.driver.get_cookie(COOKIE)
        self.assertTrue(cookie["secure"] and cookie["httpOnly"])
        self.assertEqual(cookie["sameSite"], "Lax")

        browser.wait(lambda: browser.button("Count").is_enabled(), "no button")
        browser.button("Count").click()
        browser.wait(lambda: browser.css(
            "[data-testid=stMetricValue]").text == "1", "no reaction")
        browser.wait(lambda: browser.all(
            "[data-testid=stVegaLiteChart] :is(svg, canvas)"), "no chart")
        browser.screenshot("app")
        self.assertNotIn("For superusers", browser.text())

        browser.button("Sign out").click()
        browser.wait(lambda: "/auth/login?out=1" in
                     browser.driver.current_url, "not signed out")
        browser.screenshot("signed-out")
        self.assertIsNone(browser.driver.get_cookie(COOKIE))
        browser.driver.back()
        browser.wait(lambda: browser.all("input[name=username]"),
                     "no log-in page after Back")
        self.assertNotIn("lice Example", browser.driver.page_source)
        # Chromium may skip the entries that nobody clicked for, and so leave
        # the site; what it shows must not be the app either way.
        browser.driver.back()
        browser.wait(lambda: browser.all("input[name=username]") or
                     not browser.driver.current_url.startswith(
                         self.stack.url), "no log-in page after Back")
        self.assertNotIn("lice Example", browser.driver.page_source)

    def test_files_go_up_and_superusers_see_their_part(self):
        browser = self.open()
        browser.sign_in("admin", PASSWORD)
        browser.wait_text("For superusers")
        path = os.path.join(self.stack.dir, "five.bin")
        with open(path, "wb") as out:
            out.write(os.urandom(5 << 20))
        browser.wait(lambda: browser.all("input[type=file]"), "no uploader")
        browser.css("input[type=file]").send_keys(path)
        browser.wait_text("five.bin: 5242880 bytes")

    def test_a_session_that_ended_leads_to_the_log_in_page(self):
        browser = self.open()
        browser.sign_in("alice", PASSWORD)
        browser.wait_text("Hello, Älice Example")
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        browser.driver.refresh()
        browser.wait(lambda: browser.all("input[name=username]"),
                     "not at the log-in page")


class LogInPage(WithBrowser):
    def test_d12_the_form_sends_its_origin(self):
        browser = self.open(javascript=False)
        browser.sign_in("alice", PASSWORD)
        browser.wait(lambda: browser.driver.get_cookie(COOKIE),
                     "not signed in")
        posts = [headers for headers in browser.sent_headers()
                 if headers.get(":method") == "POST" or
                 "application/x-www-form-urlencoded" in
                 headers.get("Content-Type", "")]
        self.assertEqual(
            [headers.get("Origin") for headers in posts], [self.stack.url])

    def test_light_dark_and_narrow(self):
        browser = self.open()
        brightness = {}
        for scheme in ("light", "dark"):
            for width in (1024, 320):
                browser.prefer(scheme)
                browser.resize(width, 700, mobile=width == 320)
                browser.driver.get(self.stack.url)
                browser.screenshot("login-%s-%d" % (scheme, width))
                self.assert_no_sideways_scroll(browser)
                for selector in ("h1", "label", "form button[type=submit]"):
                    ratio = contrast(browser.colour(selector),
                                     browser.background(selector))
                    self.assertGreaterEqual(ratio, 4.5, (scheme, selector))
                brightness[scheme] = sum(browser.background())
        self.assertGreater(brightness["light"], brightness["dark"] + 300)
        self.assertIn("Acme reports", browser.text())

    def test_targets_are_large_and_text_does_not_zoom(self):
        browser = self.open()
        browser.resize(320, 568, mobile=True)
        browser.driver.get(self.stack.url)
        for element in browser.all(
                "input:not([type=hidden]):not([type=checkbox]), button, "
                "a[href]"):
            if element.is_displayed():
                self.assertGreaterEqual(element.size["height"], 24)
        for element in browser.all("input[type=text], input[type=password]"):
            size = float(element.value_of_css_property("font-size")[:-2])
            self.assertGreaterEqual(size, 16)

    def test_password_managers_find_the_fields(self):
        browser = self.open()
        for name, token in (("username", "username"),
                            ("password", "current-password")):
            field = browser.css("input[name=%s]" % name)
            self.assertIn(token, field.get_attribute("autocomplete"))
            label = browser.css("label[for='%s']" % field.get_attribute("id"))
            self.assertTrue(label.text)

    def test_the_keyboard_is_enough(self):
        from selenium.webdriver.common.keys import Keys
        browser = self.open()
        active = browser.driver.switch_to
        for _ in range(10):
            if active.active_element.get_attribute("name") == "username":
                break
            browser.css("body").send_keys(Keys.TAB)
        active.active_element.send_keys("alice" + Keys.TAB)
        self.assertEqual(active.active_element.get_attribute("name"),
                         "password")
        self.assertNotEqual(browser.driver.execute_script(
            "const s = getComputedStyle(document.activeElement);"
            "return s.outlineStyle + s.boxShadow"), "nonenone")
        active.active_element.send_keys(PASSWORD + Keys.ENTER)
        browser.wait_text("Hello, Älice Example")

    def test_the_caps_lock_hint_comes_and_goes(self):
        browser = self.open()

        def press(key, caps):
            browser.driver.execute_script(
                "document.querySelector('input[name=password]')"
                ".dispatchEvent(new KeyboardEvent('keydown', {"
                "key: arguments[0], modifierCapsLock: arguments[1]}))",
                key, caps)
            return browser.css(".caps").text
        self.assertEqual(browser.css(".caps").get_attribute("role"), "status")
        self.assertEqual(press("A", True), "Caps Lock is on.")
        # The key that turns it off still reports it as on.
        self.assertEqual(press("CapsLock", True), "")
        self.assertEqual(press("a", False), "")

    def test_the_password_can_be_shown_and_nothing_moves(self):
        browser = self.open()
        field = browser.css("input[name=password]")
        button = browser.css(".secret button")
        field.send_keys("secret")

        def boxes():
            return browser.driver.execute_script(
                "return [...document.querySelectorAll('main *')].map(e => {"
                "const r = e.getBoundingClientRect();"
                "return [r.x, r.y, r.width, r.height].join()})")
        before = boxes()
        self.assertGreaterEqual(button.rect["x"], field.rect["x"])
        self.assertLessEqual(button.rect["x"] + button.rect["width"],
                             field.rect["x"] + field.rect["width"])
        for shown in (True, False):
            button.click()
            self.assertEqual(field.get_attribute("type"),
                             "text" if shown else "password")
            self.assertEqual(button.get_attribute("aria-pressed"),
                             str(shown).lower())
            self.assertEqual(boxes(), before)

    def test_wrong_password_and_unknown_user_read_the_same(self):
        words = []
        for name in ("alice", "nobody-here"):
            browser = self.open()
            browser.sign_in(name, "not the password")
            alert = browser.wait(lambda b=browser: b.css("[role=alert]"),
                                 "no message")
            words.append(alert.text)
            self.assertEqual(browser.css("input[name=username]")
                             .get_attribute("value"), name)
            self.assertEqual(browser.css("input[name=password]")
                             .get_attribute("value"), "")
            browser.resize(320, 700, mobile=True)
            self.assert_no_sideways_scroll(browser)
            browser.screenshot("login-wrong-" + name)
        self.assertEqual(words[0], words[1])
        self.assertTrue(words[0])

    def test_nothing_breaks_the_content_security_policy(self):
        browser = self.open()
        for path in ("/auth/login", "/auth/login?out=1", "/auth/logout"):
            browser.driver.get(self.stack.url + path)
            log = [line["message"] for line in
                   browser.driver.get_log("browser")]
            self.assertEqual([m for m in log if "404" in m or "olicy" in m],
                             [], path)
        loaded = browser.driver.execute_script(
            "return performance.getEntriesByType('resource')"
            ".map(entry => entry.name)")
        for address in loaded:
            self.assertTrue(address.startswith(self.stack.url), address)

    def test_without_javascript(self):
        browser = self.open("/?x=1", javascript=False)
        browser.screenshot("login-no-script")
        browser.sign_in("alice", "not the password")
        browser.wait(lambda: browser.css("[role=alert]").text, "no message")
        browser.sign_in("alice", PASSWORD)
        browser.wait(lambda: browser.driver.current_url ==
                     self.stack.url + "/?x=1", "not signed in")
        self.assertTrue(browser.driver.get_cookie(COOKIE))
        browser.driver.get(self.stack.url + "/auth/account")
        self.assertIn("alice", browser.text())
        browser.screenshot("account-no-script")
        browser.driver.get(self.stack.url + "/auth/logout")
        browser.wait(lambda: "out=1" in browser.driver.current_url,
                     "not signed out")
        self.assertIsNone(browser.driver.get_cookie(COOKIE))
        browser.driver.get(self.stack.url + "/")
        self.assertIn("/auth/login", browser.driver.current_url)


class AccountPage(WithBrowser):
    def test_change_of_password_in_light_dark_and_narrow(self):
        self.stack.add_user("carol", PASSWORD)
        browser = self.open("/auth/account")
        browser.sign_in("carol", PASSWORD)
        browser.wait(lambda: browser.driver.current_url ==
                     self.stack.url + "/auth/account",
                     "not at the account page")
        for scheme in ("light", "dark"):
            for width in (1024, 320):
                browser.prefer(scheme)
                browser.resize(width, 900, mobile=width == 320)
                browser.driver.get(self.stack.url + "/auth/account")
                browser.screenshot("account-%s-%d" % (scheme, width))
                self.assert_no_sideways_scroll(browser)
        tokens = [field.get_attribute("autocomplete") for field in
                  browser.all("input[type=password]")]
        self.assertIn("current-password", tokens)
        self.assertIn("new-password", tokens)


if __name__ == "__main__":
    unittest.main()
