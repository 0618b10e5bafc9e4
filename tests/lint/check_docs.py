#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md is short, its links lead somewhere, and what the tables of docs/
quote in "..." is what the programs say, word for word. It names every library
that a build needs."""

import os
import re

from tree import main

README_LINES = 200
LINK = re.compile(r"(?:\]\(|src=\")([^)\"#:]+)[)\"]")
QUOTE = re.compile(r'"([^"]+)"')
# Of those, tests alone need libcmocka.
PACKAGE = re.compile(r"\b(?!libcmocka)lib[\w-]+-dev\b")
CODE = re.compile(r"`[^`]*`")


def words_of(tree):
    """Every sentence of the sources; literals of C that follow each other
    are one."""
    text = "".join(tree.text(path) or ""
                   for path in tree.of_kind(".c", ".h", ".html", ".conf"))
    text = re.sub(r'(?<!\\)"\s*"', "", text)
    return re.sub(r"\s+", " ", text.replace('\\"', '"'))


def first_cells(tree, path):
    """(line, first cell) of its tables' rows."""
    for number, line in enumerate(tree.lines(path), 1):
        if line.startswith("| ") and not line.startswith("| ---"):
            yield number, line.split(" | ")[0]


def check(tree):
    pages = [path for path in tree.of_kind(".md")
             if path == "README.md" or os.path.dirname(path) == "docs"]
    if not pages:
        return
    said = words_of(tree)
    for path in pages:
        for number, line in enumerate(tree.lines(path), 1):
            for link in LINK.findall(line):
                at = os.path.normpath(os.path.join(os.path.dirname(path),
                                                   link))
                if at not in tree.files:
                    tree.complain(path, number, "%s is not there" % link)
        for number, cell in first_cells(tree, path):
            for quote in QUOTE.findall(CODE.sub("", cell)):
                for part in quote.split("..."):
                    if part.strip() not in said:
                        tree.complain(path, number,
                                      "nothing says \"%s\"" % part.strip())
    installs = tree.text("tests/run") if "tests/run" in tree.files else ""
    for package in PACKAGE.findall(installs):
        if package not in tree.text("README.md"):
            tree.complain("README.md", 1, "the build needs " + package)
    lines = len(tree.lines("README.md"))
    if lines > README_LINES:
        tree.complain("README.md", lines, "over %d lines" % README_LINES)
    readme = tree.text("README.md")
    for path in pages:
        if path != "README.md" and path not in readme:
            tree.complain(path, 1, "README.md does not name it")


if __name__ == "__main__":
    main(check)
