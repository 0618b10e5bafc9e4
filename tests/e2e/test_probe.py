# SPDX-License-Identifier: MIT
"""stauthctl nginx probe: evidence from outside, on a real nginx, with the
snippets as shipped and with each of them broken."""

import json
import os
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import CTL  # noqa: E402
from stack_nginx import NginxStack, free_port, stop_group  # noqa: E402


class Probe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack()
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.start()

    def probe(self, url=None, *options):
        """Needs no configuration, and says which requests it made."""
        return subprocess.run(
            [CTL, "nginx", "probe", url or self.stack.url + "/", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            env=dict(os.environ, STAUTH_CONFIG="/nonexistent"))

    def rules(self, url=None):
        result = self.probe(url, "--json")
        self.assertIn(result.returncode, (0, 65), result.stderr)
        found = json.loads(result.stdout)
        self.assertEqual(result.returncode, 65 if found else 0)
        for one in found:
            self.assertEqual(list(one), ["rule", "message", "fix"])
        return {one["rule"] for one in found}

    def with_change(self, name, old, new, http=""):
        """nginx with one snippet changed, until the end of the test."""
        def restart(text=None):
            stop_group(self.stack.nginx)
            self.stack.http_extra = http if text else ""
            write = type(self.stack).write_snippets
            if text:
                def changed():
                    folder = write(self.stack)
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as source:
                        before = source.read()
                    self.assertIn(old, before)
                    with open(path, "w", encoding="utf-8") as out:
                        out.write(before.replace(old, new))
                    return folder
                self.stack.write_snippets = changed
            else:
                del self.stack.write_snippets
            self.stack.start_nginx()
        restart(True)
        self.addCleanup(restart)

    def test_the_snippets_as_shipped_are_clean_and_the_app_is_not_asked(self):
        before = len(self.stack.echo.seen)
        result = self.probe()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"^nginx: ok, \d\d requests\n$")
        self.assertEqual(result.stderr, "")
        self.assertEqual(self.rules(self.stack.url + "/su/"), set())
        self.assertEqual(self.stack.echo.seen[before:], [])

    def test_the_relay_s_own_answers_are_no_finding(self):
        stack = type("Relayed", (NginxStack,), {"relay": True})()
        self.addCleanup(stack.stop)
        stack.start()
        self.assertEqual(stack.http("GET", "/_stcore/host-config").text, "{}")
        self.assertEqual(self.rules(stack.url + "/"), set())

    def test_an_open_location_is_found(self):
        for path in ("/public", "/public/"):
            found = self.rules(self.stack.url + path)
            self.assertLessEqual(
                {"open", "identity-headers", "cookie", "upgrade", "origin",
                 "cache"}, found)
        result = self.probe(self.stack.url + "/public/")
        self.assertEqual(result.returncode, 65)
        self.assertIn("GET /public/ was answered with 200 [open]\n",
                      result.stdout)
        self.assertRegex(result.stderr, r"findings: \d+\n$")

    def test_u8_paths_of_two_meanings(self):
        self.with_change("stauth-server.conf", "if ($stauth_bad_path)",
                         "if ($arg_bad_path)")
        self.assertEqual(self.rules(), {"path"})

    def test_u9_a_tunnel_is_found_and_no_open_end_is_waited_for(self):
        """A site that takes every Upgrade, as an app on hypercorn would."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            while True:
                try:
                    sock = server.accept()[0]
                except OSError:
                    return
                got = sock.recv(65536)
                if b"\r\nupgrade: " in got.lower():
                    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                                 b"Connection: Upgrade\r\n\r\n")
                    threading.Timer(60, sock.close).start()
                    continue
                sock.sendall(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n"
                             b"Cache-Control: no-store\r\n\r\n")
                sock.close()
        threading.Thread(target=serve, daemon=True).start()
        found = self.rules("http://127.0.0.1:%d" % server.getsockname()[1])
        self.assertLessEqual({"upgrade", "origin"}, found)

    def test_the_check_in_the_open_is_found(self):
        self.with_change("stauth-server.conf", "\tinternal;\n", "")
        self.assertEqual(self.rules(), {"check-exposed"})

    def test_u10_a_refusal_that_may_be_kept_is_found(self):
        self.with_change(
            "stauth-server.conf",
            'add_header Cache-Control "no-store" always;', "")
        self.assertEqual(self.rules(), {"cache"})

    def test_a_foreign_host_is_found(self):
        self.stack.write_config({"PUBLIC_URL": None,
                                 "ALLOW_INSECURE_HTTP": "True"})
        self.stack.stop_gate()
        self.stack.start_gate()
        try:
            self.assertIn("host", self.rules())
        finally:
            self.stack.write_config({"PUBLIC_URL": self.stack.url,
                                     "ALLOW_INSECURE_HTTP": None})
            self.stack.stop_gate()
            self.stack.start_gate()

    def test_nobody_there_is_69_and_never_clean(self):
        result = self.probe("http://127.0.0.1:%d" % free_port())
        self.assertEqual((result.returncode, result.stdout), (69, ""))
        for name in ("check.sock", "pages.sock"):
            path = os.path.join(self.stack.run_dir, name)
            os.rename(path, path + ".away")
        try:
            self.assertEqual(self.rules(), {"pages"})
        finally:
            for name in ("check.sock", "pages.sock"):
                path = os.path.join(self.stack.run_dir, name)
                os.rename(path + ".away", path)

    def test_what_is_no_url_is_64(self):
        for url in ("", "app.example.com", "ftp://a", "file:///etc/passwd",
                    "http://", "http:///x", "http://a?b", "http://a#b",
                    "http://user@a", "https://a/ b", "http://a/%2e"):
            self.assertEqual(self.probe(url or "x").returncode, 64, url)


if __name__ == "__main__":
    unittest.main()
