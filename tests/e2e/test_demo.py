# SPDX-License-Identifier: MIT
"""nginx/demo, as a newcomer runs it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))

from rig import TOP, wait_for  # noqa: E402
import web  # noqa: E402

DEMO = os.path.join(TOP, "nginx", "demo")


def run(*options):
    return subprocess.run([DEMO, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=400,
                          stdin=subprocess.DEVNULL, check=False)


def processes_in(folder):
    """Command lines that name the folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as text:
                line = text.read()
            if (folder.encode() in line or
                    os.readlink("/proc/%s/cwd" % pid).startswith(folder)):
                found.append(line)
        except OSError:
            pass
    return found


class Demo(unittest.TestCase):
    def folder(self):
        path = tempfile.mkdtemp(prefix="stauth-demo-test-")
        os.chmod(path, 0o755)
        self.addCleanup(shutil.rmtree, path, True)
        return path

    def start(self, folder, *options):
        """(process, what it printed) of a demo that is up."""
        demo = subprocess.Popen(
            [DEMO, "--dir", folder, *options], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
            start_new_session=True,
            # A caller (a shell's background job) may have it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(lambda: demo.poll() is None and demo.terminate())
        text = ""
        for line in demo.stdout:
            text += line
            if "Ctrl-C" in line:
                return demo, text
        raise AssertionError("the demo ended with %s" % demo.wait())

    def test_it_runs_beside_another_and_leaves_nothing_running(self):
        folder = self.folder()
        demo, text = self.start(folder)
        port = int(re.search(r"http://\S+:(\d+)", text).group(1))
        self.assertRegex(text, r"alice +\S{10,}")
        self.assertRegex(text, r"admin +\S{10,}")
        answer = web.request(port, "GET", "/?x=1", {
            "Host": "localhost:%d" % port, "Sec-Fetch-Mode": "navigate"})
        self.assertEqual(answer.status, 302)
        self.assertEqual(answer.header("Location"),
                         "/auth/login?rd=/%3Fx%3D1")

        second = self.folder()
        beside = run("--check", "--dir", second)
        self.assertEqual(beside.returncode, 0, beside.stderr[-2000:])
        self.assertEqual(beside.stdout, "demo: ok\n")
        self.assertEqual(processes_in(second), [])
        self.assertEqual(run("--check", "--port", str(port)).returncode, 73)
        self.assertEqual(run("--check", "--dir", folder).returncode, 73)

        demo.send_signal(signal.SIGINT)
        self.assertEqual(demo.wait(30), 0)
        self.assertEqual(processes_in(folder), [])
        with socket.socket() as sock:
            self.assertNotEqual(sock.connect_ex(("127.0.0.1", port)), 0)
        self.assertTrue(os.path.exists(folder + "/stauth.conf"))

    def test_tls(self):
        result = run("--check", "--tls", "--dir", self.folder())
        self.assertEqual(result.returncode, 0, result.stderr[-2000:])
        self.assertEqual(result.stdout, "demo: ok\n")

    def test_even_if_it_is_killed_nothing_goes_on(self):
        folder = self.folder()
        demo, _ = self.start(folder)
        self.assertGreater(len(processes_in(folder)), 3)
        demo.kill()
        demo.wait()
        self.assertTrue(wait_for(lambda: not processes_in(folder), 15),
                        processes_in(folder))

    def test_wrong_options_are_refused(self):
        for options in (["--port", "0"], ["--port", "x"], ["--port"],
                        ["--no-such"], ["--dir", ""]):
            self.assertEqual(run(*options).returncode, 64, options)
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for word in ("--check", "--port", "--app-port", "--dir", "--tls"):
            self.assertIn(word, result.stdout)

    def test_a_taken_port_or_directory_is_73(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            port = str(sock.getsockname()[1])
            self.assertEqual(run("--port", port).returncode, 73)
            self.assertEqual(run("--app-port", port).returncode, 73)
        self.assertEqual(run("--dir", "/usr").returncode, 73)


if __name__ == "__main__":
    unittest.main()
