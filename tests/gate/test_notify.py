# SPDX-License-Identifier: MIT
"""What the gate tells who started it (sd_notify(3))."""

import os
import signal
import socket
import unittest

from process_case import ProcessCase


class Notify(ProcessCase):
    def listen(self, address):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.bind(address)
        sock.settimeout(10)
        return sock

    def start(self, s, address):
        s.start_gate(env=dict(os.environ, NOTIFY_SOCKET=address))

    def test_ready_is_reported_when_it_serves(self):
        s = self.stack(start=False)
        path = os.path.join(s.dir, "notify")
        for address, named in ((path, path),
                               ("\0stauth-%d" % os.getpid(),
                                "@stauth-%d" % os.getpid())):
            with self.subTest(named):
                sock = self.listen(address)
                self.start(s, named)
                self.assertEqual(sock.recv(4096), b"STATUS=serving")
                self.assertEqual(sock.recv(4096), b"READY=1")
                self.assertEqual(s.check().status, 401)
                s.stop_gate()

    def test_x30_a_refused_reload_is_reported_with_the_reason(self):
        s = self.stack(start=False)
        path = os.path.join(s.dir, "notify")
        sock = self.listen(path)
        self.start(s, path)
        while sock.recv(4096) != b"READY=1":
            pass
        s.write_config({"SESION_HOURS": "8"})
        s.gate.send_signal(signal.SIGHUP)
        told = sock.recv(4096).decode()
        self.assertRegex(told, "^STATUS=serving by the old configuration: "
                         ".* unknown key SESION_HOURS")
        self.assertNotIn("\n", told)
        s.write_config({"SESION_HOURS": None})
        s.gate.send_signal(signal.SIGHUP)
        self.assertEqual(sock.recv(4096), b"STATUS=serving")

    def test_nobody_has_to_listen(self):
        s = self.stack(start=False)
        full = self.listen(os.path.join(s.dir, "full"))
        full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            filler.setblocking(False)
            try:
                while True:
                    filler.sendto(b"x", full.getsockname())
            except BlockingIOError:
                pass
        for address in (os.path.join(s.dir, "nobody"), "relative", "", "/",
                        "@", "/" + "x" * 200, full.getsockname()):
            with self.subTest(address):
                self.start(s, address)
                self.assertEqual(s.check().status, 401)
                s.stop_gate()


if __name__ == "__main__":
    unittest.main()
