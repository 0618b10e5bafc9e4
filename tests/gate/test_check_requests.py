# SPDX-License-Identifier: MIT
"""What a request of the check may hold: URIs, methods, Origin, redirect."""

import os
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
from check_case import CheckCase  # noqa: E402
from rig import HOST, NAVIGATE, ORIGIN  # noqa: E402

WEBSOCKET = {"Upgrade": "websocket", "Sec-Fetch-Mode": "websocket",
             "Origin": ORIGIN}


def rd_of(response):
    url = response.header("X-Auth-Redirect")
    if url is None:
        return None
    path, _, query = url.partition("?rd=")
    assert path == "/auth/login", url
    return query


class Requests(CheckCase):
    def test_b1_every_answer_begins_with_status(self):
        params = self.s.check_params(self.alice)
        for data in (fcgi.request({}), fcgi.request([("", "")]),
                     fcgi.request(params), fcgi.request(params, b"body"),
                     fcgi.request([("STAUTH_REQUIRE", "x" * 70000)]),
                     fcgi.request([("HTTP_COOKIE", ";" * 100000)])):
            with fcgi.connect(self.s.check_sock) as sock:
                sock.sendall(data)
                response = fcgi.receive(sock)
                self.assertTrue(response.raw.startswith(b"Status: "))
                self.assertIn(response.status, (204, 401, 403, 503))

    def test_b4_raw_uris_change_nothing(self):
        for uri in ("/login/../app/x", "//login", "/login/%2e%2e/app/x",
                    "/login%2f..%2fapp/x", "/app/x#/login", "/app/\x80",
                    "/app/x?u=/login", "http://h/app/x", "/app/x;.js",
                    "/auth/login", "/auth/static/x.css", "*", ""):
            with self.subTest(uri=uri):
                self.refused(self.s.check(uri=uri))
                self.allowed(self.s.check(self.alice, uri=uri))

    def test_b5_methods_change_nothing(self):
        for method in ("FOO", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get",
                       "POST", ""):
            with self.subTest(method=method):
                self.refused(self.s.check(method=method))
                self.allowed(self.s.check(self.alice, method=method))

    def test_b6_b7_other_parameters_change_nothing(self):
        extra = [("HTTP_USER_AGENT", "kube-probe/1.0"),
                 ("HTTP_X_FORWARDED_URI", "/auth/login"),
                 ("HTTP_X_FORWARDED_FOR", "a"),
                 ("HTTP_X_FORWARDED_FOR", "127.0.0.1" * 5000),
                 ("HTTP_X_ORIGINAL_URL", "/auth/login"),
                 ("HTTP_FORWARDED", "for=127.0.0.1"),
                 ("HTTP_X_AUTH_USER", "root"), ("HTTP_X_AUTH_GROUPS", "su"),
                 ("HTTP_X_AUTH_ASSERTION", "a.b.c"),
                 ("REMOTE_USER", "root"), ("STAUTH_ROLE", "pages"),
                 ("SCRIPT_NAME", "/auth/health"),
                 ("HTTP_AUTHORIZATION", "Basic cm9vdDpyb290")]
        self.refused(self.s.check(extra=extra))
        self.allowed(self.s.check(self.alice, extra=extra))
        self.refused(self.s.check(self.alice, extra=extra, require="su"),
                     403)

    def test_b12_a_body_is_not_waited_for(self):
        params = dict(self.s.check_params(self.alice, method="PUT"),
                      CONTENT_LENGTH=str(1 << 30))
        start = time.monotonic()
        with fcgi.connect(self.s.check_sock) as sock:
            # The body has begun, and its end never comes.
            sock.sendall(fcgi.begin(flags=1)
                         + fcgi.stream(fcgi.PARAMS, fcgi.pairs(params))
                         + fcgi.record(fcgi.STDIN, b"x" * 60000))
            self.allowed(fcgi.receive(sock))
            self.assertEqual(sock.recv(1), b"")
        self.assertLess(time.monotonic() - start, 1)

    def test_b12_a_body_is_never_the_next_request(self):
        inner = fcgi.request(self.s.check_params(self.alice), flags=1)
        with fcgi.connect(self.s.check_sock) as sock:
            sock.sendall(fcgi.request(
                self.s.check_params(), body=inner * 40, flags=1))
            self.refused(fcgi.receive(sock))
            try:
                self.assertEqual(sock.recv(1), b"")
            except ConnectionResetError:
                pass

    def test_b10_authorization_is_ignored(self):
        self.refused(self.s.check(
            headers=dict(NAVIGATE, Authorization="Basic YWxpY2U6eA==")))

    def test_b19_nothing_of_one_request_is_in_the_next(self):
        """Pairs of requests on one kept connection, each judged alone."""
        kinds = {
            "alice": ({}, {"token": self.alice}, 204),
            "bob": ({}, {"token": self.bob}, 204),
            "none": ({}, {}, 401),
            "bad": ({}, {"token": "x"}, 401),
            "area": ({}, {"token": self.alice, "require": "su"}, 403),
            "foreign": ({}, {"token": self.alice, "headers": dict(
                WEBSOCKET, Origin="https://evil.example")}, 403),
        }
        for one in kinds:
            for two in kinds:
                with self.subTest(one=one, two=two), \
                        fcgi.connect(self.s.check_sock) as sock:
                    for kind in (one, two, one):
                        _, more, status = kinds[kind]
                        sock.sendall(fcgi.request(
                            self.s.check_params(**more), flags=1))
                        response = fcgi.receive(sock)
                        self.assertEqual(response.status, status)
                        self.assertEqual(
                            response.header("X-Auth-User"),
                            kind if status == 204 else None)

    def test_connection_is_kept_only_when_asked(self):
        params = self.s.check_params(self.alice)
        with fcgi.connect(self.s.check_sock) as sock:
            for _ in range(3):
                sock.sendall(fcgi.request(params, flags=1))
                self.allowed(fcgi.receive(sock))
            sock.sendall(fcgi.request(params, flags=0))
            self.allowed(fcgi.receive(sock))
            self.assertEqual(sock.recv(1), b"")

    def test_large_requests_keep_the_connection_in_step(self):
        """More than one buffer of libfcgi, and records cut anywhere."""
        params = list(self.s.check_params(self.alice).items())
        with fcgi.connect(self.s.check_sock) as sock:
            for size in list(range(7600, 8300, 7)) + [16384, 40000]:
                sock.sendall(fcgi.request(
                    params + [("HTTP_X_PAD", "p" * size)], flags=1))
                response = fcgi.receive(sock)
                self.assertEqual(response.status, 204, size)


