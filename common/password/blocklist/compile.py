#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes lists of passwords as one sorted table of hashes in C.

usage: compile.py OUT FILE...

The table holds the first bytes of the SHA-256 of every password's folded
form, which ../blocklist.c computes in the same way.
"""
import hashlib
import sys

HASH_LEN = 5  # 170,000 of them: one wrong hit in six million passwords
DIGITS_MAX = 4
KEY_MIN = 4
# Characters that stand for each other, whichever was typed.
ALIKE = bytes.maketrans(b"4@3l1!|05$7+8269",
                        b"aaeiiiiosstt" b"bzgg")


def fold(password):
    end, digits = len(password), 0
    while end > 0:
        last = password[end - 1:end]
        if last.isdigit() and digits < DIGITS_MAX:
            digits += 1
        elif last.isalnum() or last >= b"\x80":
            break
        end -= 1
    key = bytes(c for c in password[:end].lower().translate(ALIKE)
                if c >= 0x80 or bytes([c]).isalnum())
    return key if len(key) >= KEY_MIN else password.lower()


def main(out, *paths):
    table = set()
    for path in paths:
        with open(path, "rb") as file:
            table |= {hashlib.sha256(fold(line)).digest()[:HASH_LEN]
                      for line in file.read().split(b"\n") if line}
    with open(out, "w", encoding="ascii") as file:
        file.write('#include "password/blocklist_table.h"\n\n'
                   "const unsigned char stauth_blocklist_table[]"
                   "[STAUTH_BLOCKLIST_HASH] = {\n")
        for digest in sorted(table):
            file.write("{%s},\n" % ",".join(str(byte) for byte in digest))
        file.write("};\nconst size_t stauth_blocklist_count = %d;\n"
                   % len(table))


if __name__ == "__main__":
    main(*sys.argv[1:])
