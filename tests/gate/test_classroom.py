# SPDX-License-Identifier: MIT
"""Many people who sign in at the same moment, with the right password."""

import concurrent.futures
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"
PEOPLE = 30


class Classroom(unittest.TestCase):
    """One hashing slot, as on two processors, and a hash that takes time."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack({"HASH_SLOTS": "1", "ARGON2_MEMORY_KIB": "16384",
                           "ARGON2_PASSES": "3", "SESSIONS_PER_USER": "100"})
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("pupil0", PASSWORD)
        columns = ", ".join(
            row[1] for row in cls.stack.sql("PRAGMA table_info(users)")
            if row[1] not in ("uid", "name", "email"))
        for i in range(1, PEOPLE):
            cls.stack.sql(
                "INSERT INTO users (name, %s) SELECT ?, %s FROM users "
                "WHERE name = 'pupil0'" % (columns, columns), "pupil%d" % i)
        cls.stack.start_gate()
        cls.form = cls.stack.open_form()

    def setUp(self):
        self.stack.sql("DELETE FROM rate_limits")

    def post(self, name):
        csrf, jar = self.form
        return self.stack.page(
            "POST", "/auth/login", cookies=jar, form={
                "username": name, "password": PASSWORD, "csrf": csrf})

    def post_until_in(self, name):
        """As the page's script does; the statuses on the way."""
        statuses = []
        while not statuses or statuses[-1] == 503:
            answer = self.post(name)
            statuses.append(answer.status)
            if answer.status == 503:
                self.assertEqual(answer.header("Retry-After"), "1")
                time.sleep(1)
        return statuses

    def all_at_once(self, names):
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(self.post_until_in, names))

    def test_e4_sixteen_in_one_second_are_all_in(self):
        def come(i):
            time.sleep(i / 16)
            return self.post("pupil%d" % i).status
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(list(pool.map(come, range(16))), [303] * 16)

    def test_e4_thirty_at_once_are_in_within_ten_seconds(self):
        start = time.monotonic()
        tries = self.all_at_once(["pupil%d" % i for i in range(PEOPLE)])
        took = time.monotonic() - start
        self.assertEqual([t[-1] for t in tries], [303] * PEOPLE, tries)
        self.assertLess(took, 10, tries)

    def test_u5_sixteen_of_one_person_are_no_attack(self):
        tries = self.all_at_once(["pupil1"] * 16)
        self.assertEqual([t[-1] for t in tries], [303] * 16, tries)
        self.assertEqual({s for t in tries for s in t} - {303, 503}, set())
        self.assertEqual(self.stack.sql("SELECT * FROM rate_limits"), [])
        self.assertEqual(self.stack.sql(
            "SELECT count(*) FROM audit WHERE event = 'login.throttled'"),
            [(0,)])


if __name__ == "__main__":
    unittest.main()
