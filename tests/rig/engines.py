# SPDX-License-Identifier: MIT
"""Three browser engines through one small WebDriver client: what a person
does, and nothing that only one of them can. (chromium.py drives Chromium by
selenium, with emulation and logs.)

    with Firefox() as browser:
        browser.go("https://localhost:8443/")
        browser.fill("input[name=username]", "alice")
"""

import base64
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from rig import wait_for
from stack_nginx import free_port, stop_group

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# In Debian 12 of webkit2gtk-4.1, in Debian 13 of webkitgtk-6.0.
MINIBROWSER = "/usr/lib/*/webkit*gtk-*/MiniBrowser"


class Refused(Exception):
    """The browser says why."""


class Engine:
    # What must be installed.
    programs = ()

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="stauth-engine-")
        os.mkdir(os.path.join(self.dir, "home"))
        self.processes, self.pages = [], 0
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    @classmethod
    def missing(cls):
        """Why it cannot be started, or ""."""
        for program in cls.programs:
            if not shutil.which(program):
                return program + " is not installed"
        return ""

    def run(self, *command, **more):
        """A program with a home of its own, ended with the browser."""
        env = dict(os.environ, HOME=os.path.join(self.dir, "home"),
                   LANG="C.UTF-8", **more.pop("env", {}))
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env=env, **more))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def stop(self):
        for process in reversed(self.processes):
            stop_group(process, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- what a person does

    def element(self, selector):
        return self.ask("POST", "element", "FindElement", {
            "using": "css selector", "value": selector})[ELEMENT]

    def go(self, url):
        self.leave(lambda: self.ask("POST", "url", "Navigate", {"url": url}))

    def url(self):
        return self.ask("GET", "url", "GetCurrentURL")

    def back(self):
        self.leave(lambda: self.ask("POST", "back", "Back", {}))

    def leave(self, act):
        """Not every driver waits for the page that comes next."""
        self.pages += 1
        mark = "window.page_of_test"
        self.script("%s = %d" % (mark, self.pages))
        act()
        self.wait(lambda: self.script(
            "return %s !== %d && document.readyState === 'complete'" % (
                mark, self.pages)), "no other page")

    def fill(self, selector, text):
        element = self.element(selector)
        self.ask("POST", "element/%s/value" % element, "ElementSendKeys",
                 {"id": element, "text": text})

    def click(self, selector):
        element = self.element(selector)
        self.ask("POST", "element/%s/click" % element, "ElementClick",
                 {"id": element})

    def script(self, text):
        return self.ask("POST", "execute/sync", "ExecuteScript",
                        {"script": text, "args": []})

    def text(self):
        return self.script("return document.body.innerText") or ""

    def cookie(self, name):
        return {cookie["name"]: cookie for cookie in self.ask(
            "GET", "cookie", "GetCookies")}.get(name)

    def screenshot(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.ask(
                "GET", "screenshot", "TakeScreenshot")))

    def wait(self, condition, what, timeout=30):
        """Until it is true; a page that is just changing is not yet."""
        def tried():
            try:
                return condition()
            except Refused:
                return False
        if not wait_for(tried, timeout, 0.1):
            raise AssertionError("%s: %s; the page at %s says:\n%s" % (
                type(self).__name__, what, self.url(), self.text()[:800]))

    def wait_text(self, words):
        self.wait(lambda: words in self.text(), "never saw %r" % words)


class ByHttp(Engine):
    """A driver that speaks WebDriver over HTTP."""

    session = ""

    def driver(self, *command, env=None):
        self.port = free_port()
        self.run(*command, "--port=%d" % self.port, env=env or {})

        def ready():
            try:
                return self.call("GET", "/status")["ready"]
            except OSError:
                return False
        if not wait_for(ready, 20, 0.05):
            raise AssertionError(command[0] + " did not start")

    def begin(self, capabilities):
        made = self.call("POST", "/session", {"capabilities": {
            "alwaysMatch": dict(capabilities, acceptInsecureCerts=True)}})
        self.session = "/session/%s/" % made["sessionId"]

    def call(self, method, path, data=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=60)
        try:
            connection.request(method, path, None if data is None
                               else json.dumps(data))
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Refused("%(error)s: %(message)s" % value)
        return value

    def ask(self, method, path, _, data=None):
        return self.call(method, self.session + path, data)


