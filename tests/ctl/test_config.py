# SPDX-License-Identifier: MIT
"""config check and show, nginx snippets, streamlit-config."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import unittest

try:
    import tomllib
except ImportError:
    tomllib = None

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import TOP, Stack  # noqa: E402

SNIPPETS = ["stauth-http.conf", "stauth-optional.conf",
            "stauth-protect.conf", "stauth-public.conf",
            "stauth-server.conf", "stauth-stream.conf"]
SECRET = "canary-secret-Zq7"


class Config(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def ctl(self, code, *args):
        result = self.stack.ctl(*args)
        self.assertEqual(result.returncode, code, (args, result.stderr))
        return result

    def test_check_says_ok_and_warns(self):
        result = self.ctl(0, "config", "check")
        self.assertEqual(result.stdout, "config: ok %s\n" % self.stack.conf)
        self.assertEqual(result.stderr, "")
        self.stack.write_config({"PUBLIC_URL": None})
        result = self.ctl(0, "config", "check")
        self.assertIn("warning: ", result.stderr)
        self.assertIn("PUBLIC_URL", result.stderr)
        found = json.loads(self.ctl(0, "config", "check", "--json").stdout)
        self.assertTrue(found["ok"])
        self.assertEqual(found["file"], self.stack.conf)
        self.assertIn("PUBLIC_URL", found["warnings"][0])

    def test_u15_check_says_when_hashing_needs_more_than_the_unit_has(self):
        with open(os.path.join(TOP, "systemd", "stauth.service.in"),
                  encoding="utf-8") as file:
            self.assertIn("\nMemoryMax=2G\n", file.read())
        for slots, kib, says in ((27, 65536, False), (28, 65536, True),
                                 (6, 262144, False), (7, 262144, True)):
            self.stack.write_config({"HASH_SLOTS": str(slots),
                                     "ARGON2_MEMORY_KIB": str(kib)})
            told = self.ctl(0, "config", "check").stderr
            self.assertEqual("MemoryMax" in told, says, (slots, kib, told))
        self.assertIn("HASH_SLOTS=7 and ARGON2_MEMORY_KIB=262144: hashing "
                      "takes up to 2048 MiB", told)

    def test_check_before_init_notes_what_is_missing(self):
        shutil.rmtree(os.path.join(self.stack.state_dir, "keys"))
        self.assertIn("init", self.ctl(0, "config", "check").stderr)

    def test_show_has_every_key_and_where_it_came_from(self):
        # A show is one object, a list one array (CONTRACT 5).
        found = json.loads(self.ctl(0, "config", "show", "--json").stdout)
        self.assertIsInstance(found, dict)
        self.assertGreater(len(found), 40)
        for key in found.values():
            self.assertEqual(list(key), ["value", "origin"])
        self.assertEqual(found["SESSION_HOURS"]["value"], "12")
        self.assertEqual(found["SESSION_HOURS"]["origin"], "default")
        self.assertEqual(found["ARGON2_PASSES"]["value"], "1")
        self.assertRegex(found["ARGON2_PASSES"]["origin"], r"\b5$")
        table = self.ctl(0, "config", "show").stdout
        self.assertRegex(table, r"^KEY +VALUE +FROM")
        self.assertEqual(len(table.splitlines()), len(found) + 1)

    def test_g13_show_masks_secrets(self):
        key = os.path.join(self.stack.dir, "app.key")
        with open(key, "w", encoding="ascii") as out:
            out.write(SECRET * 3)
        os.chmod(key, 0o600)
        self.stack.write_config({
            "ENC_PASSWORD": SECRET, "ENC_NONCE": SECRET,
            "AIRTABLE_PAT": SECRET, "SENDGRID_API_KEY": SECRET,
            "NOTIFICATION_FROM_EMAIL": "a@example.com",
            "SMTP_PASSWORD": SECRET, "POSTGRES_DSN": SECRET,
            "APP_KEY_FILE": key})
        for options in ([], ["--json"]):
            result = self.ctl(0, "config", "show", *options)
            self.assertNotIn(SECRET, result.stdout + result.stderr)
        self.assertNotIn(SECRET, self.ctl(0, "config", "check").stderr)

    def test_ux91_the_env_of_st_auth_simple_is_a_configuration(self):
        with open(self.stack.conf, "w", encoding="ascii") as out:
            out.write("# comment\n\nSTORAGE='SQLITE'\n\n"
                      "SQLITE_DB_PATH = '%s'\nSQLITE_DB = 'auth.db'\n"
                      "AIRTABLE_PAT = 'pat----x----e'\n"
                      "AIRTABLE_BASE_KEY = 'app----x----c'\n"
                      "USERS_TABLE = 'users'\n"
                      "ENC_PASSWORD='YouWillNeverGuessThisSecretKey32'\n"
                      "ENC_NONCE='nonsensical'\n" % self.stack.dir)
        self.ctl(0, "config", "check")


class Snippets(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)
        self.out = os.path.join(self.stack.dir, "nginx")

    def write(self, code=0, **config):
        self.stack.write_config(config)
        result = self.stack.ctl("nginx", "snippets", self.out)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        return result

    def test_a_full_disk_leaves_the_old_files_whole(self):
        """nginx may be reloaded at any moment."""
        self.write()
        before = self.read()
        result = self.stack.ctl(
            "nginx", "snippets", self.out, preexec_fn=lambda: (
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))))
        self.assertEqual(result.returncode, 73, result.stderr)
        self.assertEqual(self.read(), before)

    def read(self):
        found = {}
        for name in os.listdir(self.out):
            with open(os.path.join(self.out, name), encoding="utf-8") as text:
                found[name] = text.read()
        return found

    def test_the_default_ones_are_those_that_are_shipped(self):
        self.write(RUN_DIR=None)
        found = self.read()
        self.assertEqual(sorted(found), SNIPPETS)
        for name, text in found.items():
            with open(os.path.join(TOP, "nginx", name),
                      encoding="utf-8") as shipped:
                self.assertEqual(text, shipped.read(), name)
            mode = os.stat(os.path.join(self.out, name)).st_mode & 0o777
            self.assertEqual(mode, 0o644)

    def test_sockets_and_cookie_of_another_configuration(self):
        self.write(RUN_DIR=self.stack.run_dir + "/",
                   SESSION_TOKEN_NAME="my.app-session")
        text = "".join(self.read().values())
        self.assertNotIn("/run/stauth/", text.replace(
            self.stack.run_dir, ""))
        self.assertNotIn("__Host-stauth", text)
        self.assertEqual(
            set(re.findall(r"unix:([^ ;]+)", text)),
            {self.stack.check_sock, self.stack.pages_sock,
             os.path.join(self.stack.run_dir, "stream.sock")})
        self.assertIn(r"__Host-my\.app-session|_streamlit_user", text)
        self.assertNotIn("__Host-my.app", text)

    def test_files_are_replaced_and_nothing_else_is_left(self):
        self.write(RUN_DIR="/run/first")
        keep = os.path.join(self.out, "mine.conf")
        with open(keep, "w", encoding="ascii") as out:
            out.write("x")
        self.write(RUN_DIR="/run/second")
        found = self.read()
        self.assertEqual(found.pop("mine.conf"), "x")
        self.assertEqual(sorted(found), SNIPPETS)
        self.assertIn("/run/second/check.sock", found["stauth-http.conf"])
        self.assertNotIn("/run/first", "".join(found.values()))

    def test_a_link_in_the_way_is_replaced_not_followed(self):
        os.mkdir(self.out)
        victim = os.path.join(self.stack.dir, "victim")
        with open(victim, "w", encoding="ascii") as out:
            out.write("x")
        os.symlink(victim, os.path.join(self.out, SNIPPETS[0]))
        self.write()
        with open(victim, encoding="ascii") as data:
            self.assertEqual(data.read(), "x")
        self.assertFalse(os.path.islink(os.path.join(self.out, SNIPPETS[0])))

    def test_values_that_nginx_would_read_as_its_own_are_refused(self):
        for run_dir in ("/run/a b", "/run/a;b", "/run/$x", "/run/{",
                        "/run/\"", "/run/a:b", "/run/a#b"):
            with self.subTest(run_dir):
                self.write(78, RUN_DIR=run_dir)
        self.assertFalse(os.path.exists(self.out))

    def test_a_folder_that_cannot_be_made(self):
        for path in ("/nonexistent/a/b", self.stack.conf):
            result = self.stack.ctl("nginx", "snippets", path)
            self.assertEqual(result.returncode, 73, result.stderr)
            self.assertIn(path, result.stderr)

    @unittest.skipUnless(shutil.which("nginx"), "no nginx here")
    def test_nginx_takes_them(self):
        self.write(SESSION_TOKEN_NAME="my.app")
        conf = os.path.join(self.stack.dir, "nginx.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("""
