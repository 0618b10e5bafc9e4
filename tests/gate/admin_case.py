# SPDX-License-Identifier: MIT
"""What the tests of the administration share: a gate with two superusers, an
account that may open a host, and what can be read and written."""

from pages_case import PASSWORD, PagesCase

READS = ("/auth/admin", "/auth/admin/new", "/auth/admin/user?name=bob",
         "/auth/admin/pending", "/auth/admin/audit", "/auth/admin/audit.csv",
         "/auth/admin/throttle", "/auth/admin/invites", "/auth/admin/live")
WRITES = (
    ("/auth/admin/users/several", {"action": "disable", "u0": "bob"}),
    ("/auth/admin/users/add", {"name": "new", "access": "password"}),
    ("/auth/admin/user/set", {"name": "bob", "groups": "x", "su": "1"}),
    ("/auth/admin/user/state", {"name": "bob", "action": "disable"}),
    ("/auth/admin/user/state", {"name": "bob", "action": "end"}),
    ("/auth/admin/user/access", {"name": "bob", "access": "password"}),
    ("/auth/admin/user/access", {"name": "bob", "access": "link"}),
    ("/auth/admin/user/session", {"name": "bob", "session": "x" * 16}),
    ("/auth/admin/user/delete", {"name": "bob", "again": "bob"}),
    ("/auth/admin/pending/delete", {"email": "new@example.com"}),
    ("/auth/admin/pending/approve", {"email": "new@example.com"}),
    ("/auth/admin/invites/add", {"email": "", "groups": "a", "uses": "2"}),
    ("/auth/admin/invites/revoke", {"id": "x" * 16}),
    ("/auth/admin/throttle/clear", {"whose": "bob"}),
)
ALL = "SELECT * FROM users WHERE name = ?"


class AdminCase(PagesCase):
    config = {"PUBLIC_URL": "https://app.example.com",
              "MAIL_TRANSPORT": "FILE",
              "NOTIFICATION_FROM_EMAIL": "stauth@example.com"}

    @classmethod
    def add_users(cls):
        for name in ("root", "second"):
            cls.stack.add_user(name, PASSWORD, su=True)
        cls.stack.add_user("bob", PASSWORD, "--email", "bob@example.com")
        cls.stack.add_user("guest", PASSWORD)
        cls.stack.add_user("host", PASSWORD, "--system-login")

    def setUp(self):
        _, self.jar = self.stack.login("root", PASSWORD)

    def get(self, path, jar=None):
        return self.stack.page("GET", path, cookies=jar or self.jar)

    def post(self, path, form, jar=None, **more):
        return self.stack.post(path, form, jar or self.jar,
                               form_path=more.pop("form_path",
                                                  "/auth/account"), **more)[0]

    def new_user(self, name, *options):
        self.stack.add_user(name, PASSWORD, *options)
        self.addCleanup(self.stack.ctl, "user", "delete", name, "--yes")
        return name

    def row(self, name):
        return self.stack.sql(ALL, name)

    def stale(self, name="root"):
        self.stack.sql("UPDATE sessions SET confirmed_at = confirmed_at - 901"
                       " WHERE user_name = ?", name)

    def assert_done(self, answer, words):
        """303 to a page that says so."""
        self.assertEqual(answer.status, 303, answer.text)
        page = self.get(answer.header("Location"))
        self.assertEqual(page.status, 200)
        self.assertIn(words, page.text)
        return page

    def last_audit(self, event):
        rows = self.stack.sql(
            "SELECT user_name, actor, channel, ok FROM audit WHERE event = ?"
            " ORDER BY id DESC LIMIT 1", event)
        return tuple(rows[0]) if rows else None
