# SPDX-License-Identifier: MIT
"""Runs one unittest file and says its results as TAP.

A class with `together = True` holds tests that wait more than they work and
change nothing that they share: they run at once.
"""

import concurrent.futures
import importlib.util
import os
import sys
import threading
import time
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.started = {}
        self.lock = threading.RLock()

    def startTest(self, test):
        super().startTest(test)
        self.started[test.id()] = time.monotonic()

    def say(self, word, test, note="", err=None):
        with self.lock:
            self.number += 1
            name = test.id().split(".", 1)[-1]
            print("%s %d - %s%s" % (word, self.number, name,
                                    " # SKIP " + note if note else ""))
            now = time.monotonic()
            took = now - self.started.get(test.id(), now)
            if took > 5:
                print("# took %.1f s" % took)
            if err:
                print(self._exc_info_to_string(err, test))
            sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("ok", test, reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("not ok", test, err=err)

    def addError(self, test, err):
        super().addError(test, err)
        self.say("not ok", test, err=err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.say("not ok", subtest, err=err)


def run_together(tests, result):
    case = type(tests[0])
    case.setUpClass()
    try:
        with concurrent.futures.ThreadPoolExecutor(len(tests)) as pool:
            for done in [pool.submit(test.run, result) for test in tests]:
                done.result()
    finally:
        case.tearDownClass()
        case.doClassCleanups()


def run(suite, result):
    """A suite of suites, one a class."""
    for tests in suite:
        first = next(iter(tests), None)
        if (getattr(first, "together", False) and
                not getattr(first, "__unittest_skip__", False)):
            run_together(list(tests), result)
        else:
            tests.run(result)


def main(path):
    here = os.path.dirname(os.path.abspath(path))
    sys.path[:0] = [here, os.path.dirname(os.path.abspath(__file__))]
    spec = importlib.util.spec_from_file_location("tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = TapResult()
    run(unittest.defaultTestLoader.loadTestsFromModule(module), result)
    print("1..%d" % result.number)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
