#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes password.inc: hashes made by other programs than the one tested.

Needs the Python packages argon2-cffi and bcrypt, openssl(1) and libcrypt.
The salts are fixed, so that a second run writes the same file (and a change
of it shows what changed); argon2 and bcrypt take them as they are given.
"""
import ctypes
import ctypes.util
import hashlib
import os
import subprocess

import argon2.low_level
import bcrypt

SALT = "k2XAnEHBqQ1Ct2aM"
ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PASSWORDS = (
    ("ascii", b"correct horse battery"),
    ("utf8", "pässwörd € x".encode()),
    ("one", b"x"),
    ("72", b"0123456789ab" * 6),
    ("511", (b"0123456789abcdef" * 32)[:511]),
)
ARGON2 = (
    ("argon2id", argon2.low_level.Type.ID, 19, 3, 1024, 1),
    ("argon2id", argon2.low_level.Type.ID, 19, 2, 512, 4),
    ("argon2i", argon2.low_level.Type.I, 19, 3, 256, 1),
    ("argon2d", argon2.low_level.Type.D, 19, 1, 256, 2),
    ("argon2id", argon2.low_level.Type.ID, 16, 2, 256, 1),
)


def of_argon2(password):
    for name, kind, version, passes, memory, lanes in ARGON2:
        made = argon2.low_level.hash_secret(
            password, SALT.encode(), time_cost=passes, memory_cost=memory,
            parallelism=lanes, hash_len=32, type=kind,
            version=version).decode()
        yield name, made
        if version == 16:
            yield name + " without v=", made.replace("v=16$", "")


def of_bcrypt(password):
    if len(password) > 72:
        return
    made = bcrypt.hashpw(password, b"$2b$05$KBCwKxOzLha2MUDgW0PjXe").decode()
    for prefix in ("$2a$", "$2b$", "$2y$"):
        yield prefix, prefix + made[4:]


def of_openssl(password):
    if len(password) > 256:  # openssl passwd cuts there without a word
        return
    for option, salt in (("-5", SALT), ("-6", SALT), ("-6", "a-b_c"),
                         ("-5", "rounds=1000$" + SALT),
                         ("-6", "rounds=20000$" + SALT)):
        run = subprocess.run(
            ["openssl", "passwd", option, "-salt", salt, "-stdin"],
            input=password + b"\n", stdout=subprocess.PIPE, check=True)
        made = run.stdout.decode().strip()
        if made != "<NULL>":
            yield f"${option[1]}$", made


def encode64(data):
    text = ""
    for i in range(0, len(data), 3):
        value = int.from_bytes(data[i:i + 3], "little")
        for _ in range((len(data[i:i + 3]) * 8 + 5) // 6):
            text += ITOA64[value & 63]
            value >>= 6
    return text


def of_scrypt(password):
    for log2n, r, p in ((10, 8, 1), (9, 4, 3)):
        key = hashlib.scrypt(password, salt=SALT.encode(), n=1 << log2n, r=r,
                             p=p, dklen=32, maxmem=1 << 26)
        yield "$7$", "$7$" + ITOA64[log2n] + encode64(
            r.to_bytes(4, "little"))[:5] + encode64(
            p.to_bytes(4, "little"))[:5] + SALT + "$" + encode64(key)


def of_libcrypt(password):
    """The only maker of yescrypt there is."""
    lib = ctypes.CDLL(ctypes.util.find_library("crypt"))
    lib.crypt.restype = ctypes.c_char_p
    for setting in ("$y$j75$", "$y$j9T$", "$gy$j75$"):
        made = lib.crypt(password, (setting + SALT + "/.").encode())
        yield setting, made.decode()


def quote(data):
    return "".join(
        chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}"
        for b in data)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "password.inc"), "w",
              encoding="ascii") as out:
        out.write("/* SPDX-License-Identifier: MIT */\n"
                  "/* Written by make_password.py: name, form, password. */\n")
        for label, password in PASSWORDS:
            for make in (of_argon2, of_bcrypt, of_openssl, of_scrypt,
                         of_libcrypt):
                for name, made in make(password):
                    out.write(f'{{"{name} {label}",\n "{made}",\n'
                              f' "{quote(password)}"}},\n')


if __name__ == "__main__":
    main()
