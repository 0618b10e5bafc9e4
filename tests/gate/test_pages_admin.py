# SPDX-License-Identifier: MIT
"""/auth/admin: what superusers do, and what they and others cannot do."""

import html
import re
import threading
import unittest
import urllib.parse

from admin_case import READS, WRITES, AdminCase
from pages_case import PASSWORD
from rig import SUBMIT


class WhoMay(AdminCase):
    def test_j1_ux44_others_get_403_and_a_way_back(self):
        _, jar = self.stack.login("guest", PASSWORD)
        for path in READS:
            answer = self.get(path, jar)
            self.assertEqual(answer.status, 403, path)
            self.assertIn("administrator rights", answer.text)
            self.assertIn('href="/auth/logout">Sign in as a different user',
                          answer.text)
            self.assertIn('href="/"', answer.text)
            self.assertNotIn("bob@example.com", answer.text)
        for path, form in WRITES:
            before = self.row("bob")
            self.assertEqual(self.post(path, form, jar).status, 403, path)
            self.assertEqual(self.row("bob"), before)

    def test_j1_nobody_is_led_to_the_log_in_page_and_back(self):
        for path in READS:
            answer = self.stack.page("GET", path)
            self.assertEqual(answer.status, 303, path)
            self.assertEqual(
                urllib.parse.unquote(answer.header("Location")),
                "/auth/login?rd=" + path)
        for path, form in WRITES:
            before = self.row("bob")
            answer, _ = self.stack.post(path, form, form_path="/auth/login")
            self.assertEqual(answer.status, 303)
            self.assertIn("/auth/login?ended=1", answer.header("Location"))
            self.assertEqual(self.row("bob"), before)

    def test_c9_a_superuser_who_was_demoted_is_none(self):
        self.new_user("third", "--su")
        _, jar = self.stack.login("third", PASSWORD)
        self.assertEqual(self.get("/auth/admin", jar).status, 200)
        self.stack.ctl("user", "set", "third", "--no-su", check=True)
        self.assertNotEqual(self.get("/auth/admin", jar).status, 200)

    def test_c7_every_page_with_a_session_counts_as_use(self):
        for path in READS + ("/auth/account", "/auth/confirm"):
            self.stack.sql("UPDATE sessions SET last_seen_at ="
                           " last_seen_at - 300, created_at = created_at - 300"
                           " WHERE user_name = 'root'")
            self.get(path)
            late = self.stack.sql(
                "SELECT max(last_seen_at) - strftime('%s', 'now')"
                " FROM sessions WHERE user_name = 'root'")[0][0]
            self.assertGreater(late, -60, path)

    def test_a_get_changes_nothing(self):
        for path, form in WRITES:
            before = self.row("bob")
            answer = self.get(path + "?" + urllib.parse.urlencode(form))
            self.assertEqual(answer.status, 405, path)
            self.assertEqual(self.row("bob"), before)

    def test_b1_a_form_without_its_token_is_shown_again_whole(self):
        for path, form in WRITES:
            before = self.row("bob")
            answer = self.stack.page("POST", path, form=dict(form, csrf="x"),
                                     cookies=self.jar)
            self.assertEqual(answer.status, 403, path)
            for name, value in form.items():
                self.assertIn('name="%s" value="%s"' % (name, value),
                              answer.text)
            self.assertEqual(self.row("bob"), before)
            answer = self.post(path, form, headers=dict(
                SUBMIT, **{"Sec-Fetch-Site": "cross-site"}))
            self.assertEqual(answer.status, 403, path)
            self.assertEqual(self.row("bob"), before)


class FreshProof(AdminCase):
    def test_j3_ux45_the_password_is_asked_and_the_action_goes_on(self):
        self.new_user("dave")
        self.stale()
        self.assertEqual(self.get("/auth/admin").status, 200)
        before = self.row("dave")
        form = {"name": "dave", "email": "", "display_name": "D <b>",
                "groups": "x", "su": ""}
        answer = self.post("/auth/admin/user/set", form)
        self.assertEqual(answer.status, 403)
        self.assertIn('type="password"', answer.text)
        self.assertIn('action="/auth/admin/user/set"', answer.text)
        self.assertIn("D &lt;b&gt;", answer.text)
        self.assertEqual(self.row("dave"), before)
        answer = self.post("/auth/admin/user/set",
                           dict(form, password="wrong"))
        self.assertEqual(answer.status, 401)
        self.assertIn("Incorrect password.", answer.text)
        self.assertIn("D &lt;b&gt;", answer.text)
        self.assertNotIn("wrong\"", answer.text)
        self.assertEqual(self.row("dave"), before)
        answer = self.post("/auth/admin/user/set",
                           dict(form, password=PASSWORD))
        self.assert_done(answer, "The changes have been saved.")
        # And it counts for what comes after.
        answer = self.post("/auth/admin/user/state",
                           {"name": "dave", "action": "disable"})
        self.assert_done(answer, "disabled")

    def test_j3_every_write_asks(self):
        for path, form in WRITES:
            self.stale()
            before = self.row("bob")
            answer = self.post(path, form)
            self.assertEqual(answer.status, 403, path)
            self.assertIn('name="password"', answer.text)
            self.assertEqual(self.row("bob"), before)

    def test_j3_the_wait_of_the_rate_limits_holds_here_too(self):
        self.new_user("third", "--su")
        _, jar = self.stack.login("third", PASSWORD)
        self.stale("third")
        form = {"name": "bob", "action": "end", "password": "wrong"}
        for _ in range(5):
            self.post("/auth/admin/user/state", form, jar)
        form["password"] = PASSWORD
        answer = self.post("/auth/admin/user/state", form, jar)
        self.assertEqual(answer.status, 429)
        self.assertIn('value="end"', answer.text)


