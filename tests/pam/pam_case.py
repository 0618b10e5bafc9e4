# SPDX-License-Identifier: MIT
"""What the PAM tests share: one installed stack for the tests of a class."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import pamrig  # noqa: E402

PASSWORD = "correct horse battery"
OTHER = "mysterious walnut ceiling"
SKIP = pamrig.why_not()


@unittest.skipIf(SKIP, SKIP)
class PamCase(unittest.TestCase):
    """alice and mallory may log in to hosts, bob may not, nobody is su."""

    config = {}

    @classmethod
    def setUpClass(cls):
        pamrig.PamStack.enter()

    def setUp(self):
        self.stack = pamrig.PamStack(self.config)
        self.addCleanup(self.stack.stop)
        self.stack.add_user("alice", PASSWORD, "--system-login")
        self.stack.add_user("mallory", OTHER, "--system-login")
        self.stack.add_user("bob", PASSWORD)
        self.stack.service("stauth-test")
        # A helper that crashed gives no answer either, and "unavailable"
        # would hide it: a test says which helper of its own does not answer.
        self.silent_helpers = ()
        self.crashes = 0
        self.addCleanup(self.no_helper_crashed, self.stack.listener,
                        self.crashes_told(self.stack.listener))
        self.addCleanup(self.each_helper_answered,
                        len(self.stack.syslog.settle()))

    def each_helper_answered(self, since):
        for line in self.stack.syslog.of_module(since):
            if "no answer" in line and not any(
                    own in line for own in self.silent_helpers):
                self.fail(line)

    @staticmethod
    def crashes_told(listener):
        return listener.log().count("ended by signal") if listener else 0

    def no_helper_crashed(self, listener, before):
        if listener and listener is self.stack.listener:
            self.assertEqual(self.crashes_told(listener) - before,
                             self.crashes, listener.log())

    def auth(self, name, password, service="stauth-test", **more):
        return self.stack.authenticate(service, name, password, **more)

    def account(self, name, service="stauth-test", **more):
        return self.stack.pamtester(service, name, "acct_mgmt", **more).code

    def change(self, name, *passwords, user=None, service="stauth-test"):
        """chauthtok: [current,] new, new again."""
        prompts = ["New password: ", "Retype new password: "]
        if user and user != "root":
            prompts.insert(0, "Current password: ")
        return self.stack.pamtester(
            service, name, "chauthtok", user=user,
            answers=list(zip(prompts, passwords)))

    def listed(self, *words):
        return json.loads(self.stack.ctl(*words, "--json", check=True).stdout)

    def sessions(self):
        return self.listed("session", "list")

    def events(self, *names):
        return [row for row in self.listed("audit")
                if not names or row["event"] in names]

    def fresh(self):
        """Nobody waits for anything any more."""
        self.stack.ctl("throttle", "clear", check=True)