class Origins(CheckCase):
    def test_b22_websocket_needs_our_origin(self):
        self.allowed(self.s.check(self.alice, headers=WEBSOCKET))
        self.allowed(self.s.check(
            self.alice, headers=dict(WEBSOCKET, Upgrade="h2c, WebSocket")))
        for origin in ("https://evil.example", "null", "", None,
                       "http://" + HOST, ORIGIN + ":8443",
                       ORIGIN + ".evil.example", HOST,
                       "%s, https://evil.example" % ORIGIN):
            headers = dict(WEBSOCKET, Origin=origin)
            if origin is None:
                del headers["Origin"]
            with self.subTest(origin=origin):
                self.refused(self.s.check(self.alice, headers=headers), 403)
                self.refused(self.s.check(headers=headers), 403)

    def test_b22_without_upgrade_origin_is_not_judged(self):
        self.allowed(self.s.check(self.alice, headers=dict(
            NAVIGATE, Origin="https://evil.example")))

    def test_websocket_without_session_is_401_without_redirect(self):
        response = self.s.check(headers=WEBSOCKET)
        self.refused(response)
        self.assertIsNone(response.header("X-Auth-Redirect"))


class OriginsWithoutPublicUrl(CheckCase):
    config = {"PUBLIC_URL": None}

    def test_b22_host_of_the_request_counts(self):
        def ask(origin, host):
            return self.s.check(self.alice, host=host, headers=dict(
                WEBSOCKET, Origin=origin))
        self.allowed(ask("https://app.example:8443", "APP.example:8443"))
        self.allowed(ask("http://localhost:8080", "localhost:8080"))
        self.refused(ask("http://localhost:8081", "localhost:8080"), 403)
        self.refused(ask("null", "localhost:8080"), 403)
        self.refused(ask("", ""), 403)
        self.refused(ask("https://", ""), 403)

    def test_without_app_key_no_assertion(self):
        response = self.s.check(self.alice)
        self.allowed(response)
        self.assertIsNone(response.header("X-Auth-Assertion"))


