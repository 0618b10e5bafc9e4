# SPDX-License-Identifier: MIT
"""The gate's sockets: made by it, or handed in. CONTRACT 1."""

import os
import socket
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

import fcgi  # noqa: E402
import holder  # noqa: E402
import web  # noqa: E402
from process_case import ProcessCase  # noqa: E402
from rig import GATE, command_of, wait_for  # noqa: E402


class Sockets(ProcessCase):
    def test_ready_line(self):
        s = self.stack()
        lines = s.log().decode().splitlines()
        self.assertEqual(lines[-1], "fcgi_gate: ready, check=%s pages=%s" % (
            s.check_sock, s.pages_sock))
        for line in lines:
            self.assertTrue(line.startswith("fcgi_gate: "), line)

    def test_modes_whatever_the_umask(self):
        for mask in (0o000, 0o022, 0o077, 0o177):
            s = self.stack(start=False)
            s.start_gate(preexec_fn=lambda m=mask: os.umask(m))
            for path in (s.check_sock, s.pages_sock):
                mode = os.lstat(path).st_mode
                self.assertTrue(stat.S_ISSOCK(mode))
                self.assertEqual(stat.S_IMODE(mode), 0o660)
            self.assertEqual(
                stat.S_IMODE(os.stat(s.run_dir).st_mode), 0o755)
            s.stop_gate()

    @unittest.skipUnless(os.geteuid() == 0, "only root may give groups")
    def test_socket_group(self):
        import grp
        s = self.stack()
        try:
            wanted = grp.getgrnam("www-data").gr_gid
        except KeyError:
            wanted = os.getegid()
        self.assertEqual(os.lstat(s.check_sock).st_gid, wanted)
        s = self.stack({"SOCKET_GROUP": "daemon"})
        self.assertEqual(os.lstat(s.pages_sock).st_gid,
                         grp.getgrnam("daemon").gr_gid)

    @unittest.skipUnless(os.geteuid() == 0, "only root may give groups")
    def test_socket_group_by_number_for_a_group_without_a_name_here(self):
        s = self.stack({"SOCKET_GROUP": "54321"})
        for path in (s.check_sock, s.pages_sock):
            self.assertEqual(os.lstat(path).st_gid, 54321)
            self.assertEqual(stat.S_IMODE(os.lstat(path).st_mode), 0o660)
        for number in ("-1", "4294967295", "4294967296", "+5", "5 ", "0x5"):
            s = self.stack({"SOCKET_GROUP": number}, start=False)
            self.assertEqual(self.run_gate(s).returncode, 78, number)

    def test_socket_group_that_cannot_be_given_is_78(self):
        s = self.stack({"SOCKET_GROUP": "no-such-group"}, start=False)
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 78)
        self.assertIn("no-such-group", result.stderr)
        self.assertEqual([n for n in os.listdir(s.run_dir)
                          if n.endswith(".sock")], [])

    def test_live_socket_is_75_and_stays(self):
        s = self.stack()
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertEqual(s.check().status, 401)
        other = self.stack(start=False)
        os.mkdir(other.run_dir)
        with socket.socket(socket.AF_UNIX) as foreign:
            foreign.bind(other.pages_sock)
            foreign.listen()
            result = self.run_gate(other)
            self.assertEqual(result.returncode, 75, result.stderr)
            self.assertIn(other.pages_sock, result.stderr)
            # Nothing of its own is left, and the other's is still there.
            self.assertFalse(os.path.exists(other.check_sock))
            self.assertTrue(os.path.exists(other.pages_sock))

    def test_dead_socket_is_replaced(self):
        s = self.stack(start=False)
        os.mkdir(s.run_dir)
        for path in (s.check_sock, s.pages_sock):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(path)
        s.start_gate()
        self.assertEqual(s.check().status, 401)

    def test_x2_killed_gate_can_be_started_again_at_once(self):
        s = self.stack()
        self.assertTrue(wait_for(lambda: "fcgi_gate touch" in map(
            command_of, s.children()), 5))
        workers = s.children()
        s.gate.kill()
        s.gate.wait()
        s.gate = None
        s.start_gate()
        self.assertEqual(s.check().status, 401)
        # Workers do not outlive their master.
        self.assertTrue(wait_for(lambda: not any(
            os.path.exists("/proc/%d" % pid) for pid in workers), 5))

    def test_other_file_in_the_way(self):
        s = self.stack(start=False)
        os.mkdir(s.run_dir)
        with open(s.check_sock, "w", encoding="ascii") as file:
            file.write("precious")
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 73, result.stderr)
        with open(s.check_sock, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")
        os.unlink(s.check_sock)
        os.symlink("/nonexistent", s.check_sock)
        self.assertEqual(self.run_gate(s).returncode, 73)

    def test_x35_two_at_once(self):
        """Of two that start together one serves, and ends nobody's."""
        for _ in range(3):
            s = self.stack(start=False)
            logs = []
            gates = []
            for i in range(2):
                logs.append(open(os.path.join(s.dir, "log%d" % i), "w+",
                                 encoding="utf-8"))
                self.addCleanup(logs[i].close)
                gates.append(subprocess.Popen(
                    [GATE, "-c", s.conf], stderr=logs[i]))
                self.addCleanup(gates[i].wait)
                self.addCleanup(gates[i].kill)
            self.assertTrue(wait_for(lambda g=gates: any(
                gate.poll() is not None for gate in g), 10))
            codes = sorted(str(gate.poll()) for gate in gates)
            self.assertEqual(codes, ["75", "None"])
            self.assertEqual(s.check().status, 401)
            for gate in gates:
                gate.terminate()

    def test_run_dir_is_made_only_its_last_part(self):
        s = self.stack(start=False)
        s.write_config({"RUN_DIR": os.path.join(s.dir, "a", "b")})
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertFalse(os.path.exists(os.path.join(s.dir, "a")))

    def test_run_dir_too_long_for_a_socket(self):
        s = self.stack(start=False)
        s.write_config({"RUN_DIR": os.path.join(s.dir, "x" * 120)})
        result = self.run_gate(s)
        self.assertEqual(result.returncode, 78, result.stderr)
        self.assertIn("too long", result.stderr)

    def test_files_are_removed_at_the_end(self):
        s = self.stack()
        self.assertEqual(s.stop_gate(), 0)
        self.assertFalse(os.path.exists(s.check_sock))
        self.assertFalse(os.path.exists(s.pages_sock))


class Systemd(ProcessCase):
    """LISTEN_FDS as systemd.exec(5) has it."""

    def listening(self, s, name, family=socket.AF_UNIX):
        sock = socket.socket(family)
        self.addCleanup(sock.close)
        if family == socket.AF_UNIX:
            sock.bind(os.path.join(s.dir, name))
        else:
            sock.bind(("127.0.0.1", 0))
        sock.listen(64)
        return sock

    def serves(self, s):
        self.assertTrue(wait_for(lambda: b"ready" in s.log(), 10), s.log())

    def ask(self, path):
        return fcgi.ask(path, {"REQUEST_METHOD": "GET", "REQUEST_URI": "/",
                               "SCRIPT_NAME": "/auth/health"})

    def test_by_name(self):
        s = self.stack(start=False)
        one, two = self.listening(s, "x.1"), self.listening(s, "x.2")
        holder.launch(s, [one, two], "pages:check")
        self.serves(s)
        self.assertIn("check=%s/x.2 pages=%s/x.1" % (s.dir, s.dir),
                      s.log().decode())
        self.assertEqual(self.ask(two.getsockname()).status, 401)
        self.assertEqual(self.ask(one.getsockname()).status, 200)
        self.assertFalse(os.path.exists(s.check_sock))
        # Not its own files: they stay.
        self.assertEqual(s.stop_gate(), 0)
        self.assertTrue(os.path.exists(one.getsockname()))

    def test_by_path_without_names(self):
        s = self.stack(start=False)
        pages = self.listening(s, "pages.sock")
        check = self.listening(s, "check.sock")
        holder.launch(s, [pages, check])
        self.serves(s)
        self.assertEqual(self.ask(check.getsockname()).status, 401)
        self.assertEqual(self.ask(pages.getsockname()).status, 200)

    def test_by_path_with_the_units_name(self):
        s = self.stack(start=False)
        socks = [self.listening(s, n) for n in (
            "check.sock", "stream.sock", "pages.sock")]
        holder.launch(s, socks, "stauth.socket:stauth.socket:stauth.socket")
        self.serves(s)
        self.assertEqual(self.ask(socks[0].getsockname()).status, 401)

    def test_a_stream_socket_is_served_with_and_without_apps(self):
        """Who connects is answered, not left waiting."""
        for app, status in (("127.0.0.1:1", 502), (None, 503)):
            s = self.stack({"APP_UPSTREAM": app}, start=False)
            sock = self.listening(s, "any")
            holder.launch(s, [sock], "stream")
            self.serves(s)
            with web.WebSocket(sock.getsockname(), "/_stcore/stream", {
                    "Host": "a", "X-Stauth-Optional": "1"}) as ws:
                self.assertEqual(ws.status, status)
            self.assertEqual(b"APP_UPSTREAM is not set" in s.log(),
                             app is None)
            self.assertFalse(os.path.exists(
                os.path.join(s.run_dir, "stream.sock")))
            s.stop_gate()

    def test_one_handed_in_one_made(self):
        s = self.stack(start=False)
        check = self.listening(s, "check.sock")
        holder.launch(s, [check], "check")
        self.serves(s)
        self.assertEqual(self.ask(check.getsockname()).status, 401)
        self.assertEqual(self.ask(s.pages_sock).status, 200)

    def test_anything_else_is_78(self):
        s = self.stack(start=False)
        other = self.listening(s, "other.sock")
        check = self.listening(s, "check.sock")
        check2 = self.listening(s, "check2.sock")
        tcp = self.listening(s, "", socket.AF_INET)
        deaf = socket.socket(socket.AF_UNIX)
        self.addCleanup(deaf.close)
        for socks, names in (([other], None), ([other], "web"),
                             ([check, other], "check:unknown"),
                             ([check, check2], "check:check"),
                             ([tcp], "check"), ([deaf], "check"),
                             ([check, other], "check")):
            gate = holder.launch(s, socks, names)
            self.assertEqual(gate.wait(15), 78, names)
        s.gate = None

    def test_environment_of_another_process_is_ignored(self):
        s = self.stack(start=False)
        s.start_gate(env=dict(os.environ, LISTEN_PID="1", LISTEN_FDS="7"))
        self.assertEqual(s.check().status, 401)


if __name__ == "__main__":
    unittest.main()
