# SPDX-License-Identifier: MIT
"""What the checks share: the files of a tree, C tokens, and the report."""

import os
import re
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# Outside git (a released archive, a test's tree) these are not sources.
SKIPPED_FOLDERS = re.compile(r"^(\.git|build.*|__pycache__|\.venv)$")

# What does not keep a rule yet: "RULE AREA COUNT" a line. It only shrinks.
ALLOWED = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "allowed.txt")

# One match a token; what is neither comment nor literal is passed over.
TOKEN = re.compile(
    r'(?P<block>/\*.*?\*/)|(?P<line>//[^\n]*)'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<char>\'(?:\\.|[^\'\\\n])*\')',
    re.S)


class Tree:
    """The files of a source tree, and what was found wrong in them."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.files = sorted(self._list())
        self.found = []
        self._text = {}

    def _list(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            listed = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-z", "-c", "-o",
                 "--exclude-standard"],
                check=True, stdout=subprocess.PIPE).stdout.decode()
            return [path for path in listed.split("\0") if path
                    and os.path.isfile(os.path.join(self.root, path))]
        paths = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not SKIPPED_FOLDERS.match(f)]
            paths += [os.path.relpath(os.path.join(folder, name), self.root)
                      for name in names]
        return paths

    def of_kind(self, *endings):
        return [path for path in self.files if path.endswith(endings)]

    def text(self, path):
        """The file's text, or None if it is none (a picture)."""
        if path not in self._text:
            with open(os.path.join(self.root, path), "rb") as source:
                data = source.read()
            self._text[path] = (None if b"\0" in data
                                else data.decode("utf-8", "replace"))
        return self._text[path]

    def lines(self, path):
        lines = (self.text(path) or "").split("\n")
        return lines if lines[-1] else lines[:-1]

    def complain(self, path, line, message):
        self.found.append((path, line, message))

    def complain_over(self, rule, found):
        """Complains of (path, line, message) in those areas that have more
        of them than the list allows."""
        allowed = dict(self._allowed(rule))
        areas = {}
        for one in found:
            areas.setdefault(area_of(one[0]), []).append(one)
        for area, ones in areas.items():
            if len(ones) > allowed.get(area, 0):
                self.found += ones

    def _allowed(self, rule):
        if self.root != TOP or not os.path.exists(ALLOWED):
            return
        with open(ALLOWED, encoding="utf-8") as lines:
            for line in lines:
                name, area, count = line.split()
                if name == rule:
                    yield area, int(count)

    def report(self):
        """Prints what was found; the exit status."""
        for path, line, message in sorted(set(self.found)):
            print(f"{path}:{line}: {message}")
        return 1 if self.found else 0


def area_of(path):
    """common/auth, fcgi_gate, ..."""
    parts = path.split("/")
    area = "/".join(parts[:2]) if parts[0] == "common" else parts[0]
    return {"nginx": "stauthctl"}.get(area, area)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def c_tokens(text):
    """(kind, offset, text) of the comments and literals of a C file."""
    for match in TOKEN.finditer(text):
        yield match.lastgroup, match.start(), match.group()


def c_code(text, keep_strings=False):
    """The text with comments (and literals) blanked; offsets stay."""
    def blank(match):
        if keep_strings and match.lastgroup in ("string", "char"):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return TOKEN.sub(blank, text)


def main(check):
    """check(tree) on the tree given on the command line, or on this one."""
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else TOP)
    check(tree)
    sys.exit(tree.report())
