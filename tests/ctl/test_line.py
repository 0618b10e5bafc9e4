# SPDX-License-Identifier: MIT
"""The command line itself: options, help, wrong turns."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, Stack  # noqa: E402

PASSWORD = "correct horse battery"
COMMANDS = [
    "init", "user add", "user list", "user show", "user set", "user passwd",
    "user verify", "user disable", "user enable", "user delete",
    "session list", "session revoke", "import st-auth-simple",
    "import htpasswd", "import shadow", "import json",
    "import streamlit-authenticator", "export",
    "config check", "config show", "nginx check", "nginx snippets",
    "streamlit-config", "audit",
]


def run(*args, **more):
    more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([CTL, *args], text=True, check=False, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          **more)


class Help(unittest.TestCase):
    def test_ux92_help_is_one_screen_with_examples(self):
        result = run("--help")
        lines = result.stdout.splitlines()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLessEqual(len(lines), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn("examples:", lines)
        self.assertEqual(result.stderr, "")

    def test_every_command_has_help_and_is_in_the_overview(self):
        overview = run("--help").stdout
        for command in COMMANDS:
            with self.subTest(command):
                result = run(*command.split(), "--help")
                self.assertEqual(result.returncode, 0)
                self.assertTrue(result.stdout.startswith(
                    "stauthctl " + command))
                self.assertLess(len(result.stdout), 600)
                self.assertIn(command.split()[-1], overview)

    def test_version(self):
        result = run("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^stauthctl \d+\.\d+\.\d+\n$")

    def test_help_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([CTL, "--help"], stdout=full, check=False,
                                    stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 75)


class Wrong(unittest.TestCase):
    def fails(self, code, *args, **more):
        result = run(*args, **more)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr.startswith("stauthctl: "))
        return result.stderr

    def test_nothing_and_unknown_words_list_the_known_ones(self):
        self.assertIn("session", self.fails(64))
        self.assertIn("session", self.fails(64, "sesion", "list"))
        self.assertIn("verify", self.fails(64, "user"))
        self.assertIn("verify", self.fails(64, "user", "lst"))
        self.assertIn("st-auth-simple", self.fails(64, "import", "csv", "f"))

    def test_options_wrong_unknown_twice_foreign_or_without_a_value(self):
        for words in (["user", "list", "--bogus"], ["-x", "init"],
                      ["init", "--json", "--json"], ["init", "--json=yes"],
                      ["user", "list", "--search"], ["audit", "--user"],
                      ["user", "list", "--dry-run"], ["init", "--su"],
                      ["user", "add", "x", "--ema", "a@b.example"],
                      ["user", "show"], ["user", "show", "a", "b"],
                      ["init", "now"], ["nginx", "snippets"],
                      ["import", "st-auth-simple"],
                      ["a", "b", "c", "d", "e", "f", "g", "h", "i"],
                      ["word"] * 5000,
                      ["session", "revoke"],
                      ["session", "revoke", "x", "--all"]):
            with self.subTest(words[:9]), Stack() as stack:
                result = stack.ctl(*words)
                self.assertEqual(result.returncode, 64, result.stderr)
                self.assertEqual(result.stdout, "")
                self.assertIn("--help", result.stderr)

    def test_ux93_a_password_as_an_argument_is_refused_and_not_repeated(self):
        secret = "hunter2-canary"
        for words in (["user", "add", "alice", secret],
                      ["user", "add", "alice", "--password=" + secret],
                      ["user", "add", "alice", "--password", secret],
                      ["user", "passwd", "alice", "--pass=" + secret]):
            with self.subTest(words):
                told = self.fails(64, *words)
                self.assertNotIn(secret, told)
                self.assertIn("never an argument", told)


class Anywhere(unittest.TestCase):
    """Global options stand anywhere; -- ends them."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.stack.add_user("alice", PASSWORD)

    @classmethod
    def tearDownClass(cls):
        cls.stack.stop()

    def test_options_before_between_and_after(self):
        conf = self.stack.conf
        for words in (["-c", conf, "--json", "user", "show", "alice"],
                      ["user", "-c" + conf, "show", "alice", "--json"],
                      ["user", "show", "--config=" + conf, "--json", "alice"],
                      ["user", "show", "alice", "--json", "--config", conf],
                      ["-qc", conf, "--json", "user", "show", "--", "alice"]):
            with self.subTest(words):
                result = run(*words)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn('"name":"alice"', result.stdout)

    def test_two_dashes_end_the_options(self):
        result = run("-c", self.stack.conf, "user", "show", "--", "--json")
        self.assertEqual(result.returncode, 67, result.stderr)

    def test_the_environment_names_the_file_and_c_wins(self):
        env = dict(os.environ, STAUTH_CONFIG=self.stack.conf)
        self.assertEqual(run("user", "show", "alice", env=env).returncode, 0)
        env["STAUTH_CONFIG"] = "/nonexistent/stauth.conf"
        self.assertEqual(run("user", "show", "alice", env=env).returncode, 78)
        self.assertEqual(run("user", "show", "alice", "-c", self.stack.conf,
                             env=env).returncode, 0)

    def test_closed_standard_streams_do_no_harm(self):
        before = os.path.getsize(self.stack.db)
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            result = subprocess.run(
                ["sh", "-c", '"$0" -c "$1" user list ' + closed, CTL,
                 self.stack.conf], check=False, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, timeout=30)
            self.assertEqual(result.returncode, 0, closed)
        self.assertEqual(os.path.getsize(self.stack.db), before)
        self.assertEqual(
            self.stack.sql("PRAGMA integrity_check")[0][0], "ok")

    def test_quiet_silences_what_is_no_error(self):
        self.assertEqual(self.stack.ctl("init", "-q").stderr, "")
        self.assertNotEqual(self.stack.ctl("init").stderr, "")
        self.assertNotEqual(
            self.stack.ctl("user", "show", "nobody", "-q").stderr, "")


