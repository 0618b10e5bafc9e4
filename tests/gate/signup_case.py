# SPDX-License-Identifier: MIT
"""What the tests of sign-up and reset share."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import mailbox  # noqa: E402
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import SUBMIT, form_csrf, set_cookies  # noqa: E402

NEW = "seven green lamps on a hill"
VERIFY = "/auth/signup/verify"
SCRIPT = dict(SUBMIT, Accept="application/json")


def other_than(pin):
    return "%06d" % ((int(pin) + 1) % 1000000)


class MailCase(PagesCase):
    config = dict(mailbox.CONFIG, ALLOW_USER_SIGN_UP="True",
                  PAGE_WORKERS="4")

    @classmethod
    def add_users(cls):
        cls.stack.add_user("alice", PASSWORD, "--email", "alice@example.com")

    def setUp(self):
        self.box = mailbox.Mailbox(self.stack)
        self.stack.sql("DELETE FROM rate_limits")
        for address in ("bob@example.com", "alice@example.com"):
            self.box.taken |= self.box.secrets(address)

    def sign_up(self, email="bob@example.com", password=NEW, confirm=None,
                jar=None, **more):
        """The first form: (answer, cookies)."""
        return self.stack.post("/auth/signup", {
            "email": email, "password": password,
            "confirm": password if confirm is None else confirm}, jar, **more)

    def flow(self, email="bob@example.com", **more):
        """A sign-up that waits for its PIN: (pin, cookies)."""
        answer, jar = self.sign_up(email, **more)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, VERIFY))
        return self.box.secret(email), jar

    def enter(self, pin, jar, **more):
        answer, jar = self.stack.post(VERIFY, {"pin": pin}, jar, **more)
        return answer, jar

    def pass_cool_down(self):
        self.stack.sql("DELETE FROM rate_limits WHERE name LIKE 'mail%'")

    def drop(self, name="bob@example.com"):
        self.stack.ctl("user", "delete", name, "--yes")

    def ask_reset(self, email="alice@example.com", **more):
        return self.stack.post("/auth/forgot", {"email": email}, **more)

    def dump(self):
        """The database, without what the delivery of mail goes on to do."""
        return [(table, self.stack.sql("SELECT * FROM " + table + (
                    " WHERE channel <> 'mail'" if table == "audit" else "")))
                for (table,) in self.stack.sql(
                    "SELECT name FROM sqlite_master WHERE type = 'table'")
                if table not in ("outbox", "sqlite_sequence")]


def bare(answer):
    """The page without what differs in every answer."""
    text = answer.text.replace(form_csrf(answer) or "-", "")
    return re.sub(r"in <span>[^<]*|data-seconds=\"\d+\"", "", text)


__all__ = ["MailCase", "NEW", "VERIFY", "SCRIPT", "PASSWORD", "other_than",
           "bare", "form_csrf", "mailbox", "set_cookies"]