pid %(dir)s/pid; error_log stderr; events {}
http {
  access_log off; client_body_temp_path %(dir)s/t1;
  proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3;
  uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
  include %(dir)s/nginx/stauth-http.conf;
  server {
    listen unix:%(dir)s/web.sock;
    include %(dir)s/nginx/stauth-server.conf;
    location / { proxy_pass http://127.0.0.1:9;
      include %(dir)s/nginx/stauth-protect.conf; }
    location /open/ { proxy_pass http://127.0.0.1:9;
      include %(dir)s/nginx/stauth-public.conf; }
  }
}
""" % {"dir": self.stack.dir})
        result = subprocess.run(
            ["nginx", "-t", "-c", conf], check=False, text=True,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=30)
        self.assertEqual(result.returncode, 0, result.stderr)


class Streamlit(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.addCleanup(self.stack.stop)

    def made(self, *options, **config):
        self.stack.write_config(config)
        result = self.stack.ctl("streamlit-config", *options, check=True)
        if tomllib is None:
            self.skipTest("this Python reads no TOML")
        return tomllib.loads(result.stdout), result.stderr

    def test_what_streamlit_needs(self):
        found, told = self.made(
            PUBLIC_URL="https://App.example.com:443 http://localhost:8080",
            primaryColor="#ff8800", base="dark")
        self.assertEqual(told, "")
        server = found["server"]
        self.assertEqual(server.pop("trustedUserHeaders"), {
            "X-Auth-User": "user", "X-Auth-Email": "email",
            "X-Auth-Name": "name", "X-Auth-Groups": "groups",
            "X-Auth-Session": "sid", "X-Auth-Logged-In": "is_logged_in"})
        self.assertEqual(server, {
            "address": "127.0.0.1", "headless": True, "enableCORS": True,
            "enableXsrfProtection": True,
            "corsAllowedOrigins": ["https://app.example.com",
                                   "http://localhost:8080"],
            "allowedHosts": ["app.example.com", "localhost"]})
        self.assertEqual(found["browser"], {
            "gatherUsageStats": False, "serverAddress": "app.example.com",
            "serverPort": 443})
        self.assertEqual(found["theme"],
                         {"primaryColor": "#ff8800", "base": "dark"})

    def test_a_port_of_its_own(self):
        found, _ = self.made(PUBLIC_URL="http://127.0.0.1:8080")
        self.assertEqual(found["browser"]["serverPort"], 8080)
        self.assertEqual(found["browser"]["serverAddress"], "127.0.0.1")
        self.assertNotIn("theme", found)

    def test_base_path_and_port_of_the_app(self):
        for base in ("reports", "/reports/", "/a/b-c"):
            found, _ = self.made("--base", base, "--port=8502",
                                 PUBLIC_URL="https://app.example.com")
            self.assertEqual(found["server"]["baseUrlPath"], base.strip("/"))
            self.assertEqual(found["server"]["port"], 8502)
        for words in (["--port", "0"], ["--port", "65536"], ["--port", "x"],
                      ["--base", 'a"b'], ["--base", "a b"],
                      ["--base", "x" * 5000]):
            result = self.stack.ctl("streamlit-config", *words)
            self.assertEqual((result.returncode, result.stdout), (64, ""))

    def test_secrets_that_st_login_wants_and_nobody_knows(self):
        seen = set()
        for _ in range(2):
            found, _ = self.made("--secrets", "--base", "/r",
                                 PUBLIC_URL="https://app.example.com")
            auth = found["auth"]
            self.assertEqual(list(found), ["auth"])
            provider = {"client_id", "client_secret", "server_metadata_url"}
            named = {"auth0", "google", "microsoft", "okta"}
            self.assertEqual(set(auth), provider | named | {
                "redirect_uri", "cookie_secret"})
            for name in named:
                self.assertEqual(set(auth[name]), provider)
            self.assertEqual(auth["redirect_uri"],
                             "https://app.example.com/r/oauth2callback")
            self.assertGreaterEqual(len(auth["cookie_secret"]), 32)
            seen.add(auth["cookie_secret"])
        self.assertEqual(len(seen), 2)
        self.stack.write_config({"PUBLIC_URL": None})
        result = self.stack.ctl("streamlit-config", "--secrets")
        self.assertEqual((result.returncode, result.stdout), (78, ""))

    def test_without_a_public_url_it_warns(self):
        found, told = self.made(PUBLIC_URL=None)
        self.assertIn("PUBLIC_URL", told)
        self.assertNotIn("corsAllowedOrigins", found["server"])
        self.assertEqual(found["server"]["trustedUserHeaders"]
                         ["X-Auth-Session"], "sid")


if __name__ == "__main__":
    unittest.main()
