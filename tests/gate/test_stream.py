# SPDX-License-Identifier: MIT
"""The relay, asked as nginx asks it: what it lets through, and whom it
throws out."""

import time

from stream_case import PASSWORD, RELOAD, StreamCase, WsApp, wait_for, web


class Relay(StreamCase):
    def test_messages_pass_both_ways_unchanged(self):
        with self.stack.open(self.stack.handle("alice")) as sock:
            self.assertEqual(sock.status, 101)
            for size in (0, 1, 125, 126, 127, 65535, 65536, 300000):
                text = bytes(i * 7 % 251 for i in range(size))
                self.echo(sock, text)
            sock.send(b"a text", 1)
            self.assertEqual(sock.receive(), (1, b"a text"))
            sock.send(b"", 9)
            self.assertEqual(sock.receive(), (10, b""))
            sock.send(b"fragments 3")
            self.assertEqual([sock.receive() for _ in range(5)], [
                (2, b"f0"), (9, b"p"), (0, b"f1"), (9, b"p"), (0, b"f2")])

    def test_the_app_sees_the_request_without_what_is_the_relays(self):
        handle = self.stack.handle("alice")
        with self.stack.open(handle, app=self.stack.app.name, headers={
                "X-Auth-User": "alice", "Cookie": "a=b",
                "x-stauth-optional": "1"}) as sock:
            self.assertEqual(sock.status, 101)
        path, headers = self.stack.app.heads[-1]
        self.assertEqual(path, "/_stcore/stream")
        self.assertEqual(headers["x-auth-user"], ["alice"])
        self.assertEqual(headers["x-auth-session"], [handle])
        self.assertEqual(headers["cookie"], ["a=b"])
        self.assertEqual(headers["host"], ["app.example.com"])
        self.assertEqual([n for n in headers if "stauth" in n], [])

    def test_the_close_handshake_passes(self):
        with self.stack.open(self.stack.handle("alice")) as sock:
            sock.send(b"\x03\xe8bye", 8)
            self.assertEqual(sock.receive(), (8, b"\x03\xe8bye"))
            self.assertRaises(EOFError, sock.receive)

    def test_a_refusal_of_the_app_passes(self):
        body = (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n"
                b"X-Why: origin\r\n\r\nnope")
        self.stack.app.answer = body
        try:
            sock = self.stack.open(self.stack.handle("alice"))
            self.assertEqual(sock.status, 403)
            self.assertIn("X-Why: origin", sock.head)
            self.assertEqual(sock._read(4), b"nope")
            self.assertRaises(EOFError, sock.receive)
        finally:
            self.stack.app.answer = None

    def test_frames_right_behind_the_apps_answer_pass(self):
        self.stack.app.greeting = b"\x82\x02hi" + b"\x82\x7e\x01\x00" \
            + b"z" * 256
        try:
            with self.stack.open(self.stack.handle("alice")) as sock:
                self.assertEqual(sock.receive(), (2, b"hi"))
                self.assertEqual(sock.receive(), (2, b"z" * 256))
                self.echo(sock)
        finally:
            self.stack.app.greeting = b""

    # --- who is let in

    def test_b23_without_a_session_the_browser_is_sent_to_log_in(self):
        before = len(self.stack.app.heads)
        for handle in ("", "0123456789abcdef"):
            with self.stack.open(handle) as sock:
                self.assertEqual(sock.status, 101)
                self.assertIn("Sec-WebSocket-Protocol: streamlit", sock.head)
                self.assert_sent_away(sock)
        self.assertEqual(len(self.stack.app.heads), before)

    def test_the_very_bytes_of_the_reload(self):
        sock = self.stack.open()
        data = sock.pending
        while True:
            chunk = sock.sock.recv(100)
            if not chunk:
                break
            data += chunk
        self.assertEqual(data, bytes.fromhex("8203c20100") +
                         bytes.fromhex("88021131"))

    def test_the_first_offered_protocol_is_the_answer(self):
        for offered, answer in (("streamlit, token, more", "streamlit"),
                                ("a,b", "a"), (None, None),
                                ("x" * 200, None), ("bad name", None)):
            with self.stack.open(protocol=offered) as sock:
                self.assertEqual(sock.status, 101)
                lines = [line for line in sock.head.split("\r\n")
                         if line.lower().startswith("sec-websocket-p")]
                self.assertEqual(lines, [] if answer is None else [
                    "Sec-WebSocket-Protocol: " + answer])

    def test_a_session_that_must_change_its_password_is_none(self):
        self.stack.add_user("carol", PASSWORD, "--must-change")
        _, jar = self.stack.login("carol", PASSWORD)
        self.assertIn("__Host-stauth", jar)
        row = self.stack.sql(
            "SELECT handle FROM sessions WHERE user_name = 'carol'")
        with self.stack.open(row[0][0]) as sock:
            self.assert_sent_away(sock)

    def test_a_hosts_session_opens_no_websocket(self):
        handle = self.stack.handle("bob")
        self.stack.sql("UPDATE sessions SET channel = 'pam:sshd' "
                       "WHERE handle = ?", handle)
        with self.stack.open(handle) as sock:
            self.assert_sent_away(sock)

    def test_visitors_are_relayed_where_nginx_says_so(self):
        with self.stack.visitor() as sock:
            self.assertEqual(sock.status, 101)
            self.echo(sock)
            time.sleep(1.2)  # two rounds that ask nothing about it
            self.echo(sock)
        with self.stack.open(headers={"X-Stauth-Optional": ""}) as sock:
            self.assert_sent_away(sock)

    def test_only_apps_of_the_configuration(self):
        handle = self.stack.handle("alice")
        with WsApp() as other:
            for name in (other.name, "127.0.0.1:22", "localhost:%d" %
                         self.stack.app.port, self.stack.app.name + " ",
                         "unix:/etc/passwd", "x" * 400):
                sock = self.stack.open(handle, app=name)
                if name.strip() == self.stack.app.name:
                    self.assertEqual(sock.status, 101, name)
                else:
                    self.assertIn(sock.status, (400, 403), name)
            self.assertEqual(other.heads, [])

    # --- who is thrown out

    def closes_within(self, act, **more):
        """act() ends alice's session; her open WebSocket follows."""
        handle = self.stack.handle("alice")
        with self.stack.open(handle, **more) as sock:
            self.echo(sock)
            act(handle)
            start = time.monotonic()
            self.assert_sent_away(sock)
            self.assertRaises(EOFError, sock.receive)
            took = time.monotonic() - start
        self.assertLess(took, 2)

    def test_b23_revoke(self):
        self.closes_within(lambda handle: self.stack.ctl(
            "session", "revoke", handle, check=True))

    def test_a_page_that_is_being_left_is_not_loaded_again(self):
        """Its log-out leads to the page that confirms it; a reload that
        comes in between would lead to the log-in page instead."""
        handle = self.stack.handle("alice")
        with self.stack.open(handle) as sock:
            self.echo(sock)
            self.stack.sql("DELETE FROM sessions WHERE handle = ?", handle)
            self.assert_sent_away(sock)
            # The app was left at once.
            self.assertGreater(
                time.monotonic() - self.stack.app.closed[-1], 0.35)

    def test_b23_expiry(self):
        self.closes_within(lambda handle: self.stack.sql(
            "UPDATE sessions SET expires_at = strftime('%s') "
            "WHERE handle = ?", handle))

    def test_b23_disable_and_password(self):
        for args in (("user", "disable", "alice"),
                     ("user", "passwd", "alice", "--password-stdin"),
                     ("session", "revoke", "--user", "alice"),
                     ("user", "set", "alice", "--groups", "staff")):
            with self.subTest(args=args):
                self.closes_within(lambda handle, args=args: self.stack.ctl(
                    *args, stdin=PASSWORD + "\n", check=True))
                self.stack.ctl("user", "enable", "alice")

    def test_b23_log_out_ends_all_tabs_of_the_session_and_no_other(self):
        _, jar = self.stack.login("alice", PASSWORD)
        handle = self.stack.check(jar["__Host-stauth"]).header(
            "X-Auth-Session")
        with self.stack.open(handle) as one, self.stack.open(handle) as two, \
                self.stack.open(self.stack.handle("bob")) as other, \
                self.stack.visitor() as visitor:
            answer, _ = self.stack.post("/auth/logout", {}, jar)
            self.assertEqual(answer.status, 303)
            self.assert_sent_away(one)
            self.assert_sent_away(two)
            self.echo(other)
            self.echo(visitor)

    def test_a_session_holder_at_an_optional_place_is_thrown_out_too(self):
        self.closes_within(
            lambda handle: self.stack.ctl("session", "revoke", handle,
                                          check=True),
            headers={"X-Stauth-Optional": "1"})

    def test_the_message_under_way_is_let_out_first(self):
        handle = self.stack.handle("alice")
        with self.stack.open(handle) as sock:
            sock.send(b"part 10 70000")
            self.assertTrue(wait_for(lambda: self.stack.app.messages[-1:] ==
                                     [(2, b"part 10 70000")]))
            sock.send(b"rest")
            self.stack.ctl("session", "revoke", handle, check=True)
            self.assert_sent_away(sock, before=[b"y" * 70000])

    def test_a_message_that_never_ends_keeps_nobody_in(self):
        handle = self.stack.handle("alice")
        with self.stack.open(handle) as sock:
            sock.send(b"part 10 70000")
            time.sleep(0.1)
            self.stack.ctl("session", "revoke", handle, check=True)
            start = time.monotonic()
            got, code = sock.end()
            self.assertEqual((got, code), ([], None))
            self.assertLess(time.monotonic() - start, 2)

    def test_what_the_user_sends_afterwards_reaches_no_app(self):
        handle = self.stack.handle("alice")
        with self.stack.open(handle) as sock:
            self.echo(sock)
            self.stack.ctl("session", "revoke", handle, check=True)
            self.assert_sent_away(sock)
            count = len(self.stack.app.messages)
            try:
                for _ in range(5):
                    sock.send(b"too late")
            except OSError:
                pass
            time.sleep(0.1)
            self.assertEqual(len(self.stack.app.messages), count)

    def test_a_browser_that_reads_nothing_is_thrown_out_too(self):
        handle = self.stack.handle("alice")
        with self.stack.open(handle) as sock:
            sock.send(b"say 8000000")
            time.sleep(0.2)
            closed = len(self.stack.app.closed)
            self.stack.ctl("session", "revoke", handle, check=True)
            self.assertTrue(wait_for(
                lambda: len(self.stack.app.closed) > closed, 2))
            # What was not taken by then never comes.
            taken = 0
            try:
                while taken < 9000000:
                    chunk = sock.sock.recv(1 << 20)
                    if not chunk:
                        break
                    taken += len(chunk)
            except ConnectionResetError:
                pass
            self.assertLess(taken, 8000000)

    # --- the list of what is open

    def test_the_list_says_what_is_open(self):
        handle = self.stack.handle("bob")
        with self.stack.open(handle) as one, self.stack.open(handle), \
                self.stack.visitor():
            self.echo(one)
            self.assertTrue(wait_for(lambda: [
                row[:3] for row in self.stack.listed()] == [
                    ("-", self.stack.app.name, 1),
                    (handle, self.stack.app.name, 2)], 3),
                self.stack.listed())
            row = self.stack.listed()[1]
            self.assertLess(abs(row[3] - time.time()), 60)
            self.assertLess(abs(row[4] - time.time()), 60)
        self.assertTrue(wait_for(lambda: self.stack.listed() == [], 3))


if __name__ == "__main__":
    import unittest
    unittest.main()
