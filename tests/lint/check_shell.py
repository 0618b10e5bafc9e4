#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shell scripts pass shellcheck (SC2317 aside: it does not see what a trap
calls); a script is what says so in its first lines."""

import os
import re
import shutil
import subprocess
import sys

from tree import main

SCRIPT = re.compile(r"\A#!.*\b(ba|da)?sh\s*\n|\A(#.*\n)*# shellcheck shell=")
FOUND = re.compile(r"^(.+?):(\d+):\d+: (.*)$", re.M)


def check(tree):
    scripts = [path for path in tree.files
               if SCRIPT.search((tree.text(path) or "")[:500])]
    if not scripts:
        return
    if shutil.which("shellcheck") is None:
        sys.exit("shellcheck is not installed")
    result = subprocess.run(
        ["shellcheck", "-x", "-e", "SC2317", "-f", "gcc", *scripts],
        cwd=tree.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, check=False)
    for path, line, what in FOUND.findall(result.stdout):
        tree.complain(os.path.normpath(path), int(line), what)
    if result.returncode > 1:
        tree.complain(scripts[0], 1, result.stderr.strip())


if __name__ == "__main__":
    main(check)
