#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes aescbc.inc: reversible passwords, written as st-auth-simple does.

Needs the Python package cryptography; the rule is CONTRACT 8.
"""
import base64
import hashlib
import os

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

GOOD = (
    ("YouWillNeverGuessThisSecretKey32", "nonsensical", "hunter2 hunter2"),
    ("YouWillNeverGuessThisSecretKey32", "", "no nonce was set"),
    ("YouWillNeverGuessThisSecretKey32", "", "ends in _"),
    ("k", "n", "p"),
    ("schlüssel", "salz€", "pässwörd"),
    ("key", "nonce", "a block with n. "),
    ("key", "nonce", "0123456789abcdef" * 31 + "0123456789abcde"),
)
# Text and padding as they are; "" is the key's own nonce "_".
BAD = (
    ("empty password", "key", "nonce", b"nonce", None),
    ("512 bytes", "key", "nonce", b"x" * 512 + b"nonce", None),
    ("line break", "key", "nonce", b"a\nbnonce", None),
    ("carriage return", "key", "nonce", b"a\rbnonce", None),
    ("NUL", "key", "nonce", b"a\0bnonce", None),
    ("not UTF-8", "key", "nonce", b"a\xff\xfenonce", None),
    ("other nonce", "key", "nonce", b"password" + b"noncf", None),
    ("nonce not last", "key", "nonce", b"passwordnonce1", None),
    ("shorter than the nonce", "key", "nonce", b"once", None),
    ("no nonce", "key", "", b"password", None),
    ("padding 0", "key", "_", b"0123456789abcd_", b"\x00"),
    ("padding 17", "key", "_", b"0123456789abcd_", b"\x11"),
    ("padding uneven", "key", "_", b"0123456789abc_", b"\x01\x02"),
    # Without its padding block this is a password and the nonce.
    ("a block of padding 0", "key", "_", b"0123456789abcde_", b"\x00" * 16),
    ("a block of padding 17", "key", "_", b"0123456789abcde_", b"\x11" * 16),
    ("a block of padding 16 but one", "key", "_", b"0123456789abcde_",
     b"\x0f" + b"\x10" * 15),
)


def encrypt(key, text, pad=None):
    hexkey = hashlib.md5(key.encode()).hexdigest().encode()
    iv = hashlib.md5(key.encode() + hexkey).hexdigest().encode()[:16]
    aes = Cipher(algorithms.AES(hexkey), modes.CBC(iv)).encryptor()
    if pad is None:
        pkcs7 = padding.PKCS7(128).padder()
        text = pkcs7.update(text) + pkcs7.finalize()
    else:
        text += pad
    return base64.urlsafe_b64encode(
        aes.update(text) + aes.finalize()).decode()


def quote(text):
    return "".join(
        chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}"
        for b in text.encode())


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "aescbc.inc"), "w",
              encoding="ascii") as out:
        out.write("/* SPDX-License-Identifier: MIT */\n"
                  "/* Written by make_aescbc.py: name, text, ENC_PASSWORD, "
                  "ENC_NONCE,\n * password (NULL: must not decrypt). */\n")
        for key, nonce, password in GOOD:
            text = encrypt(key, (password + (nonce or "_")).encode())
            out.write(f'{{"good",\n "{text}",\n "{quote(key)}", '
                      f'"{quote(nonce)}",\n "{quote(password)}"}},\n')
        for name, key, nonce, text, pad in BAD:
            out.write(f'{{"{name}",\n "{encrypt(key, text, pad)}",\n '
                      f'"{key}", "{nonce}", NULL}},\n')


if __name__ == "__main__":
    main()
