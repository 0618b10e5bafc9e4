# SPDX-License-Identifier: MIT
"""A real Postfix with STARTTLS, smtps and AUTH, in this process's own
network and mount namespace, and what it made of the letters."""

import glob
import os
import pwd
import shutil
import subprocess
import unittest

import mail_rig
import rig

MAIN = """compatibility_level = 3.6
queue_directory = {top}/spool
data_directory = {top}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = {top}/log
maillog_file_prefixes = {top}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.test
mydestination =
mynetworks =
inet_protocols = ipv4
alias_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_base = {top}/boxes
virtual_mailbox_maps = inline:{{ you@example.com=you/ }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {key}, {cert}
smtpd_sasl_auth_enable = yes
cyrus_sasl_config_path = {top}/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_forbid_bare_newline = yes
"""
MASTER = """25 inet n - n - - smtpd
465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {top}/sasldb
mech_list: PLAIN LOGIN
"""
PIN = {"kind": "signup-pin", "code": "123456", "to": "you@example.com"}
TOKEN = "abcDEF-_" * 5 + "xyz"


class Postfix:
    def __init__(self, net):
        self.top = os.path.join(net.top, "postfix")
        who = pwd.getpwnam("postfix")
        os.chmod(net.top, 0o755)
        for name in ("", "sasl", "spool", "data", "boxes"):
            os.mkdir(os.path.join(self.top, name))
        for name in ("data", "boxes"):
            os.chown(os.path.join(self.top, name), who.pw_uid, who.pw_gid)
        cert, key = net.cert
        known = {"top": self.top, "uid": who.pw_uid, "gid": who.pw_gid,
                 "cert": cert, "key": key}
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER),
                           ("sasl/smtpd.conf", SASL)):
            with open(self.path(name), "w", encoding="ascii") as out:
                out.write(text.format(**known) if name != "master.cf"
                          else text)
        subprocess.run(["saslpasswd2", "-c", "-p", "-f", self.path("sasldb"),
                        "-u", "mail.test", "stauth"], check=True,
                       input=b"s3cret-of-smtp")
        os.chown(self.path("sasldb"), who.pw_uid, who.pw_gid)

    def path(self, name):
        return os.path.join(self.top, name)

    def run(self, word):
        return subprocess.run(
            ["postfix", "-c", self.top, word], check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def start(self):
        done = self.run("start")
        if done.returncode != 0:
            raise AssertionError(done.stdout + self.log())

    def log(self):
        with open(self.path("log"), encoding="utf-8",
                  errors="replace") as log:
            return log.read()

    def mails(self, count):
        rig.wait_for(lambda: len(self.delivered()) >= count, 30)
        return self.delivered()

    def delivered(self):
        raws = []
        for path in glob.glob(self.path("boxes/you/new/*")):
            with open(path, "rb") as file:
                raws.append(file.read())
        return raws


def why_not():
    if os.geteuid() != 0:
        return "needs root (Postfix has users of its own)"
    if not shutil.which("postfix") or not shutil.which("saslpasswd2"):
        return "not installed: postfix sasl2-bin"
    return None


@unittest.skipIf(why_not(), why_not())
class TestPostfix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.net = mail_rig.enter()
        cls.postfix = Postfix(cls.net)
        cls.postfix.start()
        cls.addClassCleanup(cls.postfix.run, "stop")

    def setUp(self):
        shutil.rmtree(self.postfix.path("boxes/you"), ignore_errors=True)
        self.post = mail_rig.Post(
            SMTP_URL="smtp://mail.test", SMTP_USER="stauth@mail.test",
            SMTP_PASSWORD="s3cret-of-smtp")
        self.addCleanup(self.post.remove)

    def sent(self, **letter):
        result = self.post.send(**letter)
        self.assertEqual(result["rc"], "ok", (
            result, self.postfix.log()[-2000:]))
        [raw] = self.postfix.mails(1)
        return mail_rig.parse(raw)

    def test_a_pin_by_starttls_and_auth(self):
        mail = self.sent(**PIN)
        self.assertEqual(mail["Subject"], "123456 is your code for Acme")
        self.assertEqual(mail["X-Original-To"], "you@example.com")
        self.assertEqual(mail["Message-ID"], "<id@app.example.com>")
        self.assertIn("with ESMTPSA", str(mail.get_all("Received")))
        text, _ = mail.iter_parts()
        self.assertIn("\n123456\n", text.get_content())
        self.assertIn("sasl_username=stauth@mail.test", self.postfix.log())

    def test_a_link_by_smtps(self):
        self.post.set(SMTP_URL="smtps://mail.test")
        text, html = self.sent(kind="reset-link", code=TOKEN,
                               to="you@example.com").iter_parts()
        link = rig.ORIGIN + "/auth/reset?token=" + TOKEN
        self.assertIn("\n" + link + "\n", text.get_content())
        self.assertIn('href="%s"' % link, html.get_content())

    def test_h2_lines_that_look_like_commands(self):
        nasty = ".\n..\nMAIL FROM:<e@vil.test>\n.\nQUIT\nü\n"
        text, _ = self.sent(text=nasty, to="you@example.com").iter_parts()
        self.assertEqual(text.get_content(), nasty)

    def test_n16_a_wrong_password(self):
        self.post.set(SMTP_PASSWORD="an0ther-one")
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "permission denied", result)
        self.assertNotIn("an0ther", result["msg"])
        self.assertEqual(self.postfix.delivered(), [])

    def test_h4_a_receiver_that_is_none(self):
        result = self.post.send(**dict(PIN, to="nobody@example.com"))
        self.assertEqual(result["rc"], "refused", result)
        self.assertIn("550", result["msg"])

    def test_without_a_login_it_relays_nothing(self):
        self.post.set(SMTP_USER=None, SMTP_PASSWORD=None)
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "refused", result)

    def test_h3_under_a_name_that_is_not_its(self):
        self.post.set(SMTP_URL="smtp://wrong.test")
        result = self.post.send(**PIN)
        self.assertEqual(result["rc"], "configuration", result)


if __name__ == "__main__":
    unittest.main()
