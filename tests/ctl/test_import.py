# SPDX-License-Identifier: MIT
"""import st-auth-simple, from the old files to a log-in."""

import glob
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import oldapp  # noqa: E402
from rig import CTL, Stack  # noqa: E402

TOKEN = "an-old-auth-token-of-32-letters-"


class Import(unittest.TestCase):
    config = {"ENC_PASSWORD": oldapp.ENC_PASSWORD,
              "ENC_NONCE": oldapp.ENC_NONCE}

    def setUp(self):
        self.stack = Stack(config=self.config)
        self.addCleanup(self.stack.stop)
        self.folder = os.path.join(self.stack.dir, "app")
        os.makedirs(os.path.join(self.folder, "db"))
        self.db = os.path.join(self.folder, "db", "auth.db")

    def make(self, *users, **more):
        oldapp.make_db(self.db, [
            (name, oldapp.encrypt(password), su, TOKEN)
            for name, password, su in users], **more)

    def run_import(self, code, path, *options):
        result = self.stack.ctl("import", "st-auth-simple", path, *options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def count(self, code, path, *options):
        result = self.run_import(code, path, "--json", *options)
        found = json.loads(result.stdout)
        return (found["added"], found["existing"], found["skipped"])

    def users(self):
        return {user["name"]: user for user in json.loads(
            self.stack.ctl("user", "list", "--json").stdout)}

    def verify(self, name, password):
        return self.stack.ctl("user", "verify", name, "--password-stdin",
                              stdin=password + "\n").returncode

    def raw(self):
        """Every byte that our side keeps."""
        found = b""
        for path in glob.glob(self.stack.state_dir + "/**", recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as data:
                    found += data.read()
        return found

    def test_k1_same_passwords_hashed_and_nothing_reversible_is_left(self):
        self.make(("alice@example.com", "old pass", 1), ("Bob", "x", 0),
                  ("carol", "päss '\"%$\\", 0))
        self.assertEqual(self.count(0, self.db), (3, 0, 0))
        users = self.users()
        self.assertEqual(sorted(users),
                         ["alice@example.com", "bob", "carol"])
        self.assertTrue(users["alice@example.com"]["su"])
        self.assertFalse(users["bob"]["su"])
        self.assertEqual(self.verify("alice@example.com", "old pass"), 0)
        self.assertEqual(self.verify("bob", "x"), 0)
        self.assertEqual(self.verify("carol", "päss '\"%$\\"), 0)
        self.assertEqual(self.verify("bob", "y"), 77)
        raw = self.raw()
        for password in ("old pass", "päss '\"%$\\"):
            self.assertNotIn(oldapp.encrypt(password).encode(), raw)
            self.assertNotIn(password.encode(), raw)
        self.assertGreaterEqual(raw.count(b"$argon2id$"), 3)

    def test_k1_the_old_file_is_not_touched(self):
        self.make(("alice", "old pass", 0))
        with open(self.db, "rb") as data:
            before = data.read()
        os.chmod(self.db, 0o400)
        self.count(0, self.db)
        with open(self.db, "rb") as data:
            self.assertEqual(data.read(), before)
        self.assertEqual(os.listdir(os.path.dirname(self.db)), ["auth.db"])

    def test_k2_rows_that_do_not_decrypt_are_reported_and_skipped_65(self):
        good = oldapp.encrypt("good pass")
        rows = [("good", good, 0, None)]
        bad = ["", "A", "====", "not base64 !", good[:-4], good[:20],
               good[:-2] + "==", "é" * 24, None, 12345,
               oldapp.encrypt("x", enc_password="another"),
               oldapp.encrypt("pass", enc_nonce="different"),
               oldapp.encrypt("x" * 512), oldapp.encrypt(""),
               oldapp.encrypt(b"a\x00b"), oldapp.encrypt("a\nb"),
               oldapp.encrypt(b"\xff\xfe"), "A" * 100000]
        rows += [("bad%d" % i, text, 1, None) for i, text in enumerate(bad)]
        oldapp.make_db(self.db, rows)
        result = self.run_import(65, self.db)
        users = self.users()
        self.assertIn("good", users)
        # Bytes that are no UTF-8 may be a password; all others are none.
        self.assertLessEqual(set(users), {"good", "bad16"})
        for i in range(len(bad)):
            if "bad%d" % i not in users:
                self.assertIn("bad%d" % i, result.stderr)
        self.assertNotIn("good pass", result.stderr + result.stdout)
        self.assertNotIn(good, result.stderr + result.stdout)

    def test_k3_names_that_are_none_are_skipped_and_inert(self):
        names = ['x" OR "1"="1', "x'; DROP TABLE users;--", "", " a", "a b",
                 "a\x1b[31m", "ä", "a" * 65, "a,b", "-a"]
        self.make(*[(name, "old pass", 1) for name in names],
                  ("o'brien", "old pass", 0))
        result = self.run_import(65, self.db)
        self.assertEqual(list(self.users()), ["o'brien"])
        self.assertNotIn("\x1b", result.stderr)
        self.assertIn("10 skipped", result.stderr)

    def test_k4_names_that_differ_in_case_only_never_replace(self):
        self.make(("Alice", "first pass", 0), ("alice", "other pass", 1),
                  ("bob", "bobs pass", 0))
        self.assertEqual(self.count(65, self.db, "--dry-run"), (1, 0, 2))
        self.assertEqual(self.count(65, self.db), (1, 0, 2))
        self.assertEqual(list(self.users()), ["bob"])

    def test_existing_users_are_left_alone_and_a_second_run_adds_none(self):
        self.stack.add_user("alice", "correct horse battery")
        self.make(("alice", "old pass", 1), ("bob", "old pass", 0))
        self.assertEqual(self.count(0, self.db), (1, 1, 0))
        self.assertEqual(self.count(0, self.db), (0, 2, 0))
        self.assertEqual(self.verify("alice", "correct horse battery"), 0)
        self.assertEqual(self.verify("alice", "old pass"), 77)
        self.assertFalse(self.users()["alice"]["su"])

    def test_dry_run_writes_nothing_and_ends_as_the_real_run(self):
        oldapp.make_db(self.db, [
            ("good", oldapp.encrypt("old pass"), 0, None),
            ("bad", "garbage", 0, None)])
        self.assertEqual(self.count(65, self.db, "--dry-run"), (1, 0, 1))
        self.assertEqual(self.users(), {})
        self.assertEqual(self.count(65, self.db), (1, 0, 1))

    def test_k9_an_old_token_opens_nothing(self):
        self.make(("alice", "old pass", 0))
        self.count(0, self.db)
        self.assertNotIn(TOKEN.encode(), self.raw())
        self.assertEqual(json.loads(
            self.stack.ctl("session", "list", "--json").stdout), [])
        self.stack.start_gate()
        self.assertEqual(self.stack.check(TOKEN).status, 401)

    def test_k8_two_devices_at_once_after_an_import(self):
        self.make(("alice", "rusty lantern orbit plum", 0))
        self.count(0, self.db)
        self.stack.start_gate()
        tokens = [self.stack.token("alice", "rusty lantern orbit plum") for _ in range(2)]
        self.assertNotEqual(*tokens)
        for token in tokens:
            self.assertEqual(self.stack.check(token).status, 204)

    def test_env_brings_file_and_secrets_relative_to_its_folder(self):
        self.stack.write_config({"ENC_PASSWORD": None, "ENC_NONCE": None})
        self.make(("alice", "old pass", 1))
        env = oldapp.make_env(self.folder)
        self.assertEqual(self.count(0, env, "--dry-run"), (1, 0, 0))
        self.assertEqual(self.count(0, env), (1, 0, 0))
        self.assertEqual(self.verify("alice", "old pass"), 0)

    def test_u24_write_config_keeps_what_is_ours(self):
        """A new file of our keys, readable; the old database is not in it."""
        self.stack.write_config({"ENC_PASSWORD": None, "ENC_NONCE": None})
        self.make(("alice", "old pass", 1))
        env = oldapp.make_env(
            self.folder, OPENAI_API_KEY="'sk-1'", COOKIE_NAME="old_cookie",
            BRAND_NAME='"It\'s \\\\ me"')
        new = os.path.join(self.folder, "new.conf")
        self.assertEqual(
            self.count(0, env, "--write-config", new, "--dry-run"),
            (1, 0, 0))
        self.assertFalse(os.path.exists(new))
        result = self.stack.ctl("import", "st-auth-simple", env,
                                "--write-config", new, check=True)
        self.assertIn(new + " written", result.stderr)
        with open(new, encoding="utf-8") as text:
            written = text.read()
        self.assertIn("BRAND_NAME='It\\'s \\\\ me'\n", written)
        self.assertIn("SESSION_TOKEN_NAME='old_cookie'\n", written)
        self.assertIn("ENC_PASSWORD=", written)
        for word in ("OPENAI", "SQLITE_DB", "COOKIE_NAME=", "export"):
            self.assertNotIn(word, written)
        self.assertEqual(os.stat(new).st_mode & 0o137, 0)
        shown = json.loads(subprocess.run(
            [CTL, "-c", new, "config", "show", "--json"], check=True,
            stdout=subprocess.PIPE).stdout)
        self.assertEqual(shown["BRAND_NAME"]["value"], "It's \\ me")
        # What is there already is never written over, and stops the import.
        result = self.stack.ctl("import", "st-auth-simple", env,
                                "--write-config", new)
        self.assertEqual(result.returncode, 73, result.stderr)
        for other in ("htpasswd", "json"):
            self.assertEqual(self.stack.ctl(
                "import", other, env, "--write-config", new).returncode, 64)

    def test_env_without_a_nonce(self):
        self.stack.write_config({"ENC_PASSWORD": None, "ENC_NONCE": None})
        oldapp.make_db(self.db, [
            ("alice", oldapp.encrypt("old pass", enc_nonce=""), 0, None)])
        env = oldapp.make_env(self.folder, ENC_NONCE=None)
        self.assertEqual(self.count(0, env), (1, 0, 0))
        self.assertEqual(self.verify("alice", "old pass"), 0)

    def test_env_of_an_airtable_base_78(self):
        env = oldapp.make_env(self.folder, STORAGE="'AIRTABLE'",
                              AIRTABLE_PAT="'pat'", AIRTABLE_BASE_KEY="'app'")
        result = self.run_import(78, env)
        self.assertIn("AIRTABLE", result.stderr)

    def test_without_the_secret_78(self):
        self.stack.write_config({"ENC_PASSWORD": None, "ENC_NONCE": None})
        self.make(("alice", "old pass", 0))
        result = self.run_import(78, self.db)
        self.assertIn("ENC_PASSWORD", result.stderr)
        self.assertEqual(self.users(), {})

    def test_a_file_that_is_not_there_or_is_none_65(self):
        garbage = os.path.join(self.folder, "garbage.db")
        with open(garbage, "wb") as out:
            out.write(os.urandom(4096))
        empty = os.path.join(self.folder, "empty.db")
        open(empty, "wb").close()
        other = os.path.join(self.folder, "other.db")
        oldapp.make_db(other, [], table="PEOPLE")
        for path in (os.path.join(self.folder, "none.db"), garbage, empty,
                     other, self.stack.db, self.folder, "/dev/null"):
            with self.subTest(path):
                result = self.run_import(65, path)
                self.assertIn(path, result.stderr)

    def test_init_on_an_old_file_73_untouched(self):
        self.make(("alice", "old pass", 0))
        with open(self.db, "rb") as data:
            before = data.read()
        self.stack.write_config({"SQLITE_DB_PATH": os.path.dirname(self.db),
                                 "SQLITE_DB": "auth.db"})
        result = self.stack.ctl("init")
        self.assertEqual(result.returncode, 73, result.stderr)
        self.assertIn("import", result.stderr)
        with open(self.db, "rb") as data:
            self.assertEqual(data.read(), before)


if __name__ == "__main__":
    unittest.main()
