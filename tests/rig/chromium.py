# SPDX-License-Identifier: MIT
"""A real Chromium, headless, driven through chromedriver."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

from rig import TOP
from stack_nginx import CACHE, venv_python

SCREENSHOTS = os.path.join(TOP, "build", "screenshots")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-quic", "--disable-dev-shm-usage",
         "--force-color-profile=srgb", "--lang=en")


def load_selenium():
    """Makes the cached environment's packages importable here."""
    python = venv_python("tests/browser/requirements.txt")
    folder = os.path.dirname(os.path.dirname(python))
    for path in glob.glob(os.path.join(folder, "lib", "*", "site-packages")):
        if path not in sys.path:
            sys.path.append(path)


AXE = "axe-playwright-python==0.1.8"


def axe_source():
    """The text of axe-core, out of a wheel that holds it; the wheel's own
    dependencies are not wanted."""
    folder = os.path.join(CACHE, AXE)
    if not glob.glob(folder + "/*.whl"):
        subprocess.run(
            # The system's python need not have pip.
            [venv_python("tests/browser/requirements.txt"), "-m", "pip",
             "download", "--quiet", "--no-deps",
             "--disable-pip-version-check", "--dest", folder, AXE],
            check=True, stdout=sys.stderr)
    with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
        return wheel.read("axe_playwright_python/axe.min.js").decode()


def missing():
    """Why no browser can be started, or ""."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return program + " is not installed"
    return ""


class Browser:
    """driver: selenium's. Has a profile of its own, removed at the end."""

    def __init__(self, javascript=True, size=(1024, 768)):
        load_selenium()
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        self.profile = tempfile.mkdtemp(prefix="stauth-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in FLAGS + ("--user-data-dir=" + self.profile,
                             "--window-size=%d,%d" % size):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if not javascript:
            options.add_experimental_option("prefs", {
                "profile.managed_default_content_settings.javascript": 2})
        try:
            self.driver = webdriver.Chrome(
                options, Service(shutil.which("chromedriver")))
        except BaseException:
            shutil.rmtree(self.profile, ignore_errors=True)
            raise
        self.driver.set_page_load_timeout(30)

    def stop(self):
        try:
            self.driver.quit()
        finally:
            shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    # --- looking

    def wait(self, condition, what, timeout=30):
        """condition() until it is true; an exception counts as not yet."""
        from selenium.common.exceptions import (TimeoutException,
                                                WebDriverException)
        from selenium.webdriver.support.ui import WebDriverWait
        try:
            return WebDriverWait(
                self.driver, timeout, 0.1,
                ignored_exceptions=[WebDriverException]).until(
                    lambda _: condition())
        except TimeoutException:
            self.screenshot("failed")
            raise AssertionError("%s; the page at %s says:\n%s" % (
                what, self.driver.current_url, self.text()[:800])) from None

    def text(self):
        return self.css("body").text

    def css(self, selector):
        return self.driver.find_element("css selector", selector)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def button(self, label):
        return self.driver.find_element(
            "xpath", "//button[contains(normalize-space(.), '%s')]" % label)

    def wait_text(self, words, timeout=30):
        self.wait(lambda: words in self.text(), "never saw %r" % words,
                  timeout)

    def background(self, selector="body"):
        """The first painted background at or above an element: (r, g, b)."""
        return self.driver.execute_script("""
            let at = document.querySelector(arguments[0]);
            for (; at; at = at.parentElement) {
                const c = getComputedStyle(at).backgroundColor
                    .match(/[\\d.]+/g).map(Number);
                if (c.length < 4 || c[3] > 0) { return c.slice(0, 3); }
            }
            return [255, 255, 255];""", selector)

    def colour(self, selector):
        return self.driver.execute_script(
            "return getComputedStyle(document.querySelector(arguments[0]))"
            ".color.match(/[\\d.]+/g).map(Number).slice(0, 3)", selector)

    def screenshot(self, name):
        os.makedirs(SCREENSHOTS, exist_ok=True)
        path = os.path.join(SCREENSHOTS, name + ".png")
        self.driver.save_screenshot(path)
        return path

    def axe(self):
        """What axe-core finds wrong with the page: "rule: element" lines."""
        self.driver.execute_script(axe_source())
        return self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run().then(r => done(r.violations.flatMap(v => v.nodes.map("
            "n => v.id + ': ' + n.html))), e => done([String(e)]));")

    def sent_headers(self):
        """The headers of every request so far, as they left: dicts."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSentExtraInfo":
                yield message["params"]["headers"]

    # --- emulation

    def prefer(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def resize(self, width, height, mobile=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": mobile})

    # --- what a person does

    def sign_in(self, name, password):
        self.css("input[name=username]").clear()
        self.css("input[name=username]").send_keys(name)
        self.css("input[name=password]").send_keys(password)
        self.css("form button[type=submit]").click()


def contrast(one, other):
    """WCAG's contrast ratio of two colours."""
    def luminance(colour):
        parts = [c / 255 for c in colour]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)
