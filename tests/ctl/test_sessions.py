# SPDX-License-Identifier: MIT
"""session list and revoke, against a running gate; and audit."""

import json
import os
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "gate"))
from rig import CTL, Stack, wait_for  # noqa: E402
from stream_case import StreamStack  # noqa: E402

PASSWORD = "correct horse battery"
KEYS = ["id", "user", "channel", "address", "created_at", "last_seen_at",
        "expires_at"]


class OpenWebSockets(unittest.TestCase):
    """What the relay has open, as administrators see it."""

    @classmethod
    def setUpClass(cls):
        cls.stack = StreamStack()
        cls.addClassCleanup(cls.stack.stop)
        for name in ("alice", "bob"):
            cls.stack.add_user(name, PASSWORD)
        cls.stack.start_gate()

    def listed(self):
        return {row["id"]: (row["open_websockets"], row["apps"])
                for row in json.loads(self.stack.ctl(
                    "session", "list", "--json", check=True).stdout)
                if row["open_websockets"]}

    def test_list_and_revoke_say_what_is_open_and_how_many_closed(self):
        app = [self.stack.app.name]
        one, two, bob = [self.stack.handle(name)
                         for name in ("alice", "alice", "bob")]
        socks = [self.stack.open(handle)
                 for handle in (one, one, two, bob, bob, bob)]
        visitor = self.stack.visitor()
        self.assertTrue(wait_for(lambda: self.listed() == {
            one: (2, app), two: (1, app), bob: (3, app)}, 4),
            self.listed())
        text = self.stack.ctl("session", "list", check=True).stdout
        self.assertRegex(text, one + r" .* 2 +" + app[0])
        result = self.stack.ctl("session", "revoke", one, check=True)
        self.assertIn("open WebSockets closed: 2\n", result.stderr)
        # And they are, when it says so.
        for sock in socks[:2]:
            sock.sock.settimeout(0.5)
            self.assertEqual(sock.end()[1], 4401)
        result = self.stack.ctl("session", "revoke", "--user", "alice",
                                check=True)
        self.assertIn("open WebSockets closed: 1\n", result.stderr)
        result = self.stack.ctl("session", "revoke", "--all", "--yes",
                                check=True)
        self.assertIn("open WebSockets closed: 3\n", result.stderr)
        visitor.send(b"hello")
        self.assertEqual(visitor.receive(), (2, b"hello"))
        quiet = self.stack.handle("bob")
        self.assertNotIn("WebSocket", self.stack.ctl(
            "session", "revoke", quiet, check=True).stderr)

    def test_a_list_that_no_relay_wrote_is_not_shown(self):
        handle = self.stack.handle("bob")
        with Stack({"APP_UPSTREAM": "127.0.0.1:1"}) as stack:
            os.mkdir(stack.run_dir)
            path = os.path.join(stack.run_dir, "stream.list")
            line = "%s 127.0.0.1:1 1 1 1\n" % handle
            for text in (line, "\x1b[2J\n", line + "x", "a b c d e f\n",
                         line.replace(" 1 1 1", " 0 1 1"),
                         line.replace("127", "\x1b[2J127")):
                with open(path, "w", encoding="latin-1") as out:
                    out.write(text)
                result = stack.ctl("session", "list", check=True)
                self.assertEqual("no list of the relay" in result.stderr,
                                 text != line, text)
                self.assertNotIn("\x1b", result.stdout + result.stderr)
            os.unlink(path)
            os.mkfifo(path)
            stack.ctl("session", "list", check=True)


