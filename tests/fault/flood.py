# SPDX-License-Identifier: MIT
"""Wrong log-ins from a thousand addresses, so many a second, through nginx."""

import asyncio
import os
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import form_csrf, set_cookies  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

ADDRESSES = 1000
EXISTING = 50


class FloodStack(NginxStack):
    """The client's address is what X-Forwarded-For says; the app answers
    from nginx itself, so that the checks are what costs."""

    http_extra = """
	set_real_ip_from 127.0.0.1;
	real_ip_header X-Forwarded-For;
	keepalive_requests 10000000;
	server {
		listen unix:%(dir)s/app.sock;
		access_log off;
		location / { default_type text/plain; return 200 "hello\\n"; }
	}
	"""
    server_extra = """
		location /quick/ {
			access_log off;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass http://unix:%(dir)s/app.sock:/;
		}
	"""

    def add_names(self, password):
        """alice, and those whom the flood is about."""
        self.add_user("alice", password)
        uid = self.sql("SELECT max(uid) FROM users")[0][0]
        columns = [row[1] for row in self.sql("PRAGMA table_info(users)")]
        rest = ", ".join(c for c in columns
                         if c not in ("uid", "name", "email"))
        for i in range(EXISTING):
            self.sql("INSERT INTO users (uid, name, %s) SELECT ?, ?, %s FROM "
                     "users WHERE name = 'alice'" % (rest, rest),
                     uid + 1 + i, "known%d" % i)


class Flood:
    """names: number of the try -> user name. results: (name, status,
    seconds, has Retry-After) of each answer."""

    def __init__(self, stack, per_s, names):
        self.stack, self.per_s, self.names = stack, per_s, names
        self.results, self.failed, self.sent = [], [], 0
        self.stopping = threading.Event()
        page = stack.http("GET", "/auth/login")
        self.csrf, self.jar = form_csrf(page), set_cookies(page, {})
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.stopping.set()
        self.thread.join()

    def request(self, number, name):
        body = urllib.parse.urlencode({
            "username": name, "password": "wrong %d" % number,
            "csrf": self.csrf})
        return "\r\n".join([
            "POST /auth/login HTTP/1.1", "Host: " + self.stack.host,
            "Origin: " + self.stack.url, "Sec-Fetch-Site: same-origin",
            "X-Forwarded-For: 10.1.%d.%d" % divmod(number % ADDRESSES, 250),
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: %d" % len(body), "Connection: close",
            "Cookie: " + "; ".join("%s=%s" % pair
                                   for pair in self.jar.items()),
            "", body]).encode()

    async def one(self, number):
        name = self.names(number)
        begun = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.stack.port)
            writer.write(self.request(number, name))
            answer = await reader.read()
            writer.close()
        except OSError as error:
            self.failed.append(repr(error))
            return
        self.results.append((name, int(answer[9:12] or b"0"),
                             time.monotonic() - begun,
                             b"\nRetry-After: " in answer))

    async def run(self):
        tasks, begun = set(), time.monotonic()
        while not self.stopping.is_set():
            due = (time.monotonic() - begun) * self.per_s
            while self.sent < due:
                task = asyncio.ensure_future(self.one(self.sent))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                self.sent += 1
            await asyncio.sleep(0.005)
        await asyncio.gather(*tasks)

    def statuses(self):
        count = {}
        for _, status, _, _ in self.results:
            count[status] = count.get(status, 0) + 1
        return count


def known(number):
    return "known%d" % (number % EXISTING)


def unknown(number):
    return "nobody%d" % number


def mixed(number):
    return (known if number % 2 else unknown)(number)
