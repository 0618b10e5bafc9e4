# SPDX-License-Identifier: MIT
"""throttle list and clear: the counters of web and command line."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"
KEYS = ["limit", "user", "source", "failures", "first_at", "last_at", "wait_s"]
HERE, THERE, SIX = "192.0.2.7", "198.51.100.9", "2001:db8:1:2:3:4:5:6"


class Throttle(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD)
        self.stack.start_gate()

    def ctl(self, code, *args):
        result = self.stack.ctl(*args)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def listed(self):
        return json.loads(self.ctl(0, "throttle", "list", "--json").stdout)

    def fail(self, name, address, times=1):
        for _ in range(times):
            answer, _ = self.stack.login(name, "wrong", address=address)
        return answer.status

    def test_e3_e4_lists_what_counts_for_unknown_names_too(self):
        self.assertEqual(self.listed(), [])
        self.fail("Alice", HERE, 2)
        self.fail("nobody", HERE)
        self.fail("no name at all", SIX)
        rows = self.listed()
        self.assertEqual(list(rows[0]), KEYS)
        found = {(r["limit"], r["user"], r["source"]): r["failures"]
                 for r in rows}
        self.assertEqual(found, {
            ("account", "alice", ""): 2,
            ("account", "nobody", ""): 1,
            ("account", "!", ""): 1,
            ("account+source", "alice", HERE): 2,
            ("account+source", "nobody", HERE): 1,
            ("account+source", "!", "2001:db8:1:2::/64"): 1,
            ("source", "", HERE): 3,
            ("source", "", "2001:db8:1:2::/64"): 1,
        })
        self.assertEqual({r["wait_s"] for r in rows}, {0})
        table = self.ctl(0, "throttle", "list").stdout
        self.assertEqual(len(table.splitlines()), len(rows) + 1)
        self.assertNotIn("wrong", table)

    def test_a_wait_is_shown_and_lifted_by_name(self):
        self.assertEqual(self.fail("alice", HERE, 9), 429)
        # The wait of a second may be over by the time it is listed.
        self.stack.sql("UPDATE rate_limits SET failures = 12 "
                       "WHERE name = 'account+source'")
        waits = [r["wait_s"] for r in self.listed()
                 if r["limit"] == "account+source"]
        self.assertTrue(waits[0] >= 1, waits)
        self.fail("bob", HERE)
        result = self.ctl(0, "throttle", "clear", "ALICE")
        self.assertIn("cleared: 2", result.stderr)
        self.assertEqual({r["user"] for r in self.listed()}, {"bob", ""})
        answer, _ = self.stack.login("alice", PASSWORD, address=HERE)
        self.assertEqual(answer.status, 303)

    def test_an_address_clears_its_network_and_nothing_else(self):
        self.fail("alice", SIX)
        self.fail("alice", HERE)
        self.fail("alice", "192.0.2.70")
        self.ctl(0, "throttle", "clear", "2001:db8:1:2::9")
        self.ctl(0, "throttle", "clear", HERE)
        self.assertEqual({r["source"] for r in self.listed()},
                         {"", "192.0.2.70"})

    def test_all_odd_words_and_the_audit(self):
        self.fail("alice", HERE)
        self.fail("alice", THERE)
        self.ctl(65, "throttle", "clear", "' OR 1=1")
        self.ctl(64, "throttle", "clear", "alice", "bob")
        self.ctl(0, "throttle", "clear", "local:sshd:0")
        self.ctl(0, "throttle", "clear", "!")
        self.assertEqual(len(self.listed()), 5)
        self.ctl(0, "throttle", "clear")
        self.assertEqual(self.listed(), [])
        rows = json.loads(self.ctl(0, "audit", "--json").stdout)
        last = rows[-1]
        self.assertEqual((last["event"], last["ok"], last["detail"]),
                         ("throttle.clear", True, "all"))
        self.assertEqual(last["channel"], "cli")

    def test_many_counters_come_in_pages(self):
        rows = [("account", "user%04d" % i) for i in range(501)]
        for name, key in rows:
            self.stack.sql("INSERT INTO rate_limits VALUES (?, ?, 3, 0, 0, 1, "
                           "strftime('%s'), strftime('%s') + 999)", name, key)
        users = [r["user"] for r in self.listed()]
        self.assertEqual(users, [key for _, key in rows])


if __name__ == "__main__":
    unittest.main()
