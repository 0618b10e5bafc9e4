# SPDX-License-Identifier: MIT
"""The commands of README.md and docs/, as a reader types them.

A block of sh is run unless a comment before it says why not; "# -> words"
behind a command is what the reader sees then, with ... for anything."""

import os
import re

from rig import TOP

BLOCK = re.compile(r"^(?:<!-- (?P<note>[^\n]*) -->\n)?"
                   r"```sh\n(?P<script>.*?)^```$", re.M | re.S)
SEEN = re.compile(r"# -> (.*)$", re.M)


class Block:
    def __init__(self, page, match):
        self.page = page
        self.script = match.group("script")
        self.note = match.group("note") or ""

    @property
    def runs(self):
        return (not self.note or self.stays or self.code != 0 or
                self.taken_back)

    @property
    def stays(self):
        """Its last command runs until Ctrl-C."""
        return self.note.startswith("runs until Ctrl-C")

    @property
    def taken_back(self):
        """It changes the configuration as the rest of the page does not."""
        return self.note == "taken back afterwards"

    @property
    def alone(self):
        """It is for a machine without systemd."""
        return self.note.endswith("without the units")

    @property
    def code(self):
        """What its last command ends with."""
        found = re.match(r"ends with (\d+)", self.note)
        return int(found.group(1)) if found else 0

    def unseen(self, output):
        """The first promised words that are not in it, in their order; or
        None."""
        at = 0
        for words in SEEN.findall(self.script):
            wanted = ".*?".join(map(re.escape, words.strip().split("...")))
            found = re.compile(wanted).search(output, at)
            if not found:
                return words
            at = found.end()
        return None


def blocks(page):
    """Those of a page, by its path from the top."""
    with open(os.path.join(TOP, page), encoding="utf-8") as file:
        return [Block(page, match) for match in BLOCK.finditer(file.read())]
