# SPDX-License-Identifier: MIT
"""nginx check: each known wiring mistake, made once in the example site. nginx
itself takes every one of them (-t), and the check names that one and no other;
it says nothing about what is right."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import CTL, TOP, Stack  # noqa: E402
from stack_nginx import NGINX_CONF  # noqa: E402
sys.path[:0] = [os.path.dirname(__file__),
                os.path.join(TOP, "tests", "e2e")]
from test_wiring import (  # noqa: E402
    CACHES, HTTP, LOCATIONS, SERVER)
from nginx_mistakes import (  # noqa: E402
    FINE, MISTAKES, NEIGHBOURS, RELAY_FINE, RELAY_MISTAKES, SITE,
    location)

APPS = {"APP_UPSTREAM": "127.0.0.1:8501 127.0.0.1:8502", "RUN_DIR": None}
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "")
                     + ":/usr/sbin:/sbin")
MAIN = """
pid %(dir)s/nginx.pid;
error_log %(dir)s/error.log;
events { worker_connections 64; }
http {
	access_log %(dir)s/access.log;
	client_body_temp_path %(dir)s/tmp-body;
	proxy_temp_path %(dir)s/tmp-proxy;
	fastcgi_temp_path %(dir)s/tmp-fastcgi;
	uwsgi_temp_path %(dir)s/tmp-uwsgi;
	scgi_temp_path %(dir)s/tmp-scgi;
	include conf.d/*.conf;
}
"""


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


HAS_IPV6 = has_ipv6()


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack({"PUBLIC_URL": "https://app.example.com:58443",
                           "RUN_DIR": None}, init=False)
        cls.dir = os.path.join(cls.stack.dir, "nginx")
        os.mkdir(cls.dir)
        cls.names = {"dir": cls.dir, "cert": cls.dir + "/cert.pem",
                     "key": cls.dir + "/key.pem"}
        cls.addClassCleanup(cls.stack.stop)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-nodes",
             "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=a",
             "-keyout", cls.names["key"], "-out", cls.names["cert"]],
            check=True, stderr=subprocess.DEVNULL)

    # --- a folder like /etc/nginx

    def read(self, path):
        with open(os.path.join(TOP, path), encoding="utf-8") as text:
            return text.read()

    def write(self, files):
        for folder in ("conf.d", "snippets"):
            path = os.path.join(self.dir, folder)
            shutil.rmtree(path, ignore_errors=True)
            os.mkdir(path)
        for name, text in files.items():
            with open(os.path.join(self.dir, name), "w",
                      encoding="utf-8") as out:
                out.write(text)

    def site(self, *changes):
        """The files of the example site, with these changes."""
        files = {"nginx.conf": MAIN % self.names, SITE: self.read(
            "nginx/example-site.conf")}
        for name in os.listdir(os.path.join(TOP, "nginx")):
            if name.startswith("stauth-"):
                files["snippets/" + name] = self.read("nginx/" + name)
        for name, old, new in changes:
            self.assertIn(old, files[name])
            files[name] = files[name].replace(old, new, 1)
        return {name: self.local(text) for name, text in files.items()}

    def local(self, text):
        """Ports that anybody may have, and what is there."""
        for name in ("dir", "cert", "key"):
            text = text.replace("@%s@" % name.upper(), self.names[name])
        text = re.sub(r"/etc/ssl/\S+\.pem", self.names["cert"], text)
        text = re.sub(r"/etc/ssl/\S+\.key", self.names["key"], text)
        text = re.sub(r"(listen (?:\[::\]:)?)(80|443)\b", r"\g<1>58\2", text)
        if not HAS_IPV6:
            text = re.sub(r"\n\s*listen \[::\].*", "", text)
        return text

    def nginx(self, option, conf="nginx.conf"):
        return subprocess.run(
            [NGINX, option, "-c", os.path.join(self.dir, conf), "-p",
             self.dir, "-e", os.path.join(self.dir, "error.log")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)

    def check(self, *options):
        """What the check says of nginx -T: (exit code, findings)."""
        dump = self.nginx("-T")
        self.assertEqual(dump.returncode, 0, dump.stderr)
        result = self.stack.ctl("nginx", "check", "--json", "-", *options,
                                stdin=dump.stderr + dump.stdout)
        self.assertIn(result.returncode, (0, 65), result.stderr)
        return result.returncode, json.loads(result.stdout)

    # --- the tests

    def test_b14_b15_each_mistake_is_named_and_no_other(self):
        seen = self.made(MISTAKES)
        self.with_config(**APPS)
        seen |= self.made(RELAY_MISTAKES)
        self.assertEqual(seen, self.rules())

    def made(self, mistakes):
        """Makes each of them; the rules that were broken."""
        seen = set()
        for what, rule, *changes in mistakes:
            with self.subTest(mistake=what):
                self.write(self.site(*changes))
                code, found = self.check()
                self.assertEqual({one["rule"] for one in found}, {rule},
                                 json.dumps(found, indent=1))
                self.assertEqual(code, 65)
                for one in found:
                    self.assertTrue(one["file"].startswith(self.dir))
                seen.add(rule)
        return seen

    def rules(self):
        """All that there are."""
        text = self.read("nginx/check/rules.c")
        return set(re.findall(r"\[NGINX_\w+\] = \{\s*\"([a-z0-9-]+)\"",
                              text))

    def test_b14_what_is_right_is_left_alone(self):
        for what, *changes in FINE:
            with self.subTest(right=what):
                self.write(self.site(*changes))
                self.assertEqual(self.check(), (0, []))
        self.with_config(**APPS)
        for what, *changes in RELAY_FINE:
            with self.subTest(right=what):
                self.write(self.site(*changes))
                self.assertEqual(self.check(), (0, []))

    def test_b14_other_sites_beside_it_are_nobodys_business(self):
        files = self.site()
        files["conf.d/a.conf"] = self.local(NEIGHBOURS)
        files["fastcgi_params"] = "fastcgi_param REQUEST_METHOD a;\n" * 2
        self.write(files)
        self.assertEqual(self.check(), (0, []))

    def test_b14_what_the_tests_and_the_demo_run_is_right(self):
        """The rig's and the demo's own text, with their own values."""
        stack = self.with_config(RUN_DIR=self.dir + "/run",
                                 SESSION_TOKEN_NAME="acme.sid",
                                 PUBLIC_URL="https://localhost:58080")
        stack.ctl("nginx", "snippets", self.dir + "/snippets", check=True)
        values = {"user": "", "dir": self.dir, "port": 58080,
                  "snippets": self.dir + "/snippets",
                  "app": "http://127.0.0.1:8501", "http_extra": "",
                  "resume": "set $stauth_resume on;", "server_extra": ""}
        demo = re.search(r'nginx.conf" <<-END\n(.*?)\n\tEND',
                         self.read("nginx/demo"), re.S).group(1)
        tls = ("listen 58080 ssl http2; ssl_certificate %(cert)s;"
               " ssl_certificate_key %(key)s;"
               " error_page 497 =301 https://\\$http_host\\$request_uri;"
               % self.names)
        for listen in ("listen 58080;", tls):
            text = demo.replace("$(nginx_listen)", listen)
            for name, value in (("user", ""), ("dir", self.dir),
                                ("n", self.dir + "/snippets"),
                                ("host", "localhost"), ("app_port", "8501"),
                                ("open_port", "8502")):
                text = re.sub(r"(?<!\\)\$%s\b" % name, value, text)
            text = text.replace("\\$", "$").replace(
                self.dir + "/log/", self.dir + "/")
            self.write_main(text)
            self.assertEqual(self.check(), (0, []), text)
        self.write_main(NGINX_CONF % values)
        self.assertEqual(self.check(), (0, []))

    def test_b14_what_the_snippets_say_otherwise_is_no_mistake(self):
        """Each setting that e2e/test_wiring.py asks the whole stack about.
        SSI alone is not: it opens what other locations include."""
        self.with_config(RUN_DIR="/run/stauth",
                         PUBLIC_URL="http://localhost:58080")
        site = self.site()
        values = {"user": "", "dir": self.dir, "port": 58080,
                  "snippets": self.dir + "/snippets", "resume": "",
                  "app": "http://127.0.0.1:8501"}
        settings = [("http_extra", name, lines) for name, lines in
                    list(HTTP.items()) + list(CACHES.items())]
        settings += [("server_extra", name, lines) for name, lines in
                     list(SERVER.items()) + [("locations", LOCATIONS)]]
        self.write(site)
        for where, name, lines in settings:
            with self.subTest(where=where, setting=name):
                more = {"http_extra": "", "server_extra": "",
                        where: lines % values}
                self.write_main(NGINX_CONF % dict(values, **more))
                code, found = self.check()
                self.assertEqual(
                    (code, {one["rule"] for one in found}),
                    (65, {"ssi"}) if name == "ssi" else (0, set()))

    # --- what it reads, and what it says

    def as_nobody(self, *args):
        conf = os.path.join(self.stack.dir, "nobody.conf")
        shutil.copy(self.stack.conf, conf)
        shutil.chown(conf, "nobody")
        os.chmod(self.stack.dir, 0o755)
        return subprocess.run(
            ["setpriv", "--reuid", "nobody", "--regid", "nogroup",
             "--clear-groups", CTL, "-c", conf, "nginx", "check",
             *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, cwd="/")

    def with_config(self, **changes):
        """The same stack with other keys until the end of the test."""
        before = dict(self.stack.config)
        self.write({})

        def restore():
            self.stack.config = before
            self.stack.write_config()

        self.addCleanup(restore)
        self.stack.write_config(changes)
        return self.stack

    def write_main(self, text):
        with open(os.path.join(self.dir, "nginx.conf"), "w",
                  encoding="utf-8") as out:
            out.write(text)

    def ctl(self, code, *args, **more):
        result = self.stack.ctl("nginx", "check", *args, **more)
        self.assertEqual(result.returncode, code,
                         result.stdout + result.stderr)
        return result

    def test_b14_a_finding_says_where_what_and_how_to_repair_it(self):
        self.write(self.site(location(
            "/api/ { proxy_pass http://127.0.0.1:8501; }")))
        result = self.ctl(65, "-", stdin=self.nginx("-T").stdout)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(
            lines[0], "^%s:[0-9]+: location /api/: 127.0.0.1:8501 "
            r"\[unprotected-twin\]$" % re.escape(
                os.path.join(self.dir, SITE)))
        number = int(lines[0].split(":")[1])
        with open(os.path.join(self.dir, SITE), encoding="utf-8") as text:
            self.assertIn("location /api/", text.readlines()[number - 1])
        self.assertIn("stauth-protect.conf", lines[2])
        self.assertIn("findings: 1", result.stderr)
        self.write(self.site())
        result = self.ctl(0, "-", stdin=self.nginx("-T").stdout)
        self.assertEqual(result.stdout, "nginx: ok, 1 app behind the check\n")
        self.assertEqual(result.stderr, "")

    def test_b14_it_reads_the_dump_of_nginx_and_nothing_else(self):
        self.write(self.site(MISTAKES[0][2]))
        dump = self.nginx("-T").stdout
        found = json.loads(self.ctl(65, "--json", "-", stdin=(
            "nginx: the configuration file x syntax is ok\n" + dump)).stdout)
        self.assertEqual(list(found[0]), [
            "file", "line", "rule", "message", "fix"])
        for text in (self.read("nginx/example-site.conf"), "events {}\n", ""):
            result = self.ctl(65, "-", stdin=text)
            self.assertIn("not the output of nginx -T", result.stderr)
        for words in (["/etc/nginx/nginx.conf"], ["a", "b"]):
            self.ctl(64, *words)

    def test_b14_what_cannot_be_read_is_never_called_right(self):
        for text in ("http { server {", "}", "a", "http { a \"b; }",
                     "a\0b;", "", "events {}\n", "http {}" * 3,
                     "include none.conf;"):
            for head in ("", "# configuration file /e/nginx.conf:\n"):
                result = self.ctl(65, "-", stdin=head + text)
                self.assertNotIn("ok", result.stdout)

    def test_u25_what_nginx_refuses_is_translated(self):
        """nginx's own [emerg] about our includes, on the real nginx."""
        http, server, protect = ("include snippets/stauth-%s.conf;" % name
                                 for name in ("http", "server", "protect"))
        app = protect + " proxy_pass http://127.0.0.1:8501;"
        site = "%s server { listen 58080; %s location / { %s } }"
        for text, advice in (
                (site % ("", server, app), "stauth-http.conf in http{}"),
                (site % ("", "", app), "stauth-http.conf in http{}"),
                (site % (http, "", app), "stauth-server.conf in the server{}"),
                (site % (http + http, server, app), "once, in http{}"),
                (site % ("", http + server, app), "outside of every server{}"),
                (site % (http + server, "", app), "stauth-server.conf in "
                 "server{}"),
                (site % (http, server + protect, app), "in location{}"),
                (site % (http, server + server, app), "twice"),
                (site % (http, server, protect + app), "twice"),
                (site % (http, "merge_slashes on;" + server, app),
                 "before the include"),
                (site % (http, server, app + " proxy_http_version 1.1;"),
                 "A snippet of stauth has it already"),
                (site % (http, server + " location /auth/ { return 404; }",
                         app), "stauth-server.conf has this location"),
                (site % (http, server, "include snippets/stauth-public.conf;"),
                 "stauthctl nginx snippets DIR")):
            files = self.site()
            files[SITE] = text + "\n"
            del files["snippets/stauth-public.conf"]
            self.write(files)
            dump = self.nginx("-T")
            self.assertNotEqual(dump.returncode, 0, text)
            with self.subTest(text=text):
                result = self.ctl(78, "-", stdin=dump.stderr + dump.stdout)
                self.assertIn("[emerg]", result.stderr)
                self.assertIn(advice, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_u25_permission_denied_is_77_and_what_is_not_ours_says_so(self):
        result = self.ctl(77, "-", stdin='nginx: [emerg] cannot load '
                          'certificate key "/k": BIO_new_file() failed '
                          '(SSL: error:8000000D:system library::Permission '
                          'denied)\nnginx: configuration file x test failed\n')
        self.assertIn("sudo stauthctl nginx check", result.stderr)
        result = self.ctl(78, "-", stdin='nginx: [emerg] unexpected "}" in '
                          '/e/n:3\x1b[2J\n')
        self.assertEqual(result.stderr, 'stauthctl: nginx: [emerg] unexpected '
                         '"}" in /e/n:3?[2J\n')

    def test_b14_without_a_file_it_asks_nginx(self):
        path = "/usr/sbin/nginx"
        if not os.path.exists(path):
            self.skipTest("no nginx in " + path)
        dump = subprocess.run([path, "-T"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        result = self.stack.ctl("nginx", "check")
        if dump.returncode == 0:
            other = self.stack.ctl("nginx", "check", "-", stdin=dump.stdout)
            self.assertEqual((result.returncode, result.stdout),
                             (other.returncode, other.stdout))
        elif os.geteuid() != 0 and "ermission denied" in dump.stderr:
            self.assertEqual(result.returncode, 77)
            self.assertIn("sudo stauthctl nginx check", result.stderr)
        else:
            self.assertEqual(result.returncode, 78)
            self.assertIn("nginx: ", result.stderr)

    def test_b14_who_may_not_read_the_keys_is_shown_sudo(self):
        if os.geteuid() != 0 or not os.path.exists("/etc/nginx/nginx.conf"):
            self.skipTest("needs root, and an nginx that is installed")
        result = self.as_nobody()
        self.assertEqual(result.returncode, 77, result.stderr)
        self.assertIn("sudo stauthctl nginx check", result.stderr)


if __name__ == "__main__":
    unittest.main()
