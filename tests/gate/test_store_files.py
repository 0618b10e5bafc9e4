# SPDX-License-Identifier: MIT
"""G10: what an administrator does to the files of a running gate. Whatever it
is, a revoke that was acknowledged holds at the next check, nothing of two
databases is mixed, and what is damaged is reported at /auth/health."""

import os
import shutil
import signal
import sqlite3
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from process_case import PASSWORD, ProcessCase  # noqa: E402
from rig import COOKIE, wait_for  # noqa: E402

SIDE_FILES = (["-wal"], ["-shm"], ["-wal", "-shm"])


class Files(ProcessCase):
    """A gate with open connections, a -wal that holds something, and alice
    and bob signed in."""

    def running(self):
        s, alice = self.with_alice({"CHECK_WORKERS": "2"})
        s.add_user("bob", PASSWORD)
        bob = s.token("bob", PASSWORD)
        for _ in range(20):
            self.assertEqual(s.check(alice).status, 204)
            self.assertEqual(s.check(bob).status, 204)
            self.assertEqual(s.page("GET", "/auth/health").status, 200)
        self.assertGreater(os.path.getsize(s.db + "-wal"), 0)
        return s, alice, bob

    def never(self, s, token):
        """No worker lets it in, now or later."""
        for _ in range(20):
            self.assertNotEqual(s.check(token).status, 204)

    def sound(self, s):
        self.assertEqual(s.sql("PRAGMA integrity_check"), [("ok",)])

    def names(self, s):
        return sorted(row[0] for row in s.sql("SELECT name FROM users"))

    def in_service(self, s, name):
        self.assertTrue(wait_for(
            lambda: s.page("GET", "/auth/health").status == 200, 5))
        self.assertTrue(wait_for(
            lambda: s.login(name, PASSWORD)[0].status == 303, 5),
            s.log().decode())
        token = s.token(name, PASSWORD)
        for _ in range(10):
            self.assertEqual(s.check(token).status, 204)
        s.ctl("session", "revoke", "--user", name, check=True)
        self.never(s, token)

    def log_out(self, s, token):
        csrf, jar = s.open_form("/auth/login")
        jar[COOKIE] = token
        return s.page("POST", "/auth/logout", form={"csrf": csrf}, cookies=jar)

    def backup(self, s):
        name = s.db + ".backup"
        s.ctl("backup", name, check=True)
        return name

    def after_another_file(self, s, tokens, names, login):
        self.assertTrue(wait_for(
            lambda: all(s.check(t).status == 401 for t in tokens), 5),
            s.log().decode())
        self.in_service(s, login)
        for token in tokens:
            self.never(s, token)
        self.sound(s)
        self.assertEqual(self.names(s), names)
        s.stop_gate()
        self.sound(s)
        self.assertEqual(self.names(s), names)
        s.start_gate()
        for token in tokens:
            self.never(s, token)

    def test_g10_a_backup_copied_over_the_live_file(self):
        s, alice, bob = self.running()
        backup = self.backup(s)
        s.add_user("mallory", PASSWORD, su=True)
        s.ctl("session", "revoke", "--user", "alice", check=True)
        shutil.copyfile(backup, s.db)
        self.after_another_file(s, [alice, bob], ["alice", "bob"], "alice")

    def test_g10_a_backup_moved_over_the_live_file(self):
        s, alice, bob = self.running()
        backup = self.backup(s)
        s.add_user("mallory", PASSWORD, su=True)
        s.ctl("session", "revoke", "--user", "alice", check=True)
        os.rename(backup, s.db)
        self.after_another_file(s, [alice, bob], ["alice", "bob"], "alice")

    def another(self):
        """Another store, live until just now."""
        s = self.stack()
        s.add_user("eve", PASSWORD)
        s.token("eve", PASSWORD)
        s.stop_gate()
        with sqlite3.connect(s.db) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with open(s.db, "rb") as file:
            self.assertEqual(file.read(20)[18:], b"\2\2")
        return s.db

    def test_g10_another_live_store_copied_over_the_live_file(self):
        s, alice, bob = self.running()
        shutil.copyfile(self.another(), s.db)
        self.after_another_file(s, [alice, bob], ["eve"], "eve")

    def test_g10_another_live_store_moved_over_the_live_file(self):
        s, alice, bob = self.running()
        other = s.db + ".other"
        shutil.copy(self.another(), other)
        os.rename(other, s.db)
        self.after_another_file(s, [alice, bob], ["eve"], "eve")

    def test_g10_a_copy_over_what_a_crash_left(self):
        """Nobody is there to see it: the -wal of the old one waits."""
        s, alice, bob = self.running()
        backup = self.backup(s)
        s.add_user("mallory", PASSWORD, su=True)
        os.killpg(s.gate.pid, signal.SIGKILL)
        s.gate.wait(5)
        self.assertGreater(os.path.getsize(s.db + "-wal"), 0)
        shutil.copyfile(backup, s.db)
        s.start_gate()
        self.after_another_file(s, [alice, bob], ["alice", "bob"], "alice")

    def revoke_without(self, endings, command):
        s, alice, bob = self.running()
        for ending in endings:
            os.unlink(s.db + ending)
        done = s.ctl(*command)
        if done.returncode == 0:
            self.never(s, alice)
        self.assertTrue(wait_for(
            lambda: s.page("GET", "/auth/health").status == 200, 5))
        self.assertTrue(wait_for(
            lambda: s.ctl(*command).returncode in (0, 67), 5))
        self.never(s, alice)
        for _ in range(10):
            self.assertEqual(s.check(bob).status, 204)
        self.sound(s)
        s.stop_gate()
        s.start_gate()
        self.never(s, alice)
        self.assertEqual(s.check(bob).status, 204)
        self.sound(s)
        return done.returncode

    def test_g10_side_files_removed_then_a_revoke(self):
        for endings in SIDE_FILES:
            with self.subTest(removed=endings):
                self.revoke_without(
                    endings, ("session", "revoke", "--user", "alice"))

    def test_g10_side_files_removed_then_a_disable(self):
        for endings in SIDE_FILES:
            with self.subTest(removed=endings):
                self.revoke_without(endings, ("user", "disable", "alice"))

    def test_g10_side_files_removed_then_a_log_out_on_the_page(self):
        for endings in SIDE_FILES:
            with self.subTest(removed=endings):
                s, alice, bob = self.running()
                for ending in endings:
                    os.unlink(s.db + ending)
                response = self.log_out(s, alice)
                if response.status == 303:
                    self.never(s, alice)
                self.assertTrue(wait_for(
                    lambda: s.check(bob).status == 204, 5))
                self.in_service(s, "bob")
                self.sound(s)

    def test_g10_a_revoke_made_before_is_not_lost_with_the_files(self):
        for endings in SIDE_FILES:
            with self.subTest(removed=endings):
                s, alice, bob = self.running()
                s.ctl("session", "revoke", "--user", "alice", check=True)
                for ending in endings:
                    os.unlink(s.db + ending)
                self.assertTrue(wait_for(
                    lambda: s.check(bob).status == 204, 5))
                self.never(s, alice)
                s.stop_gate()
                s.start_gate()
                self.never(s, alice)
                self.assertEqual(s.check(bob).status, 204)
                self.sound(s)


if __name__ == "__main__":
    unittest.main()
