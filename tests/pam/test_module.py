# SPDX-License-Identifier: MIT
"""The PAM module in a host that breaks what real hosts never break."""

import os
import subprocess
import unittest

from host_case import (
    ABORT, AUTH_ERR, AUTHTOK_ERR, BUF_ERR, CONV_AGAIN, CONV_ERR, HELPER, HOST,
    INCOMPLETE, MODULE, PASSWORD, PERM_DENIED, SANITIZED, SERVICE_ERR,
    SESSION_ERR, SUCCESS, UNAVAIL, USER_UNKNOWN, HostCase)
import helper_wire


class SharedObject(unittest.TestCase):
    @unittest.skipIf(SANITIZED, "a sanitizer brings its own libraries")
    def test_a31_needs_libpam_and_libc_only(self):
        shown = subprocess.run(["readelf", "-d", MODULE], check=True,
                               text=True, stdout=subprocess.PIPE).stdout
        needed = {line.split("[")[1].split("]")[0]
                  for line in shown.splitlines() if "(NEEDED)" in line}
        self.assertEqual(needed, {"libpam.so.0", "libc.so.6"})

    def test_a31_shows_the_six_entry_points_only(self):
        shown = subprocess.run(["nm", "-D", "--defined-only", MODULE],
                               check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        names = {line.split()[-1] for line in shown.splitlines()}
        self.assertEqual(names, {"pam_sm_" + name for name in (
            "authenticate", "setcred", "acct_mgmt", "chauthtok",
            "open_session", "close_session")})


class Conversation(HostCase):
    def test_a1_no_name_and_an_empty_one(self):
        # The conversation answers the question for the name with nothing;
        # a store would be out of reach.
        os.rename(self.stack.db, self.stack.db + ".away")
        self.addCleanup(os.rename, self.stack.db + ".away", self.stack.db)
        said = self.host("user=", "reply=", "start", "auth", "end",
                         password=None)
        codes = [int(rest) for word, rest in said if word == "auth"]
        self.assertIn(codes[-1], (AUTH_ERR, USER_UNKNOWN), said)

    def test_a13_without_a_conversation(self):
        self.assertEqual(self.auth("conv=nullconv"), CONV_ERR)
        self.assertEqual(self.auth("noconvitem"), CONV_ERR)
        self.assertEqual(self.auth("noconvitem", "user="), CONV_ERR)
        self.assertEqual(self.code("conv=nullconv", "start", "change",
                                   of="change"), CONV_ERR)
        # Nobody is asked about a name that is not ours.
        self.assertEqual(self.code("user=nobodyhere", "conv=nullconv",
                                   "start", "change", of="change"),
                         USER_UNKNOWN)

    def test_a14_a_failing_conversation(self):
        for code, want in ((CONV_ERR, CONV_ERR), (BUF_ERR, CONV_ERR),
                           (ABORT, CONV_ERR), (CONV_AGAIN, INCOMPLETE)):
            with self.subTest(code=code):
                mode = "conv=code:%d" % code
                self.assertEqual(self.auth(mode), want)
                # Nothing was kept: the next try asks again.
                said = self.host(mode, "start", "auth", "auth", "asked",
                                 "end")
                self.assertIn(("asked", "2"), said)

    def test_a15_success_without_an_answer(self):
        for mode in ("noresp", "noreply"):
            with self.subTest(mode=mode):
                self.assertEqual(self.auth("conv=" + mode), CONV_ERR)

    def test_a16_an_interrupted_conversation(self):
        self.assertEqual(self.auth("sigint", "conv=interrupt"), CONV_ERR)

    def test_a10_a_byte_too_long_is_refused_not_cut(self):
        longest = ("%s %s " % (PASSWORD, "mysterious walnut ceiling")
                   * 12)[:511]
        self.stack.add_user("longest", longest, "--system-login")
        for password, code in ((longest, SUCCESS), (longest + "x", AUTH_ERR),
                               (longest[:-1], AUTH_ERR)):
            self.assertEqual(self.auth("user=longest", password=password),
                             code, len(password))
        # Nor is a new one; root is asked for that alone.
        said = self.host("user=longest", "start", "change", "end",
                         password=longest[::-1] + "x")
        self.assertIn(("change", str(AUTHTOK_ERR)), said)
        self.assertTrue([rest for word, rest in said if "too long" in rest])
        self.assertEqual(self.auth("user=longest", password=longest), SUCCESS)
        self.assertEqual(
            self.code("user=longest", "start", "change", "end", of="change",
                      password=longest[::-1]), SUCCESS)
        self.assertEqual(
            self.auth("user=longest", password=longest[::-1]), SUCCESS)

    def test_a17_odd_answers(self):
        self.assertEqual(self.auth("conv=ok"), SUCCESS)
        self.assertEqual(self.auth("conv=junk"), SUCCESS)
        self.assertEqual(self.auth("conv=nul"), SUCCESS)
        self.assertEqual(self.auth("conv=nul", password="correct"), AUTH_ERR)
        self.assertIn(self.auth("conv=long"), (AUTH_ERR, CONV_ERR))
        self.assertEqual(self.auth(password=""), AUTH_ERR)


class Helper(HostCase):
    """Faults of what the module asks: a documented no, whatever it is."""

    def with_helper(self, helper, *words, call="auth", **more):
        self.service(["required"], "broken", "conf=%s helper=%s" % (
            self.stack.conf, helper))
        return self.code("service=broken", *words, "start", call, "end",
                         of=call, **more)

    def every_call(self, helper):
        for call, want in (("auth", UNAVAIL), ("acct", UNAVAIL),
                           ("change", UNAVAIL), ("open", SESSION_ERR)):
            with self.subTest(helper=helper, call=call):
                self.assertEqual(self.with_helper(helper, call=call), want)

    def test_a18_a33_no_helper(self):
        plain = self.script("#!/bin/sh\nexit 0\n", 0o644)
        text = self.script("no program\n")
        for helper in ("/nonexistent/helper", plain, text, self.stack.dir):
            self.every_call(helper)

    def test_a18_a33_a_helper_without_an_answer(self):
        for body in ("exit 0", "exit 1", "kill -9 $$", "kill -11 $$",
                     "cat >/dev/null & exit 0"):
            with self.subTest(body=body):
                helper = self.script("#!/bin/sh\n%s\n" % body)
                self.assertEqual(self.with_helper(helper), UNAVAIL)

    def test_a18_a33_a_helper_with_a_garbled_answer(self):
        for answer in (
                "STA", r"STA\001\013", r"STA\002\013\000\000",
                r"STA\001\013\000\004\001\000\005a", "yes",
                r"STA\001\013\377\377", r"STA\001\000\000\000",
                # All of it is there, far more than a frame holds.
                r"STA\001\013\377\377" + r"\001\377\374" + "A" * 65532,
                r"STA\001\014\000\000", r"STA\001\377\000\000",
                # Allowed, but nobody: the name has to be in it.
                r"STA\001\013\000\000"):
            with self.subTest(answer=answer[:40]):
                helper = self.script("#!/bin/sh\nprintf '%s'\n" % answer)
                self.assertEqual(self.with_helper(helper), UNAVAIL)

    def test_a33_what_the_helper_takes_has_a_bound(self):
        for data in (b"STA\x01\x01\xff\xff\x02\xff\xfc" + b"A" * 65532,
                     b"STA\x01\x01\x20\x01\x02\x1f\xfe" + b"A" * 8190):
            self.assertEqual(helper_wire.ask(HELPER, data)[0], None)

    def test_a33_a_flooding_helper(self):
        helper = self.script("#!/bin/sh\nexec /usr/bin/yes\n")
        self.assertEqual(self.with_helper(helper, timeout=20), UNAVAIL)

    def helper_answers(self):
        """What the module takes for "unavailable" was said, not a crash."""
        kind, fields = helper_wire.ask(HELPER, helper_wire.frame(
            helper_wire.ACCOUNT, [
                (helper_wire.USER, b"alice"),
                (helper_wire.CONFIG, self.stack.conf.encode())]))
        self.assertEqual(kind, helper_wire.UNAVAILABLE)
        self.assertIn(helper_wire.LOG, fields)

    def test_a18_configuration_and_store(self):
        conf = self.stack.conf
        with open(conf, "rb") as source:
            text = source.read()

        def restore():
            with open(conf, "wb") as out:
                out.write(text)
            os.chmod(conf, 0o640)

        self.addCleanup(restore)
        os.chmod(conf, 0o666)
        self.assertEqual(self.auth(), SERVICE_ERR)
        os.chmod(conf, 0o640)
        with open(conf, "ab") as out:
            out.write(b"ARGON2_PASSES='none'\n")
        self.assertEqual(self.auth(), UNAVAIL)
        self.helper_answers()
        os.remove(conf)
        self.assertEqual(self.auth(), UNAVAIL)
        self.helper_answers()
        self.assertEqual(self.code("start", "open", of="open"), SESSION_ERR)
        restore()
        os.rename(self.stack.db, self.stack.db + ".away")
        try:
            self.assertEqual(self.auth(), UNAVAIL)
            self.assertEqual(self.code("start", "acct", of="acct"), UNAVAIL)
            self.helper_answers()
        finally:
            os.rename(self.stack.db + ".away", self.stack.db)
        self.assertEqual(self.auth(), SUCCESS)


class Line(HostCase):
    def shape(self, *controls, **more):
        """(with the right, with a wrong password, with a broken helper)"""
        self.service(["required"], "below")
        self.service(controls, "shape")
        broken = self.options.replace("helper=", "helper=/nonexistent")
        right = self.auth("service=shape", **more)
        wrong = self.auth("service=shape", password="wrong")
        self.service(["required"], "below", broken)
        self.service(controls, "shape", broken)
        return right, wrong, self.auth("service=shape")

    def test_a19_a21_stack_shapes(self):
        shapes = {
            "alone": ["required"],
            "permit after": ["required", "sufficient pam_permit.so"],
            "jump": ["[success=1 default=ignore]", "requisite pam_deny.so",
                     "required pam_permit.so"],
            "substack": ["substack " + os.path.join(
                self.confdir, "below")],
            "twice": ["required", "required|use_first_pass"],
            "try": ["required|try_first_pass"],
            "use with": ["optional", "required|use_first_pass"],
            "requisite": ["requisite", "required pam_permit.so"],
        }
        for name, controls in shapes.items():
            with self.subTest(shape=name):
                right, wrong, broken = self.shape(*controls)
                self.assertEqual(right, SUCCESS)
                self.assertNotEqual(wrong, SUCCESS)
                self.assertNotEqual(broken, SUCCESS)

    def test_a19_use_first_pass_without_a_password(self):
        self.service(["required|use_first_pass"], "shape")
        said = self.host("service=shape", "start", "auth", "asked", "end")
        self.assertIn(("auth", str(AUTH_ERR)), said)
        self.assertIn(("asked", "0"), said)

    def test_a21_the_second_line_asks_nothing(self):
        self.service(["required", "required|try_first_pass"], "shape")
        said = self.host("service=shape", "start", "auth", "asked", "end")
        self.assertIn(("auth", "0"), said)
        self.assertIn(("asked", "1"), said)

    def test_a20_setcred(self):
        self.assertEqual(self.code("start", "setcred", of="setcred"), SUCCESS)
        self.assertEqual(self.code("start", "auth", "setcred", of="setcred"),
                         SUCCESS)
        self.assertEqual(self.code("start", "auth", "setcred", of="setcred",
                                   password="wrong"), AUTH_ERR)
        self.assertEqual(
            self.code("user=nobodyhere", "start", "auth", "setcred",
                      of="setcred"), USER_UNKNOWN)
        self.service(["required"], "su", self.options + " require_su")
        self.assertEqual(self.code("service=su", "start", "auth", "setcred",
                                   of="setcred"), PERM_DENIED)
        self.assertEqual(self.code("conv=noresp", "start", "auth", "setcred",
                                   of="setcred"), CONV_ERR)

    def test_a22_arguments(self):
        for options in ("nonsense", "debug debug", "conf=relative",
                        "conf=../../x", "helper=stauth_chkpwd",
                        "try_first_pass use_first_pass", "minimum_uid=-1",
                        "x" * 900):
            with self.subTest(options=options[:40]):
                self.service(["required"], "args", options)
                for call in ("auth", "setcred", "acct", "open", "change"):
                    self.assertEqual(
                        self.code("service=args", "start", call, of=call),
                        SERVICE_ERR, call)


if __name__ == "__main__":
    assert os.path.exists(HOST)
    unittest.main()