class Accounts(AdminCase):
    def test_ux39_the_list_shows_no_password(self):
        answer = self.get("/auth/admin")
        for words in ("bob@example.com", "superuser", "system log-in"):
            self.assertIn(words, answer.text)
        self.assertNotIn("argon2", answer.text)
        self.assertNotIn("assword", re.sub(r"<head>.*</head>", "",
                                           answer.text, flags=re.S))

    def test_ux40_a_new_user_gets_a_link_and_nobody_types_a_password(self):
        page = self.get("/auth/admin/new")
        self.assertNotIn('type="password"', page.text)
        self.addCleanup(self.stack.ctl, "user", "delete", "erin", "--yes")
        answer = self.post("/auth/admin/users/add", {
            "name": "Erin", "email": "erin@example.com",
            "display_name": "Erin E", "groups": "b,a", "access": "link"})
        self.assertEqual(answer.status, 200)
        link = html.unescape(re.search(
            r'<code class="once">([^<]+)<', answer.text).group(1))
        self.assertTrue(link.startswith(
            "https://app.example.com/auth/reset?token="))
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        token = link.partition("token=")[2]
        answer, _ = self.stack.post(
            "/auth/reset", {"token": token, "password": "tractor violet hat",
                            "confirm": "tractor violet hat"},
            form_path="/auth/reset?token=" + token)
        self.assertEqual(answer.status, 303)
        answer, _ = self.stack.login("erin", "tractor violet hat")
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/"))
        self.assertEqual(self.last_audit("user.add"),
                         ("erin", "root", "web", 1))

    def test_ux40_or_a_generated_password_that_is_shown_once(self):
        self.addCleanup(self.stack.ctl, "user", "delete", "finn", "--yes")
        answer = self.post("/auth/admin/users/add",
                           {"name": "finn", "access": "password"})
        password = re.search(r'<code class="once">([^<]+)<',
                             answer.text).group(1)
        self.assertNotIn(password, self.get("/auth/admin/user?name=finn").text)
        answer, _ = self.stack.login("finn", password)
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, "/auth/account"))

    def test_a_new_user_that_cannot_be_is_refused_at_the_form(self):
        for form, words in (
                ({"name": "bob"}, "already exists"),
                ({"name": "x y"}, "can only contain"),
                ({"name": "gina", "email": "no address"}, "not a valid"),
                ({"name": "gina", "groups": "a b"}, "group name"),
                ({"name": "gina", "groups": "su"}, "group su"),
                ({"name": ""}, "Enter a user name")):
            answer = self.post("/auth/admin/users/add",
                               dict(form, access="password"))
            self.assertEqual(answer.status, 422, form)
            self.assertIn(words, html.unescape(answer.text))
            self.assertIn('value="%s"' % form["name"], answer.text)
        self.assertEqual(self.row("gina"), [])

    def test_an_edit_keeps_what_was_typed_and_says_what_is_wrong(self):
        self.new_user("hal")
        answer = self.post("/auth/admin/user/set", {
            "name": "hal", "email": "bob@example.com", "display_name": "Hal H",
            "groups": "a"})
        self.assertEqual(answer.status, 422)
        self.assertIn('value="Hal H"', answer.text)
        answer = self.post("/auth/admin/user/set", {
            "name": "hal", "email": "hal@example.com", "display_name": "Hal H",
            "groups": "b, a", "su": "1"})
        page = self.assert_done(answer, "saved")
        self.assertIn('value="a,b"', page.text)
        self.assertIn("checked", page.text)
        self.assertEqual(self.last_audit("user.set"),
                         ("hal", "root", "web", 1))

    def test_ux41_who_is_disabled_is_out_at_once(self):
        self.new_user("ivy")
        token = self.stack.token("ivy", PASSWORD)
        self.assertEqual(self.stack.check(token).status, 204)
        answer = self.post("/auth/admin/user/state",
                           {"name": "ivy", "action": "disable"})
        self.assert_done(answer, "The account has been disabled.")
        self.assertEqual(self.stack.check(token).status, 401)
        self.assertEqual(self.stack.login("ivy", PASSWORD)[0].status, 401)
        answer = self.post("/auth/admin/user/state",
                           {"name": "ivy", "action": "enable"})
        self.assert_done(answer, "The account has been enabled.")
        self.assertEqual(self.stack.login("ivy", PASSWORD)[0].status, 303)
        self.assertEqual(self.last_audit("user.disable"),
                         ("ivy", "root", "web", 1))

    def test_sessions_end_one_by_one_and_all_together(self):
        self.new_user("jan")
        tokens = [self.stack.token("jan", PASSWORD) for _ in range(3)]
        page = self.get("/auth/admin/user?name=jan")
        handles = re.findall(r'name="session" value="([^"]+)"', page.text)
        self.assertEqual(len(handles), 3)
        answer = self.post("/auth/admin/user/session",
                           {"name": "jan", "session": handles[0]})
        self.assert_done(answer, "The session has been ended.")
        standing = [t for t in tokens if self.stack.check(t).status == 204]
        self.assertEqual(len(standing), 2)
        # A session of somebody else is none of this user's.
        own = re.findall(r'name="session" value="([^"]+)"',
                         self.get("/auth/account").text)[0]
        answer = self.post("/auth/admin/user/session",
                           {"name": "jan", "session": own})
        self.assert_done(answer, "no longer exists")
        self.assertEqual(self.get("/auth/account").status, 200)
        answer = self.post("/auth/admin/user/state",
                           {"name": "jan", "action": "end"})
        self.assert_done(answer, "All sessions of the user")
        for token in tokens:
            self.assertEqual(self.stack.check(token).status, 401)

    def test_ux42_to_delete_the_name_is_typed(self):
        self.new_user("kim")
        for typed in ("", "bob", "ki"):
            answer = self.post("/auth/admin/user/delete",
                               {"name": "kim", "again": typed})
            self.assertEqual(answer.status, 422)
            self.assertEqual(len(self.row("kim")), 1)
        answer = self.post("/auth/admin/user/delete",
                           {"name": "kim", "again": "kim"})
        self.assert_done(answer, "The account has been deleted.")
        self.assertEqual(self.row("kim"), [])
        self.assertEqual(self.last_audit("user.delete"),
                         ("kim", "root", "web", 1))
        self.assertEqual(self.get("/auth/admin/user?name=kim").status, 404)

    def test_j2_ux43_nobody_shuts_the_own_account(self):
        before = self.row("root")
        for path, form in WRITES:
            if "name" in form and "users/add" not in path:
                form = dict(form, name="root")
                if "again" in form:
                    form["again"] = "root"
                self.assertEqual(self.post(path, form).status, 403, path)
        answer = self.post("/auth/admin/users/several",
                           {"action": "disable", "u0": "root"})
        self.assertEqual(answer.status, 422)
        self.assertEqual(self.row("root"), before)

    def test_j2_two_that_demote_each_other_at_once(self):
        for action in ("set", "disable", "delete"):
            self.new_user("one", "--su")
            self.new_user("two", "--su")
            self.stack.sql("UPDATE users SET su = name IN ('one', 'two')")
            jars = {n: self.stack.login(n, PASSWORD)[1]
                    for n in ("one", "two")}
            forms = {n: self.stack.open_form("/auth/account", jars[n])
                     for n in jars}
            gate = threading.Barrier(2)

            def act(who, whom, action=action, forms=forms, gate=gate):
                csrf, jar = forms[who]
                form = {"set": {"name": whom, "su": ""},
                        "disable": {"name": whom, "action": "disable"},
                        "delete": {"name": whom, "again": whom}}[action]
                path = {"disable": "state"}.get(action, action)
                gate.wait()
                self.stack.page("POST", "/auth/admin/user/" + path,
                                form=dict(form, csrf=csrf), cookies=jar)
            threads = [threading.Thread(target=act, args=pair)
                       for pair in (("one", "two"), ("two", "one"))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            left = self.stack.sql("SELECT name FROM users WHERE su = 1 "
                                  "AND disabled = 0")
            self.stack.sql("UPDATE users SET su = name IN ('root', 'second')")
            for name in ("one", "two"):
                self.stack.ctl("user", "delete", name, "--yes")
            self.assertEqual(len(left), 1, action)

    def test_an_account_for_hosts_is_shown_and_not_changed(self):
        page = self.get("/auth/admin/user?name=host")
        self.assertIn("stauthctl", page.text)
        for path in ("set", "state", "access", "session", "delete"):
            self.assertNotIn('action="/auth/admin/user/' + path, page.text)
        token = self.stack.token("host", PASSWORD)
        before = self.row("host")
        for path, form in WRITES:
            if "name" in form and "users/add" not in path:
                form = dict(form, name="host")
                if "again" in form:
                    form["again"] = "host"
                self.assertEqual(self.post(path, form).status, 403, path)
        for action in ("disable", "enable", "end", "join", "leave"):
            answer = self.post("/auth/admin/users/several", {
                "action": action, "group": "x", "u0": "host"})
            self.assertEqual(answer.status, 422, action)
        answer = self.post("/auth/admin/throttle/clear", {"whose": "host"})
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.row("host"), before)
        self.assertEqual(self.stack.check(token).status, 204)

    def test_no_page_makes_an_account_for_hosts(self):
        for path, form in WRITES:
            answer = self.post(path, dict(form, system_login="1"))
            self.assertEqual(answer.status, 400, path)


if __name__ == "__main__":
    unittest.main()
