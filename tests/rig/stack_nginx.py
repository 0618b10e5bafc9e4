# SPDX-License-Identifier: MIT
"""The whole stack on loopback: nginx with the shipped snippets, the gate,
and behind them an app: the echo of echo.py, or a real Streamlit.

    python3 -i tests/rig/stack_nginx.py
    >>> s = NginxStack(app="streamlit"); s.add_user("alice", "a password")
    >>> s.start(); s.url
"""

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import urllib.parse

import web
from echo import Echo
from rig import COOKIE, TOP, Stack, form_csrf, set_cookies, wait_for

CACHE = os.path.join(TOP, "build", "cache")
NEWEST = "1.67.0"  # of Streamlit, in streamlit_app/requirements.txt
SNIPPETS = ("stauth-http.conf", "stauth-server.conf", "stauth-protect.conf",
            "stauth-optional.conf", "stauth-public.conf", "stauth-stream.conf")

NGINX_CONF = """
%(user)s
daemon off;
worker_processes 2;
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log info;
pcre_jit on;
events { worker_connections 1024; }
http {
	access_log %(dir)s/access.log;
	client_body_temp_path %(dir)s/tmp-body;
	proxy_temp_path %(dir)s/tmp-proxy;
	fastcgi_temp_path %(dir)s/tmp-fastcgi;
	uwsgi_temp_path %(dir)s/tmp-uwsgi;
	scgi_temp_path %(dir)s/tmp-scgi;
	include %(snippets)s/stauth-http.conf;
	%(http_extra)s
	server {
		listen 127.0.0.1:%(port)d;
		server_name localhost;
		add_header X-From-Server yes always;
		include %(snippets)s/stauth-server.conf;
		%(server_extra)s
		location / {
			%(resume)s
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
		location /su/ {
			set $stauth_require su;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
		location /staff/ {
			set $stauth_require group:staff;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
		location /resume/ {
			set $stauth_resume on;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
		location /big/ {
			client_max_body_size 300m;
			include %(snippets)s/stauth-protect.conf;
			proxy_pass %(app)s;
		}
		location /public/ {
			include %(snippets)s/stauth-public.conf;
			proxy_pass %(app)s;
		}
	}
}
"""
RELAY = "include %(snippets)s/stauth-stream.conf;"


