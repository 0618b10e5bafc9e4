# SPDX-License-Identifier: MIT
"""Several people on one connection: each request is judged alone."""

import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import COOKIE  # noqa: E402
from stack_nginx import NginxStack, free_port  # noqa: E402

PASSWORD = "correct horse battery"


class Connections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.h2_port = free_port()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-keyout", cls.stack.dir + "/tls.key", "-out",
             cls.stack.dir + "/tls.crt"], check=True,
            stderr=subprocess.DEVNULL)
        cls.stack.server_extra = (
            "listen 127.0.0.1:%d ssl http2; ssl_certificate "
            "%%(dir)s/tls.crt; ssl_certificate_key %%(dir)s/tls.key;"
            % cls.h2_port)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.add_user("bob", PASSWORD)
        cls.stack.start()
        cls.alice = cls.stack.session("alice", PASSWORD)[COOKIE]
        cls.bob = cls.stack.session("bob", PASSWORD)[COOKIE]
        # Whose request, and what it must get.
        cls.turns = ((cls.alice, 200, "alice"), (None, 401, None),
                     (cls.bob, 200, "bob"), (None, 401, None),
                     (cls.alice, 200, "alice"), ("A" * 32, 401, None))

    def pipelined(self, version):
        requests = b""
        for number, (token, _, _) in enumerate(self.turns):
            last = number == len(self.turns) - 1
            cookie = "Cookie: %s=%s\r\n" % (COOKIE, token) if token else ""
            requests += ("GET /x%d HTTP/%s\r\nHost: %s\r\n%sConnection: %s"
                         "\r\n\r\n" % (
                             number, version, self.stack.host, cookie,
                             "close" if last else "keep-alive")).encode()
        with socket.create_connection(
                ("127.0.0.1", self.stack.port), 20) as sock:
            sock.sendall(requests)
            answer = b""
            while got := sock.recv(65536):
                answer += got
        return [int(status) for status in re.findall(
            rb"HTTP/1\.1 (\d+) ", answer)], re.findall(
                r'"X-Auth-User", "([^"]*)"', answer.decode())

    def test_b27_pipelined_on_one_connection(self):
        before = len(self.stack.echo.seen)
        for version in ("1.1", "1.0"):
            with self.subTest(version):
                statuses, users = self.pipelined(version)
                self.assertEqual(statuses, [turn[1] for turn in self.turns])
                self.assertEqual(users, ["alice", "bob", "alice"])
        self.assertEqual(len(self.stack.echo.seen), before + 6)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_b27_streams_of_one_http2_connection(self):
        command = ["curl", "-sk", "--http2"]
        for number, (token, _, _) in enumerate(self.turns):
            if number:
                command += ["--next", "-sk", "--http2"]
            command += ["-o", "/dev/null", "-w",
                        "%{http_code} %{http_version} %{num_connects}\\n",
                        "https://127.0.0.1:%d/x" % self.h2_port,
                        "-H", "Host: " + self.stack.host]
            if token:
                command += ["-b", "%s=%s" % (COOKIE, token)]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              timeout=30, check=True).stdout
        rows = [line.split() for line in told.splitlines()]
        self.assertEqual([int(row[0]) for row in rows],
                         [turn[1] for turn in self.turns])
        self.assertEqual({row[1] for row in rows}, {"2"})
        self.assertEqual(sum(int(row[2]) for row in rows), 1)


if __name__ == "__main__":
    unittest.main()
