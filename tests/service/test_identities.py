# SPDX-License-Identifier: MIT
"""Everybody as whom CONTRACT 9 says, on the installed files: whoever comes
first, nobody meets a database that cannot be written, and who is not meant to
reads and reaches nothing."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import installed  # noqa: E402
from installed import (APP, MEMBER, NGINX, NOBODY, ROOT,  # noqa: E402
                       InstalledStack, owner, run_as)
from rig import COOKIE, wait_for  # noqa: E402

PASSWORD = "seven green lamps on a hill"
NEW = "eleven blue doors by the sea"
PYTHON = "/usr/bin/python3"       # that others may start, too
CONNECT = ("import socket,sys\n"
           "s = socket.socket(socket.AF_UNIX)\n"
           "s.connect(sys.argv[1])\nprint('connected')\n")


class Case(unittest.TestCase):
    def setUp(self):
        reason = installed.why_not()
        if reason:
            self.skipTest(reason)
        self.stack = InstalledStack()
        self.addCleanup(self.stack.stop)
        self.holders = []
        self.addCleanup(self.release)

    def release(self):
        for holder in self.holders:
            holder.kill()
            holder.wait()
            holder.stdout.close()
        self.holders = []

    def init(self, who=ROOT):
        self.stack.ctl("init", check=True, **who)

    def hold(self, who):
        """Keeps the database open, and makes its -wal and -shm by that."""
        self.holders.append(subprocess.Popen(
            ["/usr/sbin/stauthctl", "audit", "--follow"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **who))
        self.assertTrue(wait_for(
            lambda: os.path.exists(self.stack.db + "-shm")))

    def assert_owners(self):
        files = [name for name in ("", "-wal", "-shm")
                 if os.path.exists(self.stack.db + name)]
        for name in files:
            self.assertEqual(owner(self.stack.db + name),
                             "stauth:stauth 0660", name)
        self.assertEqual(owner(self.stack.state_dir), "stauth:stauth 2770")
        for name in ("csrf", "pin", "device"):
            self.assertEqual(owner(self.stack.state_dir + "/keys/" + name),
                             "root:stauth 0640")
        self.assertEqual(owner(self.stack.conf), "root:stauth 0640")

    # --- what everybody does

    def by_root(self, name):
        self.stack.add_user(name, PASSWORD)

    def by_member(self, name):
        told = self.stack.ctl("user", "passwd", name, "--password-stdin",
                              stdin=NEW + "\n", **MEMBER)
        self.assertEqual(told.returncode, 0, told.stderr)

    def by_web(self, name):
        jar = self.stack.session(name, NEW)
        self.assertEqual(self.stack.http("GET", "/", cookies=jar).status, 200)

    def by_pam(self, user):
        """As root, and as one's own user, through the listener or not."""
        self.assertEqual(self.stack.pam(
            "alice", "authenticate", "acct_mgmt", "open_session",
            answers=[("Password: ", PASSWORD)], user=user), "SUCCESS")

    def everybody(self, name):
        """Adds NAME and works with it, each as another."""
        self.by_root(name)
        self.by_member(name)
        self.by_web(name)
        if not self.stack.sql("SELECT 1 FROM users WHERE name = 'alice'"):
            self.stack.add_user("alice", PASSWORD, "--system-login")
        self.by_pam(None)
        self.by_pam("alice")
        self.assert_owners()


