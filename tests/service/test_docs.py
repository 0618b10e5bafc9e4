# SPDX-License-Identifier: MIT
"""README.md and docs/ word by word: their commands, taken out of the pages
themselves and typed in their order by a user who may sudo, in a machine that
systemd has booted. Only the network is missing: apt-get says whether the
packages that a page names are those that are there."""

import atexit
import json
import os
import re
import shutil
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "ctl"))

import booted  # noqa: E402
import manual  # noqa: E402
from installed import prepared  # noqa: E402
from pty_talk import Terminal  # noqa: E402
import oldapp  # noqa: E402
from rig import TOP  # noqa: E402
from stack_nginx import NginxStack, venv_python  # noqa: E402

PASSWORD = "seven green lamps on a hill"
BOB = "eleven blue doors by the sea"
HOME, CONF = "/home/reader", "/etc/stauth/stauth.conf"
UNITS = ["stauth.service", "stauth-check.socket", "stauth-pages.socket",
         "stauth-stream.socket"]
# No network here, so no mirror of Debian's.
APT_GET = """#!/bin/sh
[ "$1" = update ] && exit
for name; do
	case $name in install | -*) ;; *) dpkg -s "$name" >/dev/null ;; esac ||
		{ echo "$name is not installed" && exit 100; }
done
"""
# What a reader of docs/migration.md has, beside an old app.
HASH = "$2b$04$DE6XCqlsQV8nkRBFeAIPuOn1O4YzG0bRvl6PwR/gSW.rXqOXbyRx."
YAML = "credentials:\n  usernames:\n    tina:\n      password: \"%s\"\n" % HASH
PROMPT = re.compile(r"assword[^\n]*: $")


class Reader(NginxStack):
    """At a terminal of the machine; follows one page after another. What it
    made there is the stack, and a browser finds it where README.md says."""

    port, host, url = 8080, "localhost:8080", "http://localhost:8080"
    front_port = front_tls = None

    def __init__(self):
        # From the network, before there is none.
        self.path = "%s:%s" % (os.path.dirname(venv_python(
            "streamlit_app/requirements.txt")), booted.PATH)
        self.dir = tempfile.mkdtemp(prefix="stauth-docs-")
        root = os.path.join(self.dir, "machine")
        os.mkdir(root)
        self.machine = booted.Machine(root)
        self.terminals = []
        self.machine.run("tee", "/usr/local/bin/apt-get", stdin=APT_GET)
        self.machine.run("chmod", "755", "/usr/local/bin/apt-get")
        # It may be the one of the machine around.
        self.machine.run("rm", "-f", "/etc/nginx/sites-enabled/default",
                         "/etc/nginx/conf.d/app.conf")
        self.machine.run("useradd", "-m", "-s", "/bin/bash", "reader",
                         check=True)
        self.machine.run("tee", "/etc/sudoers.d/reader",
                         stdin="reader ALL=(ALL) NOPASSWD: ALL\n")
        self.machine.run("git", "config", "--system", "--add",
                         "safe.directory", "*", check=True)
        # The checkout may be below a home that is closed to others.
        path = TOP
        while path != "/":
            path = os.path.dirname(path)
            self.machine.run("chmod", "o+x", path)
        self.cwd = HOME
        self.write(HOME + "/cwd", "")
        self.machine.run("chmod", "666", HOME + "/cwd", check=True)

    def write(self, path, text):
        self.machine.run("install", "-D", "/dev/stdin", path, stdin=text,
                         check=True)

    def terminal(self, script):
        """A shell that has typed it, and stops at a command that fails."""
        self.write(HOME + "/block.sh", "set -e\ncd %s\ntrap 'pwd >%s/cwd' EXIT\n" % (
            self.cwd, HOME) + script)
        # The build folder is root's: it is the one of all tests.
        user = "root" if "meson " in script or "ninja " in script \
            else "reader"
        return Terminal([
            "nsenter", "--all", "--root", "--wd", "--target",
            str(self.machine.pid), "--", "runuser", "-u", user, "--", "env",
            "-i", "PATH=" + self.path, "HOME=" + HOME, "URL=file://" + TOP,
            "TERM=dumb", "LC_ALL=C.UTF-8", "bash", HOME + "/block.sh"])

    def type(self, block, answers):
        """Runs a block to its end, or until it shows what it promises."""
        script = block.script.replace("build-install", booted.PREFIX_BUILD)
        # bash -e overlooks what fails before the last of these.
        script = script.replace(" && ", "\n")
        terminal = self.terminal(script)
        self.terminals.append(terminal)
        until, asked, more = time.monotonic() + 60, 0, True
        while more and time.monotonic() < until:
            if block.stays and block.unseen(terminal.text) is None:
                return
            more = terminal.read(0.1)
            if PROMPT.search(terminal.text[asked:]):
                asked = len(terminal.text)
                terminal.type(answers(terminal.text))
        status = terminal.finish()
        self.terminals.remove(terminal)
        missed = block.unseen(terminal.text)
        if status != block.code or missed:
            raise AssertionError("%s:\n%s\nended with %d%s:\n%s" % (
                block.page, script, status,
                " without %r" % missed if missed else "", terminal.text))
        self.cwd = self.machine.run("cat", HOME + "/cwd").stdout.strip()

    def follow(self, page, answers=lambda text: PASSWORD):
        """What reads a page from its first line to the last."""
        self.cwd = HOME
        for block in manual.blocks(page):
            if not block.runs:
                continue
            if block.alone:
                self.machine.systemctl("stop", *UNITS)
            if block.taken_back:
                self.machine.run("cp", "-a", CONF, CONF + ".before")
            with prepared():
                self.type(block, answers)
            if block.taken_back:
                self.machine.run("mv", CONF + ".before", CONF, check=True)
                self.machine.systemctl("reload", "stauth.service")
            if block.alone:
                self.leave_terminals()
                self.machine.systemctl("start", *UNITS)

    def leave_terminals(self):
        for terminal in self.terminals:
            os.write(terminal.master, b"\x03")
            terminal.finish(10)
        self.terminals = []

    def stop(self):
        self.machine.stop()
        for terminal in self.terminals:
            terminal.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


