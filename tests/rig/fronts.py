# SPDX-License-Identifier: MIT
"""What stands in front of our nginx: another proxy that ends TLS, or a mapped
port, as a container's is."""

import os
import shutil
import socket
import ssl
import subprocess
import threading

from stack_nginx import free_port, stop_group

OUTER_CONF = """
%(user)s
daemon off;
worker_processes 1;
pid %(dir)s/outer.pid;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %(dir)s/outer-body;
	proxy_temp_path %(dir)s/outer-proxy;
	fastcgi_temp_path %(dir)s/outer-fastcgi;
	uwsgi_temp_path %(dir)s/outer-uwsgi;
	scgi_temp_path %(dir)s/outer-scgi;
	map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
	server {
		listen 127.0.0.1:%(port)d ssl;
		ssl_certificate %(dir)s/outer.pem;
		ssl_certificate_key %(dir)s/outer.key;
		location / {
			proxy_pass http://127.0.0.1:%(inner)d;
			%(rules)s
		}
	}
}
"""

# What docs/install.md asks of the other proxy.
RULES = """
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_set_header X-Forwarded-For
				$proxy_add_x_forwarded_for;
			proxy_read_timeout 120s;
			client_max_body_size 210m;
"""


class OuterNginx:
    """Ends TLS, and speaks plain http to stack's nginx."""

    def __init__(self, stack, name="app.example.com"):
        self.stack, self.port, self.process = stack, free_port(), None
        self.host = "%s:%d" % (name, self.port)
        self.url = "https://" + self.host
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-nodes",
             "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
             "-keyout", self.path("outer.key"), "-out",
             self.path("outer.pem")], check=True, stderr=subprocess.DEVNULL)
        self.tls = ssl.create_default_context(cafile=self.path("outer.pem"))
        self.tls.check_hostname = False  # asked for by address

    def path(self, name):
        return os.path.join(self.stack.dir, name)

    def start(self, rules=RULES):
        with open(self.path("outer.conf"), "w", encoding="utf-8") as out:
            out.write(OUTER_CONF % {
                "user": "user www-data;" if os.geteuid() == 0 else "",
                "dir": self.stack.dir, "port": self.port,
                "inner": self.stack.port, "rules": rules})
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "")
                             + ":/usr/sbin:/sbin")
        with open(self.path("outer.out"), "ab") as log:
            self.process = subprocess.Popen(
                [nginx, "-c", self.path("outer.conf"), "-p", self.stack.dir,
                 "-e", self.path("outer.log")], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        self.stack.wait_port(self.port, self.process, "outer.log")

    def stop(self):
        stop_group(self.process)
        self.process = None

    def restart(self, rules):
        self.stop()
        self.start(rules)


class MappedPort:
    """A port that leads to another one and knows nothing of what it passes,
    as "docker run -p" and a forwarding router do."""

    def __init__(self, to_port):
        self.to_port = to_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to_port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=pair,
                                 daemon=True).start()

    @staticmethod
    def pump(source, target):
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
