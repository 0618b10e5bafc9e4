# SPDX-License-Identifier: MIT
"""Instructions of one check, in the gate's user space, by callgrind.

The same requests through nginx, one after the other on one connection, once
round all cookies and three times: the difference is what a check costs when
everything that is done once is done. Repeatable within one in a hundred.
"""

import glob
import os
import re
import shutil
import socket

import rig
from parts import Line
from stack_nginx import stop_group

LIMIT = 26000

REQUEST = (
    "GET /gate HTTP/1.1\r\nHost: localhost:%d\r\n"
    "Cookie: theme=dark; %s=%s\r\nAccept: text/html,*/*;q=0.8\r\n"
    "Accept-Language: en\r\nSec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Site: none\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0\r\n\r\n")


def ask_all(bench, tokens, rounds):
    with socket.create_connection(("127.0.0.1", bench.port), 60) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for token in tokens * rounds:
            sock.sendall((REQUEST % (
                bench.port, rig.COOKIE, token)).encode())
            answer = b""
            while not answer.endswith(b"hello\n"):
                got = sock.recv(65536)
                if not got:
                    raise SystemExit("nginx hung up")
                answer += got
            if b" 200 " not in answer[:20]:
                raise SystemExit(answer.decode("latin-1"))


def total_of_run(bench, tokens, rounds):
    """Instructions of the check worker from its start to its end."""
    wrapper = os.path.join(bench.dir, "under-callgrind")
    gate, out = rig.GATE, os.path.join(bench.dir, "callgrind.")
    with open(wrapper, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\nexec valgrind -q --tool=callgrind "
                     "--callgrind-out-file=%s%%p %s \"$@\"\n" % (out, gate))
    os.chmod(wrapper, 0o755)
    for old in glob.glob(out + "*"):
        os.unlink(old)
    rig.GATE = wrapper
    try:
        bench.start_gate(120)
        bench.start_nginx()
        ask_all(bench, tokens, rounds)
    finally:
        rig.GATE = gate
        stop_group(bench.nginx)
        bench.nginx = None
        bench.stop_gate()
    totals = []
    for path in glob.glob(out + "*"):
        with open(path, encoding="utf-8") as profile:
            text = profile.read()
        found = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
        # Not the sweep, nor the other workers.
        if found and "gate_check_run" in text:
            totals.append(int(found.group(1)))
    return max(totals)


def lines(bench):
    label = "instructions of the gate a check"
    if not shutil.which("valgrind"):
        return [Line(label, [None], LIMIT, words="  (needs valgrind)")]
    bench.write_config({"CHECK_WORKERS": "1", "PAGE_WORKERS": "1"})
    with open(bench.tokens, encoding="ascii") as text:
        tokens = text.read().split()
    once = total_of_run(bench, tokens, 1)
    thrice = total_of_run(bench, tokens, 3)
    bench.write_config({"CHECK_WORKERS": None, "PAGE_WORKERS": None})
    return [Line(label, [(thrice - once) / (2 * len(tokens))], LIMIT)]
