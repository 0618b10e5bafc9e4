# SPDX-License-Identifier: MIT
"""Letters as they arrive: in FILE, and over SMTP with a server that takes
lines to the letter. n22: row 22 of the failures that a client must survive."""

import email
import email.header
import glob
import os
import re
import stat
import tempfile
import unittest

import mail_rig
import smtp_sim

NASTY = ("first\n.\n..\n.dot\nQUIT\n" + "x" * 1200 + "\ntab\there  \n"
         "=_ =3D ü 😀\nFrom me\n\n.")


def whole(text):
    return text.replace("\r\n", "\n").rstrip("\n")


class Case(unittest.TestCase):
    def setUp(self):
        mail_rig.enter()
        self.post = mail_rig.Post(MAIL_TRANSPORT="FILE")
        self.addCleanup(self.post.remove)
        self.dir = os.path.join(self.post.dir, "mail")

    def send(self, rc="ok", **letter):
        result = self.post.send(**letter)
        self.assertEqual(result["rc"], rc, result)
        return result

    def raw(self, name="id.eml"):
        with open(os.path.join(self.dir, name), "rb") as file:
            return file.read()

    def sender(self):
        """Decoded the old way: the new one puts blanks between words."""
        mail = email.message_from_bytes(self.raw())
        return str(email.header.make_header(
            email.header.decode_header(mail["From"])))

    def well_formed(self, raw):
        """What every server must be able to take."""
        self.assertNotRegex(raw, rb"[^\r]\n|\r[^\n]|[\x80-\xff\0]")
        self.assertTrue(raw.endswith(b"\r\n"))
        head, _, _ = raw.partition(b"\r\n\r\n")
        for line in raw.split(b"\r\n"):
            self.assertLessEqual(len(line), 998)
        for line in head.split(b"\r\n"):
            self.assertLessEqual(len(line), 78)
        mail = mail_rig.parse(raw)
        for part in mail.walk():
            self.assertEqual(part.defects, [])
        for name in ("Date", "From", "To", "Message-ID", "Subject",
                     "MIME-Version"):
            self.assertEqual(len(mail.get_all(name)), 1)
        return mail


class TestFile(Case):
    def test_one_eml_a_mail_that_only_its_owner_reads(self):
        self.send(subject="One", message_id="a-1@x.test")
        self.send(subject="Two", message_id="a-2@x.test")
        names = sorted(os.listdir(self.dir))
        self.assertEqual(names, ["a-1.eml", "a-2.eml"])
        for name in names:
            mode = os.stat(os.path.join(self.dir, name)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.dir).st_mode), 0o700)

    def test_a_second_try_does_not_double(self):
        self.send(text="one\n")
        self.send(text="two\n")
        self.assertEqual(os.listdir(self.dir), ["id.eml"])
        self.assertIn(b"two", self.raw())

    def test_the_reset_link_is_one_line_of_the_file(self):
        token = "a-_" * 14 + "b"
        self.send(kind="reset-link", code=token, user="alice")
        self.assertIn(b"\r\nhttps://app.example.com/auth/reset?token=" +
                      token.encode() + b"\r\n", self.raw())
        self.well_formed(self.raw())

    def test_a_directory_that_everybody_may_write(self):
        os.mkdir(self.dir)
        os.chmod(self.dir, 0o777)
        result = self.send("configuration")
        self.assertIn("chmod o-w", result["msg"])
        self.assertEqual(os.listdir(self.dir), [])

    def test_a_directory_that_is_none(self):
        with open(self.dir, "w", encoding="ascii"):
            pass
        self.send("configuration")

    def test_u15_what_root_makes_belongs_to_who_owns_the_place(self):
        """Root's `mail test` before the first mail of the service."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        os.chown(self.post.dir, 65534, 65534)
        self.send()
        for path in (self.dir, os.path.join(self.dir, "id.eml")):
            st = os.stat(path)
            self.assertEqual((st.st_uid, st.st_gid), (65534, 65534), path)

    def test_u15_root_follows_no_link_to_the_directory(self):
        """Who owns the directory above may put one there."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        os.chown(self.post.dir, 65534, 65534)
        with tempfile.TemporaryDirectory() as roots:
            os.symlink(roots, self.dir)
            self.send("configuration")
            self.assertEqual(os.listdir(roots), [])
            self.assertEqual(os.stat(roots).st_uid, 0)

    def test_u15_a_pipe_is_no_directory_and_holds_up_nobody(self):
        os.mkfifo(self.dir)
        self.send("configuration")

    def test_a_link_in_the_way_is_replaced_not_followed(self):
        os.mkdir(self.dir, 0o700)
        other = os.path.join(self.post.dir, "other")
        os.symlink(other, os.path.join(self.dir, "id.eml"))
        self.send()
        self.assertFalse(os.path.exists(other))
        self.assertFalse(os.path.islink(os.path.join(self.dir, "id.eml")))

    def test_a_full_disk_leaves_nothing_half(self):
        os.mkdir(self.dir, 0o700)
        # A file system of one page, which the letter does not fit.
        if mail_rig.libc.mount(b"tmpfs", self.dir.encode(), b"tmpfs", 0,
                               b"size=4k,mode=700"):
            self.skipTest("cannot mount")
        try:
            result = self.send("out of reach", text="x\n" * 4000)
            self.assertIn("No space", result["msg"])
            self.assertEqual(glob.glob(self.dir + "/.*") +
                             os.listdir(self.dir), [])
        finally:
            mail_rig.libc.umount(self.dir.encode())


