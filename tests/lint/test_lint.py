# SPDX-License-Identifier: MIT
"""Each check finds what it is for: planted in a small tree of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import check_docs  # noqa: E402
import check_format  # noqa: E402
import check_includes  # noqa: E402
import check_rows  # noqa: E402
import check_shell  # noqa: E402
import check_style  # noqa: E402
from tree import Tree, c_code  # noqa: E402

SPDX = "/* SPDX-License-Identifier: MIT */\n"
BANNED = '\n#include "base/banned.h"\n'


def c_file(*includes, body=""):
    return SPDX + "".join(f"#include {i}\n" for i in includes) + BANNED + body


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="stauth-lint-")
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as out:
            out.write(text)

    def found(self, check):
        tree = Tree(self.root)
        check(tree)
        return [f"{path}:{line}: {message}"
                for path, line, message in tree.found]

    def one(self, check, path, text, words):
        """Planted there, exactly this is found; afterwards it is clean."""
        self.plant(path, text)
        found = self.found(check)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])
        self.assertTrue(found[0].startswith(path + ":"), found)
        os.remove(os.path.join(self.root, path))
        self.assertEqual(self.found(check), [])


class Docs(Planted):
    def setUp(self):
        super().setUp()
        self.plant("README.md", "See docs/a.md.\n")
        self.plant("a/text.h", SPDX + '#define A "The store is " \\\n\t"busy."')

    def page(self, text, words):
        self.one(check_docs.check, "docs/a.md", text, words)

    def test_u18_a_quoted_sentence_is_the_program_s(self):
        self.page('| "The store is closed" | x |\n', "nothing says")
        self.plant("docs/a.md", '| "The store is ... busy" and `"x"` | "y" |\n')
        self.assertEqual(self.found(check_docs.check), [])

    def test_u18_a_link_leads_somewhere(self):
        self.page("[b](b.md)\n", "b.md is not there")

    def test_u18_readme_names_every_page_and_is_short(self):
        self.one(check_docs.check, "docs/b.md", "x\n", "does not name it")
        self.plant("README.md", "See docs/a.md.\n" * 201)
        self.assertIn("over 200", self.found(check_docs.check)[0])

    def test_u18_readme_names_every_library_of_the_build(self):
        self.plant("tests/run", "libcmocka-dev libargon2-dev\n")
        self.assertIn("needs libargon2-dev", self.found(check_docs.check)[0])
class Shell(Planted):
    def test_u25_a_script_is_read_by_shellcheck(self):
        for path, head in (("nginx/x", "#!/usr/bin/env bash\n"),
                           ("x.bash", "# A part.\n# shellcheck shell=bash\n")):
            self.one(check_shell.check, path, head + "rm -rf $1\n", "SC2086")
        self.plant("x.md", "#!/bin/sh is a line\nrm -rf $1\n")
        self.plant("y.txt", "rm -rf $1\n")
        self.assertEqual(self.found(check_shell.check), [])


class Includes(Planted):
    def one_include(self, path, include, words):
        self.one(check_includes.check, path, c_file(include), words)

    def clean(self, path, text):
        self.plant(path, text)
        self.assertEqual(self.found(check_includes.check), [])

    def test_what_is_allowed_is_not_found(self):
        self.plant("common/base/rc.h", SPDX)
        self.plant("common/base/rc.c", c_file('"base/rc.h"'))
        self.clean("common/store/sqlite/open.h", SPDX)
        for path, includes in (
                ("common/store/table.c", ['"store/sqlite/open.h"']),
                ("common/store/sqlite/x.c", ["<sqlite3.h>", '"base/rc.h"']),
                ("common/auth/x.c", ["<jansson.h>", '"store/state.h"',
                                     '"password/password.h"']),
                ("common/auth/y.c", ['"store/sqlite/old_users.h"']),
                ("fcgi_gate/main.c", ['"store/table.h"', '"mail/mailer.h"']),
                ("fcgi_gate/worker.h", []),
                ("fcgi_gate/x_worker.c", ['"store/table.h"']),
                ("fcgi_gate/pages/pages.c", ['"store/table.h"']),
                ("fcgi_gate/fcgi_io.c", ["<fcgiapp.h>"]),
                ("fcgi_gate/pages/x.c", ['"auth/login.h"', '"worker.h"',
                                         '"store/records.h"']),
                ("pam_stauth/x.c", ["<security/pam_modules.h>",
                                    "<syslog.h>", '"base/rc.h"']),
                ("pam_stauth/chkpwd/x.c", ['"auth/login.h"'])):
            self.clean(path, SPDX if path.endswith(".h")
                       else c_file(*includes))

    def test_arrows_point_down_only(self):
        for path, include in (
                ("common/base/x.c", '"config/config.h"'),
                ("common/config/x.c", '"password/password.h"'),
                ("common/password/x.c", '"config/config.h"'),
                ("common/store/x.c", '"auth/ctx.h"'),
                ("common/store/x.c", '"mail/mailer.h"'),
                ("common/mail/x.c", '"store/state.h"')):
            self.one_include(path, include, "is not above")

    def test_a_provider_is_reached_through_the_table_only(self):
        self.one_include("common/auth/x.c", '"store/sqlite/open.h"',
                         "provider's own")
        self.one_include("common/store/airtable/x.c",
                         '"store/sqlite/open.h"', "provider's own")

    def test_front_ends_touch_no_store(self):
        for path, include in (
                ("fcgi_gate/pages/x.c", '"store/state.h"'),
                ("fcgi_gate/pages/x.c", '"store/table.h"'),
                ("fcgi_gate/sockets.c", '"password/password.h"'),
                ("fcgi_gate/main.c", '"store/state.h"'),
                ("stauthctl/user.c", '"store/state.h"'),
                ("stauthctl/user.c", '"mail/mailer.h"'),
                ("pam_stauth/chkpwd/x.c", '"store/table.h"')):
            self.one_include(path, include, "a front end takes")

    def test_the_pam_module_takes_base_only(self):
        self.one_include("pam_stauth/x.c", '"auth/login.h"', "base/ only")

    def test_front_ends_do_not_know_each_other(self):
        self.plant("fcgi_gate/listen.h", SPDX)
        self.one_include("stauthctl/x.c", '"../fcgi_gate/listen.h"',
                         "knows no other")
        self.one_include("common/auth/x.c", '"../../fcgi_gate/listen.h"',
                         "knows no front end")

    def test_check_and_pages_stay_apart(self):
        self.plant("fcgi_gate/pages/page.h", SPDX)
        self.plant("fcgi_gate/check/reply.h", SPDX)
        self.one_include("fcgi_gate/check/x.c", '"pages/page.h"',
                         "includes nothing of pages/")
        self.one_include("fcgi_gate/stream/x.c", '"../pages/page.h"',
                         "includes nothing of pages/")
        self.one_include("fcgi_gate/http/x.c", '"pages/page.h"',
                         "includes nothing of pages/")
        self.one_include("fcgi_gate/http/x.c", '"check/reply.h"',
                         "includes nothing of check/")
        self.one_include("fcgi_gate/stream/x.c", '"check/reply.h"',
                         "includes nothing of check/")
        self.one_include("fcgi_gate/pages/x.c", '"check/reply.h"',
                         "includes nothing of check/")

    def test_third_party_headers_have_one_owner(self):
        for path, include in (
                ("common/auth/x.c", "<sqlite3.h>"),
                ("common/store/x.c", "<sqlite3.h>"),
                ("common/auth/x.c", "<openssl/evp.h>"),
                ("common/base/random.c", "<openssl/rand.h>"),
                ("fcgi_gate/pages/x.c", "<fcgiapp.h>"),
                ("fcgi_gate/check/x.c", "<jansson.h>"),
                ("common/auth/x.c", "<crypt.h>"),
                ("common/auth/x.c", "<curl/curl.h>"),
                ("common/auth/x.c", "<syslog.h>"),
                ("common/auth/x.c", "<security/pam_appl.h>"),
                ("pam_stauth/chkpwd/x.c", "<security/pam_appl.h>"),
                ("fcgi_gate/x.c", "<pthread.h>"),
                ("fcgi_gate/x.c", "<fcgi_stdio.h>")):
            self.one_include(path, include, "has its owner elsewhere")

    def test_the_own_header_is_first(self):
        self.plant("common/base/x.h", SPDX)
        self.one(check_includes.check, "common/base/x.c",
                 c_file("<stdio.h>", '"base/x.h"'), "own header")
        self.plant("tests/unit/x.h", SPDX)
        self.clean("tests/unit/x.c", c_file('"unit.h"', '"x.h"'))

    def test_system_headers_stand_before_ours(self):
        self.one(check_includes.check, "common/auth/x.c",
                 c_file('"auth/a.h"', '"auth/b.h"', "<stdio.h>"),
                 "before the quoted")

    def test_banned_is_last_in_c_and_absent_in_headers(self):
        check = check_includes.check
        self.one(check, "common/base/x.c", SPDX, "the last include")
        self.one(check, "tests/unit/x.c",
                 SPDX + '#include "base/banned.h"\n#include "a.h"\n',
                 "the last include")
        self.one(check, "common/base/x.h", SPDX + BANNED, "no banned.h")
        self.one(check, "common/base/x.c",
                 SPDX + '/*\n#include "base/banned.h"\n*/\n',
                 "the last include")

    def test_the_licence_is_on_line_1(self):
        self.one(check_includes.check, "common/base/x.h",
                 "\n" + SPDX, "line 1 is")


class Style(Planted):
    def one_style(self, path, text, words):
        self.one(check_style.check, path, text, words)

    def test_columns_count_a_tab_as_eight(self):
        self.plant("a.c", "\t" * 9 + "12345678\n")
        self.assertEqual(self.found(check_style.check), [])
        self.one_style("a.c", "\t" * 9 + "123456789\n", "81 columns")

    def test_comments(self):
        self.one_style("a.h", "int a; // no\n", "comments are written")
        self.plant("a.h", '/* http://a */\nchar *a = "//"; int b = \'/\';\n')
        self.assertEqual(self.found(check_style.check), [])

    def test_long_functions(self):
        for path, most in (("a.c", 50), ("tests/unit/a.c", 80)):
            body = "\ta();\n" * (most + 1)
            self.one_style(path, "int a(void)\n{\n" + body + "}\n",
                           f"function of {most + 1} lines")
            self.plant(path, "int a(void)\n{\n" + body[6:] + "}\n"
                       "static int b[] = {\n" + body + "};\n")
            self.assertEqual(self.found(check_style.check), [])

    def test_long_files(self):
        for name in ("a.c", "a.h", "a.py"):
            self.one_style(name, "a\n" * 451, "over 450")
            self.plant(name, "a\n" * 450)

    def test_long_programs_without_an_ending(self):
        text = "#!/bin/sh\n" + "a\n" * 450
        self.one_style("tests/bench/check", text, "over 450")
        self.plant("notes", "a\n" * 451)
        self.assertEqual(self.found(check_style.check), [])

    def test_what_is_left_over(self):
        for word in ("TO" "DO", "FIX" "ME"):
            self.one_style("a.sh", f"# {word}: later\n", "left to be done")

    def test_blanks_and_ends(self):
        self.one_style("a.conf", "a \n", "blanks at the end")
        self.one_style("a.conf", "a\r\n", "blanks at the end")
        self.one_style("a.conf", "a", "no newline")

    def test_machine_paths(self):
        self.one_style("a.md", "see /ho" "me/somebody/x\n", "one machine")
        self.one_style("a.md", "see /ro" "ot/.cache\n", "one machine")
        self.plant("a.md", "/usr/bin /etc/stauth ~/x $HOME/x /home\n")
        self.assertEqual(self.found(check_style.check), [])
        machine = check_style.machine_paths("/etc/x")
        self.assertIsNone(machine)

    def test_g1_sql_built_with_printf_is_found(self):
        for call in (
                'snprintf(q, 9, "SELECT a FROM b WHERE c=\'%s\'", u);',
                'stauth_buf_addf(&b,\n\t"DELETE "\n\t"FROM a WHERE %d", n);',
                'vsnprintf(q, 9, "INSERT INTO a VALUES (%s)", ap);',
                'asprintf(&q, f(")"), "UPDATE a SET b=%s", c);',
                "q = sqlite3_mprintf(f, a);",
                "sqlite3_snprintf(9, q, f, a);",
                "sqlite3_str_appendf(s, f, a);"):
            self.one_style("common/store/sqlite/x.c", call + "\n",
                           "bound, never formatted")
        self.plant("common/store/sqlite/x.c",
                   'prepare("SELECT a FROM b WHERE c=?1");\n'
                   '/* sqlite3_mprintf is never called */\n'
                   'printf("%s: update the Select box", a);\n'
                   'printf("WHERE 100%% sure");\n')
        self.assertEqual(self.found(check_style.check), [])

    def test_g1_the_one_exception_is_one(self):
        call = 'snprintf(q, 9, "SELECT a FROM %s", t);\n'
        self.plant(check_style.FORMATTED_ONCE[0], call)
        self.assertEqual(self.found(check_style.check), [])
        self.one_style(check_style.FORMATTED_ONCE[0], call + call, ":2: SQL")

    def test_u15_modes_and_owners_are_changed_by_descriptor(self):
        for call in ("chmod(path, 0600)", "chown(path, 0, 0)",
                     "(void)lchown (path, 0, 0)"):
            self.one_style("stauthctl/x.c", call + ";\n", "by descriptor")
        self.plant("stauthctl/x.c", "fchmod(fd, 0600); /* chmod(path) */\n"
                   'fail("run: chmod(1)");\nfchownat(fd, "", 0, 0, 0);\n')
        self.plant("tests/unit/x.c", "chmod(path, 0600);\n")
        self.assertEqual(self.found(check_style.check), [])

    def test_code_keeps_its_place(self):
        text = 'a /* b\n" */ "c\\"d" \'"\' e // f\ng'
        code = c_code(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.split(), ["a", "e", "g"])
        self.assertEqual(code.count("\n"), 2)


@unittest.skipUnless(shutil.which("clang-format"), "no clang-format")
class Format(Planted):
    def test_a_file_that_is_not_formatted_is_found(self):
        self.plant(".clang-format", "BasedOnStyle: LLVM\n")
        self.one(check_format.check, "a.c", "int  a;\n", "clang-format -i")

    def test_a_broken_style_file_is_found(self):
        self.plant("a.c", "int a;\n")
        self.plant(".clang-format", "Nonsense: [\n")
        self.assertEqual(len(self.found(check_format.check)), 1)


class Rows(Planted):
    TABLE = "| Row | what |\n| --- | --- |\n"

    def setUp(self):
        super().setUp()
        self.rows = check_rows.expand(check_rows.FIRST_LIGHT)
        self.names = {row: f"{row.lower()}_is_tested" for row in self.rows}
        self.excused = []

    def found_rows(self):
        self.plant("SECURITY.md", "# S\n" + self.TABLE + "".join(
            f"| {row} | done |\n" for row in self.rows)
            + f"\n## {check_rows.NOT_APPLYING}\n" + self.TABLE
            + "".join(self.excused))
        self.plant("tests/unit/test_x.c", "".join(
            f"\t\tcmocka_unit_test({name}),\n"
            for name in self.names.values()))
        return self.found(check_rows.check)

    def test_ranges_expand(self):
        self.assertEqual(check_rows.expand("A9-A11 B2"),
                         ["A9", "A10", "A11", "B2"])
        self.assertEqual(len(self.rows), 69)

    def test_all_rows_tested_is_clean(self):
        self.assertEqual(self.found_rows(), [])

    def test_a_row_without_a_test_is_found(self):
        for row in ("A23", "C1", "K9"):
            name = self.names.pop(row)
            found = self.found_rows()
            self.assertEqual(len(found), 1, found)
            self.assertIn(f"row {row} has no test", found[0])
            self.names[row] = name

    def test_a_fault_without_a_test_is_found(self):
        self.rows.append("X14")
        found = self.found_rows()
        self.assertEqual(len(found), 1, found)
        self.assertIn("row X14 has no test", found[0])
        self.names["X14"] = "x14_is_tested"
        self.assertEqual(self.found_rows(), [])

    def test_a_python_test_and_a_test_of_two_rows_count(self):
        for row in ("B4", "B5", "B6"):
            del self.names[row]
        self.plant("tests/e2e/test_y.py", "class A:\n"
                   "    def test_b4_raw_uris(self):\n        pass\n"
                   "    def test_x_b5_and_b6_too(self):\n        pass\n")
        self.assertEqual(self.found_rows(), [])

    def test_a_comment_and_an_unregistered_function_do_not_count(self):
        del self.names["C1"]
        self.plant("tests/unit/test_y.c",
                   "static void c1_is_never_called(void **state)\n"
                   "/* cmocka_unit_test(c1_is_a_comment) */\n")
        self.plant("tests/e2e/test_y.py", "def test_helper_c1():\n"
                   "    # def test_c1_x(self):\n    pass\n")
        self.assertEqual(len(self.found_rows()), 1)

    def test_a_row_that_does_not_apply_needs_a_reason(self):
        self.rows.remove("C17")
        del self.names["C17"]
        self.assertIn("row C17 is missing", self.found_rows()[0])
        self.excused = ["| C17 | |\n"]
        self.assertIn("says nothing", self.found_rows()[0])
        self.excused = ["| C17 | because |\n", "| F1-F3 | later |\n"]
        self.assertEqual(self.found_rows(), [])

    def test_a_row_stands_once(self):
        self.excused = ["| C1 | because |\n"]
        self.assertIn("stands here twice", self.found_rows()[0])


class Programs(Planted):
    def test_each_prints_path_and_line_and_ends_with_1(self):
        self.plant("common/base/x.c", "int  lane; // TO" "DO \n"
                   "int a(void)\n{\n\t(void)close(0);\n}\n")
        self.plant(".clang-format", "BasedOnStyle: LLVM\n")
        for name in ("includes", "style", "rows", "format", "words",
                     "dialect"):
            if name == "format" and not shutil.which("clang-format"):
                continue
            run = subprocess.run(
                [sys.executable, os.path.join(HERE, f"check_{name}.py"),
                 self.root], stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(run.returncode, 1, name)
            self.assertRegex(run.stdout, r"(?m)^\S+:\d+: \S")


if __name__ == "__main__":
    unittest.main()
