# SPDX-License-Identifier: MIT
"""A network of its own for mail: loopback and nothing else, own host names
and an own certificate authority that the system's bundle trusts.

enter() moves this very process into it; mail.test, wrong.test and
sendgrid.test are then 127.0.0.1, and certificates for mail.test are made.
"""

import ctypes
import email
import email.policy
import json
import os
import shutil
import subprocess
import tempfile

import rig

SEND = os.path.join(rig.BUILD, "tests", "mail", "mail_send")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
KEY = "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

libc = ctypes.CDLL(None, use_errno=True)


def failed(what):
    error = ctypes.get_errno()
    raise OSError(error, os.strerror(error), what)


def bind(source, target):
    if libc.mount(source.encode(), target.encode(), None, MS_BIND, None):
        failed(target)


def openssl(*args, env=None):
    subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, **(env or {})))


class Net:
    """The namespace. One a process; there is no way back."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="stauth-mail-")
        self.unshare()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        hosts = os.path.join(self.top, "hosts")
        with open(hosts, "w", encoding="ascii") as out:
            out.write("127.0.0.1 localhost\n"
                      "127.0.0.1 mail.test wrong.test sendgrid.test\n")
        bind(hosts, "/etc/hosts")
        self.authority("ca")
        self.authority("stranger")
        bind(self.path("ca.pem"), BUNDLE)
        self.cert = self.certificate("good", "ca", "mail.test")
        self.sendgrid_cert = self.certificate(
            "sendgrid", "ca", "sendgrid.test")
        # No openssl of Debian 13 makes one that has expired already.
        two_months_ago = {"LD_PRELOAD": rig.faketime(), "FAKETIME": "-60d"}
        self.unknown = self.certificate("unknown", "stranger", "mail.test")
        self.expired = self.certificate("expired", "ca", "mail.test", two_months_ago)

    @staticmethod
    def unshare():
        uid, gid = os.getuid(), os.getgid()
        flags = CLONE_NEWNS | CLONE_NEWNET
        if libc.unshare(flags | (CLONE_NEWUSER if uid else 0)):
            failed("unshare")
        if uid:
            for name, text in (("setgroups", "deny"),
                               ("uid_map", f"0 {uid} 1"),
                               ("gid_map", f"0 {gid} 1")):
                with open("/proc/self/" + name, "w", encoding="ascii") as out:
                    out.write(text)
        if libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
            failed("/")

    def path(self, name):
        return os.path.join(self.top, name)

    def authority(self, name):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                "30", "-subj", "/CN=" + name, "-keyout",
                self.path(name + ".key"), "-out", self.path(name + ".pem"))

    def certificate(self, name, issuer, host, env=None):
        request, ext = self.path(name + ".csr"), self.path(name + ".ext")
        cert, key = self.path(name + ".pem"), self.path(name + ".key")
        with open(ext, "w", encoding="ascii") as out:
            out.write("subjectAltName=DNS:" + host + "\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" +
                host, "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA",
                self.path(issuer + ".pem"), "-CAkey",
                self.path(issuer + ".key"), "-CAcreateserial", "-days", "30",
                "-extfile", ext, "-out", cert, env=env)
        return cert, key

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)


_NET = []


def enter():
    """The namespace of this process, made at the first call."""
    if not _NET:
        _NET.append(Net())
    return _NET[0]


class Post:
    """A configuration, and what becomes of letters under it."""

    def __init__(self, **config):
        self.dir = tempfile.mkdtemp(prefix="stauth-post-")
        self.conf = os.path.join(self.dir, "stauth.conf")
        self.config = {
            "STATE_DIR": self.dir,
            "RUN_DIR": os.path.join(self.dir, "run"),
            "PUBLIC_URL": rig.ORIGIN,
            "BRAND_NAME": "Acme",
            "NOTIFICATION_FROM_EMAIL": "noreply@acme.test",
        }
        self.set(**config)

    def set(self, **changes):
        self.config.update(changes)
        with open(self.conf, "w", encoding="utf-8") as out:
            for key, value in self.config.items():
                if value is not None:
                    out.write("%s='%s'\n" % (key, value))
        os.chmod(self.conf, 0o640)

    def send_all(self, letters, env=None):
        done = subprocess.run(
            [SEND, self.conf], input=json.dumps(letters), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            timeout=120, env=dict(os.environ, **(env or {})))
        if done.returncode != 0:
            raise AssertionError("mail_send: %d %s" % (
                done.returncode, done.stderr))
        return json.loads(done.stdout)

    def send(self, env=None, **letter):
        return self.send_all([letter], env)[0]

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)
