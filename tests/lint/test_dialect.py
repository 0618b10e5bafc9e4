# SPDX-License-Identifier: MIT
"""The checks of dialect, words and circles, on planted files."""

import unittest

import check_dialect
import check_includes
import check_words
from test_lint import SPDX, Planted

PATH = "common/base/x.c"


def function(*lines, head="int f(char *p, int n)"):
    return SPDX + head + "\n{\n" + "".join(
        f"\t{line}\n" for line in lines) + "}\n"


class Dialect(Planted):
    def wrong(self, words, *lines, **more):
        self.one(check_dialect.check, PATH, function(*lines, **more), words)

    def right(self, *lines, **more):
        self.plant(PATH, function(*lines, **more))
        self.assertEqual(self.found(check_dialect.check), [])

    def test_a_pointer_is_no_bool(self):
        for line in ("if (!p) {", "if (p) {", "if (n > 1 && p) {",
                     "if (p || n) {", "while (p) {", "if (!strchr(p, 1)) {",
                     "if (n && strchr(p, 1)) {", "if ((p && n) || n) {"):
            self.wrong("== NULL or", line, "\tn++;", "}")
        for line in ("n = p ? 1 : 0;", "return p ? 1 : 0;", "return !p;",
                     "return n && p;", "f(p ? p : \"\", 1);"):
            self.wrong("== NULL or", line)

    def test_a_field_that_is_a_pointer_is_no_bool(self):
        self.plant("common/base/x.h",
                   SPDX + "struct x {\n\tchar *text;\n\tint count;\n};\n")
        self.wrong("== NULL or", "if (!x->text) {", "\tn++;", "}")
        self.right("if (!x->count && x->text != NULL && x->text[0]) {",
                   "\tn++;", "}")

    def test_what_is_no_pointer_may_be_a_bool(self):
        self.right("if (p == NULL || n) {", "\tn++;", "}",
                   "while (*p && p[1] && !p[n]) {", "\tp++;", "}",
                   "if (p == end || strchr(p, 1) == p) {", "\tn++;", "}",
                   "f(p, n);", "return p != NULL && n;")

    def test_void_says_that_a_result_matters(self):
        self.wrong("no (void) before snprintf", "(void)snprintf(p, n, p);")
        self.wrong("no (void) before close", "(void)close(n);")
        self.wrong("result of unlink()", "n++;", "unlink(p);")
        self.right("(void)unlink(p);", "snprintf(p, n, p);", "(void)n;",
                   "n = kill(n, 9);", "if (chmod(p, n) != 0) {", "\tn++;",
                   "}")

    def test_a_variable_is_declared_where_it_is_needed(self):
        self.wrong("declare m where", "int m;", "f(p, n);", "g(&m);")
        self.wrong("declare m where", "char m[4];", "f(p, n);", "g(m);")
        self.wrong("declare m where", "struct m m = {0};",
                   "if (n) {", "\treturn 1;", "}", "g(&m);")
        self.wrong("set m in", "int m;", "m = n;")
        self.wrong("set m in", "int m;", "f(p, n);", "m = n;")
        self.wrong("set m in", "char *m = NULL;", "m = p;")

    def test_a_variable_may_stand_before_its_block(self):
        self.right("int m = 0;", "if (n) {", "\tn--;", "} else {",
                   "\tm = 1;", "}", "return m;")
        self.right("int m;", "int k = f(&m);", "return k;")
        self.right("int m = 0;", "for (int i = 0; i < n; i++) {", "\tn--;",
                   "\tm++;", "}", "return m;")
        self.right("int m = f(p);", "g(p);", "return m;")

    def test_what_may_change_is_read_where_it_stands(self):
        self.right("int m = n;", "n = f(p);", "return m + n;")
        self.right("int code = errno;", "close(n);", "errno = code;")

    def test_a_jump_keeps_what_was_set_before_it(self):
        self.right("int m = -1;", "if (n) {", "\tgoto out;", "}",
                   "m = f(p);", "out:", "return m;")

    def test_five_parameters(self):
        self.wrong("6 parameters", "return 0;",
                   head="int f(int a, int b, int c, int d,\n"
                        "\tint (*e)(int, int), int g)")
        self.right("return 0;", head="int f(int a, int b, int c, int d,\n"
                                     "\tint (*e)(int, int))")


class Words(Planted):
    def test_names_and_texts(self):
        for path, text, words in (
                (PATH, "int a_lane;\n", "not lane, but"),
                (PATH, "int sendLetters(void);\n", "not letters, but"),
                (PATH, 'char *a = "It is not right.";\n', "is incorrect"),
                (PATH, "/* Whoever it is. */\nint a;\n", "not whoever"),
                (PATH, "int a; /* read\n * anew */\n", "not anew"),
                ("tests/unit/x.py", "def test_told_twice():\n", "not told")):
            self.one(check_words.check, path, text, words)
        self.plant("tests/unit/y.py", "told = 1\ndef told():\n    pass\n")
        self.plant(PATH, "/* a lane */ int plane, soldier;\n"
                         'char *a = "unknown";\n')
        self.plant("common/password/argon2.c", "int lanes;\n")
        self.assertEqual(self.found(check_words.check), [])


class Circles(Planted):
    def circles(self):
        return [one for one in self.found(check_includes.check)
                if "circle" in one]

    def include(self, path, *names):
        self.plant(path, SPDX + "".join(
            f'#include "base/{name}"\n' for name in names))

    def test_a_header_and_its_source_are_one(self):
        self.include("common/base/a.h")
        self.include("common/base/a.c", "a.h", "b.h")
        self.include("common/base/b.h")
        self.include("common/base/b.c", "b.h")
        self.assertEqual(self.circles(), [])
        self.include("common/base/b.c", "b.h", "a.h")
        self.assertEqual(len(self.circles()), 1)

    def test_a_circle_of_three(self):
        self.include("common/base/a.h", "b.h")
        self.include("common/base/b.h", "c.h")
        self.include("common/base/c.h")
        self.assertEqual(self.circles(), [])
        self.include("common/base/c.h", "a.h")
        found = self.circles()
        self.assertEqual(len(found), 1)
        self.assertIn("common/base/a common/base/b common/base/c", found[0])


if __name__ == "__main__":
    unittest.main()
