# SPDX-License-Identifier: MIT
"""chauthtok in both phases, and the rows of sessions."""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from pam_case import OTHER, PASSWORD, PamCase  # noqa: E402
import pty_talk  # noqa: E402
import pamrig  # noqa: E402
import rig  # noqa: E402
from rig import wait_for  # noqa: E402

NEW = "seventeen purple lanterns"


class Passwords(PamCase):
    def test_root_is_asked_for_the_new_one_only(self):
        told = self.change("alice", NEW, NEW)
        self.assertEqual(told.code, "SUCCESS")
        self.assertNotIn("Current", told.text)
        self.assertEqual(self.auth("alice", PASSWORD), "AUTH_ERR")
        self.assertEqual(self.auth("alice", NEW), "SUCCESS")

    def test_the_user_shows_the_old_one_first(self):
        self.assertEqual(
            self.change("alice", PASSWORD, NEW, NEW, user="alice").code,
            "SUCCESS")
        self.assertEqual(self.auth("alice", NEW), "SUCCESS")
        told = self.change("alice", PASSWORD, OTHER, OTHER, user="alice")
        self.assertEqual(told.code, "AUTH_ERR")
        self.assertNotIn("New password", told.text)
        self.assertEqual(self.auth("alice", NEW), "SUCCESS")
        # Somebody else's, even with its password.
        told = self.change("mallory", OTHER, NEW, NEW, user="alice")
        self.assertEqual(told.code, "PERM_DENIED")
        self.assertEqual(self.auth("mallory", OTHER), "SUCCESS")

    def test_weak_and_differing_ones_change_nothing(self):
        for new, again, says in (("short", "short", "too short"),
                                 ("alicealice1", "alicealice1", "guess"),
                                 ("", "", "Enter a password"),
                                 (NEW, NEW + "x", "do not match"),
                                 ("x" * 512, "x" * 512, "too long"),
                                 (PASSWORD, PASSWORD, "different")):
            told = self.change("alice", new, again)
            # What cannot be typed on a terminal is longer than libpam takes.
            if new != "x" * 512:
                self.assertEqual(told.code, "AUTHTOK_ERR", new)
                self.assertIn(says, told.text)
            self.assertNotEqual(told.code, "SUCCESS")
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_unknown_and_a_change_ends_must_change(self):
        told = self.change("nobody", NEW, NEW)
        self.assertEqual(told.code, "USER_UNKNOWN")
        self.assertNotIn("assword:", told.text)
        self.must_change("alice")
        self.assertEqual(self.account("alice"), "NEW_AUTHTOK_REQD")
        self.assertEqual(
            self.change("alice", PASSWORD, NEW, NEW, user="alice").code,
            "SUCCESS")
        self.assertEqual(self.account("alice"), "SUCCESS")

    def must_change(self, name):
        self.stack.ctl("user", "passwd", name, "--password-stdin",
                       "--must-change", stdin=PASSWORD + "\n", check=True)

    def expired(self, name, answers, *before, service="stauth-test", **more):
        return self.stack.pamtester(
            service, name, *before,
            "chauthtok(PAM_CHANGE_EXPIRED_AUTHTOK)", answers=answers, **more)

    TWICE = [("New password: ", NEW), ("Retype new password: ", NEW)]

    def test_u2_at_the_log_in_the_current_one_is_needed_or_was_shown(self):
        self.must_change("alice")
        # Root's login or sshd, but nobody has shown stauth's password.
        for wrong in ("", OTHER):
            told = self.expired("alice", [("Current password: ", wrong)])
            self.assertEqual(told.code, "AUTH_ERR")
            self.assertNotIn("New password: ", told.text)
        # Shown a moment ago on this very handle.
        told = self.expired("alice", [("Password: ", PASSWORD)] + self.TWICE,
                            "authenticate")
        self.assertEqual(told.code, "SUCCESS", told)
        self.assertNotIn("Current password: ", told.text)
        self.assertEqual(self.auth("alice", NEW), "SUCCESS")
        self.assertEqual(self.account("alice"), "SUCCESS")

    def test_u2_a_log_in_that_failed_afterwards_is_forgotten(self):
        self.must_change("alice")
        self.stack.service("forget", text=(
            "auth optional MODULE\nauth optional MODULE\n"
            "auth required pam_permit.so\npassword required MODULE"))
        told = self.expired("alice", [
            ("Password: ", PASSWORD), ("Password: ", "wrong"),
            ("Current password: ", "")], "authenticate", service="forget")
        self.assertEqual(told.code, "AUTH_ERR")
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_u2_a_change_in_between_takes_the_log_in_back(self):
        """What was shown was the password of then."""
        self.must_change("alice")
        helper = os.path.join(self.stack.sandbox.top, "change.sh")
        with open(helper, "w", encoding="utf-8") as out:
            out.write("#!/bin/sh\necho '%s' | %s -c %s user passwd alice "
                      "--password-stdin --must-change\n" % (
                          OTHER, rig.CTL, pamrig.CONF))
        os.chmod(helper, 0o755)
        self.stack.service("between", text=(
            "auth required MODULE\nauth required pam_exec.so quiet %s\n"
            "password required MODULE" % helper))
        told = self.expired("alice", [
            ("Password: ", PASSWORD), ("Current password: ", PASSWORD)],
            "authenticate", service="between")
        self.assertEqual(told.code, "AUTH_ERR")
        self.assertEqual(self.auth("alice", OTHER), "SUCCESS")

    def test_u2_the_very_same_password_is_no_change(self):
        self.must_change("alice")
        for user, answers, before in (
                (None, [("Password: ", PASSWORD)], ["authenticate"]),
                ("alice", [("Current password: ", PASSWORD)], [])):
            told = self.expired("alice", answers + [
                ("New password: ", PASSWORD),
                ("Retype new password: ", PASSWORD)], *before, user=user)
            self.assertEqual(told.code, "AUTHTOK_ERR", told)
            self.assertIn("must be different", told.text)
        self.assertEqual(self.account("alice"), "NEW_AUTHTOK_REQD")
        self.assertEqual(self.change("alice", PASSWORD, PASSWORD).code,
                         "AUTHTOK_ERR")

    def test_u2_what_is_not_expired_here_is_not_ours_to_renew(self):
        for name in ("alice", "bob", "nobody"):
            told = self.expired(name, [])
            self.assertIn(told.code, ("USER_UNKNOWN", "PERM_DENIED"), name)
            self.assertNotIn("assword:", told.text)
        self.assertEqual(self.auth("alice", PASSWORD), "SUCCESS")

    def test_u2_the_policy_holds_before_anything_is_asked(self):
        self.stack.add_user("games", PASSWORD, "--system-login")
        self.stack.service("sus", "require_su")
        self.stack.service("staff", "group=staff")
        for name, service in (("bob", "stauth-test"), ("games", "stauth-test"),
                              ("alice", "sus"), ("alice", "staff")):
            for user in (None, name):
                if user == "games":
                    continue
                told = self.change(name, NEW, NEW, service=service, user=user)
                self.assertEqual(told.code, "PERM_DENIED", (name, service))
                self.assertNotIn("assword:", told.text)
        self.stack.service("any", "any_account")
        self.assertEqual(self.change("bob", NEW, NEW, service="any").code,
                         "SUCCESS")
        # Disabled: root may, the owner may not.
        self.stack.ctl("user", "disable", "alice", check=True)
        told = self.change("alice", PASSWORD, NEW, NEW, user="alice")
        self.assertEqual(told.code, "AUTH_ERR")
        self.assertNotIn("assword:", told.text)

    def test_use_authtok_takes_the_one_from_above(self):
        self.stack.service("stacked", text=(
            "password requisite pam_unix.so\n"
            "password required MODULE use_authtok"))
        self.stack.service("first", text=(
            "password required MODULE\n"
            "password required MODULE use_authtok"))
        told = self.change("alice", NEW, NEW, service="first")
        # The second line sets the same one again.
        self.assertIn(told.code, ("SUCCESS", "AUTHTOK_ERR"))
        self.assertEqual(told.text.count("New password: "), 1)
        self.assertEqual(self.auth("alice", NEW), "SUCCESS")
        self.stack.service("alone", "use_authtok", types=["password"])
        told = self.change("alice", service="alone")
        self.assertEqual(told.code, "AUTHTOK_ERR")

    def test_web_sessions_end_with_the_change(self):
        self.stack.start_gate_as_stauth()
        token = self.stack.token("alice", PASSWORD)
        self.assertEqual(self.stack.check(token).status, 204)
        self.assertEqual(self.change("alice", NEW, NEW).code, "SUCCESS")
        self.assertEqual(self.stack.check(token).status, 401)


