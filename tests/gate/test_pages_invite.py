# SPDX-License-Identifier: MIT
"""Invitations: made by an administrator, used where sign-up is off; and
accounts that an administrator approves."""

import html
import json
import os
import re
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import mailbox  # noqa: E402
from pages_case import PASSWORD, PagesCase  # noqa: E402
from signup_case import NEW, SCRIPT, VERIFY  # noqa: E402

ADD = "/auth/admin/invites/add"


class InviteCase(PagesCase):
    config = dict(mailbox.CONFIG, PAGE_WORKERS="4")

    @classmethod
    def add_users(cls):
        cls.stack.add_user("root", PASSWORD, su=True)

    def setUp(self):
        self.box = mailbox.Mailbox(self.stack)
        self.stack.sql("DELETE FROM rate_limits")
        self.stack.sql("DELETE FROM users WHERE su = 0")
        self.stack.sql("DELETE FROM pending_users")
        _, self.jar = self.stack.login("root", PASSWORD)

    def admin(self, path, form):
        return self.stack.post(path, form, self.jar,
                               form_path="/auth/account")[0]

    def invite(self, **form):
        answer = self.admin(ADD, form)
        self.assertEqual(answer.status, 200, answer.text)
        link = html.unescape(re.search(
            r'<code class="once">([^<]+)<', answer.text).group(1))
        self.page = answer.text
        return link.partition("invite=")[2]

    def sign_up(self, token, email="new@example.com", **more):
        form = {"email": email, "password": NEW, "confirm": NEW}
        if token is not None:
            form["invite"] = token
        return self.stack.post(
            "/auth/signup", form, form_path=more.pop(
                "form_path", "/auth/signup?invite=%s" % token), **more)

    def enter(self, email, jar):
        return self.stack.post(
            VERIFY, {"pin": self.box.secret(email)}, jar)

    def user(self, name):
        return self.stack.sql(
            "SELECT name, group_list FROM users WHERE name = ?", name)


class Off(InviteCase):
    def test_an_invitation_opens_a_sign_up_that_is_off(self):
        self.assertEqual(self.stack.page("GET", "/auth/signup").status, 404)
        token = self.invite(email="", groups="b,a")
        page = self.stack.page("GET", "/auth/signup?invite=" + token)
        self.assertEqual(page.status, 200)
        self.assertIn('name="invite" value="%s"' % token, page.text)
        self.assertIn('name="referrer"', page.text)
        answer, jar = self.sign_up(token)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, VERIFY))
        self.assertEqual(self.stack.page(
            "GET", VERIFY, cookies=jar).status, 200)
        answer, _ = self.enter("new@example.com", jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/"))
        self.assertEqual(self.user("new@example.com"),
                         [("new@example.com", "a,b")])
        # It was good for one.
        for path in ("/auth/signup?invite=" + token,):
            page = self.stack.page("GET", path)
            self.assertEqual(page.status, 422)
            self.assertIn("no longer valid", page.text)

    def test_without_one_it_stays_off(self):
        for query in ("", "?invite=", "?x=1", "?invite=a&invite=b"):
            self.assertEqual(self.stack.page(
                "GET", "/auth/signup" + query).status, 404, query)
        for token in ("x" * 43, "'", "a" * 400):
            status = self.stack.page(
                "GET", "/auth/signup?invite=" + token).status
            self.assertIn(status, (404, 422), token)
        for token in (None, "", "x" * 43):
            answer, _ = self.sign_up(token, form_path="/auth/login")
            self.assertIn(answer.status, (404, 422), token)
        self.assertEqual(self.stack.page("GET", VERIFY).status, 404)
        self.assertEqual(self.stack.sql(
            "SELECT count(*) FROM pending_users"), [(0,)])

    def test_one_for_an_address_is_for_no_other(self):
        token = self.invite(email="Fixed@example.com")
        page = self.stack.page("GET", "/auth/signup?invite=" + token)
        self.assertIn("readonly", page.text)
        answer, _ = self.sign_up(token, "other@example.com")
        self.assertEqual(answer.status, 422)
        self.assertIn("for another e-mail address", answer.text)
        answer, _ = self.sign_up(token, "fixed@example.com")
        self.assertEqual(answer.status, 303)

    def test_a_revoked_one_opens_nothing(self):
        token = self.invite()
        page = self.stack.page("GET", "/auth/admin/invites", cookies=self.jar)
        self.assertNotIn(token, page.text)
        for found in re.findall(r'name="id" value="([^"]+)"', page.text):
            answer = self.admin("/auth/admin/invites/revoke", {"id": found})
            self.assertEqual(answer.header("Location"),
                             "/auth/admin/invites?done=revoked")
        answer, _ = self.sign_up(token, form_path="/auth/login")
        self.assertEqual(answer.status, 422)
        self.assertIn("no longer valid", answer.text)

    def test_of_20_who_use_one_at_once_one_gets_an_account(self):
        token = self.invite()
        flows = []
        for i in range(20):
            email = "many%d@example.com" % i
            self.stack.sql("DELETE FROM rate_limits")
            answer, jar = self.sign_up(
                token, email, address="192.0.2.%d" % (i + 10))
            self.assertEqual(answer.status, 303, answer.text)
            flows.append((email, jar))
        pins = [(self.box.secret(email), jar) for email, jar in flows]
        forms = [(pin, *self.stack.open_form(VERIFY, jar))
                 for pin, jar in pins]
        statuses = []

        def enter(pin, csrf, jar):
            statuses.append(self.stack.page(
                "POST", VERIFY, form={"pin": pin, "csrf": csrf},
                cookies=jar).status)
        threads = [threading.Thread(target=enter, args=f) for f in forms]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses.count(303), 1, statuses)
        self.assertEqual(self.stack.sql(
            "SELECT count(*) FROM users WHERE name LIKE 'many%'"), [(1,)])

    def test_the_link_comes_with_a_picture_that_reads_the_same(self):
        token = self.invite(uses="3", days="2")
        box = re.search(r'viewBox="0 0 (\d+) \1"', self.page)
        path = re.search(r'<path d="([^"]+)"', self.page).group(1)
        self.assertTrue(box)
        size = int(box.group(1)) - 8
        dark = set()
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
            dark |= {(int(x) - 4 + i, int(y) - 4) for i in range(int(run))}
        # The three finders and the timing line between them.
        for left, top in ((0, 0), (size - 7, 0), (0, size - 7)):
            self.assertEqual(
                {(x, y) for x in range(7) for y in range(7)
                 if (left + x, top + y) in dark},
                {(x, y) for x in range(7) for y in range(7)
                 if max(abs(x - 3), abs(y - 3)) != 2})
        self.assertEqual([(x, 6) in dark for x in range(8, size - 8)],
                         [x % 2 == 0 for x in range(8, size - 8)])
        self.assertLess(len(self.page), 30000)
        self.assertEqual(self.stack.sql(
            "SELECT count(*) FROM audit WHERE detail LIKE ?",
            "%" + token + "%"), [(0,)])

    def test_what_cannot_be_is_refused_at_the_form(self):
        for form in ({"uses": "0"}, {"uses": "x"}, {"days": "9999"},
                     {"days": "-1"}, {"email": "no"}, {"groups": "a b"},
                     {"uses": "99999"}):
            answer = self.admin(ADD, form)
            self.assertEqual(answer.status, 422, form)
            self.assertIn('role="alert"', answer.text)


