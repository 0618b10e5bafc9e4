# SPDX-License-Identifier: MIT
"""A database out of order: 503, a word in the log, no restart."""

import os
import shutil
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from process_case import PASSWORD, ProcessCase  # noqa: E402
from rig import GATE, wait_for  # noqa: E402

NOBODY = 65534


class Store(ProcessCase):
    """A database out of order: 503, a word in the log, no restart."""

    def back(self, s, token=None):
        want = 401 if token is None else 204
        self.assertTrue(
            wait_for(lambda: s.check(token).status == want, 5),
            s.log().decode())

    def junk(self, s):
        return s.check("A" * 32).status

    def test_missing_then_init(self):
        s = self.stack(init=False)
        self.assertIn("warning", s.log().decode())
        self.assertEqual(self.junk(s), 503)
        self.assertEqual(s.page("GET", "/auth/health").status, 503)
        workers = s.workers()
        s.ctl("init", check=True)
        self.assertTrue(wait_for(lambda: self.junk(s) == 401, 5))
        s.add_user("alice", PASSWORD)
        # Each worker looks for the database once a second.
        self.assertTrue(wait_for(
            lambda: s.login("alice", PASSWORD)[0].status == 303, 5))
        self.back(s, s.token("alice", PASSWORD))
        self.assertEqual(s.workers(), workers)

    def test_x13_deleted_and_put_back(self):
        s, token = self.with_alice()
        self.assertEqual(s.check(token).status, 204)
        names = [s.db + end for end in ("", "-wal", "-shm")
                 if os.path.exists(s.db + end)]
        for name in names:
            os.rename(name, name + ".away")
        self.assertTrue(wait_for(lambda: s.check(token).status == 503, 3))
        for name in names:
            os.rename(name + ".away", name)
        self.back(s, token)

    def test_g10_another_file_renamed_over(self):
        """Who has no session in the new file is out, whoever asked before;
        who has one there is in. Within a second, in the same workers."""
        s, token = self.with_alice({"CHECK_WORKERS": "2"})
        workers = s.workers()
        for _ in range(20):
            self.assertEqual(s.check(token).status, 204)
        other = s.db + ".other"
        with sqlite3.connect(s.db, timeout=5) as db:
            db.execute("VACUUM INTO ?", (other,))
        shutil.copymode(s.db, other)
        with sqlite3.connect(other) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("DELETE FROM sessions")
        db.close()
        os.rename(other, s.db)
        self.assertTrue(
            wait_for(lambda: s.check(token).status == 401, 3),
            s.log().decode())
        time.sleep(1.1)  # the other worker looks once a second, too
        for _ in range(20):
            self.assertEqual(s.check(token).status, 401)
        self.assertEqual(s.check(s.token("alice", PASSWORD)).status, 204)
        self.assertEqual(s.workers(), workers)

    def test_x9_locked_for_writing_checks_go_on(self):
        s, token = self.with_alice()
        with sqlite3.connect(s.db, isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            start = time.monotonic()
            self.assertEqual(s.check(token).status, 204)
            self.assertLess(time.monotonic() - start, 0.5)
            start = time.monotonic()
            response, _ = s.login("alice", PASSWORD)
            self.assertEqual(response.status, 503)
            self.assertLess(time.monotonic() - start, 4)
            db.execute("ROLLBACK")
        self.assertEqual(s.login("alice", PASSWORD)[0].status, 303)

    def test_x12_corrupt(self):
        s, token = self.with_alice()
        s.stop_gate()
        with open(s.db, "rb") as file:
            good = file.read()
        for end in ("-wal", "-shm"):
            if os.path.exists(s.db + end):
                os.unlink(s.db + end)
        with open(s.db, "r+b") as file:
            file.write(b"this is no database at all......")
        s.start_gate()
        self.assertEqual(self.junk(s), 503)
        self.assertNotEqual(s.check(token).status, 204)
        with open(s.db, "r+b") as file:
            file.write(good[:32])
        self.back(s, token)

    def test_newer_schema_is_refused(self):
        s, token = self.with_alice()
        version = s.sql("PRAGMA user_version")[0][0]
        s.stop_gate()
        s.sql("PRAGMA user_version = %d" % (version + 1000))
        s.start_gate()
        self.assertEqual(s.check(token).status, 503)
        self.assertEqual(self.junk(s), 503)
        s.sql("PRAGMA user_version = %d" % version)
        self.back(s, token)

    def as_ordinary_user(self, s):
        """Root writes read-only files, so it starts the gate as nobody."""
        if os.geteuid() != 0:
            return {}
        program = shutil.copy(GATE, s.dir)
        os.chmod(s.dir, 0o755)
        for folder, _, names in os.walk(s.dir):
            for path in [folder] + [os.path.join(folder, n) for n in names]:
                os.chown(path, NOBODY, NOBODY)
        return {"executable": program, "user": NOBODY, "group": NOBODY,
                "extra_groups": []}

    def test_x11_read_only_files_and_back(self):
        s, token = self.with_alice()
        s.stop_gate()
        who = self.as_ordinary_user(s)
        os.chmod(s.db, 0o440)
        s.start_gate(**who)
        self.assertIn(s.check(token).status, (204, 503))
        self.assertEqual(s.login("alice", PASSWORD)[0].status, 503)
        self.assertEqual(s.page("POST", "/auth/logout").status, 303)
        os.chmod(s.db, 0o660)
        self.assertTrue(wait_for(
            lambda: s.login("alice", PASSWORD)[0].status == 303))
        self.assertEqual(s.check(token).status, 204)

    def test_faults_do_not_fill_the_log(self):
        s = self.stack(init=False)
        before = s.log().count(b"\n")
        for _ in range(100):
            self.assertEqual(self.junk(s), 503)
        self.assertLessEqual(s.log().count(b"\n") - before, 4)

    def test_no_cookie_needs_no_store(self):
        s = self.stack(init=False)
        self.assertEqual(s.check().status, 401)


if __name__ == "__main__":
    unittest.main()
