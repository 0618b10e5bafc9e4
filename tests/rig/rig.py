# SPDX-License-Identifier: MIT
"""Starts a gate of the build tree in a directory of its own, and talks to it.

Also the way to reproduce a report by hand:

    python3 -i tests/rig/rig.py
    >>> s = Stack(); s.add_user("alice", "correct horse battery")
    >>> s.start_gate(); s.check().status
"""

import glob
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

import fcgi

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(
    os.environ.get("STAUTH_BUILD", os.path.join(TOP, "build")))
GATE = os.path.join(BUILD, "fcgi_gate", "fcgi_gate")
CTL = os.path.join(BUILD, "stauthctl", "stauthctl")
HOST = "app.example.com"
ORIGIN = "https://" + HOST
COOKIE = "__Host-stauth"

# A browser's own headers for a typed address and for a form of ours.
NAVIGATE = {
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
}
SUBMIT = dict(NAVIGATE, **{"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN})


def command_of(pid):
    """As ps shows it; "" of a process that is gone."""
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8") as name:
            return name.read().rstrip("\n")
    except OSError:
        return ""


def wait_for(condition, timeout=10, every=0.02):
    """The first true value of condition(), or its last false one."""
    until = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(every)


def faketime():
    """The library that gives a program another clock, for LD_PRELOAD."""
    return glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0]


def form_csrf(response):
    found = re.search(r'name="csrf"\s+value="([^"]+)"', response.text)
    return found.group(1) if found else ""


def set_cookies(response, jar):
    """Puts what the answer sets into jar, takes out what it expires."""
    for line in response.all("Set-Cookie"):
        name, _, rest = line.partition("=")
        value, _, attributes = rest.partition(";")
        if "max-age=0" in attributes.lower():
            jar.pop(name, None)
        else:
            jar[name] = value
    return jar


class Stack:
    """One gate with its own configuration, database and sockets."""

    def __init__(self, config=None, init=True):
        self.dir = tempfile.mkdtemp(prefix="stauth-test-")
        self.conf = os.path.join(self.dir, "stauth.conf")
        self.run_dir = os.path.join(self.dir, "run")
        self.state_dir = os.path.join(self.dir, "state")
        self.db = os.path.join(self.state_dir, "stauth.db")
        self.gate = None
        self.gate_log = os.path.join(self.dir, "gate.log")
        os.mkdir(self.state_dir, 0o770)
        self.config = {
            "STATE_DIR": self.state_dir,
            "RUN_DIR": self.run_dir,
            "PUBLIC_URL": ORIGIN,
            "ARGON2_MEMORY_KIB": "1024",
            "ARGON2_PASSES": "1",
        }
        self.write_config(config or {})
        if init:
            self.ctl("init", check=True)

    def write_config(self, changes=None):
        """Sets keys (None takes one out) and writes the file."""
        for key, value in (changes or {}).items():
            self.config[key] = value
        with open(self.conf, "w", encoding="utf-8") as out:
            for key, value in self.config.items():
                if value is not None:
                    out.write("%s='%s'\n" % (key, value))
        os.chmod(self.conf, 0o640)

    # --- command line

    def ctl(self, *args, stdin="", check=False, **more):
        result = subprocess.run(
            [CTL, "-c", self.conf, *args], input=stdin, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60, check=False, **more)
        if check and result.returncode != 0:
            raise AssertionError("stauthctl %s: %d %s" % (
                " ".join(args), result.returncode, result.stderr))
        return result

    def ctl_memory(self, *args):
        """The peak of its memory, in KiB. Started by a small process of its
        own: what starts a program counts for its peak."""
        measured = subprocess.run(
            ["/usr/bin/python3", "-IS", "-c",
             "import resource as r, subprocess as s, sys\n"
             "s.run(sys.argv[1:], check=True, stderr=s.DEVNULL,\n"
             "      stdout=s.DEVNULL)\n"
             "print(r.getrusage(r.RUSAGE_CHILDREN).ru_maxrss)",
             CTL, "-q", "-c", self.conf, *args],
            check=True, text=True, stdout=subprocess.PIPE)
        return int(measured.stdout)

    def add_user(self, name, password, *options, su=False):
        flags = ["--su"] if su else []
        return self.ctl("user", "add", name, "--password-stdin", *flags,
                        *options, stdin=password + "\n", check=True)

    def sql(self, statement, *values):
        """Straight into the database, for what no program would do."""
        with sqlite3.connect(self.db, timeout=5) as db:
            return db.execute(statement, values).fetchall()

    # --- the gate

    def start_gate(self, timeout=20, **more):
        with open(self.gate_log, "ab") as log:
            start = log.tell()
            self.gate = subprocess.Popen(
                [GATE, "-c", self.conf], stderr=log, stdout=log,
                stdin=subprocess.DEVNULL, start_new_session=True, **more)

        def ready():
            if self.gate.poll() is not None:
                return "ended"
            return "ready" if b"ready" in self.log()[start:] else ""

        if wait_for(ready, timeout) != "ready":
            self.stop_gate()
            raise AssertionError(
                "the gate did not start:\n" + self.log().decode())
        return self

    def stop_gate(self, how=signal.SIGTERM):
        if self.gate and self.gate.poll() is None:
            self.gate.send_signal(how)
            try:
                self.gate.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.gate.pid, signal.SIGKILL)
                self.gate.wait(5)
        code = self.gate.returncode if self.gate else None
        self.gate = None
        return code

    def log(self):
        with open(self.gate_log, "rb") as log:
            return log.read()

    def children(self):
        """Pids of the gate's processes but the master."""
        path = "/proc/%d/task/%d/children" % (self.gate.pid, self.gate.pid)
        with open(path, encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]

    def workers(self):
        """The same, but those that nobody waits for."""
        return [pid for pid in self.children()
                if command_of(pid).split()[-1:] not in (["sweep"], ["touch"])]

    def stop(self):
        self.stop_gate()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    # --- requests

    @property
    def check_sock(self):
        return os.path.join(self.run_dir, "check.sock")

    @property
    def pages_sock(self):
        return os.path.join(self.run_dir, "pages.sock")

    @staticmethod
    def http_params(headers, cookies):
        params = {}
        for name, value in headers.items():
            params["HTTP_" + name.upper().replace("-", "_")] = value
        if cookies:
            params["HTTP_COOKIE"] = "; ".join(
                "%s=%s" % pair for pair in cookies.items())
        return params

    def check_params(self, token=None, uri="/", headers=None, require="",
                     method="GET", cookie=None, address="192.0.2.7",
                     host=HOST):
        params = {
            "REQUEST_METHOD": method, "REQUEST_URI": uri,
            "REMOTE_ADDR": address, "HTTP_HOST": host,
            "CONTENT_LENGTH": "", "STAUTH_REQUIRE": require,
        }
        params.update(self.http_params(
            NAVIGATE if headers is None else headers, None))
        if token is not None:
            cookie = "%s=%s" % (COOKIE, token)
        if cookie is not None:
            params["HTTP_COOKIE"] = cookie
        return params

    def check(self, token=None, extra=(), timeout=15, **more):
        """One check; extra: (name, value) pairs sent after the others."""
        params = list(self.check_params(token, **more).items()) + list(extra)
        return fcgi.ask(self.check_sock, params, timeout=timeout)

    def page(self, method, path, form=None, body=None, headers=None,
             cookies=None, address="192.0.2.7", host=HOST, https=True,
             content_type=None, content_length=None, extra=(), timeout=30):
        """One request of a page; form: a dict or a list of pairs."""
        route, _, query = path.partition("?")
        if body is None:
            body = urllib.parse.urlencode(form).encode() if form else b""
        params = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": urllib.parse.unquote(route),
            "REQUEST_URI": path, "QUERY_STRING": query,
            "REMOTE_ADDR": address, "HTTP_HOST": host,
        }
        if https:
            params["HTTPS"] = "on"
        if method == "POST":
            params["CONTENT_TYPE"] = (
                "application/x-www-form-urlencoded"
                if content_type is None else content_type)
        params["CONTENT_LENGTH"] = (
            (str(len(body)) if method == "POST" else "")
            if content_length is None else content_length)
        if headers is None:
            headers = SUBMIT if method == "POST" else NAVIGATE
        params.update(self.http_params(headers, cookies))
        return fcgi.ask(self.pages_sock, list(params.items()) + list(extra),
                        body, timeout)

    def open_form(self, path="/auth/login", jar=None, **more):
        """GET a form: (csrf token, cookies to send with it)."""
        jar = dict(jar or {})
        response = self.page("GET", path, cookies=jar, **more)
        set_cookies(response, jar)
        return form_csrf(response), jar

    def post(self, path, form, jar=None, form_path=None, **more):
        """GET the form, POST it: (answer, cookies afterwards)."""
        csrf, jar = self.open_form(form_path or path, jar, **{
            k: v for k, v in more.items() if k in ("host", "https")})
        response = self.page("POST", path, form=dict(form, csrf=csrf),
                             cookies=jar, **more)
        return response, set_cookies(response, jar)

    def login(self, name, password, jar=None, rd=None, remember=None, **more):
        """Signs in: (answer, cookies). jar: those that the browser has."""
        form = {"username": name, "password": password}
        if rd is not None:
            form["rd"] = rd
        if remember is not None:
            form["remember"] = remember
        jar = dict(jar or {})
        # With a live session a GET goes to the app at once, so the form is
        # asked for without it.
        session = jar.pop(COOKIE, None)
        csrf, jar = self.open_form("/auth/login", jar, **{
            k: v for k, v in more.items() if k in ("host", "https")})
        if session:
            jar[COOKIE] = session
        response = self.page("POST", "/auth/login",
                             form=dict(form, csrf=csrf), cookies=jar, **more)
        return response, set_cookies(response, jar)

    def token(self, name, password, **more):
        """Signs in and returns the session token."""
        response, jar = self.login(name, password, **more)
        if response.status != 303:
            raise AssertionError("log-in: %d\n%s" % (
                response.status, self.log().decode()[-2000:]))
        return jar[COOKIE]
