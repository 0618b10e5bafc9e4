#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a page of the administration costs with many accounts, and with many
rows of the audit: p50 of a request at the pages' socket, and how many times
that of a small store it is. Ends with 1 if a ratio is over 3.

    tests/bench/admin.py [--users N,N,...] [--audit N,N,...] [--rounds N]

The first number of each list is what the others are compared with.
"""

import argparse
import html
import os
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import Stack  # noqa: E402

PASSWORD = "correct horse battery"
LIMIT = 3
USERS = """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n
WHERE i + 1 < %d) INSERT INTO users (epoch, name, email, display_name,
group_list, password, su, disabled, system_login, must_change, created_at,
last_login_at, mfa_since) SELECT 1, printf('user%%07d', i * 7919 %% 10000019),
printf('mail%%07d@example.com', i), 'Person ' || i, 'staff', '', 0, 0, 0, 0,
1700000000 + i / 10, 1700000000 + i / 7, 0 FROM n"""
AUDIT = """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n
WHERE i + 1 < %d) INSERT INTO audit (at, event, ok, user_name, uid, actor,
channel, address, detail) SELECT 1700000000 + i / 5,
iif(i %% 10, 'login', 'login.wrong'), i %% 10 > 0, printf('user%%05d', i %%
200), 1, '', 'web', '192.0.2.1', '' FROM n"""
USER_PAGES = {
    "first page": "/auth/admin", "last page": "/auth/admin?go=back",
    "newest first": "/auth/admin?sort=-created",
    "last sign-in": "/auth/admin?sort=-login",
    "search, a beginning": "/auth/admin?q=user00",
    "search, a part": "/auth/admin?q=erson+77",
    "search, nothing": "/auth/admin?q=no-such-text",
}
AUDIT_PAGES = {
    "newest": "/auth/admin/audit",
    "of one user": "/auth/admin/audit?user=user00077",
    "of one event": "/auth/admin/audit?event=login.wrong",
    "since a day": "/auth/admin/audit?since=2023-11-15",
}


def p50_ms(stack, jar, path, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = stack.page("GET", path, cookies=jar)
        times.append(1000 * (time.perf_counter() - start))
        if answer.status != 200:
            raise SystemExit("%s: %d" % (path, answer.status))
    return statistics.median(times), answer


def measure(statement, count, pages, rounds):
    """{name: p50 in ms}. One worker, so that all are equally warm."""
    with Stack({"PAGE_WORKERS": "1"}) as stack:
        stack.add_user("root", PASSWORD, su=True)
        stack.sql(statement % count)
        stack.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        stack.start_gate()
        _, jar = stack.login("root", PASSWORD)
        found = {}
        for name, path in pages.items():
            p50_ms(stack, jar, path, 5)
            found[name], answer = p50_ms(stack, jar, path, rounds)
            more = re.search(r'<a href="([^"]+)" rel="next">', answer.text)
            if more and "search" not in name:
                found[name + ", page 2"], _ = p50_ms(
                    stack, jar, html.unescape(more.group(1)), rounds)
        return found


def compare(what, statement, counts, pages, rounds):
    worst, base = 0, None
    for count in counts:
        found = measure(statement, count, pages, rounds)
        base = base or found
        for name, ms in found.items():
            ratio = ms / base[name] if name in base else 0
            worst = max(worst, ratio)
            print("%-8s %9d  %-24s %7.2f ms  x %.2f" % (
                what, count, name, ms, ratio), flush=True)
    return worst


def numbers(text):
    return [int(float(part)) for part in text.split(",") if part]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--users", type=numbers, default="1e3,1e5,1e6")
    parser.add_argument("--audit", type=numbers, default="1e4,1e7")
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args()
    worst = max(
        compare("users", USERS, args.users, USER_PAGES, args.rounds),
        compare("audit", AUDIT, args.audit, AUDIT_PAGES, args.rounds))
    print("worst ratio %.2f, at most %d" % (worst, LIMIT))
    return 1 if worst > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
