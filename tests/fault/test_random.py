# SPDX-License-Identifier: MIT
"""The kernel's random source: when it fails nothing is issued, and what is
issued comes from it, each piece from a call of its own. Rows X17, X20."""

import base64
import glob
import os
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import helper_wire  # noqa: E402
from randoming import RandomStack  # noqa: E402
from rig import BUILD, COOKIE, CTL, GATE, set_cookies, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
OTHER = "mysterious walnut drum"
HELPER = os.path.join(BUILD, "pam_stauth", "stauth_chkpwd")
PRE, DEVICE = "__Secure-stauth-pre", "__Secure-stauth-dev"
TABLES = ("sessions", "devices", "pins", "resets", "pending_users", "outbox")


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Case(unittest.TestCase):
    def setUp(self):
        self.s = RandomStack({"PAGE_WORKERS": self.page_workers})
        self.addCleanup(self.s.stop)
        self.s.add_user("alice", PASSWORD, "--email", "alice@example.com")

    page_workers = "1"

    def counts(self):
        return [self.s.sql("SELECT count(*) FROM " + table)[0][0]
                for table in TABLES]

    def ready_form(self, path):
        """A form that was loaded before; its POST needs nothing else."""
        return self.s.open_form(path)

    def send(self, path, ready, **form):
        csrf, jar = ready
        return self.s.page("POST", path, form=dict(form, csrf=csrf),
                           cookies=jar)


class Fails(Case):
    def setUp(self):
        super().setUp()
        self.s.start_gate()
        self.token = self.s.token("alice", PASSWORD)

    def refused(self, answer, status=503):
        self.assertEqual(answer.status, status, answer.raw[:300])
        self.assertEqual(answer.all("Set-Cookie"), [])

    def test_x17_nothing_is_issued(self):
        login = self.ready_form("/auth/login")
        signup = self.ready_form("/auth/signup")
        forgot = self.ready_form("/auth/forgot")
        before = self.counts()
        self.s.turn("fail")
        for _ in range(8):
            self.refused(self.send("/auth/login", login, username="alice",
                                   password=PASSWORD))
        # A browser that has no pre-cookie gets no form.
        self.refused(self.s.page("GET", "/auth/login"))
        self.refused(self.send("/auth/signup", signup, confirm=OTHER,
                               email="new@example.com", password=OTHER))
        answers = [self.send("/auth/forgot", forgot, email=name +
                             "@example.com") for name in ("alice", "nobody")]
        for answer in answers:
            self.refused(answer)
        self.assertEqual(answers[0].body.replace(b"alice", b"nobody"),
                         answers[1].body)
        self.assertEqual(self.counts(), before)
        # Who is in stays, and may leave.
        self.assertEqual(self.s.check(self.token).status, 204)
        self.assertIn(b"getrandom: Function not implemented", self.s.log())
        # Eight faults are no failures of alice: nothing waits.
        self.s.turn()
        self.assertEqual(self.send("/auth/login", login, username="alice",
                                   password=PASSWORD).status, 303)

    def test_x17_a_password_stays_as_it_is(self):
        answer, jar = self.s.login("alice", PASSWORD)
        csrf, jar = self.s.open_form("/auth/account", jar)
        self.s.turn("fail")
        answer = self.s.page("POST", "/auth/account/password", form={
            "current": PASSWORD, "password": OTHER, "confirm": OTHER,
            "csrf": csrf}, cookies=jar)
        self.refused(answer)
        self.s.turn()
        self.assertEqual(self.s.check(jar[COOKIE]).status, 204)
        self.s.token("alice", PASSWORD)

    def test_x17_whichever_call_fails_it_is_all_or_nothing(self):
        ready = self.ready_form("/auth/login")
        for calls in range(20):
            before = self.counts()
            self.s.turn("after %d" % calls)
            answer = self.send("/auth/login", ready, username="alice",
                               password=PASSWORD)
            if answer.status == 303:
                break
            self.refused(answer)
            self.assertEqual(self.counts(), before, calls)
        self.assertGreaterEqual(calls, 4)
        self.assertEqual(len(answer.all("Set-Cookie")), 3)
        self.assertNotEqual(self.counts(), before)
        self.s.turn()
        jar = set_cookies(answer, {})
        self.assertEqual(self.s.check(jar[COOKIE]).status, 204)

    def test_x17_short_and_interrupted_calls_are_gone_on_with(self):
        seen = set()
        for word in ("short", "interrupt", "short", "interrupt"):
            self.s.turn(word)
            answer, jar = self.s.login("alice", PASSWORD)
            self.assertEqual(answer.status, 303)
            for name in (COOKIE, PRE, DEVICE):
                seen.add(jar[name][:32])
                # No byte was left as it was.
                self.assertNotIn(bytes(4), raw(jar[name][:32]))
        self.assertEqual(len(seen), 12)


