# SPDX-License-Identifier: MIT
"""/auth/admin: the lists, and several accounts at once."""

import csv
import html
import io
import re
import unittest

from admin_case import AdminCase
from pages_case import PASSWORD


class Several(AdminCase):
    def groups(self, name):
        return self.stack.sql("SELECT group_list FROM users WHERE name = ?",
                              name)[0][0]

    def test_groups_disable_and_sessions_of_several(self):
        names = [self.new_user("many%d" % i) for i in range(3)]
        self.stack.ctl("user", "set", "many0", "--groups", "a,z", check=True)
        chosen = {"u%d" % i: name for i, name in enumerate(names)}
        rd = "/auth/admin?q=many&sort=-name"
        for action, group, words in (
                ("join", "team", "a,team,z"), ("leave", "team", "a,z"),
                ("leave", "tea", "a,z")):
            answer = self.post("/auth/admin/users/several", dict(
                chosen, action=action, group=group, rd=rd))
            self.assertEqual(answer.status, 303, answer.text)
            self.assertEqual(answer.header("Location"), rd + "&done=several")
            self.assertEqual(self.groups("many0"), words)
        tokens = [self.stack.token(name, PASSWORD) for name in names]
        answer = self.post("/auth/admin/users/several",
                           dict(chosen, action="end", group=""))
        self.assert_done(answer, "Done for all chosen users.")
        for token in tokens:
            self.assertEqual(self.stack.check(token).status, 401)
        answer = self.post("/auth/admin/users/several",
                           dict(chosen, action="disable", u9="gone"))
        self.assertEqual(answer.status, 422)
        self.assertIn("Done for 3 chosen users, not for 1.",
                      answer.text)
        self.assertEqual(self.stack.sql(
            "SELECT sum(disabled) FROM users WHERE name LIKE 'many%'")[0][0],
            3)

    def test_what_lacks_something_does_nothing(self):
        before = self.row("bob")
        for form in ({"action": "", "u0": "bob"}, {"action": "disable"},
                     {"action": "join", "u0": "bob", "group": ""},
                     {"action": "delete", "u0": "bob"},
                     {"action": "join", "u0": "bob", "group": "a b"},
                     {"action": "join", "u0": "bob", "group": "su"},
                     {"action": "join", "u0": "bob", "group": "x" * 65}):
            answer = self.post("/auth/admin/users/several", form)
            self.assertEqual(answer.status, 422, form)
        for rd in ("//evil", "https://evil", "/other"):
            answer = self.post("/auth/admin/users/several", {
                "action": "enable", "u0": "bob", "rd": rd})
            self.assertEqual(answer.header("Location"),
                             "/auth/admin?done=several")
        self.assertEqual(self.row("bob"), before)