readers = []    # the one of this file
followed = []   # the pages so far


@unittest.skipIf(booted.why_not(), booted.why_not())
@unittest.skipUnless(os.path.exists(os.path.join(TOP, ".git")),
                     "not a checkout")
class Docs(unittest.TestCase):
    """In the order of the names: each page builds on those before it."""

    def setUp(self):
        if not readers:
            readers.append(Reader())
            atexit.register(readers[0].stop)
        self.reader = readers[0]

    def follow(self, page, *more):
        if page != "README.md" and "README.md" not in followed:
            self.skipTest("README.md failed")
        self.reader.follow(page, *more)
        followed.append(page)

    def ctl(self, *words):
        return self.reader.machine.run("stauthctl", *words,
                                       check=True).stdout

    def test_u18_1_readme(self):
        self.follow("README.md")
        jar = self.reader.session("you@example.com", PASSWORD)
        app = self.reader.http("GET", "/", cookies=jar)
        self.assertEqual(app.status, 200)
        self.assertIn("Streamlit", app.text)

    def test_u18_2_streamlit(self):
        self.follow("docs/streamlit.md")

    def test_u18_3_operations(self):
        self.follow("docs/operations.md")

    def test_u18_4_mail(self):
        self.follow("docs/mail.md")

    def test_u18_5_pam(self):
        self.follow("docs/pam.md", lambda text: (
            BOB if "chauthtok" in text or "ew password" in text[-60:]
            else PASSWORD))
        bob = self.reader.machine.run(
            "stauthctl", "user", "verify", "bob@example.com",
            "--password-stdin", stdin=BOB + "\n")
        self.assertEqual(bob.returncode, 0, bob.stderr)

    def test_u18_6_migration(self):
        write, old = self.reader.write, tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, old)
        os.mkdir(old + "/db")
        oldapp.make_db(old + "/db/auth.db",
                       [("olga", oldapp.encrypt(PASSWORD), 0, "token")])
        oldapp.make_env(old)
        shutil.copytree(old, self.reader.machine.path("/srv/old-app"))
        write(HOME + "/config.yaml", YAML)
        write(HOME + "/htpasswd", "hans:%s\n" % HASH)
        write(HOME + "/users.jsonl", '{"name": "json"}\n')
        self.follow("docs/migration.md")
        names = {user["name"] for user in json.loads(
            self.ctl("user", "list", "--json"))}
        self.assertLessEqual({"olga", "tina", "hans", "json"}, names)

    def test_u18_7_install(self):
        self.follow("docs/install.md")
        for path in ("/usr/sbin/fcgi_gate",
                     "/etc/nginx/snippets/stauth-http.conf"):
            self.assertFalse(os.path.exists(
                self.reader.machine.path(path)), path)
        for path in ("/etc/stauth/stauth.conf", "/var/lib/stauth/stauth.db"):
            self.assertTrue(os.path.exists(
                self.reader.machine.path(path)), path)
        with open(self.reader.machine.path("/etc/pam.d/common-auth"),
                  encoding="utf-8") as stack:
            self.assertNotIn("pam_stauth", stack.read())


if __name__ == "__main__":
    unittest.main()
