# SPDX-License-Identifier: MIT
"""stauth as a service, under a systemd that really boots: installed,
started, reloaded, killed and installed again as README.md says."""

import atexit
import os
import re
import resource
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import booted  # noqa: E402
from booted_stack import CONF, BootedStack  # noqa: E402
from load import Load  # noqa: E402
from rig import COOKIE, NAVIGATE, TOP, wait_for  # noqa: E402
from smtp_sink import Sink  # noqa: E402

PASSWORD = "seven green lamps on a hill"
NEW = "eleven blue doors by the sea"
UNITS = ["stauth-check.socket", "stauth-pages.socket", "stauth.service"]
SERVICE = "stauth.service"
PAGE = os.path.join(TOP, "fcgi_gate", "fcgi_gate.8.scd")
TROUBLE = os.path.join(TOP, "docs", "troubleshooting.md")
LATER = 4       # seconds; five starts at RestartSec are over by then
# A call that the filter refuses ends the process, and the journal tells.
DEADLY = "[Service]\nSystemCallErrorNumber=\n"

stacks = []     # the one machine of this file


def the_stack():
    """Made by the first who asks, gone with this process."""
    if not stacks:
        stack = BootedStack()
        atexit.register(stack.stop)
        stack.install()
        stack.write_config()
        stack.ctl("config", "check", check=True)
        stack.ctl("init", check=True)
        stack.add_user("you@example.com", PASSWORD, su=True)
        stack.enable()
        stack.put_nginx_before_it()
        stacks.append(stack)
    return stacks[0]


class Case(unittest.TestCase):
    def setUp(self):
        reason = not stacks and booted.why_not()
        if reason:
            self.skipTest(reason)
        self.stack = the_stack()
        self.machine = self.stack.machine
        self.addCleanup(self.mend)
        self.since = self.machine.run("date", "+%s.%N").stdout.strip()

    def mend(self):
        """As it was, whatever a test did."""
        self.stack.config = {"PUBLIC_URL": self.stack.url,
                             "BRAND_NAME": "Acme"}
        self.stack.write_config()
        self.stack.drop_in("")
        self.stack.ctl("throttle", "clear")

    def journal(self, *units):
        """What the unit said since the test began."""
        units = [word for unit in units or [SERVICE] for word in ("-u", unit)]
        return self.machine.journal("--since=@" + self.since, *units)

    def restart(self):
        return self.machine.systemctl("restart", SERVICE, check=False)

    def sign_in(self):
        return self.stack.session("you@example.com", PASSWORD)

    def status(self, jar=None, path="/", headers=None):
        return self.stack.http("GET", path, headers, jar).status

    def assert_back(self, jar, within=5):
        self.assertTrue(wait_for(
            lambda: self.status(jar) == 200, within, 0.05), self.journal())
        self.assertEqual(self.status(), 401)

    def owner(self, path):
        return self.machine.run("stat", "-c", "%U:%G 0%a", path,
                                check=True).stdout.strip()

    def assert_owners(self):
        for path, wanted in (
                ("/etc/stauth", "root:root 0755"),
                (CONF, "root:stauth 0640"),
                ("/run/stauth/check.sock", "stauth:www-data 0660"),
                ("/run/stauth/pages.sock", "stauth:www-data 0660"),
                ("/var/lib/stauth", "stauth:stauth 02770"),
                ("/var/lib/stauth/stauth.db", "stauth:stauth 0660"),
                ("/var/lib/stauth/stauth.db-wal", "stauth:stauth 0660"),
                ("/var/lib/stauth/stauth.db-shm", "stauth:stauth 0660"),
                ("/var/lib/stauth/keys/csrf", "root:stauth 0640"),
                ("/usr/libexec/stauth/stauth_chkpwd", "root:root 0755"),
                ("/usr/sbin/fcgi_gate", "root:root 0755")):
            self.assertEqual(self.owner(path), wanted, path)


