#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a formatter does not see.

1. C: 80 columns (a tab is 8), no // comments, functions of at most 50 lines
   (80 in tests).
2. C, Python and shell: files of at most 450 lines, also without an ending.
3. All texts: no trailing blanks, a newline at the end, nothing left "to be
   done", no path of the machine it was written on.
4. Attack row G1: SQL is never put together by a printf-like call.
"""

import os
import re

from tree import c_code, c_tokens, line_of, main

COLUMNS = 80
FILE_LINES = 450
PASSWORDS = "common/password/blocklist/passwords.txt"  # people's, not ours
FUNCTION_LINES = 50
TEST_FUNCTION_LINES = 80
# Spelled apart, so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
HOME = re.compile(r"(?<![\w.$}{])/(?:home/[a-z][\w-]*|root)/[\w.]")
ORDINARY = {"bin", "boot", "dev", "etc", "home", "lib", "lib64", "media",
            "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys", "tmp",
            "usr", "var"}
SQL = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|ATTACH"
    r"|PRAGMA|WHERE|VALUES)\s")
FORMATS = re.compile(r"\b\w*(?:printf|addf)\s*\(")
# The name of a table cannot be bound: the reader of st-auth-simple's files
# puts the configured one into one statement, checked as an identifier.
FORMATTED_ONCE = ("common/store/sqlite/old_users.c",
                  "common/store/sqlite/files.c")
SQLITE_FORMATS = re.compile(r"\bsqlite3_(?:v?mprintf|v?snprintf|str_\w+)\b")

# What is judged and what is changed are two files where a link takes its place.
BY_PATH = re.compile(r"\bl?ch(?:mod|own)\s*\(")


def check_columns(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        width = len(line.expandtabs(8))
        if width > COLUMNS:
            tree.complain(path, number, f"{width} columns, over {COLUMNS}")


def check_comments(tree, path):
    text = tree.text(path)
    for kind, offset, _ in c_tokens(text):
        if kind == "line":
            tree.complain(path, line_of(text, offset),
                          "comments are written /* so */")


def check_functions(tree, path):
    """A function's braces stand in column 0, alone: .clang-format."""
    most = TEST_FUNCTION_LINES if path.startswith("tests/") \
        else FUNCTION_LINES
    start = 0
    for number, line in enumerate(tree.lines(path), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if number - start - 1 > most:
                tree.complain(path, start,
                              f"function of {number - start - 1} lines, "
                              f"over {most}")
            start = 0


def call_end(code, offset):
    """Where the call ends whose "(" is at offset."""
    depth = 0
    for at in range(offset, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return len(code)


def check_sql(tree, path):
    text = tree.text(path)
    code = c_code(text)
    allowed = 1 if path in FORMATTED_ONCE else 0
    for match in SQLITE_FORMATS.finditer(code):
        tree.complain(path, line_of(code, match.start()),
                      "SQL is bound, never formatted")
    for match in FORMATS.finditer(code):
        end = call_end(code, match.end() - 1)
        words = "".join(
            token[1:-1] for kind, _, token in
            c_tokens(text[match.start():end]) if kind == "string")
        if not SQL.search(words) or "%" not in words.replace("%%", ""):
            continue
        allowed -= 1
        if allowed < 0:
            tree.complain(path, line_of(code, match.start()),
                          "SQL is bound, never formatted")


def check_by_path(tree, path):
    for match in BY_PATH.finditer(c_code(tree.text(path))):
        tree.complain(path, line_of(tree.text(path), match.start()),
                      "modes and owners are changed by descriptor")


def machine_paths(root):
    """A pattern of what lies beside this checkout, if that is no place where
    programs usually live."""
    top = root.strip("/").split("/")[0]
    if top in ORDINARY or not os.path.isdir("/" + top):
        return None
    names = [re.escape(name) for name in os.listdir("/" + top)]
    return re.compile(r"(?<![\w.$}])/%s/(?:%s)\b" % (
        re.escape(top), "|".join(names))) if names else None


def check_text(tree, path, machine):
    text = tree.text(path)
    if text and not text.endswith("\n"):
        tree.complain(path, text.count("\n") + 1, "no newline at the end")
    for number, line in enumerate(tree.lines(path), 1):
        if line != line.rstrip(" \t\r"):
            tree.complain(path, number, "blanks at the end")
        if LEFT_OVER.search(line) and path != PASSWORDS:
            tree.complain(path, number, "something is left to be done")
        if HOME.search(line) or (machine and machine.search(line)):
            tree.complain(path, number, "a path of one machine")


def is_script(tree, path):
    """A program without an ending, as tests/run and tests/bench/check."""
    return "." not in os.path.basename(path) and \
        (tree.text(path) or "").startswith("#!")


def check(tree):
    machine = machine_paths(tree.root)
    for path in tree.files:
        if tree.text(path) is not None:
            check_text(tree, path, machine)
    scripts = [path for path in tree.files if is_script(tree, path)]
    for path in tree.of_kind(".c", ".h", ".py") + scripts:
        count = len(tree.lines(path))
        if count > FILE_LINES:
            tree.complain(path, FILE_LINES + 1,
                          f"{count} lines, over {FILE_LINES}: split it by "
                          "purpose")
    for path in tree.of_kind(".c", ".h"):
        check_columns(tree, path)
        check_comments(tree, path)
        check_functions(tree, path)
        check_sql(tree, path)
        if not path.startswith("tests/"):
            check_by_path(tree, path)


if __name__ == "__main__":
    main(check)
