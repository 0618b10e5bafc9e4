# SPDX-License-Identifier: MIT
"""Sign-up and reset by a person with a real Chromium before nginx."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import chromium  # noqa: E402
import mailbox  # noqa: E402
from chromium import Browser, contrast  # noqa: E402
from rig import COOKIE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"
NEW = "seven green lamps on a hill"
VERIFY = "/auth/signup/verify"

# What axe-core looks at first, in a few lines: names, labels, ids, headings.
AUDIT = """
const faults = [], seen = {};
for (const e of document.querySelectorAll('[id]')) {
    if (seen[e.id]) { faults.push('id twice: ' + e.id); }
    seen[e.id] = true;
}
for (const e of document.querySelectorAll(
        'input:not([type=hidden]):not([aria-hidden])')) {
    if (!e.labels || !e.labels.length) { faults.push('no label: ' + e.name); }
    if (!e.autocomplete && e.type !== 'checkbox') {
        faults.push('no autocomplete: ' + e.name);
    }
}
for (const e of document.querySelectorAll('[aria-describedby]')) {
    for (const id of e.getAttribute('aria-describedby').split(' ')) {
        if (!document.getElementById(id)) { faults.push('points at ' + id); }
    }
}
for (const e of document.querySelectorAll('button, a[href]')) {
    if (!e.textContent.trim()) { faults.push('no name: ' + e.outerHTML); }
}
if (document.querySelectorAll('h1').length !== 1) { faults.push('h1'); }
if (!document.title) { faults.push('title'); }
if (document.querySelector('[style], style, script:not([src])')) {
    faults.push('inline');
}
return faults;"""


@unittest.skipIf(chromium.missing(), chromium.missing())
class WithMail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack(dict(
            mailbox.CONFIG, BRAND_NAME="Acme reports",
            ALLOW_USER_SIGN_UP="True"))
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD, "--email", "alice@example.com")
        cls.stack.start()

    def setUp(self):
        self.box = mailbox.Mailbox(self.stack)
        self.stack.sql("DELETE FROM rate_limits")
        self.stack.ctl("user", "delete", "bob@example.com", "--yes")
        for address in ("bob@example.com", "alice@example.com"):
            self.box.taken |= self.box.secrets(address)

    def open(self, path="/", **options):
        browser = Browser(**options)
        self.addCleanup(browser.stop)
        browser.driver.get(self.stack.url + path)
        return browser

    @staticmethod
    def fill(browser, button=None, **fields):
        for name, value in fields.items():
            field = browser.css("input[name=%s]" % name)
            field.clear()
            field.send_keys(value)
        (browser.button(button) if button else
         browser.css("main form button[type=submit]")).click()

    def wait_at(self, browser, path):
        browser.wait(lambda: browser.driver.current_url.split("?")[0] ==
                     self.stack.url + path, "not at " + path)

    def look(self, browser, name):
        """Light, dark and narrow: nothing scrolls sideways, all is legible,
        and large enough; what axe would say; a picture of each."""
        for scheme in ("light", "dark"):
            for width in (1024, 320):
                browser.prefer(scheme)
                browser.resize(width, 900, mobile=width == 320)
                browser.screenshot("%s-%s-%d" % (name, scheme, width))
                wide, view = browser.driver.execute_script(
                    "return [document.documentElement.scrollWidth,"
                    " document.documentElement.clientWidth]")
                self.assertLessEqual(wide, view, name)
                for selector in ("h1", "label", "p", ".hint", ".fault", "a",
                                 ".message", "form button[type=submit]"):
                    if not browser.all(selector):
                        continue
                    ratio = contrast(browser.colour(selector),
                                     browser.background(selector))
                    self.assertGreaterEqual(
                        ratio, 4.5, (name, scheme, selector))
        for element in browser.all(
                "input:not([type=hidden]):not([type=checkbox]):not(.away), "
                "button, a[href]"):
            if element.is_displayed():
                self.assertGreaterEqual(element.size["height"], 24)
        self.assertEqual(browser.driver.execute_script(AUDIT), [], name)
        log = [line["message"] for line in browser.driver.get_log("browser")]
        self.assertEqual([m for m in log if "olicy" in m], [], name)

    def start(self, browser, email="bob@example.com"):
        browser.driver.get(self.stack.url + "/auth/signup")
        self.fill(browser, email=email, password=NEW, confirm=NEW)
        self.wait_at(browser, VERIFY)


class SignUp(WithMail):
    def test_ux23_to_30_from_the_link_to_the_app(self):
        browser = self.open("/auth/login")
        self.look(browser, "login-links")
        browser.driver.find_element(
            "link text", "Create an account").click()
        self.wait_at(browser, "/auth/signup")
        self.look(browser, "signup")
        self.fill(browser, email="bob@example.com", password=NEW,
                  confirm="another")
        browser.wait(lambda: browser.css("#confirm-fault"), "no fault")
        self.assertEqual(browser.css("#email").get_attribute("value"),
                         "bob@example.com")
        self.assertEqual(browser.css("#new").get_attribute("value"), "")
        self.assertTrue(browser.driver.title.startswith("Error: "))
        self.fill(browser, password="password1", confirm="password1")
        browser.wait(lambda: browser.css("#new-fault"), "no fault")
        self.look(browser, "signup-weak")
        self.fill(browser, password=NEW, confirm=NEW)
        self.wait_at(browser, VERIFY)
        self.look(browser, "verify")
        pin = self.box.secret("bob@example.com")
        wrong = "%06d" % ((int(pin) + 1) % 1000000)
        self.fill(browser, pin=wrong)
        browser.wait_text("4 attempts left")
        self.look(browser, "verify-wrong")
        browser.driver.refresh()
        browser.driver.get(self.stack.url + VERIFY)
        browser.driver.execute_script("window.open('/auth/signup/verify')")
        self.assertEqual(browser.css("input[name=pin]").get_attribute(
            "autocomplete"), "one-time-code")
        self.fill(browser, pin=pin[:3] + " " + pin[3:])
        self.wait_at(browser, "/")
        self.assertTrue(browser.driver.get_cookie(COOKIE))
        browser.driver.get(self.stack.url + "/auth/account")
        self.assertIn("bob@example.com", browser.text())

    def test_ux28_ux29_a_new_code_and_its_cool_down(self):
        browser = self.open("/auth/signup")
        self.start(browser)
        first = self.box.secret("bob@example.com")
        hint = browser.css(".wait").text
        self.assertRegex(hint, r"in \d+ seconds?\.")
        browser.wait(lambda: browser.css(".wait").text != hint,
                     "nothing counts down")
        browser.button("Send a new code").click()
        browser.wait_text("You can request a new code in")
        self.look(browser, "verify-too-early")
        self.stack.sql("DELETE FROM rate_limits WHERE name LIKE 'mail%'")
        self.stack.sql("UPDATE pins SET expires_at = 1")
        browser.driver.get(self.stack.url + VERIFY)
        browser.wait_text("no longer valid")
        self.look(browser, "verify-expired")
        browser.button("Send a new code").click()
        browser.wait_text("A new code is on its way")
        self.look(browser, "verify-sent")
        pin = self.box.secret("bob@example.com")
        if first != pin:
            self.fill(browser, pin=first)
            browser.wait_text("attempts left")
        self.fill(browser, pin=pin)
        self.wait_at(browser, "/")

    def test_ux31_an_address_with_an_account_sees_the_same(self):
        texts = []
        for address in ("alice@example.com", "carol@example.com"):
            browser = self.open("/auth/signup")
            self.start(browser, address)
            texts.append(browser.css("h1").text + browser.css(
                "main p strong").text.replace(address, ""))
        self.assertEqual(texts[0], texts[1])

    def test_without_javascript(self):
        browser = self.open("/auth/signup", javascript=False)
        self.start(browser)
        browser.screenshot("verify-no-script")
        self.assertIn("You can request a new code in", browser.text())
        self.fill(browser, pin=self.box.secret("bob@example.com"))
        self.wait_at(browser, "/")
        self.assertTrue(browser.driver.get_cookie(COOKIE))


class Reset(WithMail):
    def way(self, javascript):
        browser = self.open("/auth/login", javascript=javascript)
        browser.driver.find_element(
            "link text", "Forgot your password?").click()
        self.wait_at(browser, "/auth/forgot")
        if javascript:
            self.look(browser, "forgot")
        self.fill(browser, email="alice@example.com")
        browser.wait_text("If there is an account with this address")
        if javascript:
            self.look(browser, "forgot-sent")
        token = self.box.secret("alice@example.com")
        link = self.stack.url + "/auth/reset?token=" + token
        for _ in range(3):
            self.stack.http("GET", "/auth/reset?token=" + token)
        browser.driver.get(link)
        if javascript:
            self.look(browser, "reset")
            self.fill(browser, password=NEW, confirm="another")
            browser.wait(lambda: browser.css("#confirm-fault"), "no fault")
            self.look(browser, "reset-mismatch")
        self.fill(browser, password=NEW, confirm=NEW)
        self.wait_at(browser, "/auth/login")
        browser.wait_text("Your password has been changed.")
        if javascript:
            self.look(browser, "login-after-reset")
        self.assertIsNone(browser.driver.get_cookie(COOKIE))
        return browser, token, link

    def test_ux32_ux33_ux34_the_whole_way(self):
        browser, token, link = self.way(True)
        leaks = [headers.get("Referer", "") for headers in
                 browser.sent_headers()
                 if token in headers.get("Referer", "")]
        self.assertEqual(leaks, [])
        with open(os.path.join(self.stack.dir, "access.log"),
                  encoding="utf-8") as log:
            lines = log.read()
        self.assertIn("GET /auth/forgot", lines)
        self.assertNotIn(token, lines)
        browser.driver.get(link)
        browser.wait_text("no longer valid")
        self.look(browser, "reset-expired")
        browser.driver.find_element(
            "link text", "Request a new link").click()
        self.wait_at(browser, "/auth/forgot")
        browser.driver.get(self.stack.url + "/auth/login")
        browser.sign_in("alice", NEW)
        self.wait_at(browser, "/")

    def test_without_javascript(self):
        browser, _, _ = self.way(False)
        browser.sign_in("alice", NEW)
        self.wait_at(browser, "/")


class Off(unittest.TestCase):
    @unittest.skipIf(chromium.missing(), chromium.missing())
    def test_ux22_no_sign_up_no_link(self):
        with NginxStack() as stack:
            stack.start()
            with Browser() as browser:
                browser.driver.get(stack.url + "/auth/login")
                self.assertEqual(browser.all("main a"), [])
                browser.driver.get(stack.url + "/auth/signup")
                self.assertIn("Page not found", browser.text())


if __name__ == "__main__":
    unittest.main()