class ConfigFile(unittest.TestCase):
    """A configuration that cannot be had or trusted."""

    def setUp(self):
        self.stack = Stack(init=False)
        self.addCleanup(self.stack.stop)

    def check(self, *args):
        return self.stack.ctl(*(args or ("config", "check")))

    def test_missing_file(self):
        os.unlink(self.stack.conf)
        result = self.check()
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn(self.stack.conf, result.stderr)

    def test_world_writable_file_names_the_chmod(self):
        os.chmod(self.stack.conf, 0o666)
        result = self.check()
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn("chmod", result.stderr)

    def test_ux89_unknown_key_names_file_line_and_nearest_key(self):
        with open(self.stack.conf, "a", encoding="ascii") as conf:
            conf.write("SESION_HOURS=3\n")
        result = self.check()
        with open(self.stack.conf, encoding="ascii") as conf:
            line = len(conf.readlines())
        self.assertEqual(result.returncode, 78)
        for part in (self.stack.conf, str(line), "SESSION_HOURS"):
            self.assertIn(part, result.stderr)

    def test_a_directory_a_device_and_a_fifo_are_none(self):
        fifo = os.path.join(self.stack.dir, "fifo")
        os.mkfifo(fifo)
        for path in (self.stack.dir, "/dev/zero", fifo):
            with self.subTest(path):
                result = run("config", "check", "-c", path)
                self.assertEqual(result.returncode, 78, result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_unreadable_file_is_denied(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "stauth.conf")
            with open(path, "w", encoding="ascii") as conf:
                conf.write("SESSION_HOURS=3\n")
            os.chmod(path, 0o640)
            program = os.path.join(folder, "stauthctl")
            with open(CTL, "rb") as source, open(program, "wb") as copy:
                copy.write(source.read())
            os.chmod(program, 0o755)
            result = subprocess.run(
                [program, "-c", path, "config", "check"], check=False,
                user=65534, group=65534, extra_groups=[],
                stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                timeout=30)
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertIn("denied", result.stderr)


if __name__ == "__main__":
    unittest.main()
