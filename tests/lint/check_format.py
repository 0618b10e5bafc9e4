#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All C files are as clang-format writes them (.clang-format)."""

import os
import re
import shutil
import subprocess

from tree import TOP, main

COMPLAINT = re.compile(r"^(.*?):(\d+):\d+: error: code should be")


def clang_format():
    """The one whose layout this is: each release has its own ideas. Debian
    12's, or the same from PyPI."""
    program = shutil.which("clang-format")
    if not program or "version 14." in subprocess.run(
            [program, "--version"], check=False, text=True,
            stdout=subprocess.PIPE).stdout:
        return program
    made = subprocess.run(
        [os.path.join(TOP, "streamlit_app", "make-venv"),
         os.path.join(TOP, "build", "cache"),
         os.path.join(TOP, "tests", "lint", "requirements.txt")],
        check=True, text=True, stdout=subprocess.PIPE)
    return os.path.join(os.path.dirname(made.stdout), "clang-format")


def check(tree):
    program = clang_format()
    paths = tree.of_kind(".c", ".h")
    if not program or not paths:
        print("check_format: nothing to do" if program else
              "check_format: skipped, clang-format is not installed")
        return
    run = subprocess.run(
        [program, "--dry-run", "-Werror", "--style=file", *paths],
        cwd=tree.root, check=False, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    for line in run.stdout.splitlines():
        match = COMPLAINT.match(line)
        if match:
            tree.complain(os.path.normpath(match.group(1)),
                          int(match.group(2)), "run clang-format -i")
    if run.returncode != 0 and not tree.found:
        tree.complain(".clang-format", 1, run.stdout.strip()[:300])


if __name__ == "__main__":
    main(check)
