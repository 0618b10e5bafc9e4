# SPDX-License-Identifier: MIT
"""The Python package by itself: assertions, settings, and the old names in
Streamlit's AppTest."""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import time
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
logging.disable(logging.WARNING)  # "missing ScriptRunContext"
from rig import TOP  # noqa: E402

APPS = os.path.join(TOP, "tests", "e2e", "apps")
sys.path.insert(0, APPS)
import streamlit as st  # noqa: E402
from stauth import _assertion, _session, _settings, _status  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

KEY = b"0123456789abcdef0123456789abcdef"
URL = "https://app.example.com"
SETTINGS = ("APP_KEY_FILE", "APP_KEY", "PUBLIC_URL", "URL", "DEV_USER",
            "DEV_GROUPS")
HEADER = {"alg": "HS256", "typ": "JWT"}


def claims(**changes):
    now = int(time.time())
    made = dict(iss=URL, aud=URL, sub="alice", sid="A" * 16, name="Jürgen",
                email="a@example.com", groups=["su", "staff"], iat=now,
                exp=now + 600, auth_time=now, amr=["pwd"], acr="level1")
    made.update(changes)
    return {key: value for key, value in made.items() if value != "absent"}


def b64(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(body, header=None, key=KEY, digest=hashlib.sha256):
    text = "%s.%s" % (b64(HEADER if header is None else header), b64(body))
    mac = hmac.new(key, text.encode(), digest).digest()
    return text + "." + b64(mac)


@contextlib.contextmanager
def settings(**values):
    """The environment with these of ours, and no other."""
    with mock.patch.dict(os.environ):
        for name in SETTINGS:
            os.environ.pop("STAUTH_" + name, None)
        for name, value in values.items():
            os.environ["STAUTH_" + name] = value
        yield


class Assertion(unittest.TestCase):
    def check(self, token):
        return _assertion.check(token, KEY, URL, time.time())

    def test_a_good_one_names_the_user(self):
        user = self.check(sign(claims()))
        self.assertEqual(user[:5], ("alice", "Jürgen", "a@example.com",
                                    ("su", "staff"), "A" * 16))
        self.assertTrue(user.su)
        self.check(sign(claims(), header={"alg": "HS256"}))
        self.check(sign(claims(name="100%25", groups=[])))
        self.check(sign(claims(auth_time="absent", amr="absent")))

    def test_g5_everything_else_is_refused(self):
        good = sign(claims())
        head, body, mac = good.split(".")
        now = int(time.time())
        twice = b'{"sub":"admin",' + json.dumps(claims()).encode()[1:]
        for token in (
                "", ".", "..", "a.b", good + ".", good + "=", good[:-1],
                good + "A", " " + good, good + "\n", "%s.%s." % (head, body),
                "%s.%s.%s" % (head, b64(claims(sub="admin")), mac),
                "%s.%s." % (b64({"alg": "none"}), body),
                "%s.%s.%s" % (b64({"alg": "none"}), body, mac),
                sign(claims(), key=b"x" * 32), sign(claims(), key=b""),
                sign(claims(), digest=hashlib.sha512),
                sign(claims(), header={"alg": "none"}),
                sign(claims(), header={"alg": "HS512"}),
                sign(claims(), header={"alg": "hs256"}),
                sign(claims(), header={}), sign(claims(), header=b"[]"),
                sign(claims(), header=dict(HEADER, typ="at+jwt")),
                sign(claims(), header=dict(HEADER, crit=["exp"])),
                sign(b"{"), sign(b"[]"), sign(b'"x"'), sign(twice),
                sign(b"[" * 5000), sign(claims(), key=KEY + b"x")):
            with self.subTest(token=token[:80]):
                self.assertRaises(_assertion.Refused, self.check, token)
        for change in (
                {"iss": "https://evil.example"}, {"iss": "absent"},
                {"aud": "https://evil.example"}, {"aud": "absent"},
                {"aud": [URL]}, {"iss": URL + "/"},
                {"exp": now}, {"exp": now - 1}, {"exp": "absent"},
                {"exp": str(now + 60)}, {"exp": now + 60.5}, {"exp": True},
                {"exp": None}, {"iat": now + 3600}, {"iat": "absent"},
                {"sub": ""}, {"sub": "absent"}, {"sub": 7}, {"sub": None},
                {"sid": "absent"}, {"sid": "A" * 15}, {"sid": "A" * 17},
                {"sid": "A" * 15 + "="}, {"sid": "A" * 16 + "\n"},
                {"groups": "su"}, {"groups": [["su"]]}, {"name": 7},
                {"auth_time": "x"}, {"auth_time": None}):
            with self.subTest(change=change):
                self.assertRaises(_assertion.Refused, self.check,
                                  sign(claims(**change)))


class Settings(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="stauth-test-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.file = os.path.join(self.dir, "app.key")

    def key_of(self, content):
        with open(self.file, "wb") as out:
            out.write(content)
        with settings(APP_KEY_FILE=self.file):
            return _settings.app_key()

    def test_the_key_is_read_as_the_gate_reads_it(self):
        self.assertEqual(self.key_of(KEY + b"\n"), KEY)
        self.assertEqual(self.key_of(KEY + b"\n\n"), KEY + b"\n")
        self.assertEqual(self.key_of(b"\xff\0" * 16), b"\xff\0" * 16)
        with settings(APP_KEY=KEY.decode()):
            self.assertEqual(_settings.app_key(), KEY)
        with settings():
            self.assertIsNone(_settings.app_key())

    def test_a_key_that_cannot_be_used_is_an_error_not_an_absence(self):
        self.assertRaises(_settings.SettingsError, self.key_of, b"")
        self.assertRaises(_settings.SettingsError, self.key_of, KEY[:31])
        with settings(APP_KEY_FILE=self.dir + "/none"):
            self.assertRaises(_settings.SettingsError, _settings.app_key)
        with settings(APP_KEY_FILE=self.file, APP_KEY=KEY.decode()):
            self.assertRaises(_settings.SettingsError, _settings.app_key)

    def test_the_issuer_is_what_streamlit_config_wrote_or_what_is_set(self):
        with settings():
            self.assertEqual(_settings.public_url(), "stauth")
            self.assertEqual(_settings.gate_url(), "")
            st.config.set_option("server.corsAllowedOrigins",
                                 [URL, "https://other.example.com"])
            self.addCleanup(st.config.set_option,
                            "server.corsAllowedOrigins", [])
            self.assertEqual(_settings.public_url(), URL)
            self.assertEqual(_settings.gate_url(), URL)
        with settings(PUBLIC_URL="https://X.example.com/ http://b.example",
                      URL="http://127.0.0.1:80"):
            self.assertEqual(_settings.public_url(), "https://x.example.com")
            self.assertEqual(_settings.gate_url(), "http://127.0.0.1:80")


class Freshness(unittest.TestCase):
    def test_an_answer_holds_for_15_seconds(self):
        now = time.monotonic()
        user = _assertion.User("alice", "", "", (), "x" * 16, 0, 0)
        _status._known[_status._name(user)] = _status.Status(True, now, None)
        self.addCleanup(_status.forget, user)
        self.assertIsNone(_status.known(user._replace(username="ada")))
        for later, there in ((0, True), (14.9, True), (15, False)):
            with mock.patch.object(_status.time, "monotonic",
                                   return_value=now + later):
                self.assertEqual(_status.known(user) is not None, there)


class InAppTest(unittest.TestCase):
    """AppTest sends no headers: a laptop with STAUTH_DEV_USER, or nobody."""

    def run_file(self, name, **values):
        out = io.StringIO()
        with settings(**values), contextlib.redirect_stdout(out):
            test = AppTest.from_file(os.path.join(APPS, name),
                                     default_timeout=20).run()
        self.out = out.getvalue()
        self.assertEqual([e.value for e in test.exception], [])
        return test

    def run_text(self, text, **values):
        path = os.path.join(self.dir, "app.py")
        with open(path, "w", encoding="utf-8") as out:
            out.write("import streamlit as st\nimport stauth\n"
                      "from stauth import *\n" + text)
        return self.run_file(path, **values)

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="stauth-test-")
        self.addCleanup(shutil.rmtree, self.dir)

    @staticmethod
    def words(part):
        return "\n".join(str(getattr(e, "value", "")) for e in part)

    def links(self, test):
        return self.words(test.main.markdown) + self.words(
            test.sidebar.markdown)

    def test_the_old_app_signed_in(self):
        test = self.run_file("old_app.py", DEV_USER="alice",
                             DEV_GROUPS="staff,su")
        words = self.words(test.main)
        for line in ("imported as alice", "row alice 1",
                     "`alice` is authenticated", "figures 42",
                     "figures gave 2"):
            self.assertIn(line, words)
        self.assertEqual([s.value for s in test.sidebar.subheader],
                         ["Authentication"])
        self.assertEqual([b.label for b in test.sidebar.button], ["Logout"])
        self.assertIn('href="/auth/admin"', self.links(test))
        self.assertEqual(self.out, "")

    def test_the_old_app_at_every_rerun(self):
        with settings(DEV_USER="alice"):
            test = AppTest.from_file(APPS + "/old_app.py").run()
            for _ in range(2):
                self.assertIn("row alice 0", self.words(test.main))
                self.assertNotIn("/auth/admin", self.links(test))
                test.run()
            self.assertEqual(
                dict(test.session_state["auth_state"]),
                {"user": {"username": "alice", "su": 0}})

    def test_the_old_app_signed_out(self):
        test = self.run_file("old_app.py", APP_KEY=KEY.decode(),
                             DEV_USER="alice")
        words = self.words(test.main)
        self.assertIn("imported as None", words)
        self.assertIn("Not authenticated", words)
        self.assertIn("figures requires authentication!",
                      [w.value for w in test.warning])
        self.assertIn("figures gave None", words)
        self.assertNotIn("figures 42", words)
        self.assertEqual(test.session_state["auth_state"], {"user": None})
        self.assertIn('href="/auth/login?rd=/"', self.links(test))

    def test_logout_leaves_the_run_and_nobody_is_left(self):
        for label in ("Leave", "Logout"):
            with settings(DEV_USER="alice"):
                test = AppTest.from_file(APPS + "/old_app.py").run()
                [b for b in test.button if b.label == label][0].click()
                test.run()
            words = self.words(test.main)
            self.assertNotIn("still here", words)
            self.assertIn("imported as None", words)
            self.assertIn("Not authenticated", words)

    def test_the_old_admin(self):
        test = self.run_file("old_admin.py", DEV_USER="ada", DEV_GROUPS="su")
        self.assertIn('href="/auth/admin"', self.links(test))
        for values in ({"DEV_USER": "alice"}, {"APP_KEY": KEY.decode()}):
            test = self.run_file("old_admin.py", **values)
            self.assertNotIn("/auth/admin", self.links(test))
            self.assertEqual([w.value for w in test.warning],
                             ["Only superusers can open the administration."])
            self.assertEqual(
                self.out, "[AUTH] WARNING: admin requires a superuser!\n")

    def test_other_providers_are_refused(self):
        import st_auth_simple
        st_auth_simple.override_env_storage_provider("SQLITE")
        st_auth_simple.override_env_storage_provider("AIRTABLE")
        for name in ("", "sqlite", "MONGO", None):
            self.assertRaises(
                ValueError, st_auth_simple.override_env_storage_provider,
                name)
        self.assertTrue(st_auth_simple.__version__)
        self.assertRaises(AttributeError, getattr, st_auth_simple, "x")

    def test_messages_go_where_the_app_wants_them(self):
        say = ("@requires_auth\ndef secret():\n  st.text('seen')\n"
               "got = []\nauth(on_message_cb=%s)\nsecret()\n"
               "st.text('got %%s' %% got)")
        key = KEY.decode()
        test = self.run_text(say % "lambda *args: got.append(args)",
                             APP_KEY=key)
        self.assertEqual(test.main.text[0].value, "got %s" % [
            ("Please sign in.", "info"),
            ("secret requires authentication!", "warning")])
        self.assertEqual(self.out, "")
        self.run_text(say % '"default"', APP_KEY=key)
        self.assertEqual(
            self.out, "[AUTH] INFO: Please sign in.\n"
            "[AUTH] WARNING: secret requires authentication!\n")
        self.run_text(say % "None", APP_KEY=key)
        self.assertEqual(self.out, "")
        self.run_text(say % '"default"', DEV_USER="alice")
        self.assertEqual(self.out, "[AUTH] SUCCESS: Signed in as alice.\n")

    def test_requires_auth_with_a_group(self):
        text = ("@requires_auth(group='staff')\ndef part():\n"
                "  '''doc'''\n  return 'seen'\n"
                "st.text('%s %s %s' % (part.__name__, part.__doc__, part()))")
        test = self.run_text(text, DEV_USER="alice", DEV_GROUPS="staff")
        self.assertEqual(test.text[0].value, "part doc seen")
        test = self.run_text(text, DEV_USER="alice", DEV_GROUPS="su,staff2")
        self.assertEqual(test.text[0].value, "part doc None")
        self.assertEqual(self.out, "[AUTH] WARNING: part requires the group "
                         "staff!\n")

    def test_the_developer_is_somebody_only_where_no_key_exists(self):
        text = "st.text('user %s' % (authenticated(),))"
        for values, there in (
                ({"DEV_USER": "alice"}, True), ({}, False),
                ({"DEV_USER": " "}, False),
                ({"DEV_USER": "alice", "APP_KEY": KEY.decode()}, False),
                ({"DEV_USER": "alice", "APP_KEY": "short"}, False),
                ({"DEV_USER": "alice", "APP_KEY_FILE": "/none"}, False)):
            test = self.run_text(text, **values)
            self.assertEqual(test.text[0].value, "user %s" % there, values)

    def test_the_developer_is_nobody_behind_the_gate(self):
        with settings(DEV_USER="alice"):
            for token, others in (("x", False), ("", True), ("x", True)):
                self.assertEqual(_session._identify(token, others),
                                 (None, _session.UNSET))
            self.assertEqual(_session._identify("", False)[0].username,
                             "alice")

    def test_without_a_key_it_says_so(self):
        test = self.run_text("auth(sidebar=False)")
        self.assertIn("STAUTH_APP_KEY_FILE", test.main.text[0].value)
        self.assertIn("[AUTH] ERROR: This app has no STAUTH_APP_KEY_FILE",
                      self.out)


if __name__ == "__main__":
    unittest.main()