class Redirects(CheckCase):
    def test_navigation_gets_the_way_back(self):
        uri = "/base/page?a=1&b=%20x#y"
        response = self.s.check(uri=uri)
        self.refused(response)
        self.assertEqual(rd_of(response),
                         urllib.parse.quote(uri, safe="/-._~"))

    def test_only_navigations(self):
        html = {"Accept": "text/html"}
        for headers, method, wanted in (
                (NAVIGATE, "GET", True), (NAVIGATE, "HEAD", True),
                (NAVIGATE, "POST", False), (html, "GET", True),
                (dict(html, Upgrade="x"), "GET", False),
                ({"Accept": "*/*"}, "GET", False), ({}, "GET", False),
                ({"Sec-Fetch-Mode": "navigate"}, "GET", True),
                (dict(NAVIGATE, **{"Sec-Fetch-Dest": "empty"}), "GET", False),
                (dict(NAVIGATE, **{"Sec-Fetch-Dest": "iframe"}), "GET",
                 False),
                (dict(html, **{"Sec-Fetch-Mode": "cors"}), "GET", False)):
            with self.subTest(headers=headers, method=method):
                response = self.s.check(headers=headers, method=method)
                self.refused(response)
                self.assertEqual(rd_of(response) is not None, wanted)

    def test_not_for_what_the_page_fetches(self):
        for uri in ("/_stcore/health", "/b/_stcore/x", "/media/a.png",
                    "/component/x/y", "/app/static/x"):
            html = {"Accept": "text/html"}
            self.assertIsNone(rd_of(self.s.check(uri=uri, headers=html)))
            # A file in a tab of its own is a page; Streamlit's own are not.
            rd = rd_of(self.s.check(uri=uri))
            self.assertEqual(rd, None if "_stcore" in uri else uri)
        self.assertIsNotNone(rd_of(self.s.check(uri="/x?y=/media/z")))

    def test_b4_absolute_form_and_nonsense(self):
        self.assertEqual(rd_of(self.s.check(uri="http://h/x?y")), "/x%3Fy")
        self.assertEqual(rd_of(self.s.check(uri="http://h")), "/")
        self.assertEqual(rd_of(self.s.check(uri="*")), "/")
        self.assertEqual(rd_of(self.s.check(uri="")), "/")

    def test_long_ones(self):
        path = "/" + "a" * 2047
        self.assertEqual(rd_of(self.s.check(uri=path)), path)
        self.assertEqual(rd_of(self.s.check(uri=path + "?q=1")), path)
        self.assertEqual(rd_of(self.s.check(uri=path + "a")), "/")
        self.assertEqual(rd_of(self.s.check(uri="/a?" + "?" * 700)), "/a")

    def test_no_header_can_be_split(self):
        response = self.s.check(uri="/x\r\nX-Auth-User: root\r\n\r\n")
        self.refused(response)
        self.assertIsNone(response.header("X-Auth-User"))


if __name__ == "__main__":
    unittest.main()