class Sessions(PamCase):
    def hold(self, name, service="stauth-test", user=None, items=()):
        """A host that opens a session and then waits in a prompt."""
        self.stack.service("hold", text=(
            "session required MODULE\n"
            "auth required MODULE\n"))
        words = []
        for item in items:
            words += ["-I", item]
        host = pty_talk.Terminal(
            [pamrig.which("pamtester"), *words, "hold", name, "open_session",
             "authenticate", "close_session"], user=user)
        self.addCleanup(host.kill)
        self.assertGreater(host.await_text("Password: "), 0, host.text)
        return host

    def test_a_row_with_channel_terminal_and_remote_host(self):
        host = self.hold("alice", items=["rhost=192.0.2.77", "tty=pts/9"])
        row, = self.sessions()
        self.assertEqual((row["user"], row["channel"]), ("alice", "pam:hold"))
        self.assertEqual(row["address"], "192.0.2.77 pts/9")
        self.assertEqual(self.listed("session", "list", "alice"), [row])
        host.type(PASSWORD)
        self.assertEqual(host.finish(), 0)
        self.assertEqual(self.sessions(), [])
        self.assertEqual([r["event"] for r in self.events()][-3:],
                         ["session.open", "login", "session.close"])

    def test_a_row_opens_nothing_and_is_not_counted(self):
        self.stack.write_config({"SESSIONS_PER_USER": "1"})
        self.stack.start_gate_as_stauth()
        token = self.stack.token("alice", PASSWORD)
        hosts = [self.hold("alice") for _ in range(3)]
        self.assertEqual(len(self.sessions()), 4)
        self.assertEqual(self.stack.check(token).status, 204)
        for row in self.sessions():
            self.assertEqual(
                self.stack.check((row["id"] * 2)[:32]).status, 401)
        for host in hosts:
            host.type(PASSWORD)
            self.assertEqual(host.finish(), 0)
        row, = self.sessions()
        self.assertEqual(row["channel"], "web")

    def test_a_host_that_died_is_swept(self):
        hosts = [self.hold("alice"), self.hold("alice")]
        self.assertEqual(len(self.sessions()), 2)
        os.kill(hosts[0].process.pid, signal.SIGKILL)
        hosts[0].process.wait()
        self.assertEqual(len(self.sessions()), 1)
        gone, = self.events("session.revoke")
        self.assertEqual((gone["user"], gone["actor"]), ("alice", "sweep"))

    def test_the_gate_sweeps_by_itself(self):
        host = self.hold("alice")
        os.kill(host.process.pid, signal.SIGKILL)
        host.process.wait()
        self.stack.start_gate_as_stauth()

        def rows():
            return self.stack.sql("SELECT count(*) FROM sessions")[0][0]
        # The first sweep comes five seconds after the start.
        self.assertTrue(wait_for(lambda: rows() == 0, 30, 0.5))

    def test_another_boot_is_over_and_another_pid_space_is_not_judged(self):
        self.hold("alice")
        agent, = self.stack.sql("SELECT agent FROM sessions")[0]
        word, pid, start, boot, space = agent.split(" ")
        self.assertEqual(word, "pid")
        elsewhere = " ".join((word, "4000000", start, boot, "pid:[1]"))
        self.stack.sql("UPDATE sessions SET agent = ?", elsewhere)
        self.assertEqual(len(self.sessions()), 1)
        again = " ".join((word, pid, str(int(start) + 1), boot, space))
        self.stack.sql("UPDATE sessions SET agent = ?", again)
        self.assertEqual(len(self.sessions()), 0)
        self.hold("alice")
        self.stack.sql("UPDATE sessions SET agent = ?", " ".join(
            (word, pid, start, "00000000", space)))
        self.assertEqual(len(self.sessions()), 0)

    def test_foreign_users_and_a_store_out_of_reach(self):
        for name in ("nobody", "root"):
            told = self.stack.pamtester("stauth-test", name, "open_session",
                                        "close_session")
            self.assertEqual(told.code, "SUCCESS")
        self.assertEqual(self.sessions(), [])
        os.rename(self.stack.db, self.stack.db + ".away")
        told = self.stack.pamtester("stauth-test", "alice", "open_session")
        self.assertEqual(told.code, "SESSION_ERR")

    def test_a34_u15_hosts_that_are_not_root_s_write_nothing(self):
        """Neither rows nor audit rows, however often one opens and closes."""
        for _ in range(5):
            told = self.stack.pamtester(
                "stauth-test", "alice", "open_session", "close_session",
                user="alice")
            self.assertEqual(told.code, "SUCCESS")
        self.hold("alice", user="alice")
        self.assertEqual(self.sessions(), [])
        self.assertEqual(self.events("session.open", "session.close"), [])

    def test_revoke_takes_the_row_away(self):
        host = self.hold("alice")
        self.stack.ctl("session", "revoke", "--user", "alice", check=True)
        self.assertEqual(self.sessions(), [])
        host.type(PASSWORD)
        self.assertEqual(host.finish(), 0)


if __name__ == "__main__":
    unittest.main()
