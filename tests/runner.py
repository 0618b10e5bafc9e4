# SPDX-License-Identifier: MIT
"""Builds, runs every test and counts. Called by tests/run."""

import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import threading
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.path.join(TOP, "build")
ASAN = os.path.join(BUILD, "asan")
LOGS = os.path.join(BUILD, "test-logs")
AREAS = ["lint", "unit", "contract", "gate", "ctl", "pam", "mail", "service",
         "fault", "e2e", "browser", "asan"]
# They mostly wait for time limits: they run beside the others all the time.
WAITING = {"gate/watchdog", "gate/mail_worker", "gate/process", "gate/reload",
           "mail/smtp", "mail/sendgrid", "unit/sqlite_faults",
           "unit/sqlite_mail"}
# They measure time: each has the machine to itself, when the others are done.
ALONE = {"gate/classroom", "fault/flood", "e2e/bench", "browser/busy"}
# What runs in the sanitized build, too. Of mail and pam only what has no time
# limits to wait for, and what needs no real host, which cannot load a
# sanitized module.
SANITIZED = ("unit/", "contract/", "gate/", "mail/mails", "pam/module")
SUFFIX = " (asan, ubsan)"
PROGRAM_TIMEOUT_S = 600


class Count:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.failures, self.skips = [], []
        self.lock = threading.Lock()

    def take(self, name, tap, code, seconds):
        """Counts one program's TAP; returns its line of report."""
        passed = skipped = 0
        failures = []
        for line in tap.splitlines():
            found = re.match(r"\s*(not )?ok\b[ \d]*-?\s*(.*)", line)
            if not found:
                continue
            test, _, reason = found.group(2).partition("# SKIP")
            if found.group(1):
                failures.append("%s: %s" % (name, test))
            elif "# SKIP" in line:
                skipped += 1
                with self.lock:
                    self.skips.append("%s: %s:%s" % (name, test, reason))
            else:
                passed += 1
        if code != 0 and not failures:
            failures.append("%s: ended with %d" % (name, code))
        if passed + skipped + len(failures) == 0:
            failures.append("%s: ran no test" % name)
        with self.lock:
            self.passed += passed
            self.skipped += skipped
            self.failed += len(failures)
            self.failures += failures
        return "%-40s %4d passed %s%s %6.1f s" % (
            name, passed,
            "%d FAILED " % len(failures) if failures else "",
            "%d skipped" % skipped if skipped else "", seconds)


def sh(*command, **more):
    return subprocess.run(command, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, **more)


def build(folder, *options):
    """Configures and compiles; False and the compiler's words if it fails."""
    start = time.monotonic()
    steps = []
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        steps.append(["meson", "setup", folder, TOP, "-Dwerror=true",
                      *options])
    steps.append(["ninja", "-C", folder])
    for step in steps:
        result = sh(*step)
        if result.returncode != 0:
            print(result.stdout[-6000:])
            return False
    print("built %s in %.0f s" % (
        os.path.relpath(folder, TOP), time.monotonic() - start), flush=True)
    return True


def compiled_programs(folder, suite):
    """(name, command, environment) of the cmocka programs of a suite."""
    result = sh("meson", "introspect", "--tests", folder)
    for test in json.loads(result.stdout):
        if any(s.split(":")[-1] == suite for s in test["suite"]):
            yield ("%s/%s" % (suite, test["name"]), test["cmd"], test["env"])


def python_programs(area):
    for path in sorted(glob.glob(os.path.join(TOP, "tests", area,
                                              "test_*.py"))):
        name = "%s/%s" % (area, os.path.basename(path)[len("test_"):-3])
        runner = os.path.join(TOP, "tests", "rig", "taprun.py")
        yield (name, [sys.executable, runner, path], {})


def lint_programs():
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "lint",
                                              "check_*.py"))):
        name = "lint/" + os.path.basename(path)[len("check_"):-3]
        yield (name, [sys.executable, path], {"TAP_OF_EXIT": "1"})
    yield from python_programs("lint")


