# SPDX-License-Identifier: MIT
"""import streamlit-authenticator: its config.yaml, 0.2 to 0.4, to a log-in."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from import_case import ImportCase, hashed  # noqa: E402

# As its manual shows it, and as its own dump writes it back.
FILE_04 = """\
cookie:
  expiry_days: 30
  key: some_signature_key # Must be a string
  name: some_cookie_name
credentials:
  usernames:
    jsmith:
      email: jsmith@gmail.com
      failed_login_attempts: 0 # Will be managed automatically
      first_name: John
      last_name: Smith
      logged_in: False # Will be managed automatically
      password: abc # Will be hashed automatically
      roles: # Optional
      - admin
      - editor
      - viewer
    RBriggs:
      email: rbriggs@gmail.com
      failed_login_attempts: 2
      first_name: Rebecca
      last_name: Briggs
      logged_in: true
      password: %s
      password_hint: the usual
      roles: [viewer]
    guest@gmail.com:
      email: guest@gmail.com
      first_name: Guest
      last_name: ''
      logged_in: true
      password: null
      picture: https://example.com/p.png
      roles: null
oauth2: # Optional
  google:
    client_id: x
pre-authorized:
  emails:
  - melsby@gmail.com
"""
FILE_02 = """\
credentials:
  usernames:
    jsmith:
      email: jsmith@gmail.com
      name: John Smith
      password: '%s' # To be replaced with hashed password
cookie: {expiry_days: 30, key: random_signature_key, name: n}
preauthorized:
  emails:
  - melsby@gmail.com