class Approval(InviteCase):
    config = dict(InviteCase.config, ALLOW_USER_SIGN_UP="True",
                  SIGN_UP_APPROVAL="True")

    def test_an_administrator_approves_and_then_it_is_an_account(self):
        answer, jar = self.sign_up(None, form_path="/auth/signup")
        self.assertEqual(answer.status, 303)
        answer = self.admin("/auth/admin/pending/approve",
                            {"email": "new@example.com"})
        self.assertEqual(answer.status, 404)
        answer, jar = self.enter("new@example.com", jar)
        self.assertEqual(answer.status, 200)
        self.assertIn("An administrator still has to approve", answer.text)
        self.assertNotIn("__Host-stauth", jar)
        self.assertEqual(self.user("new@example.com"), [])
        self.assertIn("still has to approve", self.stack.page(
            "GET", VERIFY, cookies=jar).text)
        self.assertEqual(self.stack.login(
            "new@example.com", NEW)[0].status, 401)
        page = self.stack.page("GET", "/auth/admin/pending", cookies=self.jar)
        self.assertIn("address confirmed", page.text)
        answer = self.admin("/auth/admin/pending/approve",
                            {"email": "new@example.com"})
        self.assertEqual(answer.header("Location"),
                         "/auth/admin/pending?done=approve")
        self.assertEqual(self.stack.login(
            "new@example.com", NEW)[0].status, 303)

    def test_scripts_are_answered_in_json(self):
        answer, jar = self.sign_up(None, form_path="/auth/signup",
                                   headers=SCRIPT)
        self.assertEqual(json.loads(answer.text)["next"], VERIFY)
        answer, _ = self.stack.post(
            VERIFY, {"pin": self.box.secret("new@example.com")}, jar,
            headers=SCRIPT)
        self.assertEqual(answer.status, 200)
        self.assertIn("approve", json.loads(answer.text)["message"])

    def test_one_that_is_approved_waits_for_nobody(self):
        token = self.invite(email="fast@example.com", approved="1")
        answer, jar = self.sign_up(token, "fast@example.com")
        self.assertEqual(answer.status, 303)
        answer, _ = self.enter("fast@example.com", jar)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/"))


if __name__ == "__main__":
    unittest.main()
