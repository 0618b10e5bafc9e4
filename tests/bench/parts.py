# SPDX-License-Identifier: MIT
"""The parts of the benchmark; each returns lines of the table."""

import os
import random
import re
import shutil
import statistics
import subprocess
import time

from bench_stack import VARIANTS, Bench

MIB = 1024


class Line:
    """One figure, or one for 16 and one for 64 clients, and its limit
    (None: to tell others by). A figure of None was not measured, and words says why."""

    def __init__(self, label, figures, limit, at_least=False, words=""):
        self.label, self.figures, self.limit = label, figures, limit
        self.at_least, self.words = at_least, words

    def is_met(self):
        return self.limit is None or all(value is None or (
            value >= self.limit if self.at_least else value <= self.limit)
                   for value in self.figures)

    @staticmethod
    def shown(value):
        if value is None:
            return "-"
        return "%.0f" % value if value >= 100 else "%.3g" % value

    def __str__(self):
        shown = [self.shown(value) for value in self.figures]
        limit = "" if self.limit is None else "%s %-6s" % (
            ">=" if self.at_least else "<=", self.shown(self.limit))
        return "%-50s %8s %8s   %-9s %s%s" % (
            self.label, shown[0], shown[1] if len(shown) > 1 else "", limit,
            "" if self.is_met() else "MISSED", self.words)


def interleaved(measures, rounds):
    """{name: [value a round]}; measures: {name: callable}."""
    values = {name: [] for name in measures}
    for _ in range(rounds):
        for name in random.sample(list(measures), len(measures)):
            values[name].append(measures[name]())
    return values


def ratio(values, a, b, of):
    """The median of the ratios within each round."""
    return statistics.median(
        of(one) / of(two) for one, two in zip(values[a], values[b]))


def throughput(bench, rounds, seconds):
    tables = []
    for clients in (16, 64):
        for variant in VARIANTS:
            bench.load(variant, clients, min(seconds, 0.5))
        tables.append(interleaved(
            {variant: lambda v=variant, c=clients: bench.load(v, c, seconds)
             for variant in VARIANTS}, rounds))
    lines = []
    for label, a, b, limit in (
            ("requests/s: the same proxy without auth", "gate", "plain", .65),
            ("requests/s: a no-op of the same loop", "gate", "noop", .90),
            ("requests/s: a no-op with the gate's answer", "gate", "same",
             .93),
            ("requests/s: textbook libfcgi, 8 threads", "gate", "textbook",
             1.5)):
        lines.append(Line(label, [ratio(table, a, b, lambda x: x.rate)
                                  for table in tables], limit, True))
    lines.append(Line(
        "processor time, nginx and gate: without auth",
        [ratio(table, "gate", "plain", lambda x: x.cpu_ns)
         for table in tables], 2.2))
    lines[0].words = "  (%s requests/s)" % ", ".join(
        "%.0f" % statistics.median(x.rate for x in table["gate"])
        for table in tables)
    return lines


def accepts(bench, seconds):
    """Counted by strace, which slows the gate and changes nothing else."""
    label = "accepts a request, 64 clients"
    pids = ",".join(str(pid) for pid in bench.check_workers())
    if not shutil.which("strace"):
        return [Line(label, [None], .01, words="  (needs strace)")]
    out = os.path.join(bench.dir, "accepts")
    bench.load("gate", 64, 0.5)
    with subprocess.Popen(
            ["strace", "-qq", "-e", "trace=accept4", "-o", out, "-p", pids],
            stderr=subprocess.DEVNULL) as tracer:
        try:
            answers = bench.load("gate", 64, seconds + 0.5)
            refused = tracer.poll() is not None
        finally:
            tracer.terminate()
    if refused:
        return [Line(label, [None], .01, words="  (strace may not trace)")]
    with open(out, encoding="ascii", errors="replace") as calls:
        count = len(re.findall(r"accept4\(.*\) = \d", calls.read()))
    return [Line(label, [count / answers.count], .01)]


def memory(bench, checks, seconds):
    """Anonymous memory of a check worker, and what more checks add."""
    # What a worker does once a minute is done once before: last_seen_at of
    # all sessions is due, and written within ten seconds.
    bench.sql("UPDATE sessions SET last_seen_at = last_seen_at - 120")
    bench.load("gate", 64, 15 if checks > 100000 else seconds)
    before, asked = bench.anonymous_kib(), 0
    while asked < checks:
        asked += bench.load("gate", 64, max(seconds, 1)).count
    after = bench.anonymous_kib()
    return [
        Line("anonymous memory of a check worker, MiB", [after / MIB], 8),
        Line("its growth over %d checks, MiB" % asked,
             [max(after - before, 0) / MIB], .5)]


def touches(bench, seconds):
    """The longest check while last_seen_at of all sessions is written, which
    begins within ten seconds, and while nothing is due."""
    longest = []
    for due in (0, 120):
        bench.sql("UPDATE sessions SET last_seen_at = ? - ?",
                  int(time.time()), due)
        longest.append(bench.load("gate", 16, seconds).longest_ms)
    return [
        Line("longest check, ms: nothing to write", longest[:1], None),
        Line("longest check, ms: last_seen_at of all", longest[1:], None)]


def fairness(sessions, cookies, seconds):
    bench = Bench(sessions, cookies, nginx_workers=2)
    try:
        bench.start(responders=False)
        bench.load("gate", 256, min(seconds, 0.5))
        answers = bench.load("gate", 256, seconds)
    finally:
        bench.stop()
    return [
        Line("256 clients, 2 nginx workers: never served",
             [float(answers.never)], 0, words="  (longest wait %.0f ms)"
             % answers.longest_ms),
        Line("256 clients: slowest one : median",
             [answers.least / max(answers.median, 1)], .5, True)]


def sizes(small, large, cookies, rounds, seconds):
    """How much slower a check is with many more sessions."""
    stacks = {}
    try:
        for name, count in (("small", small), ("large", large)):
            stacks[name] = Bench(count, min(cookies, small))
            stacks[name].start(responders=False).load("gate", 16, .5)
        values = interleaved(
            {name: lambda b=bench: b.load("gate", 16, seconds)
             for name, bench in stacks.items()}, rounds)
    finally:
        for bench in stacks.values():
            bench.stop()
    return [Line("requests/s: %d sessions : %d" % (small, large),
                 [ratio(values, "small", "large", lambda x: x.rate)], 1.3)]
