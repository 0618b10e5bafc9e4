# SPDX-License-Identifier: MIT
"""A loss of power, played from a record of what was written.

What a program wrote stays for sure once it was synchronised; of the rest,
any sector may be there or not. Disk takes the files as they were and the
record of recorder.c, and makes files as a machine could find them. A new
file's name is durable with the file, as Linux's file systems keep it, or
with its directory.
"""

import os
import struct

USED = struct.Struct("=Q")
SLOT = struct.Struct("=IIq48s4096s")
SLOTS = 60000
RECORD_SIZE = USED.size + SLOTS * SLOT.size
WROTE, TRUNCATED, SYNCED, UNLINKED, RENAMED = 1, 2, 3, 4, 5
SECTOR = 512


def new_record(path):
    """An empty one; nobody maps the old one any more."""
    with open(path, "wb") as file:
        file.truncate(RECORD_SIZE)


def records(path):
    """(kind, name, at, bytes written or new name), see recorder.c."""
    with open(path, "rb") as file:
        used, = USED.unpack(file.read(USED.size))
        if used > SLOTS:
            raise OverflowError("more was written than the record takes")
        for _ in range(used):
            kind, size, at, name, data = SLOT.unpack(file.read(SLOT.size))
            if kind:
                name = name.rstrip(b"\0").decode()
                yield kind, name, at, (
                    data[:size] if kind in (WROTE, RENAMED) else b"")


def write(content, at, data):
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at:at + len(data)] = data


class File:
    def __init__(self, content=b"", linked=False):
        self.content = bytearray(content)  # what is durable
        self.pending = []                  # (at, bytes), or (size, None)
        self.linked = linked               # its name is durable

    def apply(self, at, data):
        if data is None:
            del self.content[at:]
            self.content.extend(bytes(at - len(self.content)))
        else:
            write(self.content, at, data)

    def sync(self):
        for at, data in self.pending:
            self.apply(at, data)
        self.pending = []
        self.linked = True

    def lose(self, rng):
        """Keeps none, all, or some sectors of what is pending."""
        chance = rng.choice((0, 0, 0.5, 1))
        for at, data in self.pending:
            if data is None:
                if rng.random() < chance:
                    self.apply(at, None)
                continue
            place = 0
            while place < len(data):
                end = place + SECTOR - (at + place) % SECTOR
                if rng.random() < chance:
                    write(self.content, at + place, data[place:end])
                place = end


class Disk:
    """One directory of files."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}
        for name in self.names():
            with open(os.path.join(folder, name), "rb") as file:
                self.files[name] = File(file.read(), linked=True)

    def names(self):
        with os.scandir(self.folder) as entries:
            return [entry.name for entry in entries if entry.is_file()]

    def play(self, record):
        """Returns how often something was synchronised."""
        syncs = 0
        for kind, name, at, written in records(record):
            if not name:
                syncs += kind == SYNCED
                for file in self.files.values():
                    file.linked = True
                continue
            file = self.files.setdefault(name, File())
            if kind == WROTE:
                file.pending.append((at, written))
            elif kind == TRUNCATED:
                file.pending.append((at, None))
            elif kind == SYNCED:
                file.sync()
                syncs += 1
            elif kind == UNLINKED:
                del self.files[name]
            elif kind == RENAMED:
                file.linked = False
                self.files[written.decode()] = self.files.pop(name)
        return syncs

    def lose(self, rng):
        """Puts into the directory what is left after the loss."""
        for name in self.names():
            if name not in self.files or not self.files[name].linked:
                os.unlink(os.path.join(self.folder, name))
        for name, file in self.files.items():
            file.lose(rng)
            path = os.path.join(self.folder, name)
            if name.endswith("-shm") or not file.linked:
                if os.path.exists(path):  # shared memory is not kept
                    os.unlink(path)
                continue
            with open(path, "r+b") as out:
                out.truncate(0)
                out.write(file.content)
