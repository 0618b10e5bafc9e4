# SPDX-License-Identifier: MIT
"""u23: no secret of ours is in nginx's logs, whatever is down or slow."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import NAVIGATE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

SECRET = "s3cr3t-" + "t0k3n" * 7


class Logs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack({"ALLOW_USER_SIGN_UP": "True",
                                "MAIL_TRANSPORT": "FILE",
                                "NOTIFICATION_FROM_EMAIL": "a@b.test"})
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.start()

    @staticmethod
    def requests(stack):
        """What a browser asks for that was given a link with a secret. The
        link of the sign-up to the log-in page sends no Referer, and after a
        reset its token is spent."""
        for page in ("/auth/reset?token=", "/auth/signup?invite=",
                     "/auth/signup?x=1&invite="):
            url = page + SECRET
            came = dict(NAVIGATE, Referer=stack.url + url)
            yield "GET", url, NAVIGATE
            yield "HEAD", url, {}
            yield "POST", page.split("?", maxsplit=1)[0], came
            for path in ("/auth/static/x.css", "/auth/signup/verify"):
                yield "GET", path, came

    def logged(self, what):
        statuses = set()
        for method, path, headers in self.requests(self.stack):
            statuses.add(self.stack.http(method, path, headers).status)
        for name in ("access.log", "error.log"):
            with open(os.path.join(self.stack.dir, name),
                      encoding="utf-8") as log:
                for line in log:
                    self.assertNotIn(SECRET, line, (what, name))
        return statuses

    def test_u23_links_are_in_no_log(self):
        self.logged("all is well")
        page = self.stack.http("GET", "/auth/signup").text
        self.assertIn('<a href="/auth/login" rel="noreferrer">', page)
        os.rename(self.stack.dir + "/run/pages.sock",
                  self.stack.dir + "/run/kept.sock")
        self.assertEqual(self.logged("gate down"), {503})
        # What is down is in the log of everything else.
        self.assertEqual(self.stack.http("GET", "/auth/account").status, 503)
        with open(self.stack.dir + "/error.log", encoding="utf-8") as log:
            self.assertIn("pages.sock failed", log.read())

    def test_u23_nobody_hides_a_log_in_from_the_log(self):
        self.stack.http("POST", "/auth/login?invite=hidden", {
            "Referer": self.stack.url + "/auth/reset?token=hidden"})
        with open(self.stack.dir + "/access.log", encoding="utf-8") as log:
            self.assertIn("POST /auth/login?invite=hidden", log.read())

    def test_u20_a_password_manager_s_probe_is_404(self):
        self.assertEqual(self.stack.http(
            "GET", "/.well-known/resource-that-should-not-exist-whose-status-"
            "code-should-not-be-200", {}).status, 404)


if __name__ == "__main__":
    unittest.main()
