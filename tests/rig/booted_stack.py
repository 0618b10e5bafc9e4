# SPDX-License-Identifier: MIT
"""stauth installed on a machine of its own, as README.md says, behind
Debian's nginx with the snippets that stauthctl writes, under systemd."""

import os
import shutil
import tempfile

import booted
from echo import Echo
from installed import prepared
from rig import form_csrf, set_cookies
from stack_nginx import NginxStack, free_port

CONF = "/etc/stauth/stauth.conf"
SITE = """
include snippets/stauth-http.conf;
keepalive_requests 10000000;
server {
	listen 127.0.0.1:%(port)d;
	server_name localhost;
	access_log off;
	include snippets/stauth-server.conf;
	location / {
		include snippets/stauth-protect.conf;
		proxy_pass http://127.0.0.1:%(app)d;
	}
	location /quick/ {
		include snippets/stauth-protect.conf;
		proxy_pass http://unix:/run/quick.sock:/;
	}
}
server {
	listen unix:/run/quick.sock;
	access_log off;
	location / { default_type text/plain; return 200 "hello\\n"; }
}
"""


class BootedStack(NginxStack):
    """Its gate is stauth.service; its log is the unit's journal."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="stauth-booted-")
        root = os.path.join(self.dir, "machine")
        os.mkdir(root)
        self.machine = booted.Machine(root)
        self.echo = Echo()
        self.port = free_port()
        self.host = "localhost:%d" % self.port
        self.url = "http://" + self.host
        self.state_dir, self.run_dir = "/var/lib/stauth", "/run/stauth"
        self.db = self.machine.path("/var/lib/stauth/stauth.db")
        self.config = {"PUBLIC_URL": self.url, "BRAND_NAME": "Acme"}

    # --- as README.md says

    def install(self):
        with prepared() as folder:
            return self.machine.run("meson", "install", "-C", folder,
                                    check=True)

    def write_config(self, changes=None):
        for key, value in (changes or {}).items():
            self.config[key] = value
        text = "".join("%s='%s'\n" % pair for pair in self.config.items()
                       if pair[1] is not None)
        self.machine.run("tee", CONF, stdin=text, check=True)
        self.machine.run("sh", "-c", "chown root:stauth %s && chmod 640 %s" %
                         (CONF, CONF), check=True)

    def enable(self):
        self.machine.systemctl("enable", "--now", "stauth-check.socket",
                               "stauth-pages.socket", "stauth.service")

    def put_nginx_before_it(self):
        self.ctl("nginx", "snippets", "/etc/nginx/snippets", check=True)
        self.machine.run("tee", "/etc/nginx/conf.d/app.conf", check=True,
                         stdin=SITE % {"port": self.port,
                                       "app": self.echo.port})
        self.machine.run("rm", "-f", "/etc/nginx/sites-enabled/default")
        self.machine.systemctl("start", "nginx.service")

    def ctl(self, *args, stdin="", check=False, **more):
        return self.machine.run("stauthctl", *args, stdin=stdin, check=check)

    def drop_in(self, text):
        """More of the unit, until the machine is gone; "" takes it away."""
        folder = "/run/systemd/system/stauth.service.d"
        self.machine.run("mkdir", "-p", folder, check=True)
        self.machine.run("tee", folder + "/test.conf", stdin=text, check=True)
        self.machine.systemctl("daemon-reload")
        self.machine.systemctl("restart", "stauth.service")

    # --- what differs from a gate that a test started

    def post(self, path, form, jar=None, form_path=None):
        """As a browser, through nginx: (answer, cookies afterwards)."""
        jar = dict(jar or {})
        page = self.http("GET", form_path or path, cookies=jar)
        set_cookies(page, jar)
        answer = self.post_form(path, dict(form, csrf=form_csrf(page)), jar)
        return answer, set_cookies(answer, jar)

    def log(self):
        return self.machine.journal("-u", "stauth.service").encode()

    def main_pid(self):
        return int(self.machine.show("stauth.service", "MainPID"))

    def stop(self):
        self.machine.stop()
        self.echo.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
