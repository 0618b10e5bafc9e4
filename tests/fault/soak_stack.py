# SPDX-License-Identifier: MIT
"""The gate behind a real nginx, talked to as rig.Stack is: whoever was
written for the gate's sockets comes through nginx here. Counts all answers.
"""

import collections
import os
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import mailbox  # noqa: E402
from rig import COOKIE, NAVIGATE, SUBMIT, wait_for  # noqa: E402
from stack_nginx import NginxStack, echoed  # noqa: E402

CONFIG = dict(
    mailbox.CONFIG, ALLOW_USER_SIGN_UP="True", SESSIONS_PER_USER="100",
    PAGE_WORKERS="4", HASH_SLOTS="2", SESSION_IDLE_MINUTES="60",
    APP_KEY="0123456789abcdef" * 2)


class SoakStack(NginxStack):
    http_extra = """
	set_real_ip_from 127.0.0.1;
	real_ip_header X-Real-IP;
	"""

    def __init__(self):
        super().__init__(CONFIG)
        self.answers = collections.Counter()    # (route, status)
        self.unexpected = []
        self.lock = threading.Lock()

    def note(self, method, path, answer):
        """A 503 with Retry-After from a page is a queue that was shed."""
        route = path.partition("?")[0]
        shed = (answer.status == 503 and route.startswith("/auth/")
                and answer.header("Retry-After"))
        with self.lock:
            self.answers[route if route.startswith("/auth/") else "/",
                         answer.status] += 1
            if answer.status >= 500 and not shed:
                self.unexpected.append("%s %s: %d %s" % (
                    method, route, answer.status, answer.text[:80]))

    def http(self, method, path, *args, **more):
        answer = super().http(method, path, *args, **more)
        self.note(method, path, answer)
        return answer

    # --- as rig.Stack has it

    def page(self, method, path, form=None, headers=None, cookies=None,
             address="192.0.2.7", **more):
        lines = dict(SUBMIT if method == "POST" else NAVIGATE)
        if method == "POST":
            lines["Origin"] = self.url
            lines["Content-Type"] = "application/x-www-form-urlencoded"
        lines.update(headers or {})
        lines["X-Real-IP"] = address
        body = urllib.parse.urlencode(form or {}).encode()
        answer = self.http(method, path, lines, cookies,
                           body if method == "POST" else None)
        answer.ended = True
        return answer

    def check(self, token=None, address="192.0.2.7", **more):
        """The app's page, told as the check that it hangs on."""
        answer = self.http("GET", "/", dict(NAVIGATE, **{
            "X-Real-IP": address}), {COOKIE: token} if token else None)
        told = {302: 401, 200: 204}.get(answer.status, answer.status)
        if told == 204:
            answer.headers = [(name, values[-1]) for name, values
                              in echoed(answer)[0].items()]
        answer.status = told
        return answer

    # --- mail

    def letter(self, to, timeout=30):
        """The text of the one mail to this address; it is taken away."""
        folder = os.path.join(self.state_dir, "mail")

        def arrived():
            for name in os.listdir(folder) if os.path.isdir(folder) else []:
                path = os.path.join(folder, name)
                try:
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                except FileNotFoundError:
                    continue
                if name.endswith(".eml") and "To: " in text and to in text:
                    os.unlink(path)
                    return text
            return None
        return wait_for(arrived, timeout, 0.1)


