# SPDX-License-Identifier: MIT
"""What no browser of ours sends: bodies, lengths, types, fields."""

import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import fcgi  # noqa: E402
from pages_case import PASSWORD, PagesCase  # noqa: E402
from rig import COOKIE, HOST  # noqa: E402

FORM = "application/x-www-form-urlencoded"


class BadInput(PagesCase):
    def tearDown(self):
        # Whatever came, the next one is served.
        self.assertEqual(
            self.stack.page("GET", "/auth/health").status, 200)

    def send(self, body=b"", **more):
        csrf, jar = self.stack.open_form()
        return self.stack.page(
            "POST", "/auth/login", cookies=jar,
            body=body.replace(b"CSRF", csrf.encode()), **more)

    def test_d10_other_content_types(self):
        good = b"username=alice&password=x&csrf=CSRF"
        for kind in ("", "application/json", "text/plain", "text/html",
                     "multipart/form-data; boundary=x",
                     FORM + "x", FORM + "/x", "x" + FORM, FORM + " x",
                     "application/x-www-form-urlencoded,text/plain"):
            answer = self.send(good, content_type=kind)
            self.assertEqual(answer.status, 415, kind)
        for kind in (FORM, FORM + ";charset=UTF-8",
                     FORM + " ; charset=utf-8", FORM.upper()):
            self.assertEqual(self.send(good, content_type=kind).status, 401,
                             kind)
            self.stack.sql("DELETE FROM rate_limits")

    def test_d10_garbled_bodies(self):
        for body in (b"username=%", b"username=%4", b"username=%zz",
                     b"%=x", b"username=%00", b"username=a%00b",
                     b"username=\0", b"username=%ff", b"username=%c0%af",
                     b"username=%ed%a0%80", b"username=\xff",
                     b"username=a%0d%0ab", b"username=%7f",
                     b"csrf=CSRF%0a&username=a"):
            answer = self.send(body + b"&csrf=CSRF" if b"CSRF" not in body
                               else body)
            self.assertEqual(answer.status, 400, body)

    def test_d10_unknown_and_repeated_fields(self):
        for body in (b"username=a&username=a", b"username=a&username=b",
                     b"username=a&User=b", b"a[]=1", b"username[]=a",
                     b"rd=/&rd=/", b"csrf=CSRF&csrf=CSRF", b"=1",
                     b"username=a&__proto__=1", b"role=su&username=a",
                     b"&".join(b"f%d=1" % i for i in range(1000)),
                     b"&".join(b"username=%d" % i for i in range(1000))):
            answer = self.send(body + (b"" if b"CSRF" in body
                                       else b"&csrf=CSRF"))
            self.assertEqual(answer.status, 400, body[:60])

    def test_d10_bodies_that_are_too_large(self):
        start = time.monotonic()
        for size in (65537, 100000, 1 << 20):
            answer = self.send(b"username=" + b"a" * (size - 9))
            self.assertEqual(answer.status, 413, size)
        self.assertLess(time.monotonic() - start, 5)
        body = b"csrf=CSRF&username="
        csrf_len = 43 - len("CSRF")
        body += b"a" * (65536 - len(body) - csrf_len)
        self.assertEqual(self.send(body).status, 401)
        self.stack.sql("DELETE FROM rate_limits")

    def test_d11_lengths_that_are_none(self):
        for length, status in (
                ("", 411), ("-1", 400), ("5x", 400), ("x", 400), (" 5", 400),
                ("5 ", 400), ("+5", 400), ("0x5", 400), ("5.0", 400),
                ("9223372036854775808", 413),
                ("18446744073709551617", 413), ("9" * 31, 413),
                ("9" * 100, 400), ("65537", 413)):
            answer = self.send(b"a=b", content_length=length)
            self.assertEqual(answer.status, status, length)

    def test_d11_no_length_at_all(self):
        params = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/auth/login",
                  "HTTP_HOST": HOST, "HTTPS": "on", "CONTENT_TYPE": FORM}
        answer = fcgi.ask(self.stack.pages_sock, params, b"a=b")
        self.assertEqual(answer.status, 411)

    def test_d11_lengths_that_do_not_fit(self):
        body = b"username=alice&password=x"
        for length in (0, 1, len(body) - 1, len(body) + 1, 65536):
            answer = self.send(body, content_length=str(length))
            self.assertEqual(answer.status, 400, length)

    def test_d11_a_body_that_breaks_off(self):
        params = fcgi.stream(fcgi.PARAMS, fcgi.pairs({
            "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/auth/login",
            "HTTP_HOST": HOST, "HTTPS": "on", "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": "1000"}))
        with fcgi.connect(self.stack.pages_sock) as sock:
            sock.sendall(fcgi.begin() + params
                         + fcgi.record(fcgi.STDIN, b"username=al"))
            sock.shutdown(socket.SHUT_WR)
            answer = fcgi.receive(sock)
            self.assertIn(answer.status, (0, 400))

    def test_d10_a_refused_body_is_read_to_its_end(self):
        """A peer that is still sending would not see the answer."""
        body = b"x" * (1 << 20)
        params = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/auth/login",
                  "HTTP_HOST": HOST, "HTTPS": "on", "CONTENT_TYPE": FORM,
                  "CONTENT_LENGTH": str(len(body))}
        with fcgi.connect(self.stack.pages_sock) as sock:
            sock.sendall(fcgi.request(params, body))
            self.assertEqual(fcgi.receive(sock).status, 413)

    def test_a_parameter_that_comes_twice(self):
        for name, value in (("REQUEST_METHOD", "POST"),
                            ("SCRIPT_NAME", "/auth/login"),
                            ("HTTP_COOKIE", "a=b"), ("HTTP_HOST", HOST),
                            ("REMOTE_ADDR", "192.0.2.7"), ("HTTPS", "on")):
            answer = self.stack.page("GET", "/auth/account", cookies={
                "x": "y"}, extra=[(name, value)])
            self.assertEqual(answer.status, 400, name)

    def test_parameters_that_are_too_long(self):
        for name, size in (("HTTP_COOKIE", 40000), ("QUERY_STRING", 9000),
                           ("HTTP_HOST", 600), ("SCRIPT_NAME", 9000),
                           ("HTTP_ACCEPT", 3000)):
            params = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/auth/login",
                      "HTTP_HOST": HOST, "HTTPS": "on", name: "/" * size}
            answer = fcgi.ask(self.stack.pages_sock, params)
            self.assertEqual(answer.status, 400, name)

    def test_no_parameters_at_all(self):
        self.assertEqual(
            fcgi.ask(self.stack.pages_sock, {}).status, 404)

    def test_a_get_with_a_body_is_a_get(self):
        answer = self.stack.page("GET", "/auth/login", body=b"x" * 5000,
                                 content_length="5000")
        self.assertEqual(answer.status, 200)

    def test_unknown_query_parameters_are_nobodys_business(self):
        for query in ("utm_source=x", "a=%zz", "%", "&&&", "=", "a[]=1",
                      "rd=/a&foo=" + "x" * 4000, "out=2", "out=1&out=1"):
            answer = self.stack.page("GET", "/auth/login?" + query)
            self.assertEqual(answer.status, 200, query)
            self.assertNotIn("signed out", answer.text)

    def test_c2_only_the_very_name_is_our_cookie(self):
        token = self.stack.token("alice", PASSWORD)
        for cookie in ("__HOST-stauth=" + token, "__host-stauth=" + token,
                       "=%s=%s" % (COOKIE, token),
                       '%s="%s"' % (COOKIE, token),
                       '$Version=1, %s=%s' % (COOKIE, token),
                       "\u2000%s=%s" % (COOKIE, token),
                       "%s=%s; %s=x" % (COOKIE, token, COOKIE)):
            answer = self.stack.page("GET", "/auth/status",
                                     headers={"Cookie": cookie})
            self.assertEqual(answer.status, 401, cookie)
        answer = self.stack.page("GET", "/auth/status", headers={
            "Cookie": "a=b;  %s=%s; c" % (COOKIE, token)})
        self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