class CommandLine(Case):
    def run_ctl(self, *args, stdin=""):
        return self.s.ctl(*args, stdin=stdin, env=self.s.env)

    def refused(self, *args, stdin=""):
        result = self.run_ctl(*args, stdin=stdin)
        self.assertEqual((result.returncode, result.stdout), (69, ""), args)
        self.assertIn("getrandom", result.stderr)

    def test_x17_no_password_and_no_link(self):
        self.s.turn("fail")
        self.refused("user", "add", "bob", "--generate")
        self.refused("user", "add", "bob", "--password-stdin",
                     stdin=OTHER + "\n")
        self.refused("user", "passwd", "alice", "--generate")
        self.refused("user", "passwd", "alice", "--password-stdin",
                     stdin=OTHER + "\n")
        self.refused("user", "reset-link", "alice")
        self.assertEqual(self.run_ctl("user", "show", "bob").returncode, 67)
        self.assertEqual(sum(self.counts()), 0)
        # Whether a password is right needs no chance.
        self.assertEqual(self.run_ctl(
            "user", "verify", "alice", "--password-stdin",
            stdin=PASSWORD + "\n").returncode, 0)
        # A password that is cut off in the middle is none either.
        for calls in range(1, 60, 7):
            self.s.turn("after %d" % calls)
            result = self.run_ctl("user", "add", "carol", "--generate")
            if result.returncode == 0:
                break
            self.assertEqual((result.returncode, result.stdout), (69, ""))
        self.assertGreater(calls, 8)
        self.assertEqual(result.returncode, 0)

    def test_x17_no_keys(self):
        fresh = RandomStack()
        self.addCleanup(fresh.stop)
        keys = os.path.join(fresh.state_dir, "keys")
        for name in os.listdir(keys):
            os.unlink(os.path.join(keys, name))
        for word in ("fail", "after 1", "after 2", "after 3"):
            fresh.turn(word)
            result = fresh.ctl("init", env=fresh.env)
            self.assertEqual(result.returncode, 69, result.stderr)
            for path in glob.glob(os.path.join(keys, "*")):
                with open(path, "rb") as file:
                    self.assertNotIn(bytes(4), file.read())
            self.assertLess(len(os.listdir(keys)), 3)
        fresh.turn()
        self.assertEqual(fresh.ctl("init", env=fresh.env).returncode, 0)
        self.assertEqual(len(os.listdir(keys)), 3)


class Helper(Case):
    def ask(self, kind, *fields):
        """As root's programs ask, from the build tree."""
        return helper_wire.ask(HELPER, helper_wire.frame(kind, [
            (helper_wire.USER, b"alice"), (helper_wire.SERVICE, b"locker"),
            (helper_wire.CONFIG, self.s.conf.encode()),
            (helper_wire.WORD, PASSWORD.encode()),
            # alice is no Unix account here.
            (helper_wire.FLAGS, helper_wire.ANY_ACCOUNT), *fields]),
            env=self.s.env)

    def test_x17_no_session_and_no_new_password(self):
        self.s.ctl("user", "set", "alice", "--system-login", check=True)
        new = (helper_wire.NEW_WORD, OTHER.encode())
        self.s.turn("fail")
        for kind, field in ((helper_wire.CHANGE, [new]),
                            (helper_wire.OPEN, [])):
            answer, fields = self.ask(kind, *field)
            self.assertEqual(answer, helper_wire.UNAVAILABLE, fields)
            self.assertIn(b"getrandom", fields[helper_wire.LOG])
        self.assertEqual(sum(self.counts()), 0)
        # The password is the old one, and whether it is right needs none.
        self.assertEqual(self.ask(helper_wire.AUTH)[0], helper_wire.ALLOW)
        self.s.turn()
        self.assertEqual(self.ask(helper_wire.OPEN)[0],
                         helper_wire.ALLOW)
        self.assertEqual(self.ask(helper_wire.CHANGE, new)[0],
                         helper_wire.ALLOW)


