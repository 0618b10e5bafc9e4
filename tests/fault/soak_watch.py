# SPDX-License-Identifier: MIT
"""What a gate's processes and its database grow to, once a second, and the
judgement on it."""

import os
import re
import statistics
import threading
import time

# A check worker's limit holds for all; what it keeps ready for checks fills up
# within the first minute.
ANONYMOUS_MAX_KIB = 8192
GROWTH_MAX_KIB = 1024
DESCRIPTORS_MORE = 2    # beside one for each client that may be connected
WAL_MAX_KIB = 16384     # autocheckpoint keeps it near 4 MiB


def anonymous_kib(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as text:
        return int(re.search(r"Anonymous:\s+(\d+)", text.read()).group(1))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def size_kib(path):
    try:
        return os.stat(path).st_size // 1024
    except FileNotFoundError:
        return 0


def growth(series):
    """The median of the last third beside that of the third before it."""
    third = len(series) // 3
    if not third:
        return 0
    return (statistics.median(series[-third:])
            - statistics.median(series[-2 * third:-third]))


class Watch:
    """Samples the gate's processes until it is stopped."""

    def __init__(self, stack, clients):
        self.stack, self.clients = stack, clients
        self.memory, self.open = {}, {}     # pid: series
        self.wal, self.db = [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        self.thread.join()

    def sample(self):
        for pid in [self.stack.gate.pid] + self.stack.workers():
            try:
                memory, count = anonymous_kib(pid), descriptors(pid)
            except (OSError, AttributeError):
                continue        # ended meanwhile
            self.memory.setdefault(pid, []).append(memory)
            self.open.setdefault(pid, []).append(count)
        self.wal.append(size_kib(self.stack.db + "-wal"))
        self.db.append(size_kib(self.stack.db))

    def run(self):
        while not self.stopping.is_set():
            begun = time.monotonic()
            self.sample()
            self.stopping.wait(max(0, begun + 1 - time.monotonic()))

    def lasting(self):
        """Those that were there all the time: no child of an hour's sweep."""
        return [pid for pid, series in self.memory.items()
                if len(series) >= len(self.wal) - 1]

    def wrong(self):
        found = []
        for pid in self.lasting():
            more = growth(self.memory[pid])
            if more > GROWTH_MAX_KIB:
                found.append("process %d: memory grew by %d KiB" % (pid, more))
            if max(self.memory[pid]) > ANONYMOUS_MAX_KIB:
                found.append("process %d: %d KiB" % (
                    pid, max(self.memory[pid])))
            if growth(self.open[pid]) > self.clients + DESCRIPTORS_MORE:
                found.append("process %d: %d descriptors more" % (
                    pid, growth(self.open[pid])))
        if max(self.wal) > WAL_MAX_KIB:
            found.append("the write-ahead log came to %d KiB" % max(self.wal))
        return found

    def report(self):
        rows = ["%d processes from %d samples:" % (
            len(self.lasting()), len(self.wal))]
        for pid in sorted(self.lasting()):
            rows.append("  %d%s: %d to %d KiB (%+d at the end), %d to %d "
                        "descriptors" % (
                            pid, " (master)" if self.stack.gate
                            and pid == self.stack.gate.pid else "",
                            min(self.memory[pid]), max(self.memory[pid]),
                            growth(self.memory[pid]), min(self.open[pid]),
                            max(self.open[pid])))
        rows.append("  database %d to %d KiB, write-ahead log up to %d KiB" % (
            self.db[0], self.db[-1], max(self.wal)))
        return "\n".join(rows)