def programs(area, folder):
    if area == "lint":
        return list(lint_programs())
    if area in ("unit", "contract"):
        return list(compiled_programs(folder, area))
    return list(python_programs(area))


def run_program(count, name, command, environment, folder):
    log = os.path.join(LOGS, re.sub(r"\W+", "-", name) + ".log")
    env = dict(os.environ, STAUTH_BUILD=folder, PYTHONDONTWRITEBYTECODE="1",
               ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
               LSAN_OPTIONS="suppressions=" + os.path.join(
                   TOP, "tests", "rig", "lsan.supp"),
               UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    env.update(environment)
    start = time.monotonic()
    try:
        result = subprocess.run(
            command, env=env, cwd=TOP, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=PROGRAM_TIMEOUT_S,
            errors="replace")
        text, code = result.stdout, result.returncode
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace")
        code = 124
    with open(log, "w", encoding="utf-8") as out:
        out.write(text)
    tap = text
    if "TAP_OF_EXIT" in environment:
        tap = "ok" if code == 0 else "not ok - see below"
    line = count.take(name, tap, code, time.monotonic() - start)
    with count.lock:
        print(line, flush=True)
        if "FAILED" in line:
            print("  --- %s\n%s\n  ---" % (
                os.path.relpath(log, TOP), text[-4000:]), flush=True)


def names_of_nothing(built):
    """What the lists above name, and no program has."""
    return [name for name in [*WAITING, *ALONE, *SANITIZED]
            if not any(program[0].startswith(name) for program in built)]


class Schedule:
    """Three kinds of programs: as many as there are processors and one more,
    those that wait beside them, and at the end one by one those that
    measure."""

    def __init__(self, count):
        self.count = count
        self.busy = concurrent.futures.ThreadPoolExecutor(
            (os.cpu_count() or 2) + 1)
        self.waiting = concurrent.futures.ThreadPoolExecutor(len(WAITING))
        self.alone, self.running = [], []

    def add(self, work, folder):
        for program in work:
            name = program[0].removesuffix(SUFFIX)
            if name in ALONE:
                self.alone.append((*program, folder))
                continue
            pool = self.waiting if name in WAITING else self.busy
            self.running.append(
                pool.submit(run_program, self.count, *program, folder))

    def finish(self):
        for done in self.running:
            done.result()
        for program in self.alone:
            run_program(self.count, *program)


def run_all(count, wanted):
    if not build(BUILD):
        count.take("build", "", 1, 0)
        return
    built = {area: programs(area, BUILD) for area in AREAS[:-1]}
    for name in names_of_nothing(sum(built.values(), [])):
        count.take("runner.py names %s, which is no program" % name, "", 1, 0)
    schedule = Schedule(count)
    sanitized = "asan" in wanted and schedule.busy.submit(
        build, ASAN, "-Db_sanitize=address,undefined", "-Db_lundef=false",
        "-Dman-pages=disabled")
    for area in AREAS[:-1]:
        if area in wanted:
            schedule.add(built[area], BUILD)
    if sanitized and sanitized.result():
        schedule.add(((name + SUFFIX, *rest) for area in AREAS[:-1]
                      for name, *rest in programs(area, ASAN)
                      if name.startswith(SANITIZED)), ASAN)
    elif sanitized:
        count.take("build asan", "", 1, 0)
    schedule.finish()


def main(wanted):
    unknown = [area for area in wanted if area not in AREAS]
    if unknown:
        print("tests/run: no such area: %s (known: %s)" % (
            " ".join(unknown), " ".join(AREAS)), file=sys.stderr)
        return 64
    os.makedirs(LOGS, exist_ok=True)
    count = Count()
    start = time.monotonic()
    run_all(count, wanted or AREAS)
    for line in count.skips:
        print("skipped: " + line)
    for line in count.failures:
        print("FAILED: " + line)
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed, %d skipped" % (
        count.passed, count.failed, count.skipped))
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