class Source(Case):
    page_workers = "3"

    def since(self, mark):
        return self.s.recorded()[mark:]

    def one_of(self, calls, data):
        """The call that gave these bytes and no other; its process."""
        found = [pid for pid, got in calls if got == data]
        self.assertEqual(len(found), 1, (data, calls))
        return found[0]

    def test_x20_each_piece_is_of_a_call_at_its_time(self):
        """What the kernel gave between the request and its answer. So
        nothing can be given twice that lay in a process's memory: neither
        by two workers, nor by a machine that was put to sleep or set back."""
        self.s.start_gate()
        pids = set()
        for turn in range(12):
            if turn == 6 and len(pids) == 1:
                # The kernel liked one of them: another is to answer now.
                [busy] = pids
                os.kill(busy, signal.SIGSTOP)
                self.addCleanup(os.kill, busy, signal.SIGCONT)
            csrf, jar = self.s.open_form("/auth/login")
            mark = len(self.s.recorded())
            answer = self.s.page("POST", "/auth/login", form={
                "username": "alice", "password": PASSWORD, "csrf": csrf},
                cookies=jar)
            self.assertEqual(answer.status, 303)
            calls = self.since(mark)
            jar = set_cookies(answer, {})
            used = {self.one_of(calls, raw(jar[COOKIE])),
                    self.one_of(calls, raw(jar[DEVICE])),
                    self.one_of(calls, raw(jar[PRE].split(".")[0]))}
            status = self.s.page("GET", "/auth/status", cookies=jar)
            handle = re.search(r'"session":"([^"]+)"', status.text).group(1)
            halves = [pid for pid, got in calls if len(got) == 12 and
                      raw(handle)[1:] == got[1:]]
            self.assertEqual(len(halves), 1)
            self.assertEqual(used, set(halves))
            pids |= used
        self.assertLessEqual(pids, set(self.s.workers()))
        self.assertGreater(len(pids), 1)
        everything = [got for _, got in self.s.recorded() if len(got) > 8]
        self.assertEqual(len(everything), len(set(everything)))

    def test_x20_salts_pins_links_and_keys_too(self):
        for name in os.listdir(os.path.join(self.s.state_dir, "keys")):
            os.unlink(os.path.join(self.s.state_dir, "keys", name))
        self.s.ctl("init", check=True, env=self.s.env)
        for name in os.listdir(os.path.join(self.s.state_dir, "keys")):
            with open(os.path.join(self.s.state_dir, "keys", name),
                      "rb") as file:
                self.one_of(self.s.recorded(), file.read())
        mark = len(self.s.recorded())
        generated = self.s.ctl("user", "add", "bob", "--generate", check=True,
                               env=self.s.env).stdout.strip()
        salt, = self.s.sql("SELECT password FROM users WHERE name = 'bob'")[0]
        salt = salt.split("$")[4]
        calls = self.since(mark)
        self.one_of(calls, base64.b64decode(salt + "=="))
        # A call a character, and more for those that were thrown away; a
        # library looks whether there is a source, when it is loaded.
        alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
        bound = 256 // len(alphabet) * len(alphabet)
        drawn = "".join(alphabet[got[0] % len(alphabet)] for _, got in calls
                        if len(got) == 1 and got[0] < bound)
        self.assertTrue(drawn.endswith(generated.replace("-", "")))
        self.s.start_gate()
        mark = len(self.s.recorded())
        self.s.post("/auth/signup", {"email": "new@example.com",
                                     "password": OTHER, "confirm": OTHER})
        self.s.post("/auth/forgot", {"email": "alice@example.com"})
        folder = os.path.join(self.s.state_dir, "mail", "*.eml")
        self.assertTrue(wait_for(lambda: len(glob.glob(folder)) == 2, 20))
        text = ""
        for path in glob.glob(folder):
            with open(path, encoding="utf-8") as file:
                text += file.read()
        pin = re.search(r"(?m)^ *(\d{6}|\d{3}[ -]\d{3}) *\r?$", text)
        self.assertTrue(pin, text)
        draws = [int.from_bytes(got, "little") % 1000000
                 for _, got in self.since(mark) if len(got) == 4]
        self.assertIn(int(re.sub(r"\D", "", pin.group(1))), draws)
        token = re.search(r"/auth/reset\?token=([A-Za-z0-9_-]+)", text)
        self.one_of(self.since(mark), raw(token.group(1)))

    def test_x20_no_program_draws_from_a_pool(self):
        """OpenSSL's and libc's generators keep their state in memory."""
        pools = re.compile(
            r"\b(RAND_\w+|EVP_RAND\w*|BN_\w*rand\w*|s?rand(om)?(_r)?|"
            r"[dejlmn]rand48(_r)?|arc4random\w*|getentropy|uuid_generate\w*)"
            r"(@|$)", re.M)
        module = os.path.join(BUILD, "pam_stauth", "pam_stauth.so")
        for program in (GATE, CTL, HELPER, module):
            names = subprocess.run(
                ["nm", "-D", "--undefined-only", program], text=True,
                stdout=subprocess.PIPE, check=True).stdout
            self.assertIn("malloc", names)
            self.assertIsNone(pools.search(names), program)
            self.assertEqual("getrandom" in names, program != module)


if __name__ == "__main__":
    unittest.main()
