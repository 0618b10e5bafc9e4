# SPDX-License-Identifier: MIT
"""A real sshd on a loopback port, inside the namespace of pamrig."""

import os
import socket
import subprocess

import rig

CONF = """Port {port}
ListenAddress 127.0.0.1
HostKey {key}
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PubkeyAuthentication no
PermitRootLogin no
UseDNS no
PidFile none
LogLevel VERBOSE
"""

# OpenSSH 9.8 and newer turn away for a while an address that failed.
NO_PENALTIES = "PerSourcePenalties no\n"

# A crash closes the connection as well; these are told.
REFUSALS = ("Permission denied", "Too many authentication failures",
            "by PAM account configuration")


class Sshd:
    def __init__(self, stack):
        self.stack = stack
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        key = os.path.join(stack.dir, "hostkey")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                        "-f", key], check=True)
        conf = os.path.join(stack.dir, "sshd_config")
        text = CONF.format(port=self.port, key=key)
        if not self.takes(conf, text + NO_PENALTIES):
            self.takes(conf, text)
        self.log_path = os.path.join(stack.dir, "sshd.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", conf], stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True)
        if not rig.wait_for(lambda: "listening" in self.log(), 10):
            raise AssertionError(self.log())

    @staticmethod
    def takes(conf, text):
        """Writes the file; does this sshd know all of it?"""
        with open(conf, "w", encoding="ascii") as out:
            out.write(text)
        return subprocess.run(["/usr/sbin/sshd", "-t", "-f", conf],
                              stderr=subprocess.DEVNULL,
                              check=False).returncode == 0

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ssh(self, name, answers, command="id -un", method="password",
            options=()):
        before = len(self.log())
        told = self.stack.host([
            "/usr/bin/ssh", "-F", "none", "-p", str(self.port), "-l", name,
            "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
            "-o", "UserKnownHostsFile=/dev/null",
            "-o", "PreferredAuthentications=" + method,
            "-o", "NumberOfPasswordPrompts=%d" % max(1, len(answers)),
            *options, "127.0.0.1", command], answers)
        if told.status == 255 and not any(
                words in told.text + self.log()[before:]
                for words in REFUSALS):
            raise AssertionError("sshd did not refuse, it failed: %s\n%s" % (
                told, self.log()))
        return told

    def login(self, name, password, **more):
        return self.ssh(name, [("assword: ", password)], **more)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