class Service(Case):
    def test_in_out_and_whose_files_are_whose(self):
        for unit in UNITS:
            for what in ("is-enabled", "is-active"):
                self.machine.systemctl(what, unit)
        self.assertEqual(self.status(), 401)
        away = self.stack.http("GET", "/deep?x=1", NAVIGATE)
        self.assertEqual((away.status, away.header("Location")),
                         (302, "/auth/login?rd=/deep%3Fx%3D1"))
        _, jar = self.stack.sign_in("you@example.com", PASSWORD)
        self.assertEqual(self.status(jar), 200)
        self.assert_owners()
        session = {COOKIE: jar[COOKIE]}
        answer, _ = self.stack.post("/auth/logout", {}, jar)
        self.assertEqual(answer.status, 303)
        self.assertEqual(self.status(session), 401)

    def test_ux96_the_sandbox_is_on(self):
        """systemd leaves out without a word what it cannot do."""
        pid = self.stack.main_pid()
        status = self.machine.run("cat", "/proc/%d/status" % pid).stdout
        for line in (r"Seccomp:\t2", r"NoNewPrivs:\t1", r"CapBnd:\t0+",
                     r"CapEff:\t0+", r"CapAmb:\t0+"):
            self.assertRegex(status, line + "\n")
        limits = self.machine.run("cat", "/proc/%d/limits" % pid).stdout
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = min(most, 65536)
        self.assertRegex(limits, r"Max open files +%d +%d " % (files, files))

        def inside(command):
            told = self.machine.run("nsenter", "--mount", "--root", "--wd",
                                    "--target", str(pid), "sh", "-c", command)
            return told.stdout + told.stderr

        # Not /run: systemd 252 leaves it to the owners of what is in it.
        for path in ("/etc/stauth", "/usr/bin", "/var/log", "/var/lib"):
            self.assertIn("Read-only file system",
                          inside("touch %s/made-by-test" % path))
        self.assertEqual(inside("touch /var/lib/stauth/made-by-test && "
                                "rm /var/lib/stauth/made-by-test"), "")
        self.assertEqual(inside("ls -A /home /root /tmp"), "/home:\n\n"
                         "/root:\n\n/tmp:\n")
        self.assertIn("cannot open", inside(": < /proc/meminfo"))
        self.assertNotIn("kmsg", inside("ls /dev"))

    def test_memory_and_tasks_are_limited(self):
        group = self.machine.show(SERVICE, "ControlGroup")
        for paths, wanted in (
                (("memory%s/memory.limit_in_bytes", "%s/memory.max"), 2 << 30),
                (("pids%s/pids.max", "%s/pids.max"), 256)):
            told = ""
            for path in paths:
                told += self.machine.run(
                    "cat", "/sys/fs/cgroup/" + path % group).stdout
            if not told:
                self.skipTest("no control group limits anything here")
            self.assertEqual(int(told), wanted)

    def test_x5_a_reload_takes_a_good_configuration(self):
        jar = self.sign_in()
        self.stack.write_config({"BRAND_NAME": "Emca"})
        self.machine.systemctl("reload", SERVICE)
        self.assertTrue(wait_for(lambda: "Emca" in self.stack.http(
            "GET", "/auth/login").text, 5))
        self.assertEqual(self.status(jar), 200)

    def test_x30_a_bad_configuration_is_reported_and_the_old_one_stays(self):
        jar, pid = self.sign_in(), self.stack.main_pid()
        self.stack.write_config({"SESION_HOURS": "8"})
        told = self.machine.systemctl("reload", SERVICE, check=False)
        self.assertEqual(told.returncode, 1, told.stderr)
        why = CONF + ":3: unknown key SESION_HOURS (did you mean"
        told = self.machine.systemctl("status", SERVICE).stdout
        self.assertIn(why, told)
        # Who does not ask systemd.
        self.machine.run("kill", "-HUP", str(pid), check=True)
        self.assertIn(why, wait_for(
            lambda: (lambda text: text if "old" in text else "")(
                self.machine.show(SERVICE, "StatusText")), 5))
        self.assertIn("the old configuration stays", self.journal())
        self.assertEqual(self.stack.main_pid(), pid)
        self.assertEqual(self.status(jar), 200)
        self.stack.write_config({"SESION_HOURS": None})
        self.machine.systemctl("reload", SERVICE)
        self.assertTrue(wait_for(lambda: self.machine.show(
            SERVICE, "StatusText") == "serving", 5))


