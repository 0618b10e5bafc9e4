# SPDX-License-Identifier: MIT
"""The mails that a gate with MAIL_TRANSPORT=FILE writes, or has yet to."""

import email
import email.policy
import glob
import os
import re

from rig import wait_for

CONFIG = {"MAIL_TRANSPORT": "FILE",
          "NOTIFICATION_FROM_EMAIL": "noreply@app.example.com"}


class Mailbox:
    """Codes and links by recipient, each handed out once."""

    def __init__(self, stack):
        self.stack = stack
        self.taken = set()

    def delivered(self, to):
        """The mails to an address, parsed."""
        folder = os.path.join(self.stack.state_dir, "mail")
        mails = []
        for path in sorted(glob.glob(os.path.join(folder, "*.eml"))):
            with open(path, "rb") as file:
                mail = email.message_from_binary_file(
                    file, policy=email.policy.default)
            if to in str(mail["To"]):
                mails.append(mail)
        return mails

    def waiting(self, to):
        """(kind, code) of what stands in the outbox."""
        return self.stack.sql(
            "SELECT kind, code FROM outbox WHERE recipient = ? ORDER BY id",
            to)

    def secrets(self, to):
        """All PINs and tokens to an address, in no order."""
        found = {code for _, code in self.waiting(to) if code}
        for mail in self.delivered(to):
            text = mail.get_body(("plain",)).get_content()
            found.update(re.findall(r"token=([\w-]{43})", text) or
                         re.findall(r"\b\d{6}\b", text)[:1])
        return found

    def secret(self, to, timeout=20):
        """The PIN or token that was not asked for before."""
        fresh = wait_for(lambda: self.secrets(to) - self.taken, timeout)
        if not fresh:
            raise AssertionError("no mail to %s:\n%s" % (
                to, self.stack.log().decode()[-2000:]))
        assert len(fresh) == 1, fresh
        self.taken |= fresh
        return fresh.pop()
