# SPDX-License-Identifier: MIT
"""stauthctl backup and restore. CONTRACT 5."""

import json
import os
import shutil
import sqlite3
import stat
import sys
import threading
import unittest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", "rig"),
                os.path.dirname(__file__)]

from rig import Stack  # noqa: E402
from test_passwords import Terminal  # noqa: E402

PASSWORD = "correct horse battery"


class BackupCase(unittest.TestCase):
    def setUp(self):
        self.s = Stack()
        self.addCleanup(self.s.stop)
        self.file = os.path.join(self.s.dir, "copy.db")
        self.s.add_user("alice", PASSWORD)

    def backup(self):
        self.s.ctl("backup", self.file, check=True)

    def restore(self, *args):
        return self.s.ctl("restore", self.file, *args)

    def changes(self):
        result = self.restore("--yes", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return [(row["name"], row["change"])
                for row in json.loads(result.stdout)]

    def content(self):
        return [self.s.sql("SELECT * FROM " + table) for table in (
            "meta", "users", "sessions", "devices", "audit")]


class Backup(BackupCase):
    def test_new_private_whole_and_one_file(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.backup()
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        with sqlite3.connect(self.file) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(),
                             [("ok",)])
            self.assertEqual(db.execute("PRAGMA journal_mode").fetchall(),
                             [("wal",)])
            self.assertEqual(db.execute("SELECT name FROM users").fetchall(),
                             [("alice",)])
        db.close()
        self.assertEqual([name for name in os.listdir(self.s.dir)
                          if name.startswith("copy.db")], ["copy.db"])

    def test_what_is_there_stays_and_is_73(self):
        with open(self.file, "w", encoding="ascii") as out:
            out.write("mine")
        result = self.s.ctl("backup", self.file)
        self.assertEqual(result.returncode, 73, result.stderr)
        with open(self.file, encoding="ascii") as kept:
            self.assertEqual(kept.read(), "mine")
        os.unlink(self.file)
        os.symlink("/nonexistent", self.file)
        self.assertEqual(self.s.ctl("backup", self.file).returncode, 73)

    def test_wrong_folder_and_missing_store(self):
        self.assertEqual(self.s.ctl(
            "backup", "/nonexistent/copy.db").returncode, 65)
        self.assertEqual(self.s.ctl("backup").returncode, 64)
        os.unlink(self.s.db)
        self.assertEqual(self.s.ctl("backup", self.file).returncode, 78)
        self.assertFalse(os.path.exists(self.file))

    def test_g13_no_clear_secret_is_in_it(self):
        self.s.start_gate()
        _, jar = self.s.login("alice", PASSWORD, remember="1")
        self.backup()
        with open(self.file, "rb") as copy:
            data = copy.read()
        self.assertIn(b"alice", data)
        for secret in [PASSWORD, *jar.values()]:
            self.assertNotIn(secret.encode(), data)

    def test_x36_consistent_while_the_gate_writes(self):
        self.s.start_gate()
        stop, failed = threading.Event(), []

        def log_in():
            while not stop.is_set():
                response, _ = self.s.login("alice", PASSWORD)
                if response.status != 303:
                    failed.append(response.status)
        threads = [threading.Thread(target=log_in) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                self.backup()
                with sqlite3.connect(self.file) as db:
                    self.assertEqual(
                        db.execute("PRAGMA integrity_check").fetchall(),
                        [("ok",)])
                db.close()
                os.unlink(self.file)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failed, [])


class Restore(BackupCase):
    def test_g9_nothing_old_comes_back_to_life(self):
        self.s.start_gate()
        _, old = self.s.login("alice", PASSWORD)
        old_token = old["__Host-stauth"]
        self.backup()
        # Signed out before the restore; and one that is newer than it.
        self.s.ctl("session", "revoke", "--all", "--yes", check=True)
        new_token = self.s.token("alice", PASSWORD)
        self.assertEqual(self.s.check(new_token).status, 204)
        self.assertEqual(self.changes(), [])
        for token in (old_token, new_token):
            self.assertEqual(self.s.check(token).status, 401)
        for table in ("sessions", "devices"):
            self.assertEqual(self.s.sql("SELECT * FROM " + table), [])
        # The password of the backup holds, at once and in the same gate.
        self.assertEqual(self.s.check(
            self.s.token("alice", PASSWORD)).status, 204)

    def test_g9_epoch_and_uid_end_above_both(self):
        def numbers():
            return (self.s.sql("SELECT max(value) FROM meta")[0][0],
                    self.s.sql("SELECT max(epoch) FROM users")[0][0])
        for above in ("backup", "present"):
            if above == "present":
                self.backup()
            self.s.sql("UPDATE users SET epoch = epoch + 40")
            for i in range(3):
                self.s.add_user("%s%d" % (above, i), PASSWORD)
            top = self.s.sql("SELECT max(uid) FROM users")[0][0]
            before = max(numbers())
            if above == "backup":
                self.backup()
                self.s.sql("DELETE FROM users WHERE name <> 'alice'")
                self.s.sql("UPDATE users SET epoch = 1")
                self.s.sql("UPDATE sqlite_sequence SET seq = 1")
            self.changes()
            os.unlink(self.file)
            self.assertGreater(min(numbers()), before)
            self.s.add_user(above + "9", PASSWORD)
            self.assertGreater(self.s.sql(
                "SELECT uid FROM users WHERE name = ?", above + "9")[0][0],
                top)

    def test_lists_who_comes_back_or_becomes_enabled(self):
        for name in ("bob", "carol", "dora"):
            self.s.add_user(name, PASSWORD)
        self.s.ctl("user", "disable", "dora", check=True)
        self.backup()
        self.s.ctl("user", "delete", "bob", "--yes", check=True)
        self.s.ctl("user", "disable", "carol", check=True)
        self.s.add_user("later", PASSWORD)
        self.assertEqual(self.changes(),
                         [("bob", "back"), ("carol", "enabled")])
        names = json.loads(self.s.ctl("user", "list", "--json").stdout)
        self.assertEqual([user["name"] for user in names],
                         ["alice", "bob", "carol", "dora"])
        self.assertIn("restore", [row["event"] for row in json.loads(
            self.s.ctl("audit", "--json").stdout)])

    def test_g9_who_is_asked_sees_first_what_would_change(self):
        self.s.add_user("bob", PASSWORD)
        self.backup()
        self.s.ctl("user", "delete", "bob", "--yes", check=True)
        before = self.content()
        for answer in ("n\n", "\n", "\x04"):
            term = Terminal(self.s, "restore", self.file)
            term.expect("bob")
            term.expect("[y/N] ")
            self.assertEqual(self.content(), before)
            term.send(answer)
            self.assertEqual(term.end()[:2], (77, ""))
            self.assertEqual(self.content(), before)
        term = Terminal(self.s, "restore", self.file)
        term.expect("[y/N] ")
        term.send("y\n")
        code, out, _ = term.end()
        self.assertEqual(code, 0)
        self.assertIn("bob", out)
        self.assertNotEqual(self.content(), before)

    def test_who_has_a_bad_file_is_not_asked(self):
        term = Terminal(self.s, "restore", self.file)
        self.assertEqual(term.end()[0], 65)
        self.assertNotIn("[y/N]", term.seen)

    def test_refused_files_change_nothing(self):
        self.s.start_gate()
        token = self.s.token("alice", PASSWORD)
        before = self.content()

        def refused(code):
            result = self.restore("--yes")
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertEqual((result.stdout, self.content()), ("", before))
            self.assertEqual(self.s.check(token).status, 204)
        refused(65)
        for text in ("", "no database", "SQLite format 3\0" + "x" * 500):
            with open(self.file, "w", encoding="ascii") as out:
                out.write(text)
            refused(65)
        os.unlink(self.file)
        with sqlite3.connect(self.file) as db:
            db.execute("CREATE TABLE users (name)")
        db.close()
        refused(65)
        for statement, code in (
                ("PRAGMA user_version = 999", 78),
                ("PRAGMA application_id = 1", 65),
                ("ALTER TABLE users ADD COLUMN extra TEXT", 65),
                ("DROP INDEX sessions_idle", 65),
                ("CREATE INDEX mine ON users (display_name)", 65),
                ("CREATE TRIGGER t AFTER INSERT ON users BEGIN "
                 "SELECT 1; END", 65)):
            os.unlink(self.file)
            self.backup()
            with sqlite3.connect(self.file) as db:
                db.execute(statement)
            db.close()
            refused(code)

    def test_a_missing_file_is_reported(self):
        for name in ("none.db", "none/copy.db"):
            self.file = os.path.join(self.s.dir, name)
            result = self.restore("--yes")
            self.assertEqual(result.returncode, 65)
            self.assertIn(self.file + ": No such file or directory",
                          result.stderr)

    def test_u15_a_fifo_is_refused_at_once(self):
        os.mkfifo(self.file)
        result = self.restore("--yes")
        self.assertEqual(result.returncode, 65, result.stderr)
        self.assertIn("not a regular file", result.stderr)

    def test_u15_a_restore_leaves_nothing_beside_the_file(self):
        self.backup()
        self.assertEqual(self.changes(), [])
        self.assertEqual([name for name in os.listdir(self.s.dir)
                          if name.startswith("copy.db")], ["copy.db"])

    def test_u15_a_copied_live_database_is_refused_with_its_wal(self):
        self.s.start_gate()
        self.s.token("alice", PASSWORD)
        for end in ("", "-wal"):
            shutil.copy(self.s.db + end, self.file + end)
        before = sorted(os.listdir(self.s.dir))
        result = self.restore("--yes")
        self.assertEqual(result.returncode, 65, result.stderr)
        self.assertIn("stauthctl backup", result.stderr)
        self.assertEqual(sorted(os.listdir(self.s.dir)), before)

    def test_damaged_backup_is_refused(self):
        self.backup()
        before = self.content()
        with open(self.file, "r+b") as out:
            out.seek(4096 * 3)
            out.write(b"\xa5" * 4096)
        self.assertEqual(self.restore("--yes").returncode, 65)
        self.assertEqual(self.content(), before)

    def test_a_running_gate_never_sees_a_half(self):
        """Checks meanwhile: the old session or none, and no fault."""
        self.s.start_gate()
        self.backup()
        token = self.s.token("alice", PASSWORD)
        seen, stop = [], threading.Event()

        def look():
            while not stop.is_set():
                seen.append(self.s.check(token).status)
        thread = threading.Thread(target=look)
        thread.start()
        try:
            for _ in range(10):
                self.assertEqual(self.restore("--yes").returncode, 0)
        finally:
            stop.set()
            thread.join()
        self.assertLessEqual(set(seen), {204, 401})
        # Once gone, gone.
        self.assertNotIn(204, seen[seen.index(401):])
        self.assertEqual(self.s.sql("PRAGMA integrity_check"), [("ok",)])

    def test_e3_a_large_database_is_not_kept_in_memory(self):
        self.s.ctl("backup", self.file, check=True)
        few = self.s.ctl_memory("--yes", "restore", self.file)
        self.s.sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 100000) INSERT INTO audit (at, event, ok, user_name,"
            " uid, actor, channel, address, detail) SELECT 1700000000, 'x',"
            " 1, 'alice', 1, '', 'web', '192.0.2.1', 'x' FROM n")
        large = self.file + ".large"
        self.assertLess(self.s.ctl_memory("backup", large) - few, 4096)
        self.assertGreater(os.path.getsize(large), 8 << 20)
        self.assertLess(self.s.ctl_memory("--yes", "restore", large) - few,
                        4096)


if __name__ == "__main__":
    unittest.main()