"""


def users_of(text):
    return "credentials:\n  usernames:\n" + "".join(
        "    %s\n" % line for line in text.strip("\n").splitlines())


class Authenticator(ImportCase):
    kind = "streamlit-authenticator"

    def test_0_4_users_log_in_with_roles_as_groups(self):
        stored = hashed("pw of rebecca", "2b")
        self.write(FILE_04 % stored)
        said = self.both(0, (3, 0, 0))
        users = self.users()
        john, rebecca = users["jsmith"], users["rbriggs"]
        self.assertEqual(
            [john["email"], john["display_name"], john["groups"], john["su"]],
            ["jsmith@gmail.com", "John Smith", ["admin", "editor", "viewer"],
             False])
        self.assertEqual([rebecca["display_name"], rebecca["groups"]],
                         ["Rebecca Briggs", ["viewer"]])
        self.assertEqual(users["guest@gmail.com"]["display_name"], "Guest")
        self.assertEqual(self.stored("rbriggs"), stored)
        self.assertTrue(self.stored("jsmith").startswith("$argon2id$"))
        self.assertEqual(self.stored("guest@gmail.com"), "")
        self.assert_login("jsmith", "abc")
        self.assert_login("rbriggs", "pw of rebecca")
        self.assertRegex(said, r'"jsmith" \(line 7\): .*--su')
        self.assertRegex(said, r'"jsmith" \(line 7\): .*plain text')
        self.assertRegex(said, r'"guest@gmail.com" .*no password')
        self.assertRegex(said, r'"jsmith" \(line 7\): must change .*short')
        self.assertTrue(john["must_change"])
        self.assertFalse(rebecca["must_change"])
        self.assertEqual(len(said.splitlines()), 4)
        self.assertNotIn("usual", said)
        self.stack.start_gate()
        token = self.stack.token("rbriggs", "pw of rebecca")
        self.assertEqual(self.stack.check(token).status, 204)
        self.assertEqual(self.both(0, (0, 3, 0)), "")

    def test_0_2_has_one_name(self):
        self.write(FILE_02 % hashed("pw", "2b"))
        self.assertEqual(self.both(0, (1, 0, 0)), "")
        self.assertEqual(self.users()["jsmith"]["display_name"], "John Smith")
        self.assert_login("jsmith", "pw")

    def test_before_0_2_is_reported(self):
        self.write("credentials:\n  names: [A]\n  usernames: [a]\n"
                   "  passwords: [x]\n")
        self.assertIn("0.2", self.run_import(65).stderr)

    def test_what_yaml_allows_is_read(self):
        self.write("\ufeff%YAML 1.1\n%TAG !e! tag:e,1:\n---\r\n" + users_of(
            "ann: {name: Ä, password: '%TAG'}") + "...\n")
        self.both(0, (1, 0, 0))
        self.assertEqual(self.users()["ann"]["display_name"], "Ä")
        self.assert_login("ann", "%TAG")

    def test_roles_that_cannot_be_groups_are_left_out(self):
        self.write(users_of("ann:\n  roles: [su, ok, 'Data Team', 'a,b', '',"
                            " ä, null, ok, %s]\n  password: %s" % (
                                ", ".join("g%02d" % i for i in range(40)),
                                hashed("pw"))))
        said = self.both(0, (1, 0, 0))
        self.assertIn("left out", said)
        ann = self.users()["ann"]
        self.assertFalse(ann["su"])
        self.assertEqual(ann["groups"],
                         ["g%02d" % i for i in range(31)] + ["ok"])

    def test_passwords_in_plain_text_as_they_stand_there(self):
        plain = {"a": "007", "b": "'it''s: \\ {x}'", "c": '"\\u00e4\\t$1"',
                 "d": "$ecret", "e": "true", "f": "'null'"}
        real = {"a": "007", "b": "it's: \\ {x}", "c": "ä\t$1", "d": "$ecret",
                "e": "true", "f": "null"}
        self.write(users_of("\n".join("%s: {password: %s}" % row
                                      for row in plain.items())))
        said = self.both(0, (6, 0, 0))
        for name, password in real.items():
            self.assert_login(name, password)
        self.assertNotIn("ecret", said)

    def test_k3_e14_users_that_break_a_rule_are_skipped_by_line(self):
        bad = [
            "a b: {}", "'': {}", "-a: {}", "ä: {}", '"a\\0b": {}',
            '"\\e[31m": {}', "u1: null", "u2: text", "u3: [a]",
            "u4: {email: nonsense}", "u5: {email: [a]}",
            "u6: {email: {a: b}}", 'u7: {email: "a@x.de\\0"}',
            "u8: {roles: *nowhere}", "u9: {roles: {a: b}}",
            "u10: {roles: [[a]]}", "u11: {name: [a, b]}",
            "u12: {password: [a]}", "u13: {password: ''}",
            'u14: {password: "a\\nb"}', "u15: {password: %s}" % ("x" * 600),
            "u16: {password: $2b$20$%s}" % hashed("x", "2b")[7:],
            "u17: {password: $2b$12$tooshort}",
            "u18: {password: $apr1$abcdefgh$5VEbMkemELfbhC5ck.U.z1}",
            "u19: {password: first, password: second}",
            'u20: {name: "a\\u202eb"}', "u21: {first_name: %s}" % ("x" * 200)]
        self.write(users_of("\n".join(bad) + "\nok: {password: pw}"))
        said = self.both(65, (1, 0, len(bad)))
        self.assertEqual(list(self.users()), ["ok"])
        for number in range(3, len(bad) + 3):
            self.assertRegex(said, r"\bline %d\b" % number)
        for secret in ("second", "tooshort", "5VEbMk", "xxxxx", "\x1b"):
            self.assertNotIn(secret, said)

    def test_k4_names_and_addresses_are_unique(self):
        self.write(users_of("Ann: {password: a}\nann: {password: b}\n"
                            "bob: {email: x@y.de}\ncarl: {email: X@y.de}\n"
                            "dora: {}"))
        self.both(65, (1, 0, 4))
        self.assertEqual(list(self.users()), ["dora"])

    def test_files_that_are_none(self):
        good = users_of("ann: {password: pw}")
        bomb = "a: &a [x]\n" + "".join(
            "%s: &%s [%s]\n" % (y, y, ",".join(["*" + x] * 9))
            for x, y in zip("abcdefgh", "bcdefghi"))
        self.check_hostile([
            "", "---\n", "null", "text", "[]", "cookie: {}\n",
            "credentials: {}\n", "credentials: text\n", "usernames: {}\n",
            "credentials: {usernames: null}\n",
            users_of("ann: {password: !!binary cHc=}"),
            users_of("ann: !!python/object/apply:os.abort []"),
            good + "x: " + "[" * 40 + "]" * 40, good + "x: " + "[" * 100000,
            good + "---\n" + good, good + "x: [", good + "\tx", good + "x: }",
            good + "? [a]\n: b\n", good + "%s: 1\n" % ("k" * 600),
            good.encode("utf-16"),
            "".join("%%TAG !%d! x\n" % i for i in range(20000)) + "---\n"
            + good,
            good.encode() + b"x: a\0b\n", good.encode() + b"x: \xff\n",
            good + "x: " + "y" * (17 << 20)])
        self.check_no_file()
        # Nothing is expanded: a bomb is so many words.
        self.write(good + bomb)
        self.both(0, (1, 0, 0))

    def test_u26_lists_that_users_share_and_what_else_an_alias_is(self):
        """As PyYAML dumps them."""
        self.write("x: &x {password: pw}\n" + users_of(
            "ann: {roles: &id001 [editor, viewer]}\n"
            "bob: {roles: *id001}\ncarl: {roles: editor}\n"
            "dora: *x\nemil: {<<: *x, roles: [a]}\nfay: {name: *x}"))
        self.both(65, (3, 0, 3))
        users = self.users()
        self.assertEqual({name: users[name]["groups"] for name in users}, {
            "ann": ["editor", "viewer"], "bob": ["editor", "viewer"],
            "carl": ["editor"]})

    def test_u26_a_scheme_before_the_hash(self):
        self.write(users_of("\n".join(
            "%s: {password: '{%s}%s'}" % (name, prefix, hashed("pw", kind))
            for name, prefix, kind in (
                ("ann", "CRYPT", "6"), ("bob", "BLF-CRYPT", "2y"),
                ("carl", "crypt", "5"), ("dora", "SHA512-CRYPT", "6")))
            + "\nemil: {password: '{SSHA}xyz'}\nfay: {password: '{CRYPT}'}"))
        self.both(65, (4, 0, 2))
        for name in self.users():
            self.assert_login(name, "pw")

    def test_a_file_that_may_not_be_read_77(self):
        self.write(FILE_02 % "x")
        self.check_denied()



class Authelia(ImportCase):
    kind = "authelia"

    def test_u26_users_with_groups_and_those_who_are_disabled(self):
        self.write("""---