class TestForm(Case):
    def test_every_kind_of_mail_is_well_formed(self):
        for brand in ("Acme", 'Café "Zürich", <b>' + "ü" * 40, "=?UTF-8?Q?x?=", "😀"):
            self.post.set(BRAND_NAME=brand)
            for kind in ("signup-pin", "signup-exists", "reset-link",
                         "reset-ask", "password-changed", "test"):
                with self.subTest((brand, kind)):
                    self.send(kind=kind, code="123456")
                    mail = self.well_formed(self.raw())
                    self.assertIn(brand, mail["Subject"])
                    self.assertIn(brand, self.sender())

    def test_n22_lines_that_mean_something_arrive(self):
        self.send(text=NASTY, html="<p>" + NASTY + "</p>")
        text, html = self.well_formed(self.raw()).iter_parts()
        self.assertEqual(whole(text.get_content()), NASTY)
        self.assertEqual(whole(html.get_content()), "<p>" + NASTY + "</p>")

    def test_n22_plain_text_that_is_too_long_or_holds_the_boundary(self):
        for text in ("x" * 1200 + "\nend\n", "a\n--=_id--\nb\n"):
            self.send(text=text)
            part, _ = self.well_formed(self.raw()).iter_parts()
            self.assertEqual(whole(part.get_content()), whole(text))

    def test_h1_n22_controls_are_refused_everywhere(self):
        for field in ("from", "from_name", "to", "subject", "message_id",
                      "text", "html"):
            good = {"from": "a@b.test", "to": "c@d.test",
                    "message_id": "e@f.test"}.get(field, "good")
            for bad in ("\r", "\r\n", "\r\nBcc: x@y.test", "\x01", "\x7f",
                        "\x1b[2J", "\u0085", "\u2028", "\x0b"):
                with self.subTest((field, bad)):
                    self.send("bad value", **{field: good + bad})
            if field not in ("text", "html"):
                self.send("bad value", **{field: good + "\n"})
                self.send("bad value", **{field: "x" * 600 + good})
        self.assertFalse(os.path.exists(self.dir))

    def test_n23_dates_of_any_clock(self):
        for at, said in ((0, "Thu, 01 Jan 1970 00:00:00 +0000"),
                         (1893456000, "Tue, 01 Jan 2030 00:00:00 +0000"),
                         (253402300799, "Fri, 31 Dec 9999 23:59:59 +0000")):
            self.send(date_at=at)
            self.assertIn(b"Date: " + said.encode() + b"\r\n", self.raw())
        self.send("bad value", date_at=1 << 60)


class TestWire(Case):
    def test_h2_n22_dots_are_stuffed_and_nothing_is_smuggled(self):
        sim = smtp_sim.Smtp().start()
        self.addCleanup(sim.stop)
        self.post.set(MAIL_TRANSPORT="SMTP",
                      SMTP_URL=f"smtp://127.0.0.1:{sim.port}")
        plain = ".\n..\n.x\nMAIL FROM:<e@vil.test>\n.\n"
        for text in (plain, NASTY):
            self.send(text=text, html=text)
            mail = self.well_formed(sim.mails[-1]["raw"])
            for part in mail.iter_parts():
                self.assertEqual(whole(part.get_content()), whole(text))
        self.assertEqual(len(sim.mails), 2)
        self.assertEqual(len([c for c in sim.commands
                              if re.match("MAIL", c)]), 2)

    def test_both_transports_write_the_same(self):
        self.send(kind="signup-pin", code="123456", date_at=1893456000)
        written = self.raw()
        sim = smtp_sim.Smtp().start()
        self.addCleanup(sim.stop)
        self.post.set(MAIL_TRANSPORT="SMTP",
                      SMTP_URL=f"smtp://127.0.0.1:{sim.port}")
        self.send(kind="signup-pin", code="123456", date_at=1893456000)
        self.assertEqual(sim.mails[0]["raw"], written)


class TestOpen(Case):
    def test_what_is_missing_is_reported(self):
        self.post.set(MAIL_TRANSPORT=None)
        self.assertIn("SMTP_URL", self.send("not found")["msg"])
        self.post.set(MAIL_TRANSPORT="FILE",
                      NOTIFICATION_FROM_EMAIL="Acme <a@b.test>")
        self.assertIn("not a plain address", self.send("configuration")["msg"])


if __name__ == "__main__":
    unittest.main()