class Lists(AdminCase):
    @classmethod
    def add_users(cls):
        super().add_users()
        cls.stack.sql(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 4999) INSERT INTO users (epoch, name, email,"
            " display_name, group_list, password, su, disabled, system_login,"
            " must_change, created_at, last_login_at, mfa_since) SELECT 1,"
            " printf('u%05d', i), printf('m%05d@x.example', i),"
            " iif(i = 4321, 'Needle <i>', ''), '', '', 0, 0, 0, 0,"
            " 1000000 + i / 100, 0, 0 FROM n")

    def names(self, page):
        return [html.unescape(n) for n in
                re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', page.text)]

    def link(self, page, word):
        found = re.search(r'<a href="([^"]+)"[^>]*>%s</a>' % word, page.text)
        return html.unescape(found.group(1)) if found else None

    def test_pages_hold_every_user_once_both_ways(self):
        for sort in ("name", "-name", "created", "-created", "login"):
            seen, path = [], "/auth/admin?sort=" + sort
            for _ in range(5):
                page = self.get(path)
                self.assertLessEqual(len(page.raw), 20000)
                seen.append(self.names(page))
                path = self.link(page, "Next")
            flat = sum(seen, [])
            self.assertEqual(len(flat), 125)
            self.assertEqual(len(set(flat)), 125)
            back = self.link(page, "Previous")
            for wanted in reversed(seen[:-1]):
                page = self.get(back)
                self.assertEqual(self.names(page), wanted, sort)
                back = self.link(page, "Previous")
            self.assertIsNone(back)
            last = self.get(self.link(page, "Last"))
            self.assertIsNone(self.link(last, "Next"))
            self.assertEqual(len(self.names(last)), 25)
            first = self.get(self.link(last, "First"))
            self.assertEqual(self.names(first), seen[0])

    def test_a_search_finds_beginnings_first_and_parts_then(self):
        page = self.get("/auth/admin?q=u0432")
        self.assertEqual(self.names(page)[:10],
                         ["u0432%d" % i for i in range(10)])
        self.assertEqual(self.names(self.get("/auth/admin?q=M00017@")),
                         ["u00017"])
        path, found = "/auth/admin?q=needle", []
        for _ in range(5):
            page = self.get(path)
            found += self.names(page)
            path = self.link(page, "Next")
            if path is None:
                break
            self.assertIn("Next continues the search.", page.text)
        self.assertEqual(found, ["u04321"])
        self.assertIn("Needle &lt;i&gt;", page.text + self.get(
            "/auth/admin?q=u04321").text)
        path, found = "/auth/admin?q=0000", []
        while path:
            page = self.get(path)
            found += self.names(page)
            path = self.link(page, "Next")
        self.assertEqual(sorted(found), ["u0000%d" % i for i in range(10)])

    def test_g1_k3_whatever_the_address_holds_it_is_a_page(self):
        for query in ("q=%27%20OR%201=1--", "q=%25", "q=%22%3E%3Cscript%3E",
                      "at=%27", "sort=x&at=1.2", "sort=created&at=9.9.9",
                      "sort=created&at=99999999999999999999.1", "go=back",
                      "q=" + "x" * 200, "at=" + "y" * 400, "q=a&q=b",
                      "q=a&at=z:z", "q=a&at=e:", "sort=login&go=back&at=-1.1"):
            page = self.get("/auth/admin?" + query)
            self.assertEqual(page.status, 200, query)
            self.assertNotIn("<script>", page.text)

    def test_ux47_the_audit_with_filters_and_as_a_file(self):
        self.stack.sql(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 1299) INSERT INTO audit (at, event, ok, user_name,"
            " uid, actor, channel, address, detail) SELECT 5000 + i,"
            " 'login.wrong', 0, '=cmd|x', 0, '', 'web', '192.0.2.1',"
            " '-1+\"a\"' FROM n")
        page = self.get("/auth/admin/audit?event=login.wrong")
        self.assertEqual(page.text.count("<th scope=\"row\">login.wrong"), 25)
        older = self.get(self.link(page, "Older"))
        self.assertEqual(older.text.count("<th scope=\"row\">"), 25)
        self.assertNotEqual(older.text, page.text)
        page = self.get("/auth/admin/audit?user=second&since=2020-01-01")
        self.assertIn("user.add", page.text)
        self.assertNotIn("login.wrong", page.text)
        self.assertIn("could not be read", self.get(
            "/auth/admin/audit?since=yesterday").text)
        answer = self.get(
            "/auth/admin/audit.csv?event=login.wrong&user=%3Dcmd%7Cx")
        self.assertEqual(answer.header("Content-Type"),
                         "text/csv; charset=utf-8")
        self.assertIn("attachment", answer.header("Content-Disposition"))
        rows = list(csv.reader(io.StringIO(answer.text)))
        self.assertEqual(len(rows), 1301)
        self.assertEqual(len({row[0] for row in rows}), 1301)
        self.assertEqual(rows[1][4], "'=cmd|x")
        self.assertEqual(rows[1][8], "'-1+\"a\"")

    def test_sign_ups_that_wait_are_shown_and_deleted(self):
        now = "strftime('%s', 'now')"
        self.stack.sql(
            "INSERT INTO pending_users (flow_hash, email, password,"
            " created_at, expires_at) VALUES (randomblob(32),"
            " 'new@x.example', 'x', %s - 5, %s + 600)" % (now, now))
        page = self.get("/auth/admin/pending")
        self.assertIn("new@x.example", page.text)
        answer = self.post("/auth/admin/pending/delete",
                           {"email": "new@x.example"})
        self.assertEqual(answer.status, 303)
        self.assertNotIn("new@x.example",
                         self.get("/auth/admin/pending").text)
        self.assertEqual(self.last_audit("signup.delete"),
                         ("new@x.example", "root", "web", 1))

    def test_counters_are_shown_and_lifted(self):
        for _ in range(6):
            self.stack.login("bob", "wrong", address="198.51.100.9")
        self.assertEqual(self.stack.login(
            "bob", PASSWORD, address="198.51.100.9")[0].status, 429)
        page = self.get("/auth/admin/throttle")
        self.assertIn("198.51.100.9", page.text)
        answer = self.post("/auth/admin/throttle/clear", {"whose": "bob"})
        self.assert_done(answer, "The counters have been lifted.")
        self.assertEqual(self.stack.login(
            "bob", PASSWORD, address="198.51.100.9")[0].status, 303)
        self.assertEqual(self.last_audit("throttle.clear"),
                         ("bob", "root", "web", 1))
        self.assertEqual(self.post("/auth/admin/throttle/clear",
                                   {"whose": "a b"}).status, 422)


if __name__ == "__main__":
    unittest.main()