class AnyoneFirst(Case):
    def start(self):
        """Before init it would end: that is tested with the messages."""
        self.stack.start()

    def test_installed_files_belong_as_the_contract_says(self):
        self.init()
        self.start()
        for path, wanted in (
                ("/etc/stauth", "root:root 0755"),
                ("/run/stauth", "stauth:stauth 0755"),
                ("/run/stauth/check.sock", "stauth:www-data 0660"),
                ("/run/stauth/pages.sock", "stauth:www-data 0660"),
                ("/usr/libexec/stauth/stauth_chkpwd", "root:root 0755"),
                ("/usr/sbin/fcgi_gate", "root:root 0755"),
                ("/usr/sbin/stauthctl", "root:root 0755")):
            self.assertEqual(owner(path), wanted, path)
        self.assert_owners()
        # www-data in the group could read every hash.
        self.assertNotIn("www-data", installed.grp.getgrnam("stauth").gr_mem)

    def test_init_and_first_opener_in_every_order(self):
        for i, (maker, holder) in enumerate(itertools.product(
                (ROOT, MEMBER), (None, ROOT, MEMBER))):
            with self.subTest(maker=maker.get("user"), holder=holder):
                stack = self.stack
                stack.stop()
                self.stack = stack = InstalledStack()
                self.init_or_root(maker)
                if holder is not None:
                    self.hold(holder)
                self.start()
                self.everybody("first%d@example.com" % i)
                self.release()
                stack.stop_gate()
                stack.start_gate()
                self.everybody("again%d@example.com" % i)
                stack.stop()

    def init_or_root(self, maker):
        """Keys are root's, so only root can make them: a member is told."""
        if maker is MEMBER:
            told = self.stack.ctl("init", **MEMBER)
            self.assertEqual(told.returncode, 77, told.stderr)
            self.assertIn("root", told.stderr)
        self.init()

    def test_each_opens_it_first_after_all_closed(self):
        self.init()
        self.start()
        self.everybody("bob@example.com")
        self.stack.stop_gate()
        openers = {
            "root": lambda: self.by_root("r@example.com"),
            "member": lambda: self.by_member("bob@example.com"),
            "helper as root": lambda: self.by_pam(None),
            "helper as user": lambda: self.by_pam("alice"),
        }
        for name, opens in openers.items():
            with self.subTest(opener=name):
                opens()
                self.assert_owners()
                self.stack.start_gate()
                self.by_web("bob@example.com")
                self.stack.stop_gate()

    def test_g8_killed_with_the_log_left_behind(self):
        """-wal and -shm of one are recovered by another."""
        self.init()
        self.start()
        for holder in (ROOT, MEMBER):
            self.everybody("k%s@example.com" % (holder.get("user") or "root"))
            self.hold(holder)
            installed.os.killpg(self.stack.gate.pid, 9)
            self.stack.gate.wait()
            self.release()
            self.assertTrue(os.path.exists(self.stack.db + "-wal"))
            self.by_pam("alice")
            self.stack.start_gate()
            self.assert_owners()

    def test_backup_restore_and_a_second_init_leave_it_writable(self):
        self.init()
        self.start()
        self.everybody("one@example.com")
        copy = "/var/tmp/stauth-copy"
        self.addCleanup(lambda: os.path.exists(copy) and os.unlink(copy))
        for number, who in enumerate((ROOT, MEMBER)):
            self.stack.ctl("backup", copy, check=True, **who)
            self.assertEqual(owner(copy)[-4:], "0600")
            self.init()
            self.everybody("more%d@example.com" % number)
            told = self.stack.ctl("restore", copy, "--yes", **who)
            self.assertEqual(told.returncode, 0, told.stderr)
            self.everybody("after%d@example.com" % number)
            os.unlink(copy)


