# SPDX-License-Identifier: MIT
"""Runs one unittest file and says its results as TAP."""

import importlib.util
import os
import sys
import time
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def say(self, word, test, note=""):
        self.number += 1
        name = test.id().split(".", 1)[-1]
        took = time.monotonic() - self.started if self.started else 0
        print("%s %d - %s%s" % (word, self.number, name,
                                " # SKIP " + note if note else ""))
        if took > 5:
            print("# took %.1f s" % took)
        sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say("ok", test, reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("not ok", test)
        print(self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.say("not ok", test)
        print(self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.say("not ok", subtest)
            print((self.failures + self.errors)[-1][1])


def main(path):
    here = os.path.dirname(os.path.abspath(path))
    sys.path[:0] = [here, os.path.dirname(os.path.abspath(__file__))]
    spec = importlib.util.spec_from_file_location("tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = TapResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    print("1..%d" % result.number)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
