# SPDX-License-Identifier: MIT
"""Where passwords come from, what is refused, and that none leaks."""

import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, Stack  # noqa: E402

PASSWORD = "correct horse battery"


def default_signals():
    """A caller may have them ignored (nohup, a shell's background job)."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """stauthctl with a terminal in front."""

    def __init__(self, stack, *args, program=CTL, **more):
        self.master, slave = pty.openpty()
        self.tty = slave
        self.process = subprocess.Popen(
            [program, "-c", stack.conf, *args], stdin=slave, stderr=slave,
            stdout=subprocess.PIPE, start_new_session=True,
            preexec_fn=default_signals,
            **more)
        self.seen = ""

    def expect(self, text, timeout=20):
        until = time.monotonic() + timeout
        while text not in self.seen:
            left = until - time.monotonic()
            ready = select.select([self.master], [], [], max(left, 0))[0]
            if not ready:
                raise AssertionError("no %r in %r" % (text, self.seen))
            self.seen += os.read(self.master, 4096).decode()
        self.seen = self.seen.split(text, 1)[1]

    def send(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.tty)[3] & termios.ECHO)

    def end(self):
        out = self.process.communicate(timeout=30)[0].decode()
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 4096).decode()
        echoes = self.echoes()
        os.close(self.master)
        os.close(self.tty)
        return self.process.returncode, out, echoes


class Passwords(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args, **more):
        result = self.stack.ctl(*args, **more)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def verify(self, name, password, code, end="\n"):
        return self.ctl(code, "user", "verify", name, "--password-stdin",
                        stdin=password + end)

    # --- stdin

    def test_stdin_is_read_up_to_the_first_newline(self):
        self.ctl(0, "user", "add", "alice", "--password-stdin",
                 stdin=PASSWORD + "\nmore words\n")
        self.verify("alice", PASSWORD, 0)
        self.verify("alice", PASSWORD, 0, end="")
        self.verify("alice", PASSWORD, 0, end="\nother\n")
        self.verify("alice", PASSWORD + " ", 77)

    def test_bytes_are_taken_as_they_are(self):
        for i, password in enumerate((
                " blanks at both ends ", "ünïcödé pässwörd 漢字",
                "tab\tand 'quotes\" $HOME `x` \\n", "x1-" * 170 + "z")):
            name = "u%d" % i
            self.ctl(0, "user", "add", name, "--password-stdin",
                     stdin=password + "\n")
            self.verify(name, password, 0)
            self.verify(name, password.strip()[:-1], 77)

    def test_bad_passwords_65_and_nothing_is_changed(self):
        self.stack.add_user("bob", PASSWORD)
        for password in ("", "short", "password123", "aaaaaaaaaaaaaaa",
                         "x" * 512, "a\0b-long-enough-zq7", "cr-at-end-zq7k\r",
                         "y" * 100000):
            with self.subTest(password[:20]):
                self.ctl(65, "user", "add", "alice", "--password-stdin",
                         stdin=password + "\n")
                self.ctl(67, "user", "show", "alice")
                self.ctl(65, "user", "passwd", "bob", "--password-stdin",
                         stdin=password + "\n")
        self.verify("bob", PASSWORD, 0)

    def test_a_weak_one_is_refused_with_the_reason_in_words(self):
        result = self.ctl(65, "user", "add", "alice", "--password-stdin",
                          stdin="password123\n")
        self.assertIn("easy to guess", result.stderr)
        self.assertEqual(result.stderr.count("easy to guess"), 1)
        self.assertNotIn("password123", result.stderr)

    def test_no_terminal_and_no_other_way_64(self):
        self.stack.add_user("alice", PASSWORD)
        for words in (["user", "add", "bob"], ["user", "passwd", "alice"],
                      ["user", "verify", "alice"]):
            with self.subTest(words):
                result = self.ctl(64, *words, stdin=PASSWORD + "\n")
                self.assertIn("--password-stdin", result.stderr)
        self.ctl(64, "user", "add", "bob", "--password-stdin", "--generate")

    def test_an_input_that_cannot_be_read_is_no_password(self):
        folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        self.addCleanup(os.close, folder)
        result = subprocess.run(
            [CTL, "-c", self.stack.conf, "user", "add", "alice",
             "--password-stdin"], stdin=folder, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(result.returncode, 75, result.stderr)

    # --- generated

    def test_generate_prints_only_the_password_on_stdout(self):
        result = self.ctl(0, "user", "add", "alice", "--generate", "-q")
        self.assertEqual(result.stderr, "")
        password = result.stdout
        self.assertRegex(password, r"^\S{16,}\n$")
        self.verify("alice", password, 0, end="")
        result = self.ctl(0, "user", "passwd", "alice", "--generate")
        self.assertNotEqual(result.stdout, password)
        self.verify("alice", password, 77, end="")
        self.verify("alice", result.stdout, 0, end="")

    def test_generate_with_json_has_it_in_the_object(self):
        for words in (["user", "add", "alice"], ["user", "passwd", "alice"]):
            result = self.ctl(0, *words, "--generate", "--json",
                              "--must-change")
            user = json.loads(result.stdout)
            self.assertEqual(user["name"], "alice")
            self.assertTrue(user["must_change"])
            self.verify("alice", user["password"], 0)
        self.assertNotIn("password", json.loads(self.ctl(
            0, "user", "show", "alice", "--json").stdout))

    def test_u27_a_generated_password_is_for_one_log_in(self):
        for words in (["user", "add", "alice"], ["user", "passwd", "alice"]):
            before = int(time.time())
            user = json.loads(
                self.ctl(0, *words, "--generate", "--json").stdout)
            self.assertTrue(user["must_change"])
            self.assertAlmostEqual(user["password_expires_at"],
                                   before + 72 * 3600, delta=30)
            self.verify("alice", user["password"], 0)
            self.stack.sql("UPDATE users SET password_expires_at = ?", before)
            self.verify("alice", user["password"], 77)
        user = json.loads(self.ctl(0, "user", "passwd", "alice", "--generate",
                                   "--lasting", "--json").stdout)
        self.assertEqual(
            (user["must_change"], user["password_expires_at"]), (False, None))
        for words in (["add", "bob"], ["passwd", "alice"]):
            self.ctl(64, "user", *words, "--lasting", "--password-stdin",
                     stdin=PASSWORD + "\n")

    def test_u27_an_export_keeps_the_end(self):
        user = json.loads(
            self.ctl(0, "user", "add", "alice", "--generate", "--json").stdout)
        path = os.path.join(self.stack.dir, "out.json")
        with open(path, "w", encoding="utf-8") as out:
            out.write(self.ctl(0, "export", "--with-hashes").stdout)
        self.ctl(0, "user", "delete", "alice", "--yes")
        self.ctl(0, "import", "json", path)
        again = json.loads(
            self.ctl(0, "user", "show", "alice", "--json").stdout)
        for key in ("must_change", "password_expires_at"):
            self.assertEqual(again[key], user[key])

    def test_u24_a_taken_name_is_refused_before_the_password(self):
        self.stack.add_user("alice", PASSWORD)
        for name, code in (("ALICE", 73), ("no body", 65)):
            self.ctl(code, "user", "add", name, "--password-stdin", stdin="")

    # --- passwd

    def test_passwd_replaces_and_must_change_is_set_or_taken_back(self):
        self.stack.add_user("alice", PASSWORD)
        self.ctl(0, "user", "passwd", "alice", "--password-stdin",
                 "--must-change", stdin="another good phrase\n")
        self.verify("alice", PASSWORD, 77)
        result = self.verify("alice", "another good phrase", 0)
        self.assertIn("must be changed", result.stderr)
        self.ctl(0, "user", "passwd", "alice", "--password-stdin",
                 stdin="a third good phrase\n")
        self.assertFalse(json.loads(self.ctl(
            0, "user", "show", "alice", "--json").stdout)["must_change"])

    # --- verify

    def test_verify_says_no_in_one_way(self):
        self.stack.add_user("root1", PASSWORD, su=True)
        self.stack.add_user("alice", PASSWORD)
        self.stack.add_user("off", PASSWORD)
        self.ctl(0, "user", "disable", "off")
        told = {self.verify(name, password, 77).stderr
                for name, password in (
                    ("alice", "wrong"), ("nobody", "wrong"),
                    ("off", PASSWORD), ("no such name!", "wrong"))}
        self.assertEqual(len(told), 1, told)
        for i, password in enumerate(("", "x" * 512, "a\0b", "a\r")):
            self.verify("alice", password, 77)
            if i % 2:
                self.verify("ALICE", PASSWORD, 0)

    def test_verify_of_one_half_of_two_factors_is_no_success(self):
        self.stack.add_user("alice", PASSWORD)
        self.stack.sql("UPDATE users SET mfa_since = 1")
        self.verify("alice", PASSWORD, 77)

    def test_verify_leaves_an_audit_row_either_way(self):
        self.stack.add_user("alice", PASSWORD)
        self.verify("alice", "wrong", 77)
        self.verify("alice", PASSWORD, 0)
        rows = json.loads(self.ctl(0, "audit", "--json").stdout)[1:]
        self.assertEqual([(r["user"], r["ok"]) for r in rows],
                         [("alice", False), ("alice", True)])
        self.assertEqual(rows[1]["event"], "verify")

    def test_verify_is_counted_and_root_is_never_refused(self):
        self.stack.add_user("alice", PASSWORD)
        codes = {self.stack.ctl("user", "verify", "alice",
                                "--password-stdin",
                                stdin="wrong\n").returncode
                 for _ in range(12)}
        if os.geteuid() == 0:
            self.assertEqual(codes, {77})
            self.verify("alice", PASSWORD, 0)
        else:
            self.assertEqual(codes, {77, 75})

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_verify_throttled_75_for_others(self):
        """A program and a store of somebody else's, in a folder of his."""
        self.stack.add_user("alice", PASSWORD)
        program = os.path.join(self.stack.dir, "stauthctl")
        with open(CTL, "rb") as source, open(program, "wb") as copy:
            copy.write(source.read())
        os.chmod(program, 0o755)
        for path in [self.stack.dir] + glob.glob(
                self.stack.dir + "/**", recursive=True):
            os.chown(path, 65534, 65534)

        def verify(password):
            return subprocess.run(
                [program, "-c", self.stack.conf, "user", "verify", "alice",
                 "--password-stdin"], input=password + "\n", text=True,
                user=65534, group=65534, extra_groups=[], check=False,
                stderr=subprocess.PIPE, timeout=30)

        codes = [verify("wrong").returncode for _ in range(5)]
        self.assertEqual(codes, [77] * 5)
        # Until the wait is long enough to ask once more within it.
        wait = 0
        for _ in range(20):
            time.sleep(wait)
            result = verify("wrong")
            if result.returncode == 75:
                wait = int(re.search(r"wait (\d+) s", result.stderr)[1])
            if wait >= 4:
                break
        self.assertGreaterEqual(wait, 4)
        self.assertEqual(verify(PASSWORD).returncode, 75, "without a hash")

    # --- the terminal

    def test_terminal_is_asked_twice_and_shows_nothing(self):
        term = Terminal(self.stack, "user", "add", "alice")
        term.expect("Password: ")
        self.assertFalse(term.echoes())
        term.send(PASSWORD + "\n")
        term.expect("again: ")
        term.send(PASSWORD + "\n")
        code, out, echoes = term.end()
        self.assertEqual((code, out, echoes), (0, "", True))
        self.assertNotIn(PASSWORD, term.seen)
        self.verify("alice", PASSWORD, 0)

    def test_terminal_two_that_differ_65(self):
        for second in (PASSWORD + "x", PASSWORD[:-1], PASSWORD[:-1] + "x"):
            term = Terminal(self.stack, "user", "add", "alice")
            term.expect("Password: ")
            term.send(PASSWORD + "\n")
            term.expect("again: ")
            term.send(second + "\n")
            code, _, echoes = term.end()
            self.assertEqual((code, echoes), (65, True), second)
            self.ctl(67, "user", "show", "alice")

    def test_terminal_nobody_is_asked_for_a_password_for_nobody(self):
        term = Terminal(self.stack, "user", "passwd", "nobody")
        self.assertEqual(term.end()[0], 67)
        self.assertNotIn("Password", term.seen)

    def test_terminal_verify_is_asked_once(self):
        self.stack.add_user("alice", PASSWORD)
        term = Terminal(self.stack, "user", "verify", "alice")
        term.expect("Password: ")
        term.send(PASSWORD + "\n")
        self.assertEqual(term.end()[0], 0)

    def test_terminal_echo_is_back_after_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT,
                       signal.SIGHUP):
            term = Terminal(self.stack, "user", "add", "alice")
            term.expect("Password: ")
            self.assertFalse(term.echoes())
            term.process.send_signal(number)
            code, _, echoes = term.end()
            self.assertEqual((code, echoes), (-number, True))

    def test_terminal_echo_is_back_while_it_is_stopped(self):
        term = Terminal(self.stack, "user", "add", "alice")
        term.expect("Password: ")
        self.assertFalse(term.echoes())
        term.process.send_signal(signal.SIGTSTP)
        until = time.monotonic() + 10
        while not term.echoes():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        term.process.send_signal(signal.SIGCONT)
        self.assertEqual(term.end()[0], 75)
        self.ctl(67, "user", "show", "alice")

    @unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
    def test_g13_a_crash_leaves_no_core_with_a_password(self):
        """Where no core may be dumped, /proc/PID is root's."""
        program = os.path.join(self.stack.dir, "stauthctl")
        shutil.copy(CTL, program)
        for path in [self.stack.dir] + glob.glob(
                self.stack.dir + "/**", recursive=True):
            os.chown(path, 65534, 65534)
        term = Terminal(self.stack, "user", "add", "alice", program=program,
                        user=65534, group=65534, extra_groups=[])
        term.expect("Password: ")
        self.assertEqual(
            os.stat("/proc/%d/status" % term.process.pid).st_uid, 0)
        term.process.kill()
        term.end()

    def test_terminal_delete_and_revoke_all_ask(self):
        self.stack.add_user("root1", PASSWORD, su=True)
        self.stack.add_user("alice", PASSWORD)
        for words, question in ((["user", "delete", "alice"], "alice?"),
                                (["session", "revoke", "--all"], "all")):
            for answer, expected in (("n\n", 77), ("\n", 77), ("\x04", 77)):
                term = Terminal(self.stack, *words)
                term.expect(question)
                term.expect("[y/N] ")
                term.send(answer)
                self.assertEqual(term.end()[0], expected, (words, answer))
        self.ctl(0, "user", "show", "alice")
        term = Terminal(self.stack, "user", "delete", "alice", "--yes")
        self.assertEqual(term.end()[0], 0)
        term = Terminal(self.stack, "user", "delete", "nobody")
        self.assertEqual(term.end()[0], 67, "not asked about nobody")

    # --- leaks

    def test_g13_no_password_in_database_wal_logs_audit_or_output(self):
        canary = "canary-Zq7-%s" % os.urandom(6).hex()
        second = "second-" + canary
        texts = []
        for words, code in (
                (["user", "add", "alice", "--json"], 0),
                (["user", "passwd", "alice"], 0),
                (["user", "verify", "alice"], 0),
                (["user", "verify", canary + "@example.com"], 77)):
            result = self.ctl(code, *words, "--password-stdin",
                              stdin=canary + "\n")
            texts.append(result.stdout + result.stderr)
        result = self.ctl(77, "user", "verify", "alice", "--password-stdin",
                          stdin=second + "\n")
        texts.append(result.stdout + result.stderr)
        self.stack.start_gate()
        self.stack.login("alice", second)
        self.stack.token("alice", canary)
        self.stack.stop_gate()
        for words in (["user", "list", "--json"], ["config", "show"],
                      ["session", "list", "--json"]):
            texts.append(self.ctl(0, *words).stdout)
        for text in texts:
            self.assertNotIn(canary, text)
        paths = [path for path in glob.glob(
            self.stack.dir + "/**", recursive=True) if os.path.isfile(path)]
        self.assertIn(self.stack.db, paths)
        for path in paths:
            with open(path, "rb") as data:
                found = data.read()
            # The name that was typed is in the audit; passwords are not.
            found = found.replace(canary.encode() + b"@example.com", b"")
            self.assertNotIn(canary.encode(), found, path)

    def test_ux93_nothing_secret_in_the_arguments_of_a_running_program(self):
        term = Terminal(self.stack, "user", "add", "alice")
        term.expect("Password: ")
        term.send(PASSWORD + "\n")
        term.expect("again: ")
        with open("/proc/%d/cmdline" % term.process.pid, "rb") as line:
            self.assertNotIn(PASSWORD.encode(), line.read())
        term.send(PASSWORD + "\n")
        self.assertEqual(term.end()[0], 0)


if __name__ == "__main__":
    unittest.main()