users:
  john:
    disabled: false
    displayname: 'John Doe'
    password: '%s'
    email: 'john.doe@authelia.com'
    groups: ['admins', 'dev']
  Harry:
    disabled: true
    displayname: Harry Potter
    password: '{CRYPT}%s'
    email: harry@authelia.com
    groups: []
    picture: ''
...
""" % (hashed("pw of john"), hashed("pw of harry")))
        self.both(0, (2, 0, 0))
        users = self.users()
        john, harry = users["john"], users["harry"]
        self.assertEqual(
            [john[key] for key in ("display_name", "email", "groups",
                                   "disabled", "su")],
            ["John Doe", "john.doe@authelia.com", ["admins", "dev"], False,
             False])
        self.assertTrue(harry["disabled"])
        self.assert_login("john", "pw of john")
        self.stack.ctl("user", "enable", "harry", check=True)
        self.assert_login("harry", "pw of harry")

    def test_u26_what_is_none_of_its_users_is_skipped(self):
        self.write("users:\n" + "".join("  %s\n" % line for line in (
            "a1: {password: plain}", "a2: {disabled: maybe}",
            "a3: {password: ''}", "a4: [x]",
            "ok: {password: '%s', roles: [x]}" % hashed("pw"))))
        said = self.both(65, (1, 0, 4))
        self.assertNotIn("plain", said.replace("plain text", ""))
        self.assertEqual(self.users()["ok"]["groups"], [])
        for text in ("credentials: {usernames: {a: {}}}\n", "users: []\n",
                     "", "users: {a: {}}\n---\nusers: {}\n"):
            self.write(text)
            self.run_import(65)


if __name__ == "__main__":
    unittest.main()