class Tour(Case):
    """Every page, with a filter that kills for what it would refuse."""

    def setUp(self):
        super().setUp()
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.stack.config.update({
            "SMTP_URL": "smtp://127.0.0.1:%d" % self.sink.port,
            "NOTIFICATION_FROM_EMAIL": "login@example.com",
            "ALLOW_USER_SIGN_UP": "True"})
        self.stack.write_config()

    def mailed(self, pattern):
        """What a letter says there; others may come before it."""
        def found():
            for letter in list(self.sink.mails):
                text = letter.decode().replace("=\r\n", "")
                match = re.search(pattern, text.replace("=3D", "="))
                if match:
                    return match.group(1)
            return None

        said = wait_for(found, 15)
        self.assertTrue(said, self.journal())
        return said

    def assert_goes(self, answer, path):
        self.assertEqual((answer.status, answer.header("Location")),
                         (303, path), answer.text[-500:])

    def sign_up(self):
        answer, jar = self.stack.post("/auth/signup", {
            "email": "bob@example.com", "password": PASSWORD,
            "confirm": PASSWORD})
        self.assert_goes(answer, "/auth/signup/verify")
        answer, _ = self.stack.post("/auth/signup/resend", {}, jar,
                                    form_path="/auth/signup/verify")
        self.assertEqual(answer.status, 429)
        answer, jar = self.stack.post("/auth/signup/verify", {
            "pin": self.mailed(r"\b(\d{6})\b")}, jar)
        self.assertEqual(answer.status, 303)

    def account(self):
        others = self.stack.session("bob@example.com", PASSWORD)
        _, jar = self.stack.sign_in("bob@example.com", PASSWORD)
        page = self.stack.http("GET", "/auth/account", cookies=jar)
        handle = re.search(r'name="session" value="([^"]+)"', page.text)
        answer, jar = self.stack.post(
            "/auth/account/sessions/end", {"session": handle.group(1)}, jar,
            form_path="/auth/account")
        self.assertEqual(answer.status, 303)
        _, jar = self.stack.sign_in("bob@example.com", PASSWORD)
        answer, jar = self.stack.post("/auth/account/sessions/end-others", {},
                                      jar, form_path="/auth/account")
        self.assert_goes(answer, "/auth/account?done=others")
        answer, jar = self.stack.post("/auth/account/password", {
            "current": PASSWORD, "password": NEW, "confirm": NEW}, jar,
            form_path="/auth/account")
        self.assert_goes(answer, "/auth/account?done=password")
        self.assertEqual(self.status(others), 401)
        self.assertEqual(self.status(jar), 200)

    def reset(self):
        answer, _ = self.stack.post("/auth/forgot",
                                    {"email": "bob@example.com"})
        self.assertLess(answer.status, 400)
        token = self.mailed(r"token=([\w-]{43})")
        answer, _ = self.stack.post(
            "/auth/reset", {"token": token, "password": PASSWORD,
                            "confirm": PASSWORD},
            form_path="/auth/reset?token=" + token)
        self.assert_goes(answer, "/auth/login")
        self.stack.session("bob@example.com", PASSWORD)

    def test_every_page_and_two_mails_without_a_refused_call(self):
        self.stack.drop_in(DEADLY)
        self.sign_up()
        self.account()
        self.reset()
        # A wrong one costs a hash, too.
        answer, _ = self.stack.sign_in("bob@example.com", "no " + PASSWORD)
        self.assertEqual(answer.status, 401)
        for path in ("/auth/login", "/auth/logout", "/auth/status",
                     "/auth/health", "/auth/signup", "/auth/forgot"):
            self.assertLess(self.status(path=path), 500, path)
        # Root beside it leaves no file that the service cannot write.
        self.stack.add_user("carol", PASSWORD)
        self.stack.ctl("backup", "/tmp/copy.db", check=True)
        self.machine.systemctl("reload", SERVICE)
        self.stack.session("carol", PASSWORD)
        self.assert_owners()
        self.assertEqual(self.machine.run(
            "stat", "-c", "%s", "/var/lib/stauth/stauth.db-reserve",
            check=True).stdout, "1048576\n")
        self.assertEqual(self.machine.show(SERVICE, "NRestarts"), "0")
        self.assertNotRegex(self.journal(),
                            r"died|ended with|signal|[Pp]ermi|EPERM|denied")


