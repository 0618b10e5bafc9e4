# SPDX-License-Identifier: MIT
"""An include that was forgotten must close the app, not open it."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import web  # noqa: E402
from rig import NAVIGATE  # noqa: E402
from stack_nginx import NginxStack, free_port  # noqa: E402

PASSWORD = "correct horse battery"


class ServerSnippetForgotten(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack()
        cls.other = free_port()
        # A second site of the same nginx; the first has its snippets.
        cls.stack.http_extra = """
	server {
		listen 127.0.0.1:%d;
		location / {
			include %%(snippets)s/stauth-protect.conf;
			proxy_pass %%(app)s;
		}
	}
""" % cls.other
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.start()

    def test_b2_the_app_stays_closed_and_the_answer_says_why(self):
        jar = self.stack.session("alice", PASSWORD)
        self.assertEqual(self.stack.http("GET", "/", {}, jar).status, 200)
        cookie = {"Cookie": "; ".join("%s=%s" % pair for pair in jar.items())}
        for path in ("/", "/_stauth/check", "/_stcore/health", "/auth/login"):
            for headers in ({}, NAVIGATE, cookie):
                answer = web.request(self.other, "GET", path, headers)
                self.assertEqual(answer.status, 503, (path, answer.text))
                self.assertIn("include stauth-server.conf", answer.text)
        with web.WebSocket(self.other, "/_stcore/stream", {
                "Host": "localhost", "Origin": "http://localhost",
                **cookie}) as ws:
            self.assertEqual(ws.status, 503)

    def test_b2_nginx_does_not_start_where_no_site_has_it(self):
        with open(self.stack.write_nginx_conf(), encoding="utf-8") as conf:
            text = re.sub(r"include \S*stauth-server\.conf;", "", conf.read())
        path = os.path.join(self.stack.dir, "without.conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        done = subprocess.run(
            ["nginx", "-t", "-c", path, "-p", self.stack.dir],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin"),
            check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('unknown "stauth_server" variable', done.stderr)


if __name__ == "__main__":
    unittest.main()
