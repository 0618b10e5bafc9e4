# SPDX-License-Identifier: MIT
"""One set of counters: failures on the web and through PAM together."""

import concurrent.futures
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import PASSWORD, PamCase  # noqa: E402

HERE, THERE = "192.0.2.7", "198.51.100.9"


class Shared(PamCase):
    def setUp(self):
        super().setUp()
        self.stack.start_gate_as_stauth()

    def web(self, name, password, address=HERE, jar=None):
        answer, _ = self.stack.login(name, password, address=address, jar=jar)
        return answer.status

    def pam(self, name, password, rhost=HERE):
        return self.auth(name, password, rhost=rhost)

    def test_e3_e4_failures_add_up_under_one_name(self):
        for spelling in ("alice", "ALICE", "Alice"):
            self.assertEqual(self.web(spelling, "wrong"), 401)
        for _ in range(2):
            self.assertEqual(self.pam("alice", "wrong"), "AUTH_ERR")
        self.just_now()
        self.assertEqual(self.pam("alice", PASSWORD), "MAXTRIES")
        self.assertEqual(self.web("alice", PASSWORD), 429)
        rows = {(r["limit"], r["user"], r["source"]): r["failures"]
                for r in self.listed("throttle", "list")}
        self.assertEqual(rows["account+source", "alice", HERE], 5)
        self.assertEqual(rows["account", "alice", ""], 5)
        self.assertEqual(rows["source", "", HERE], 5)

    def test_u3_a_name_that_stauth_does_not_have_is_no_failure_in_pam(self):
        for _ in range(40):
            self.assertEqual(self.pam("nobody", "wrong"), "USER_UNKNOWN")
        self.assertEqual(self.listed("throttle", "list"), [])
        self.assertEqual(self.events("login.wrong"), [])
        self.assertEqual(self.events("login.throttled"), [])
        # On the web there is no other module that may know it.
        self.assertEqual(self.web("nobody", "wrong"), 401)
        self.assertEqual(len(self.events("login.wrong")), 1)

    def test_e9_nothing_that_a_client_has_resets_them(self):
        for _ in range(5):
            self.pam("alice", "wrong")
        self.just_now()
        self.assertEqual(self.web("alice", PASSWORD), 429)
        self.stack.stop_gate()
        self.stack.start_gate_as_stauth()
        for jar in ({}, {"__Secure-stauth-dev": "A" * 32},
                    {"__Host-stauth": "B" * 32}):
            self.fail_once_more()
            self.assertEqual(self.web("alice", PASSWORD, jar=jar), 429)
        self.fail_once_more()
        self.assertEqual(self.pam("alice", PASSWORD), "MAXTRIES")

    def just_now(self):
        """The waits begin only now, however slow the machine is."""
        self.stack.sql("UPDATE rate_limits SET last_at = strftime('%s', 'now') + 20")

    def fail_once_more(self):
        """The last failure was just now: the wait is the longest again."""
        self.stack.sql("UPDATE rate_limits SET failures = 20, last_at = "
                       "strftime('%s', 'now') WHERE name = 'account+source'")

    def test_e5_many_addresses_meet_in_the_limit_of_the_account(self):
        for number in range(10):
            self.web("alice", "wrong", address="203.0.113.%d" % number)
            self.pam("alice", "wrong", rhost="203.0.113.%d" % (100 + number))
        self.just_now()
        self.assertEqual(self.pam("alice", PASSWORD, rhost=THERE), "MAXTRIES")
        self.assertEqual(self.web("alice", PASSWORD, address=THERE), 429)
        self.fresh()
        # A /64 is one source, whichever way it comes.
        for number in range(1, 6):
            self.pam("alice", "wrong", rhost="2001:db8:1:2::%x" % number)
        self.just_now()
        self.assertEqual(self.web("alice", PASSWORD,
                                  address="2001:db8:1:2:ffff::1"), 429)
        self.assertEqual(self.web("alice", PASSWORD,
                                  address="2001:db8:1:3::1"), 303)

    def test_e6_failures_of_others_lock_nobody_out(self):
        self.assertEqual(self.pam("alice", PASSWORD, rhost=THERE), "SUCCESS")
        answer, jar = self.stack.login("alice", PASSWORD)
        self.assertEqual(answer.status, 303)
        for number in range(25):
            self.web("alice", "wrong", address="203.0.113.%d" % number)
            self.pam("alice", "wrong", rhost="203.0.113.%d" % (100 + number))
        self.assertEqual(self.pam("alice", PASSWORD, rhost="203.0.113.250"),
                         "MAXTRIES")
        # A terminal, an address she came from, a browser she used.
        self.assertEqual(self.at_a_terminal("alice"), "SUCCESS")
        self.assertEqual(self.pam("alice", PASSWORD, rhost=THERE), "SUCCESS")
        self.assertEqual(self.web("alice", PASSWORD, jar=jar), 303)
        # Somebody else's address is not known for bob's account.
        self.assertEqual(
            self.web("bob", PASSWORD, address=THERE), 303)

    def at_a_terminal(self, name):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return self.stack.pamtester(
            "stauth-test", name, "authenticate",
            answers=[("Password: ", PASSWORD)],
            items={"tty": os.ttyname(slave)}).code

    def test_e8_all_at_once_pass_no_limit(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            tries = [pool.submit(self.pam, "alice", "wrong", THERE)
                     for _ in range(24)]
            tries += [pool.submit(self.web, "alice", "wrong", THERE)
                      for _ in range(8)]
            answers = [done.result() for done in tries]
        hashed = sum(a in ("AUTH_ERR", 401) for a in answers)
        # Five are free; a slow machine may wait a second out, or four.
        self.assertTrue(1 <= hashed <= 8, answers)
        self.assertEqual(len(self.events("login.wrong")), hashed)
        self.assertTrue(set(answers) <= {"AUTH_ERR", "MAXTRIES",
                                         "AUTHINFO_UNAVAIL", 401, 429, 503})

    def test_u5_right_passwords_at_once_are_all_in(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(
                lambda _: self.pam("alice", PASSWORD, THERE), range(16)))
        self.assertEqual(answers, ["SUCCESS"] * 16)
        self.assertEqual(self.listed("throttle", "list"), [])

    def test_e10_a_success_clears_its_own_source_only(self):
        for _ in range(5):
            self.web("alice", "wrong", address=HERE)
        self.assertEqual(self.at_a_terminal("alice"), "SUCCESS")
        self.assertEqual(self.pam("alice", PASSWORD, rhost=THERE), "SUCCESS")
        self.fail_once_more()
        self.assertEqual(self.web("alice", PASSWORD, address=HERE), 429)
        self.assertEqual(self.pam("alice", PASSWORD, rhost=HERE), "MAXTRIES")

    def test_a36_names_are_no_addresses(self):
        for rhost in ("localhost", "tty", "127.0.0.1.example.com", "0x7f.1",
                      "127.1", "192.0.2.7 ", "::ffff:192.0.2.300", ""):
            self.pam("alice", "wrong", rhost=rhost)
            self.fresh()
        sources = {row["address"] for row in self.events("login.wrong")}
        self.assertEqual(sources, {"remote:stauth-test"})
        # An ordinary user's word about the address counts for nothing.
        self.auth("alice", "wrong", user="alice", rhost="203.0.113.9")
        self.assertEqual(self.events("login.wrong")[-1]["address"],
                         "remote:stauth-test")
        # And root's is a source, never a reason to let in.
        self.assertEqual(self.pam("alice", "wrong", rhost="127.0.0.1"),
                         "AUTH_ERR")

    def test_the_command_line_counts_too(self):
        for _ in range(5):
            self.stack.ctl("user", "verify", "alice", "--password-stdin",
                           stdin="wrong\n")
        rows = self.listed("throttle", "list")
        self.assertEqual({(r["limit"], r["failures"]) for r in rows
                          if r["limit"].startswith("account")},
                         {("account", 5), ("account+source", 5)})
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")


class Wall(PamCase):
    """What the pages may do to an account that is marked for hosts."""

    def test_only_the_owner_changes_the_password(self):
        self.stack.start_gate_as_stauth()
        new = "seventeen purple lanterns"
        _, jar = self.stack.login("alice", PASSWORD)
        wrong, _ = self.stack.post(
            "/auth/account/password", {
                "current": "wrong", "password": new, "confirm": new},
            jar=jar, form_path="/auth/account")
        self.assertNotIn(wrong.status, (200, 303))
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")
        done, _ = self.stack.post(
            "/auth/account/password", {
                "current": PASSWORD, "password": new, "confirm": new},
            jar=jar, form_path="/auth/account")
        self.assertEqual(done.status, 303, done.text[:500])
        self.fresh()
        self.assertEqual(self.auth("alice", new), "SUCCESS")

    def test_no_page_marks_or_changes_another(self):
        self.stack.add_user("root2", PASSWORD, su=True)
        self.stack.start_gate_as_stauth()
        before = self.stack.sql("SELECT * FROM users WHERE name <> 'root2'")
        _, jar = self.stack.login("root2", PASSWORD)
        for path in ("/auth/account", "/auth/account/password",
                     "/auth/admin", "/auth/admin/user"):
            for extra in ({"user": "alice"}, {"username": "alice"},
                          {"name": "alice", "system_login": "1"}):
                answer, _ = self.stack.post(
                    path, dict({"current": PASSWORD, "confirm": PASSWORD,
                                "password": PASSWORD}, **extra),
                    jar=jar, form_path="/auth/account")
                self.assertGreaterEqual(answer.status, 400, path)
        self.assertEqual(
            self.stack.sql("SELECT * FROM users WHERE name <> 'root2'"),
            before)


if __name__ == "__main__":
    unittest.main()