class Faults(Case):
    def test_x1_restarts_under_load_fail_nobody(self):
        tokens = [self.sign_in()[COOKIE] for _ in range(4)]
        load = Load(self.stack, tokens, 4)
        for _ in range(4):
            self.assertEqual(self.restart().returncode, 0)
            time.sleep(0.5)
        count, bad, never, _ = load.told()
        self.assertEqual((bad, never), (0, 0), count)
        self.assertGreater(count, 500)

    def test_x2_killed_it_is_back_by_itself(self):
        jar, pid = self.sign_in(), self.stack.main_pid()
        self.machine.run("kill", "-KILL", str(pid), check=True)
        # Before a client could start it.
        self.assertTrue(wait_for(
            lambda: self.stack.main_pid() not in (0, pid), 5), self.journal())
        self.assert_back(jar)

    def test_x11_it_tries_until_its_directory_is_there(self):
        jar = self.sign_in()
        self.machine.run("mv", "/var/lib/stauth", "/var/lib/away", check=True)
        try:
            self.assertNotEqual(self.restart().returncode, 0)
            time.sleep(LATER)
            self.assertEqual(self.status(jar), 503)
        finally:
            self.machine.run("mv", "/var/lib/away", "/var/lib/stauth")
        self.assert_back(jar)

    def test_x30_a_wrong_configuration_is_reported_and_not_tried_for_ever(self):
        jar = self.sign_in()
        self.stack.write_config({"SESION_HOURS": "8"})
        self.assertNotEqual(self.restart().returncode, 0)
        self.assertEqual(self.machine.show(SERVICE, "ExecMainStatus"), "78")
        time.sleep(1)   # twice RestartSec
        self.assertEqual(self.machine.show(SERVICE, "NRestarts"), "0")
        # Clients start it, too: each gets its answer, and that ends.
        for _ in range(100):
            self.assertEqual(self.status(jar), 503)
        said = self.journal()
        self.assertLess(said.count("Starting " + SERVICE), 50)
        time.sleep(0.5)
        self.assertEqual(self.journal(), said)
        self.assertIn(CONF + ":3: unknown key SESION_HOURS (did you "
                      "mean SESSION_HOURS?", said)
        # Mended, it starts at once, however often it was tried.
        self.stack.write_config({"SESION_HOURS": None})
        self.assertEqual(self.restart().returncode, 0)
        self.assert_back(jar)

    def test_started_before_init_it_says_so_and_works_after_it(self):
        jar = self.sign_in()
        move = "cd /var/lib && mkdir -p aside && mv %s/* %s/"
        self.machine.systemctl("stop", *UNITS)
        self.machine.run("sh", "-c", move % ("stauth", "aside"), check=True)
        try:
            self.stack.enable()
            self.assertEqual(self.status(jar), 503)
            self.assertIn("run stauthctl init", self.journal())
            self.stack.ctl("init", check=True)
            self.stack.add_user("you@example.com", PASSWORD, su=True)
            self.assertEqual(self.status(self.sign_in()), 200)
            self.assertEqual(self.machine.show(SERVICE, "NRestarts"), "0")
            self.assert_owners()
        finally:
            self.machine.systemctl("stop", *UNITS)
            self.machine.run("sh", "-c", "rm -r /var/lib/stauth/*; " +
                             move % ("aside", "stauth"), check=True)
        self.restart()
        self.assert_back(jar)

    def test_x4_sockets_that_are_gone_let_nobody_in(self):
        """Until the command that docs/troubleshooting.md names is given."""
        jar = self.sign_in()
        with open(TROUBLE, encoding="utf-8") as page:
            command = re.search(r"`sudo (systemd-tmpfiles --create [^`]*)`",
                                page.read()).group(1)
        for what in ("rm /run/stauth/check.sock", "rm -r /run/stauth",
                     "chmod 600 /run/stauth/check.sock"):
            with self.subTest(what):
                self.machine.run("sh", "-c", what + "; nginx -s reload",
                                 check=True)
                self.assertTrue(wait_for(
                    lambda: self.status(jar) == 503, 10))
                self.machine.run("sh", "-c", command.replace("sudo ", ""),
                                 check=True)
                told = self.machine.run(
                    "stat", "-c", "%U:%G %a", "/run/stauth",
                    "/run/stauth/check.sock", "/run/stauth/pages.sock")
                self.assertEqual(told.stdout, "stauth:stauth 755\n" +
                                 "stauth:www-data 660\n" * 2)
                self.assert_back(jar)
                self.assertEqual(self.status(path="/auth/login"), 200)

    def test_x11_another_state_dir_is_reported_and_let_in(self):
        jar = self.sign_in()
        self.machine.run("install", "-d", "-o", "stauth", "-g", "stauth",
                         "-m", "2770", "/srv/stauth", check=True)
        self.stack.write_config({"STATE_DIR": "/srv/stauth"})
        self.stack.ctl("init", check=True)
        self.stack.add_user("you@example.com", PASSWORD)
        self.assertEqual(self.restart().returncode, 0)
        self.assertEqual(self.status(jar), 503)
        self.assertIn("the file system is read-only; see findmnt -T ",
                      self.journal())
        self.assertIn("ReadWritePaths in fcgi_gate(8)", self.journal())
        with open(PAGE, encoding="utf-8") as page:
            shown = page.read().split("\n# SYSTEMD\n")[1].split("```\n")[1]
        self.stack.drop_in(shown.split("\n\n")[1])
        self.assertEqual(self.status(self.sign_in()), 200)

    def test_x31_installed_again_while_it_runs(self):
        jar, pid = self.sign_in(), self.stack.main_pid()
        # An earlier one's; systemd itself sees no change if the new file's
        # date is older.
        self.machine.run("sed", "-i", "s/^TasksMax=.*/TasksMax=99/",
                         "/lib/systemd/system/" + SERVICE, check=True)
        self.machine.systemctl("daemon-reload")
        self.assertEqual(self.machine.show(SERVICE, "TasksMax"), "99")
        self.stack.install()
        self.assertEqual(self.machine.show(SERVICE, "TasksMax"), "256")
        self.assertEqual(self.stack.main_pid(), pid)
        self.assertEqual(self.status(jar), 200)
        self.assertEqual(self.restart().returncode, 0)
        self.assertEqual(self.status(jar), 200)
        self.assert_owners()

    def test_stopped_for_good_it_lets_nobody_in(self):
        jar = self.sign_in()
        self.machine.systemctl("disable", "--now", *UNITS)
        self.assertEqual(self.status(jar), 503)
        self.assertEqual(self.machine.systemctl(
            "is-active", SERVICE, check=False).stdout.split(), ["inactive"])
        self.stack.enable()
        self.assert_back(jar)


if __name__ == "__main__":
    unittest.main()