class WhoMayNot(Case):
    def setUp(self):
        super().setUp()
        self.init()
        self.stack.start()
        self.stack.add_user("bob", PASSWORD, su=True)
        self.hold(ROOT)

    def test_g13_others_read_neither_hashes_nor_keys_nor_configuration(self):
        files = [self.stack.db + end for end in ("", "-wal", "-shm")]
        files += [self.stack.state_dir + "/keys/" + name
                  for name in ("csrf", "pin", "device")] + [self.stack.conf]
        for path in files:
            self.assertEqual(run_as(MEMBER, "wc", "-c", path).returncode, 0, path)
            for who in (NGINX, APP, NOBODY):
                told = run_as(who, "cat", path)
                self.assertIn("Permission denied", told.stdout, path)
        for who in (NGINX, APP, NOBODY):
            for folder in (self.stack.state_dir,
                           self.stack.state_dir + "/keys"):
                self.assertIn("Permission denied",
                              run_as(who, "ls", folder).stdout)

    def test_b21_only_nginx_reaches_the_sockets(self):
        for path in (self.stack.check_sock, self.stack.pages_sock):
            self.assertIn("connected", run_as(
                NGINX, PYTHON, "-c", CONNECT, path).stdout)
            for who in (APP, NOBODY):
                told = run_as(who, PYTHON, "-c", CONNECT, path)
                self.assertIn("PermissionError", told.stdout)

    def test_others_cannot_administer(self):
        for who in (NGINX, APP, NOBODY):
            for args in (("user", "list"), ("session", "list"),
                         ("user", "passwd", "bob", "--generate"),
                         ("session", "revoke", "--all", "--yes"),
                         ("config", "show")):
                told = self.stack.ctl(*args, **who)
                self.assertEqual((told.returncode, told.stdout), (77, ""),
                                 (who, args, told.stderr))
        self.assertEqual(self.stack.session("bob", PASSWORD).keys(), {COOKIE})

    def test_a_file_that_is_not_the_administrators_is_77(self):
        shut, copy = "/var/tmp/shut", "/var/tmp/copy.db"
        os.mkdir(shut, 0o700)
        self.addCleanup(shutil.rmtree, shut)
        for path in (copy, shut + "/copy.db"):
            self.stack.ctl("backup", path, check=True)
        self.addCleanup(os.unlink, copy)
        for args in (("restore", copy, "--yes"),
                     ("restore", shut + "/copy.db", "--yes"),
                     ("backup", shut + "/other.db")):
            told = self.stack.ctl(*args, **MEMBER)
            self.assertEqual((told.returncode, told.stdout), (77, ""),
                             (args, told.stderr))
            self.assertIn("Permission denied", told.stderr)

    def test_a34_the_helper_answers_about_its_caller_only(self):
        self.stack.add_user("alice", PASSWORD, "--system-login")
        answers = [("Password: ", PASSWORD)]
        for user, code in (("alice", "SUCCESS"),
                           ("mallory", "PERM_DENIED"),
                           ("carol", "PERM_DENIED")):
            self.assertEqual(self.stack.pam(
                "alice", "authenticate", answers=answers, user=user), code)


class WrongOwners(Case):
    """Each is told with the command that mends it, and mended by it."""

    MISTAKES = (
        ("the file is root's", "chown root:root {db} && chmod 600 {db}"),
        ("nobody may write the file", "chmod 440 {db}"),
        ("the directory is root's", "chown root:root {dir}"),
        ("the directory is shut", "chown root {dir} && chmod 700 {dir}"),
        ("a key is root's alone", "chown root:root {dir}/keys/csrf"),
        ("the configuration is root's alone", "chown root:root {conf}"),
        ("the configuration may be written by all", "chmod 666 {conf}"),
        ("the configuration is somebody's", "chown mallory {conf}"),
    )

    def break_it(self, command):
        subprocess.run(command.format(
            db=self.stack.db, dir=self.stack.state_dir,
            conf=self.stack.conf), shell=True, check=True)

    def gate_says(self):
        """What it logs at a start, and when somebody signs in."""
        before = len(self.stack.log())
        try:
            self.stack.start_gate()
            self.stack.login("bob", PASSWORD, host=self.stack.host,
                             https=False)
        except AssertionError:
            pass        # it ended; what it said is in the log
        finally:
            self.stack.stop_gate()
        return self.stack.log()[before:].decode()

    def test_reported_with_the_command_that_repairs_it(self):
        self.init()
        self.stack.add_user("bob", PASSWORD)
        self.stack.start()
        self.stack.stop_gate()
        for what, command in self.MISTAKES:
            with self.subTest(what=what):
                self.break_it(command)
                said = self.gate_says()
                mend = re.findall(r"run: (ch\w+ .*)", said)
                self.assertTrue(mend, said)
                subprocess.run(mend[-1], shell=True, check=True)
                os.chmod(self.stack.conf, 0o640)    # no secret in it
                self.stack.start_gate()
                self.stack.session("bob", PASSWORD)
                self.stack.stop_gate()
                self.assert_owners()

    def test_who_is_not_of_the_group_is_shown_that(self):
        self.init()
        told = self.stack.ctl("user", "list", **NOBODY)
        self.assertEqual(told.returncode, 77)
        self.assertIn("root and the group stauth", told.stderr)
        self.assertNotIn("run: ch", told.stderr)


if __name__ == "__main__":
    unittest.main()