class Chromium(ByHttp):
    programs = ("chromium", "chromedriver")

    def start(self):
        self.driver("chromedriver")
        self.begin({"goog:chromeOptions": {
            "binary": shutil.which("chromium"),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                     "--no-first-run", "--disable-dev-shm-usage",
                     "--disable-background-networking",
                     "--user-data-dir=" + os.path.join(self.dir, "p")]}})


class WebKit(ByHttp):
    """WebKitGTK's own small browser on a display that nobody sees."""

    programs = ("WebKitWebDriver", "Xvfb")

    @classmethod
    def missing(cls):
        return super().missing() or (
            "" if glob.glob(MINIBROWSER) else "no MiniBrowser of WebKitGTK")

    def start(self):
        ready, told = os.pipe()
        self.run("Xvfb", "-displayfd", str(told), "-nolisten", "tcp",
                 "-screen", "0", "1024x768x24", pass_fds=[told])
        os.close(told)
        with open(ready, encoding="ascii") as number:
            display = ":" + number.readline().strip()
        self.driver("WebKitWebDriver", "--replace-on-new-session", env={
            "DISPLAY": display, "GDK_BACKEND": "x11",
            "XDG_RUNTIME_DIR": self.dir,
            # No control groups and no graphics card are needed for this.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1"})
        self.begin({
            # Else Back waits for a page that comes from nowhere.
            "pageLoadStrategy": "none",
            "webkitgtk:browserOptions": {
                "binary": glob.glob(MINIBROWSER)[0],
                "args": ["--automation"]}})


class Firefox(Engine):
    """By Marionette: the same commands, over a socket of Firefox's own."""

    programs = ("firefox-esr",)

    def start(self):
        self.number = 0
        profile, port = os.path.join(self.dir, "p"), free_port()
        os.mkdir(profile)
        with open(os.path.join(profile, "user.js"), "w",
                  encoding="ascii") as out:
            for name, value in (
                    ("marionette.port", port),
                    ("datareporting.policy.dataSubmissionEnabled", False),
                    ("app.update.enabled", False),
                    ("network.captive-portal-service.enabled", False),
                    ("browser.aboutwelcome.enabled", False)):
                out.write("user_pref(%s, %s);\n" % (
                    json.dumps(name), json.dumps(value)))
        self.run("firefox-esr", "--headless", "--marionette", "--no-remote",
                 "--profile", profile, env={
                     "MOZ_DISABLE_CONTENT_SANDBOX": "1"})
        if not wait_for(lambda: self.connect(port), 40, 0.1):
            raise AssertionError("Firefox did not start")
        self.ask("", "", "NewSession", {"acceptInsecureCerts": True})

    def connect(self, port):
        try:
            self.sock = socket.create_connection(("127.0.0.1", port), 60)
        except OSError:
            return False
        self.file = self.sock.makefile("rb")
        return bool(self.read())

    def read(self):
        size = b""
        while not size.endswith(b":"):
            byte = self.file.read(1)
            if not byte:
                raise AssertionError("Firefox has gone")
            size += byte
        return json.loads(self.file.read(int(size[:-1])))

    def ask(self, _, path, command, data=None):
        self.number += 1
        packet = json.dumps([0, self.number, "WebDriver:" + command,
                             data or {}]).encode()
        self.sock.sendall(b"%d:%s" % (len(packet), packet))
        _, _, error, result = self.read()
        if error:
            raise Refused("%(error)s: %(message)s" % error)
        if isinstance(result, dict) and list(result) == ["value"]:
            return result["value"]
        return result

    def stop(self):
        if hasattr(self, "sock"):
            self.file.close()
            self.sock.close()
        super().stop()
