# SPDX-License-Identifier: MIT
"""What a wrong start says: what is wrong, on one line, and what repairs it."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from process_case import ProcessCase  # noqa: E402
from rig import Stack, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []}
AS_ROOT = unittest.skipIf(os.geteuid() != 0, "needs root (another user)")

# What is set, and what of it the one line must say.
WRONG = (
    ({"PUBLIC_URL": "app.example.com"},
     ("PUBLIC_URL must be like https://app.example.com",)),
    ({"PUBLIC_URL": "https://app.example.com/start"},
     ("PUBLIC_URL must be like https://app.example.com",)),
    ({"PUBLIC_URL": "https://a.example,https://b.example"},
     ("PUBLIC_URL must be", "blanks between two")),
    ({"ALLOW_INSECURE_HTTP": "yes"}, ("must be 'True' or 'False'",)),
    ({"ARGON2_MEMORY_KIB": "99999999"}, ("from 1024 to 262144",)),
    ({"ARGON2_MEMORY_KIB": "64M"}, ("from 1024 to 262144",)),
    ({"APP_KEY": "short"}, ("APP_KEY", "openssl rand -base64 48")),
    ({"APP_KEY_FILE": "/nonexistent/key"}, ("/nonexistent/key",)),
    ({"STATE_DIR": "state"}, ("STATE_DIR must be an absolute path",)),
    ({"MAIL_TRANSPORT": "sendmail"},
     ("MAIL_TRANSPORT", "SENDGRID, SMTP or FILE\n")),
    ({"MAIL_TRANSPORT": "SMTP"}, ("SMTP_URL is not set",)),
    ({"SMTP_URL": "smtp://localhost:25"}, ("NOTIFICATION_FROM_EMAIL",)),
    ({"SMTP_URL": "smtp://localhost:25", "SMTP_USER": "me",
      "NOTIFICATION_FROM_EMAIL": "a@example.com"},
     ("SMTP_USER and SMTP_PASSWORD must be set together",)),
    ({"ALLOW_USER_SIGN_UP": "True"}, ("SENDGRID_API_KEY, SMTP_URL",)),
    ({"SOCKET_GROUP": "no-such-group"},
     ("no-such-group", "groupadd --system no-such-group")),
)


class Refused(ProcessCase):
    """78: no start, and systemd does not try again."""

    def reported(self, s, code, **more):
        result = self.run_gate(s, **more)
        self.assertEqual(result.returncode, code, result.stderr)
        lines = [line for line in result.stderr.splitlines(True)
                 if "warning: " not in line and "mail is off" not in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertLess(len(lines[0]), 230)
        return lines[0]

    def test_j5_each_wrong_key_is_named_with_its_right_form(self):
        for config, words in WRONG:
            with self.subTest(config):
                s = self.stack(config, start=False, init=False)
                line = self.reported(s, 78)
                for word in words:
                    self.assertIn(word, line)
                s.stop()

    def test_j5_a_key_twice_is_named(self):
        s = self.stack(start=False, init=False)
        with open(s.conf, "a", encoding="ascii") as out:
            out.write("PUBLIC_URL=https://b.example\n")
        line = self.reported(s, 78)
        self.assertIn(":6: PUBLIC_URL is already set on line", line)

    def test_a23_no_configuration_says_how_one_begins(self):
        s = self.stack(start=False, init=False)
        os.unlink(s.conf)
        line = self.reported(s, 78)
        self.assertIn(s.conf + " does not exist: create it", line)
        self.assertIn("PUBLIC_URL='https://", line)
        result = s.ctl("init")
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn(s.conf + " does not exist: create it", result.stderr)

    def test_a_run_dir_that_cannot_be_made(self):
        s = self.stack(start=False)
        s.write_config({"RUN_DIR": s.dir + "/a/b/run"})
        line = self.reported(s, 78)
        self.assertIn("install -d -o ", line)
        self.assertIn(s.dir + "/a/b/run\n", line)

    def for_nobody(self, **config):
        s = self.stack(dict({"PUBLIC_URL": None}, **config), start=False)
        os.chmod(s.dir, 0o755)
        os.chmod(s.conf, 0o644)
        for folder, folders, files in os.walk(s.state_dir):
            for name in [""] + folders + files:
                shutil.chown(os.path.join(folder, name), "nobody", "nogroup")
        return s

    @AS_ROOT
    def test_a_run_dir_that_another_user_made(self):
        s = self.for_nobody()
        line = self.reported(s, 77, **NOBODY)
        self.assertIn("install -d -o nobody " + s.run_dir, line)
        s.start_gate()                # as root, by mistake
        s.stop_gate()
        line = self.reported(s, 77, **NOBODY)
        mend = line.partition("run as root: ")[2].strip()
        self.assertEqual(os.system(mend), 0, mend)
        s.start_gate(**NOBODY)

    @AS_ROOT
    def test_a_group_that_the_user_is_not_in(self):
        s = self.for_nobody(SOCKET_GROUP="daemon")
        os.mkdir(s.run_dir)
        shutil.chown(s.run_dir, "nobody")
        self.assertIn("usermod -aG daemon nobody",
                      self.reported(s, 78, **NOBODY))
        # By default it goes on with its own group, and says what that means.
        s.write_config({"SOCKET_GROUP": None})
        os.chmod(s.conf, 0o644)
        s.start_gate(**NOBODY)
        self.assertIn("usermod -aG www-data nobody", s.log().decode())
        s.stop_gate()
        with open(s.gate_log, "wb"):
            pass
        s.start_gate(user="nobody", group="nogroup",
                     extra_groups=["www-data"])
        self.assertNotIn("usermod", s.log().decode())
        s.stop_gate()
        # A container's group_add: a number that has no name here.
        s.write_config({"SOCKET_GROUP": "54321"})
        os.chmod(s.conf, 0o644)
        s.start_gate(user="nobody", group="nogroup", extra_groups=[54321])
        self.assertEqual(os.stat(s.check_sock).st_gid, 54321)


class Fresh(ProcessCase):
    def test_j4_a_fresh_store_has_no_account(self):
        s = self.stack()
        result = s.ctl("user", "list", "--json", check=True)
        self.assertEqual(json.loads(result.stdout), [])
        self.assertEqual(s.sql("SELECT count(*) FROM users"), [(0,)])
        for name in ("admin", "root", "stauth", "su"):
            response, _ = s.login(name, name)
            self.assertEqual(response.status, 401)


class Warned(ProcessCase):
    """It starts and lets nobody in until that is mended: 503 meanwhile."""

    def warning(self, s, *words, page="/auth/health"):
        s.start_gate()
        lines = [line for line in s.log().decode().splitlines()
                 if "warning: " in line and "started as root" not in line]
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(s.page("GET", page).status, 503)

    def test_no_state_dir(self):
        s = self.stack(start=False, init=False)
        os.rmdir(s.state_dir)
        self.warning(s, "run stauthctl init", s.state_dir)
        s.ctl("init", check=True)
        self.assertTrue(wait_for(
            lambda: s.page("GET", "/auth/health").status == 200))

    def test_no_database(self):
        self.warning(self.stack(start=False, init=False),
                     "run stauthctl init")

    def test_a27_a_newer_database(self):
        s = self.stack(start=False)
        s.sql("PRAGMA user_version = 99")
        self.warning(s, "schema 99 is newer", "install the stauth", s.db)

    def test_a27_no_database_at_all_in_the_file(self):
        s = self.stack(start=False)
        s.ctl("backup", s.dir + "/backup", check=True)
        with open(s.db, "wb") as out:
            out.write(os.urandom(8192))
        self.warning(s, "move it away, then: stauthctl init && stauthctl "
                     "restore BACKUP: " + s.db)
        # What it says mends it.
        for name in ("", "-wal", "-shm", "-reserve"):
            if os.path.exists(s.db + name):
                os.rename(s.db + name, s.dir + "/away" + name)
        s.ctl("init", check=True)
        s.ctl("restore", s.dir + "/backup", "--yes", check=True)
        self.assertTrue(wait_for(
            lambda: s.page("GET", "/auth/health").status == 200))

    def test_keys_that_are_missing_open_or_cut(self):
        for harm, words in (
                (os.unlink, ("keys/csrf is missing", "stauthctl init")),
                (lambda path: os.chmod(path, 0o644), ("chmod o-rwx ",)),
                (lambda path: os.truncate(path, 5),
                 ("keys/csrf does not hold 32 bytes; remove it",))):
            s = self.stack(start=False)
            harm(os.path.join(s.state_dir, "keys", "csrf"))
            self.warning(s, *words, page="/auth/login")
            s.stop()

    def test_plain_http_in_public_url(self):
        s = self.stack({"PUBLIC_URL": "http://app.example.com"})
        self.assertIn("warning: PUBLIC_URL http://app.example.com: nobody "
                      "can sign in", s.log().decode())
        for config in ({"PUBLIC_URL": "http://localhost:8080 "
                        "http://a.localhost http://127.0.0.2 http://[::1]:9"},
                       {"PUBLIC_URL": "http://app.example.com",
                        "ALLOW_INSECURE_HTTP": "True"}):
            s.write_config(config)
            self.assertNotIn("nobody can sign in",
                             s.ctl("config", "check", check=True).stderr)



class Pipes(unittest.TestCase):
    """Opening one may wait for ever."""

    def test_u15_a_pipe_in_place_of_a_file_holds_up_nobody(self):
        with Stack() as stack:
            stack.add_user("alice", PASSWORD)
            os.makedirs(stack.run_dir)
            for path in (stack.state_dir + "/slots.lock",
                         stack.db + "-reserve", stack.db + "-wal-owner",
                         stack.db + "-shm", stack.run_dir + "/gate.lock"):
                if os.path.lexists(path):
                    os.unlink(path)
                os.mkfifo(path)
            stack.start_gate()
            self.assertEqual(stack.login("alice", PASSWORD)[0].status, 303)
            self.assertEqual(stack.ctl(
                "user", "verify", "alice", "--password-stdin",
                stdin=PASSWORD + "\n").returncode, 0)
            # Keys are read, and a pipe has none: nobody signs in.
            keys = stack.state_dir + "/keys/"
            for name in os.listdir(keys):
                os.unlink(keys + name)
                os.mkfifo(keys + name)
            stack.stop_gate()
            stack.start_gate()
            self.assertEqual(stack.page("GET", "/auth/login").status, 503)
            self.assertEqual(stack.page("GET", "/auth/health").status, 200)


if __name__ == "__main__":
    unittest.main()
