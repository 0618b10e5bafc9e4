# SPDX-License-Identifier: MIT
"""Names and e-mail addresses are one namespace (CONTRACT 6)."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"


class Namespace(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args, **more):
        result = self.stack.ctl(*args, **more)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def add(self, name, *options, code=0):
        return self.ctl(code, "user", "add", name, "--password-stdin",
                        *options, stdin=PASSWORD + "\n")

    def show(self, name):
        return json.loads(self.ctl(0, "user", "show", name, "--json").stdout)

    def test_u17_an_address_is_no_other_accounts_name_73(self):
        self.add("ann@example.com", "--email", "")
        self.add("bob", "--email", "bob@example.com")
        for args in (["carl", "--email", "Ann@Example.COM"],
                     ["BOB@example.com"],
                     ["bob@example.com", "--email", "other@example.com"]):
            self.add(*args, code=73)
        self.ctl(73, "user", "set", "bob", "--email", "ann@example.com")
        self.ctl(0, "user", "set", "ann@example.com", "--email",
                 "ann@example.com")

    def test_u17_an_idn_domain_is_one_name(self):
        self.add("Ida@bücher.example")
        self.assertEqual(self.show("ida@BÜCHER.example")["name"],
                         "ida@xn--bcher-kva.example")
        self.add("ida@xn--bcher-kva.example", code=73)
        self.ctl(0, "user", "verify", "ida@bücher.example",
                 "--password-stdin", stdin=PASSWORD + "\n")
        self.add("ö@bücher.example", code=65)

    def test_u17_imports_skip_and_report(self):
        self.add("ann@example.com", "--email", "")
        self.add("bob", "--email", "bob@example.com")
        path = os.path.join(self.stack.dir, "users.json")
        with open(path, "w", encoding="utf-8") as out:
            for name, email in (("c", "ann@example.com"),
                                ("bob@example.com", ""),
                                ("d@example.com", ""),
                                ("e", "d@example.com"),
                                ("f@example.com", "f@example.com")):
                out.write(json.dumps({"name": name, "email": email}) + "\n")
        for dry in (["--dry-run"], []):
            result = self.ctl(65, "import", "json", path, "--json", *dry)
            found = json.loads(result.stdout)
            self.assertEqual((found["added"], found["skipped"]), (1, 4))
            for name in ("c", "bob@example.com", "d@example.com", "e"):
                self.assertIn('"%s"' % name, result.stderr)

    def test_u17_an_old_file_with_a_clash_works_and_init_says_so(self):
        self.add("ann@example.com", "--email", "")
        self.add("bob")
        self.assertNotIn("warning", self.ctl(0, "init").stderr)
        self.stack.sql("UPDATE users SET email = 'ann@example.com' "
                       "WHERE name = 'bob'")
        warning = self.ctl(0, "init").stderr
        self.assertIn('user set "bob" --email', warning)
        for name in ("bob", "ann@example.com"):
            self.ctl(0, "user", "set", name, "--groups", "x")
            self.ctl(0, "user", "disable", name)
            self.ctl(0, "user", "enable", name)
            self.ctl(0, "user", "verify", name, "--password-stdin",
                     stdin=PASSWORD + "\n")
        self.ctl(0, "user", "set", "bob", "--email", "bob@example.com")
        self.assertNotIn("warning", self.ctl(0, "init").stderr)
