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
 HANDLE, _, TEXT, LOG, HOST_UID, RUSER, PROOF) = range(1, 18)
NEED_WORD = 12
ANY_ACCOUNT, AS_ROOT, EXPIRED = b"\x02", b"\x08", b"\x10"
SOCKET = "/run/stauth/chkpwd.sock"


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
    return answer_of(got)


def answer_of(got):
    if not got:
        return None, {}
    kind, size = struct.unpack("!BH", got[4:7])
    if got[:4] != b"STA\x01" or len(got) != 7 + size:
        raise AssertionError("no frame: %r" % got[:40])
    return kind, fields_of(got[7:])


CLIENT = """import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(40)
sock.connect(sys.argv[1])
got = b""
try:
    sock.sendall(sys.stdin.buffer.read())
    sock.shutdown(socket.SHUT_WR)
    while True:
        more = sock.recv(65536)
        if not more:
            break
        got += more
except OSError:
    pass
sys.stdout.buffer.write(got)
"""


def ask_listener(data, user, groups=()):
    """What the listener answers to this user."""
    done = subprocess.run(
        ["/usr/bin/python3", "-I", "-S", "-c", CLIENT, SOCKET], input=data,
        stdout=subprocess.PIPE, check=True, user=user, group=user,
        extra_groups=list(groups), cwd="/", timeout=60)
    return answer_of(done.stdout)