class Sessions(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD, su=True)
        self.stack.add_user("bob", PASSWORD)
        self.stack.start_gate()
        self.alice = [self.stack.token("alice", PASSWORD) for _ in range(2)]
        self.bob = self.stack.token("bob", PASSWORD)

    def ctl(self, code, *args, **more):
        result = self.stack.ctl(*args, **more)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def listed(self, *names):
        return json.loads(
            self.ctl(0, "session", "list", *names, "--json").stdout)

    def statuses(self):
        return [self.stack.check(token).status
                for token in self.alice + [self.bob]]

    def test_list_of_nobody_is_not_the_list_of_everybody(self):
        self.assertEqual(
            self.ctl(67, "session", "list", "nobody").stdout, "")

    def test_list_has_the_keys_and_no_token(self):
        now = time.time()
        sessions = self.listed()
        self.assertEqual(len(sessions), 3)
        for session in sessions:
            self.assertEqual(list(session), KEYS)
            self.assertRegex(session["id"], r"^[A-Za-z0-9_-]{16}$")
            self.assertEqual(session["channel"], "web")
            self.assertEqual(session["address"], "192.0.2.7")
            self.assertAlmostEqual(session["created_at"], now, delta=30)
            self.assertGreater(session["expires_at"], now + 3600)
        self.assertEqual(sorted(s["user"] for s in sessions),
                         ["alice", "alice", "bob"])
        self.assertEqual([s["user"] for s in self.listed("BOB")], ["bob"])
        table = self.ctl(0, "session", "list").stdout
        self.assertEqual(len(table.splitlines()), 4)
        for token in self.alice + [self.bob]:
            self.assertNotIn(token, table + json.dumps(sessions))

    def test_revoke_by_id_ends_that_one_at_once(self):
        handle = self.stack.check(self.bob).header("X-Auth-Session")
        self.assertEqual(self.listed("bob")[0]["id"], handle)
        self.ctl(0, "session", "revoke", handle)
        self.assertEqual(self.statuses(), [204, 204, 401])
        self.ctl(67, "session", "revoke", handle)
        self.ctl(67, "session", "revoke", "nonsense")
        self.ctl(67, "session", "revoke", "' OR 1=1 --")
        self.assertEqual(self.statuses(), [204, 204, 401])

    def test_revoke_of_a_user_and_of_all(self):
        self.ctl(0, "session", "revoke", "--user", "Alice")
        self.assertEqual(self.statuses(), [401, 401, 204])
        self.ctl(0, "session", "revoke", "--all")
        self.assertEqual(self.statuses(), [401, 401, 401])
        self.assertEqual(self.listed(), [])
        self.assertIn("0", self.ctl(0, "session", "revoke", "--all").stderr)

    def test_c9_changes_of_an_account_end_its_sessions(self):
        for words in (["user", "passwd", "bob", "--generate"],
                      ["user", "disable", "bob"], ["user", "enable", "bob"],
                      ["user", "set", "bob", "--groups", "ops"],
                      ["user", "set", "bob", "--su"],
                      ["user", "set", "bob", "--no-su"],
                      ["user", "set", "bob", "--email", "b@example.com"],
                      ["user", "delete", "bob"]):
            with self.subTest(words):
                if words[1] == "enable":
                    self.ctl(0, *words)
                    continue
                if self.stack.check(self.bob).status != 204:
                    self.ctl(0, "user", "passwd", "bob", "--password-stdin",
                             stdin=PASSWORD + "\n")
                    self.bob = self.stack.token("bob", PASSWORD)
                self.ctl(0, *words)
                self.assertEqual(self.statuses(), [204, 204, 401])

    def test_last_login_is_reported(self):
        user = json.loads(self.ctl(0, "user", "show", "bob",
                                   "--json").stdout)
        self.assertAlmostEqual(user["last_login_at"], time.time(), delta=60)


class Audit(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def rows(self, *options):
        result = self.stack.ctl("audit", "--json", *options, check=True)
        return json.loads(result.stdout)

    def test_user_and_since(self):
        self.assertEqual(self.rows(), [])
        self.stack.add_user("alice", PASSWORD, su=True)
        self.stack.add_user("bob", PASSWORD)
        self.assertEqual([r["user"] for r in self.rows()], ["alice", "bob"])
        self.assertEqual([r["user"] for r in self.rows("--user", "BOB")],
                         ["bob"])
        self.assertEqual(self.rows("--user", "nobody"), [])
        now = int(time.time())
        for since, count in (("1h", 2), ("2000-01-01", 2),
                             ("2000-01-01T00:00", 2),
                             ("2000-01-01T00:00:00Z", 2), ("0", 2),
                             (str(now + 1000), 0), ("2090-01-01", 0)):
            with self.subTest(since):
                self.assertEqual(len(self.rows("--since", since)), count)
        for since in ("", "yesterday", "2026-13-01", "5x", "-1h", "1h ",
                      "2026-11-23T"):
            with self.subTest(since):
                result = self.stack.ctl("audit", "--since", since)
                self.assertEqual(result.returncode, 64, result.stderr)

    def test_for_people_it_is_a_line_a_row(self):
        self.stack.add_user("alice", PASSWORD)
        text = self.stack.ctl("audit", check=True).stdout
        self.assertRegex(
            text, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ user\.add +ok alice ")
        self.assertEqual(text.count("\n"), 1)

    def test_what_was_typed_draws_nothing_on_the_terminal(self):
        self.stack.ctl("user", "verify", "--password-stdin", "--",
                       "\x1b[31mred\nuser.add", stdin="x\n")
        for options in ([], ["--json"]):
            text = self.stack.ctl("audit", *options, check=True).stdout
            self.assertNotIn("\x1b", text)
        self.assertEqual(len(self.rows()), 1)

    def test_follow_shows_what_comes_and_only_that(self):
        self.stack.add_user("before", PASSWORD)
        time.sleep(1.1)
        with subprocess.Popen(
                [CTL, "-c", self.stack.conf, "audit", "--follow", "--json"],
                stdout=subprocess.PIPE, text=True) as process:
            try:
                names = ["u%d" % i for i in range(40)]
                for i, name in enumerate(names):
                    self.stack.add_user(name, PASSWORD)
                    if select.select([process.stdout], [], [], 0.5)[0]:
                        break
                first = json.loads(process.stdout.readline())["user"]
                self.stack.add_user("last", PASSWORD)
                seen = [first]
                while seen[-1] != "last":
                    seen.append(json.loads(process.stdout.readline())["user"])
            finally:
                process.terminate()
        self.assertEqual(seen, names[names.index(first):i + 1] + ["last"])


if __name__ == "__main__":
    unittest.main()
