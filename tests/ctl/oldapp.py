# SPDX-License-Identifier: MIT
"""Files as st-auth-simple writes them."""

import hashlib
import os
import sqlite3
import subprocess

ENC_PASSWORD = "OldSecretOfThisSiteNobodyKnows32"
ENC_NONCE = "nonsensical"


def encrypt(password, enc_password=ENC_PASSWORD, enc_nonce=ENC_NONCE):
    """AES-256-CBC by the openssl program: nothing of ours is in the way."""
    key = hashlib.md5(enc_password.encode()).hexdigest()
    iv = hashlib.md5((enc_password + key).encode()).hexdigest()[:16]
    text = password if isinstance(password, bytes) else password.encode()
    result = subprocess.run(
        ["openssl", "enc", "-aes-256-cbc", "-K", key.encode().hex(),
         "-iv", iv.encode().hex(), "-base64", "-A"],
        input=text + (enc_nonce or "_").encode(), check=True,
        stdout=subprocess.PIPE)
    return result.stdout.decode().replace("+", "-").replace("/", "_")


def make_db(path, users, table="USERS"):
    """users: (username, stored password, su, auth_token)."""
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE %s (id INTEGER PRIMARY KEY, username UNIQUE ON "
            "CONFLICT REPLACE, password, su INTEGER, auth_token TEXT, "
            "expires_at TEXT)" % table)
        db.execute(
            "CREATE TABLE PENDING_USERS (id INTEGER PRIMARY KEY, username "
            "UNIQUE ON CONFLICT REPLACE, password, validation_pin, "
            "expires_at TEXT, is_validated INTEGER)")
        db.executemany(
            "INSERT INTO %s (username, password, su, auth_token, expires_at) "
            "VALUES (?, ?, ?, ?, '2099-01-01T00:00:00.000000')" % table,
            users)
    db.close()


def make_env(folder, **changes):
    """A .env beside the app, and its path."""
    values = {
        "STORAGE": "'SQLITE'", "SQLITE_DB_PATH": "'./db'",
        "SQLITE_DB": "'auth.db'", "USERS_TABLE": "'users'",
        "ENC_PASSWORD": "'%s'" % ENC_PASSWORD,
        "ENC_NONCE": "'%s'" % ENC_NONCE,
        "COOKIE_NAME": "'auth-simple-for-streamlit'",
    }
    values.update(changes)
    path = os.path.join(folder, ".env")
    with open(path, "w", encoding="utf-8") as out:
        out.write("# PUT VARS HERE\n\n")
        for key, value in values.items():
            if value is not None:
                out.write("%s = %s\n" % (key, value))
    os.chmod(path, 0o600)
    return path