def free_port():
    """Below the ports that the kernel gives to who asks for any: it is bound
    only later, and one of those could be another's by then."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def venv_python(requirements, *package):
    """The python of a cached environment with these packages."""
    result = subprocess.run(
        [os.path.join(TOP, "streamlit_app", "make-venv"), CACHE,
         os.path.join(TOP, requirements), *package],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=False)
    if result.returncode != 0:
        raise AssertionError("make-venv: " + result.stderr[-2000:])
    return result.stdout.strip()


def streamlit_python(version=None):
    """The same with Streamlit and our package; STAUTH_STREAMLIT names another
    version."""
    version = version or os.environ.get("STAUTH_STREAMLIT", NEWEST)
    return venv_python("streamlit_app/requirements.txt" if version == NEWEST
                       else "tests/streamlit/%s.txt" % version,
                       os.path.join(TOP, "streamlit_app"))


def stop_group(process, how=signal.SIGTERM):
    """Ends a process that leads its own session, and its children."""
    if process is None or process.poll() is not None:
        return
    os.killpg(process.pid, how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


class NginxStack(Stack):
    # More of nginx's configuration, inside http{} and inside server{}; with
    # the names of NGINX_CONF in it.
    http_extra = server_extra = ""
    # Do WebSockets go through the relay?
    relay = False
    # Where browsers come in, if that is not nginx itself.
    front_port = front_tls = None

    def __init__(self, config=None, app="echo", script=None, version=None,
                 **more):
        self.port = free_port()
        self.host = "localhost:%d" % self.port
        self.url = "http://" + self.host
        super().__init__(dict({"PUBLIC_URL": self.url}, **(config or {})),
                         **more)
        # As root, nginx's workers are www-data and have to get at run/.
        os.chmod(self.dir, 0o755)
        os.chmod(self.state_dir, 0o700)
        self.nginx = self.streamlit = self.echo = None
        self.app = app
        self.script = script or os.path.join(TOP, "streamlit_app", "app.py")
        self.version = version
        self.base = ""  # server.baseUrlPath
        self.app_files = []  # beside the script
        self.environment = {}  # of the app
        self.app_key = os.path.join(self.state_dir, "app.key")
        self.app_port = 0
        self.browser = {"Host": self.host}

    # --- parts

    def write_snippets(self):
        folder = os.path.join(self.dir, "snippets")
        os.makedirs(folder, exist_ok=True)
        for name in SNIPPETS:
            with open(os.path.join(TOP, "nginx", name),
                      encoding="utf-8") as source:
                text = source.read()
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as out:
                out.write(text.replace("/run/stauth/", self.run_dir + "/"))
        return folder

    def write_nginx_conf(self):
        conf = os.path.join(self.dir, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as out:
            names = {
                "user": "user www-data;" if os.geteuid() == 0 else "",
                "dir": self.dir, "port": self.port,
                "snippets": self.write_snippets(),
                "app": "http://127.0.0.1:%d" % self.app_port,
                "resume": ("set $stauth_resume on;"
                           if self.app == "streamlit" else ""),
            }
            out.write(NGINX_CONF % dict(
                names, http_extra=self.http_extra % names,
                server_extra=(RELAY if self.relay else "") % names +
                self.server_extra % names))
        return conf

    def start_nginx(self):
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "")
                             + ":/usr/sbin:/sbin")
        with open(os.path.join(self.dir, "nginx.out"), "ab") as log:
            self.nginx = subprocess.Popen(
                [nginx, "-c", self.write_nginx_conf(), "-p", self.dir,
                 "-e", os.path.join(self.dir, "error.log")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.wait_port(self.port, self.nginx, "nginx.out")

    def make_app_key(self):
        with open(self.app_key, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48) + "\n")
        os.chmod(self.app_key, 0o600)
        self.write_config({"APP_KEY_FILE": self.app_key})

    def app_environment(self, home):
        """With the key, and the way to nginx."""
        return dict(
            os.environ, HOME=home, STAUTH_APP_KEY_FILE=self.app_key,
            STAUTH_URL="http://127.0.0.1:%d" % self.port, **self.environment)

    def start_streamlit(self):
        python = streamlit_python(self.version)
        home = os.path.join(self.dir, "app")
        os.makedirs(os.path.join(home, ".streamlit"), exist_ok=True)
        if not os.path.exists(self.app_key):
            self.make_app_key()
        base = ["--base", self.base] if self.base else []
        for name, options in (("config", []), ("secrets", ["--secrets"])):
            path = os.path.join(home, ".streamlit", name + ".toml")
            with open(path, "w", encoding="utf-8") as out:
                out.write(self.ctl("streamlit-config", *base, *options,
                                   check=True).stdout)
        shutil.copy(self.script, os.path.join(home, "app.py"))
        for path in self.app_files:
            shutil.copy(path, home)
        self.app_port = self.app_port or free_port()
        with open(os.path.join(self.dir, "app.log"), "ab") as log:
            self.streamlit = subprocess.Popen(
                [python, "-m", "streamlit", "run", "app.py",
                 "--server.port", str(self.app_port),
                 "--server.fileWatcherType", "none"],
                cwd=home, env=self.app_environment(home),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.wait_port(self.app_port, self.streamlit, "app.log")

    def wait_port(self, port, process, log):
        def listening():
            if process.poll() is not None:
                return "ended"
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", port)) == 0

        if wait_for(listening, 60, 0.05) is not True:
            with open(os.path.join(self.dir, log), "rb") as text:
                words = text.read().decode("utf-8", "replace")[-3000:]
            self.stop()
            raise AssertionError("%s did not start:\n%s" % (log, words))

    def start_echo(self):
        self.echo = Echo()
        self.app_port = self.echo.port

    def start(self):
        if self.app == "streamlit":
            self.start_streamlit()
        else:
            self.start_echo()
        if self.relay:
            self.write_config({"APP_UPSTREAM": self.upstreams()})
        self.start_gate()
        self.start_nginx()
        return self

    def upstreams(self):
        return "127.0.0.1:%d" % self.app_port

    def stop(self):
        stop_group(self.nginx)
        stop_group(self.streamlit)
        if self.echo:
            self.echo.stop()
        self.nginx = self.streamlit = self.echo = None
        super().stop()

    def error_log(self):
        with open(os.path.join(self.dir, "error.log"),
                  encoding="utf-8", errors="replace") as log:
            return log.read()

    # --- requests through nginx

    def http(self, method, path, headers=None, cookies=None, body=None,
             host=None, **more):
        pairs = [("Host", host or self.host)]
        pairs += list(headers.items() if isinstance(headers, dict)
                      else headers or [])
        if cookies:
            pairs.append(("Cookie", "; ".join(
                "%s=%s" % pair for pair in cookies.items())))
        more.setdefault("tls", self.front_tls)
        return web.request(self.front_port or self.port, method, path, pairs,
                           body, **more)

    def sign_in(self, name, password, rd=None, jar=None):
        """By the form, as a browser would: (answer, cookies)."""
        jar = dict(jar or {})
        page = self.http("GET", "/auth/login", cookies=jar)
        set_cookies(page, jar)
        form = {"username": name, "password": password,
                "csrf": form_csrf(page)}
        if rd is not None:
            form["rd"] = rd
        answer = self.post_form("/auth/login", form, jar)
        return answer, set_cookies(answer, jar)

    def post_form(self, path, form, jar):
        return self.http(
            "POST", path, {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.url, "Sec-Fetch-Site": "same-origin",
                "Sec-Fetch-Mode": "navigate"},
            jar, urllib.parse.urlencode(form).encode())

    def session(self, name, password):
        """The cookie of a new session, as a jar with nothing else."""
        answer, jar = self.sign_in(name, password)
        if answer.status != 303:
            raise AssertionError("log-in: %d %s\n%s" % (
                answer.status, answer.text[-500:],
                self.log().decode()[-2000:]))
        return {COOKIE: jar[COOKIE]}

    def websocket(self, path="/_stcore/stream", cookies=None, origin=None,
                  headers=None, protocol="streamlit"):
        """origin: None the stack's own, "" no Origin header at all."""
        lines = {"Host": self.host}
        if origin != "":
            lines["Origin"] = origin or self.url
        if cookies:
            lines["Cookie"] = "; ".join(
                "%s=%s" % pair for pair in cookies.items())
        lines.update(headers or {})
        return web.WebSocket(self.front_port or self.port, path, lines,
                             protocol, tls=self.front_tls)


def echoed(answer):
    """What the app saw: (headers by lower-case name, each a list; all)."""
    seen = json.loads(answer.body)
    headers = {}
    for name, value in seen["headers"]:
        headers.setdefault(name.lower(), []).append(value)
    return headers, seen
