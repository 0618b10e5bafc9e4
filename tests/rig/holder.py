# SPDX-License-Identifier: MIT
"""Sockets that outlive a gate, handed to it as systemd.exec(5) has it."""

import os
import socket
import subprocess

import rig


def listening(path, backlog=1024):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    os.chmod(path, 0o660)
    sock.listen(backlog)
    return sock


def launch(stack, socks, names=None):
    """Starts stack's gate with socks as descriptors 3, 4, ..."""
    def prepare():
        copies = [os.dup2(sock.fileno(), 100 + i)
                  for i, sock in enumerate(socks)]
        for i, fd in enumerate(copies):
            os.dup2(fd, 3 + i)
            os.set_inheritable(3 + i, True)
            os.close(fd)
    # The shell's pid stays the gate's, which LISTEN_PID must name.
    script = 'export LISTEN_PID=$$ LISTEN_FDS=%d; %s exec "$0" -c "$1"' % (
        len(socks), "" if names is None
        else "export LISTEN_FDNAMES='%s';" % names)
    with open(stack.gate_log, "ab") as log:
        stack.gate = subprocess.Popen(
            ["/bin/sh", "-c", script, rig.GATE, stack.conf], stderr=log,
            stdout=log, stdin=subprocess.DEVNULL, close_fds=False,
            start_new_session=True, preexec_fn=prepare)
    return stack.gate
