#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every attack and fault row of SECURITY.md is proved by a test naming it.

A test names its rows in its own name: c1_malformed_tokens_..., test_b4_...,
test_x5_b7_... A row counts as tested if such a function is registered with
cmocka, or is a test method of a Python file. SECURITY.md holds the rows in
its table, or, with a reason, under "Rows that do not apply".

  check_rows.py [--list] [ROOT]   --list prints each row with its tests
"""

import re
import sys

from tree import TOP, Tree, c_code

FIRST_LIGHT = (
    "A23-A25 B1-B13 B19 B20 B22 B25 B28 C1-C4 C6-C12 C15-C17 D1-D4 D6 D7 "
    "D9-D14 E1-E6 E8-E10 E14 G1 G5 G6 G12 G13 K1-K3 K6-K9")
ROW_LINE = re.compile(
    r"^\|\s*([A-KX]\d{1,2}(?:-[A-KX]\d{1,2})?)\s*\|(.*)\|\s*$")
NOT_APPLYING = "Rows that do not apply"
C_TEST = re.compile(r"\b(?:cmocka_unit_test\w*|[A-Z]+_[A-Z_]+)\(\s*(\w+)")
PY_TEST = re.compile(r"^\s+def (test_\w+)\(", re.M)


def expand(text):
    rows = []
    for part in text.split():
        first, _, last = part.partition("-")
        end = int(last[1:]) if last else int(first[1:])
        rows += [first[0] + str(n) for n in range(int(first[1:]), end + 1)]
    return rows


def rows_of_document(tree):
    """({row: line}, {row: line}): to be tested, and not applying."""
    tested, excused = {}, {}
    into = tested
    for number, line in enumerate(tree.lines("SECURITY.md"), 1):
        if line.startswith("#"):
            into = excused if NOT_APPLYING in line else tested
        match = ROW_LINE.match(line)
        if not match:
            continue
        if not match.group(2).strip(" |"):
            tree.complain("SECURITY.md", number,
                          f"row {match.group(1)} says nothing")
        for row in expand(match.group(1)):
            if row in tested or row in excused:
                tree.complain("SECURITY.md", number,
                              f"row {row} stands here twice")
            into[row] = number
    return tested, excused


def tests_of_tree(tree):
    """{row: ["tests/unit/test_x.c: c1_...", ...]}"""
    tests = {}
    for path in tree.of_kind(".c", ".py"):
        if not path.startswith("tests/"):
            continue
        text = tree.text(path)
        names = (C_TEST.findall(c_code(text)) if path.endswith(".c")
                 else PY_TEST.findall(text))
        for name in names:
            for part in name.split("_"):
                if re.fullmatch(r"[a-kx]\d{1,2}", part):
                    tests.setdefault(part.upper(), []).append(
                        f"{path}: {name}")
    return tests


def check(tree):
    if "SECURITY.md" not in tree.files:
        tree.complain("SECURITY.md", 1, "there is none")
        return {}
    tested, excused = rows_of_document(tree)
    tests = tests_of_tree(tree)
    for row in expand(FIRST_LIGHT):
        if row not in tested and row not in excused:
            tree.complain("SECURITY.md", 1, f"row {row} is missing")
    for row, line in tested.items():
        if row not in tests:
            tree.complain("SECURITY.md", line, f"row {row} has no test")
    return {row: tests.get(row, []) for row in tested}


def run(arguments):
    listing = "--list" in arguments
    roots = [a for a in arguments if not a.startswith("-")]
    tree = Tree(roots[0] if roots else TOP)
    for row, names in check(tree).items():
        if listing:
            print(row, *names, sep="\n    ")
    return tree.report()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
