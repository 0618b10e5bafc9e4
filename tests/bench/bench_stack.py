# SPDX-License-Identifier: MIT
"""nginx with the shipped snippets before the gate, and before the responders
that it is measured against; sessions straight into the database."""

import hashlib
import os
import re
import secrets
import sqlite3
import subprocess
import time

from rig import BUILD, COOKIE, wait_for
from stack_nginx import NginxStack

VARIANTS = ("plain", "gate", "noop", "same", "textbook")
RESPONDERS = ("noop", "same", "textbook")

CONF = """
%(user)s
daemon off;
worker_processes %(workers)d;
worker_rlimit_nofile 16384;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log warn;
events { worker_connections 8192; }
http {
	access_log off;
	keepalive_requests 10000000;
	client_body_temp_path %(dir)s/tmp-body;
	proxy_temp_path %(dir)s/tmp-proxy;
	fastcgi_temp_path %(dir)s/tmp-fastcgi;
	uwsgi_temp_path %(dir)s/tmp-uwsgi;
	scgi_temp_path %(dir)s/tmp-scgi;
	include %(snippets)s/stauth-http.conf;
	upstream noop { server unix:%(dir)s/noop.sock max_fails=0;
		keepalive 512; keepalive_requests 1000000; }
	upstream same { server unix:%(dir)s/same.sock max_fails=0;
		keepalive 512; keepalive_requests 1000000; }
	upstream textbook { server unix:%(dir)s/textbook.sock max_fails=0; }
	upstream app { server unix:%(dir)s/app.sock; keepalive 256;
		keepalive_requests 10000000; }
	server {
		listen unix:%(dir)s/app.sock;
		location / { default_type text/plain; return 200 "hello\\n"; }
	}
	server {
		listen 127.0.0.1:%(port)d backlog=4096;
		include %(snippets)s/stauth-server.conf;
		location = /_noop/check { %(check_noop)s }
		location = /_same/check { %(check_same)s }
		location = /_textbook/check { %(check_textbook)s }
		location /plain { include %(snippets)s/stauth-public.conf;
			proxy_pass http://app; }
		location /gate { include %(snippets)s/stauth-protect.conf;
			proxy_pass http://app; }
		location /noop { %(protect_noop)s proxy_pass http://app; }
		location /same { %(protect_same)s proxy_pass http://app; }
		location /textbook { %(protect_textbook)s
			proxy_pass http://app; }
	}
}
"""

COLUMNS = (
    "token_hash, handle, uid, epoch, user_name, email, display_name, "
    "group_list, channel, address, agent, remember, must_change, factors, "
    "level, auth_at, confirmed_at, created_at, last_seen_at, expires_at")


class Answers:
    """What bench_load told."""

    def __init__(self, line, cpu_ns):
        (count, self.rate, bad, never, self.least, self.median, self.most,
         self.longest_ms) = (float(word) for word in line.split())
        if bad or not count:
            raise SystemExit("%d of %d answers were not 200" % (bad, count))
        self.count, self.never = int(count), int(never)
        self.cpu_ns = cpu_ns / count


