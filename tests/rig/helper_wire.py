# SPDX-License-Identifier: MIT
"""The helper's questions and answers, spoken without the module: as
pam_stauth/wire.h has them."""

import socket
import struct
import subprocess

AUTH, ACCOUNT, CHECK, CHANGE, OPEN, CLOSE = range(1, 7)
(WRONG, UNKNOWN, THROTTLED, DISABLED, NOT_PERMITTED, MUST_CHANGE, WEAK,
 UNAVAILABLE, BAD_CONFIG, NEED_CODE, ALLOW) = range(1, 12)
(USER, WORD, NEW_WORD, SERVICE, RHOST, TTY, CONFIG, GROUP, FLAGS, MINIMUM_UID,
 HANDLE, HOST_PID, TEXT, LOG, HOST_UID) = range(1, 16)
AS_ROOT = b"\x08"


def frame(kind, fields, version=1):
    payload = b"".join(
        struct.pack("!BH", tag, len(value)) + value for tag, value in fields)
    return b"STA" + struct.pack("!BBH", version, kind, len(payload)) + payload


def fields_of(payload):
    found = {}
    while payload:
        tag, size = struct.unpack("!BH", payload[:3])
        found[tag] = payload[3:3 + size]
        payload = payload[3 + size:]
    return found


# A sanitizer's finding ends by a signal, not by an exit like any other.
SANITIZER = {"ASAN_OPTIONS": "abort_on_error=1",
             "UBSAN_OPTIONS": "abort_on_error=1:halt_on_error=1"}


def ask(helper, data, env=None, **more):
    """What the helper answers to these bytes: (kind, fields). One that
    crashed did not refuse."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen([helper], stdin=theirs, stdout=theirs,
                                   stderr=subprocess.DEVNULL, cwd="/",
                                   env=dict(SANITIZER, **env or {}), **more)
        theirs.close()
        ours.settimeout(30)
        got = b""
        try:
            ours.sendall(data)
            ours.shutdown(socket.SHUT_WR)
            while True:
                more_bytes = ours.recv(65536)
                if not more_bytes:
                    break
                got += more_bytes
        except OSError:
            pass
        if process.wait(30) < 0:
            raise AssertionError("the helper ended by signal %d" %
                                 -process.returncode)
    if not got:
        return None, {}
    kind, size = struct.unpack("!BH", got[4:7])
    if got[:4] != b"STA\x01" or len(got) != 7 + size:
        raise AssertionError("no frame: %r" % got[:40])
    return kind, fields_of(got[7:])
