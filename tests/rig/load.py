# SPDX-License-Identifier: MIT
"""Many clients at once, through nginx."""

import os
import subprocess

from rig import BUILD, COOKIE

CLIENTS = 64


class Load:
    """64 clients that look at the app, as fast as they are answered."""

    def __init__(self, stack, tokens, seconds):
        self.path = os.path.join(stack.dir, "tokens")
        with open(self.path, "w", encoding="ascii") as out:
            out.write("\n".join(tokens) + "\n")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests", "bench", "bench_load"),
             str(stack.port), "/quick/", str(CLIENTS),
             str(int(seconds * 1000)), COOKIE, self.path],
            stdout=subprocess.PIPE, text=True)

    def told(self):
        """(answers, of these not 200, never served, longest wait in ms)"""
        line, _ = self.process.communicate(timeout=120)
        count, _, bad, never, _, _, _, longest_ms = line.split()
        return int(count), int(bad), int(never), float(longest_ms)