class Bench(NginxStack):
    def __init__(self, sessions, cookies, nginx_workers=1):
        super().__init__({"APP_KEY": "0123456789abcdef" * 2})
        self.parts = []
        self.nginx_workers = nginx_workers
        self.tokens = os.path.join(self.dir, "tokens")
        self.fill(sessions, cookies)

    def fill(self, count, cookies):
        """Live sessions, as log-ins make them; of some the token is known."""
        self.add_user("alice", "correct horse battery")
        uid, epoch = self.sql("SELECT uid, epoch FROM users")[0]
        now = int(time.time())
        row = (uid, epoch, "alice", "alice@example.com", "Alice Example",
               "staff,users", "web", "192.0.2.7", "bench", 0, 0, 1, 1, now,
               now, now, now, now + 40000)
        known = [secrets.token_urlsafe(24) for _ in range(cookies)]
        with sqlite3.connect(self.db) as db:
            db.executemany(
                "INSERT INTO sessions (%s) VALUES (%s)" % (
                    COLUMNS, ",".join("?" * 20)),
                [(hashlib.sha256(token.encode()).digest(),
                  secrets.token_urlsafe(12), *row) for token in known])
            db.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                "FROM n WHERE i < ?) INSERT INTO sessions (%s) "
                "SELECT randomblob(32), hex(randomblob(8)), %s FROM n" % (
                    COLUMNS, ",".join("?" * 18)),
                (max(count - cookies, 1), *row))
        db.close()
        with open(self.tokens, "w", encoding="ascii") as out:
            out.write("\n".join(known) + "\n")

    def snippet(self, name):
        with open(os.path.join(self.dir, "snippets", name),
                  encoding="utf-8") as text:
            return text.read()

    def write_nginx_conf(self):
        folder = self.write_snippets()
        server = self.snippet("stauth-server.conf")
        check = re.search(r"location = /_stauth/check \{(.*?)\n\}", server,
                          re.S).group(1)
        protect = self.snippet("stauth-protect.conf")
        conf = os.path.join(self.dir, "nginx.conf")
        textbook = re.sub(r"fastcgi_keep_conn on;|fastcgi_store .*?;", "",
                          check)
        with open(conf, "w", encoding="utf-8") as out:
            out.write(CONF % {
                "user": "user www-data;" if os.geteuid() == 0 else "",
                "workers": self.nginx_workers,
                "dir": self.dir, "port": self.port, "snippets": folder,
                "check_noop": check.replace("stauth_check;", "noop;"),
                "check_same": check.replace("stauth_check;", "same;"),
                "check_textbook": textbook.replace(
                    "stauth_check;", "textbook;"),
                "protect_noop": protect.replace("/_stauth/", "/_noop/"),
                "protect_same": protect.replace("/_stauth/", "/_same/"),
                "protect_textbook": protect.replace(
                    "/_stauth/", "/_textbook/"),
            })
        return conf

    def start(self, responders=True):
        self.start_gate()
        for name in RESPONDERS if responders else ():
            sock = os.path.join(self.dir, name + ".sock")
            program = "bench_" + name.replace("same", "noop")
            self.parts.append(subprocess.Popen(
                [os.path.join(BUILD, "tests", "bench", program), sock] +
                ([self.answer_file()] if name == "same" else [])))
            wait_for(lambda path=sock: os.path.exists(path))
            os.chmod(sock, 0o666)
        self.start_nginx()
        return self

    def answer_file(self):
        """What the gate says of one of the sessions."""
        path = os.path.join(self.dir, "answer")
        with open(self.tokens, encoding="ascii") as tokens:
            answer = self.check(tokens.readline().strip())
        if answer.status != 204:
            raise SystemExit("the gate answered %d" % answer.status)
        with open(path, "wb") as out:
            out.write(answer.raw)
        return path

    def stop(self):
        for part in self.parts:
            part.kill()
            part.wait()
        super().stop()

    def cpu_ns(self, pids):
        total = 0
        for pid in pids:
            for task in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/schedstat" % (pid, task),
                          encoding="ascii") as stat:
                    total += int(stat.read().split()[0])
        return total

    def pids(self, variant):
        """Who works for this variant: nginx's worker and the responder."""
        with open("/proc/%d/task/%d/children" % (
                self.nginx.pid, self.nginx.pid), encoding="ascii") as text:
            pids = [int(pid) for pid in text.read().split()]
        if variant == "gate":
            pids += self.workers()
        if variant in RESPONDERS:
            pids.append(self.parts[RESPONDERS.index(variant)].pid)
        return pids

    def check_workers(self):
        """The master starts them before the page workers."""
        count = int(self.config.get("CHECK_WORKERS") or 2)
        return sorted(self.workers())[:count]

    def load(self, variant, clients, seconds):
        pids = self.pids(variant)
        before = self.cpu_ns(pids)
        told = subprocess.run(
            [os.path.join(BUILD, "tests", "bench", "bench_load"),
             str(self.port), "/" + variant, str(clients),
             str(int(seconds * 1000)), COOKIE, self.tokens],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        return Answers(told, self.cpu_ns(pids) - before)

    def anonymous_kib(self):
        """Of the check worker that has most."""
        most = 0
        for pid in self.check_workers():
            with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as text:
                found = re.search(r"Anonymous:\s+(\d+)", text.read())
            most = max(most, int(found.group(1)))
        return most
