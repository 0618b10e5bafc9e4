# SPDX-License-Identifier: MIT
"""What pip makes of the Python package, beside the real Authlib and away from
it: one file more, and nothing of Authlib's is touched or hidden."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
import streamlit as st  # noqa: E402
from rig import TOP  # noqa: E402

PACKAGE = os.path.join(TOP, "streamlit_app")
ORDERS = r"""
import itertools, os, sys
import cryptography, streamlit
from streamlit.auth_util import is_authlib_installed
try:
    import httpx, starlette.middleware.sessions
    used = "from authlib.integrations.starlette_client import OAuth"
except ImportError:  # Streamlit on Tornado brings neither
    used = "from authlib.oauth2.rfc6749 import OAuth2Token"

late = "elsewhere" in sys.argv
lines = ["import authlib", "import st_auth_simple",
         "from authlib.common import const", used]
for order in itertools.permutations(lines):
    if late and order.index(lines[1]) > order.index(lines[2]):
        continue
    if os.fork() == 0:
        for line in order:
            exec(line)
        import authlib.common.const
        import authlib.oauth2.rfc6749
        good = (authlib.common.const.WARNING == const.WARNING == "warning"
                and const.BLANK == "" and is_authlib_installed()
                and authlib.__file__.startswith(sys.argv[1])
                and not hasattr(authlib.common, "st"))
        os._exit(0 if good else 1)
    if os.wait()[1] != 0:
        sys.exit("wrong: %s" % (order,))
print("right")
"""


class Wheel(unittest.TestCase):
    """What pip makes of it, beside the real Authlib and away from it."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="stauth-test-")
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.big = os.path.dirname(os.path.dirname(st.__file__))
        cls.pip("wheel", "--no-deps", "--no-build-isolation", "-w", cls.dir,
                PACKAGE)
        cls.wheel = [os.path.join(cls.dir, name) for name
                     in os.listdir(cls.dir) if name.endswith(".whl")][0]

    @staticmethod
    def pip(*words):
        subprocess.run([sys.executable, "-m", "pip", *words, "-q"],
                       check=True, stdin=subprocess.DEVNULL)

    def make_venv(self, name):
        """A new environment; whatever it lacks comes from the big one."""
        venv = os.path.join(self.dir, name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv],
                       check=True)
        self.python = os.path.join(venv, "bin", "python")
        self.site = os.path.join(venv, "lib", "python%d.%d" % (
            sys.version_info[:2]), "site-packages")
        with open(self.site + "/big.pth", "w", encoding="ascii") as out:
            out.write(self.big + "\n")

    def assert_orders(self, authlib_in, *words):
        result = subprocess.run(
            [self.python, "-c", ORDERS, authlib_in, *words], text=True,
            cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=""), check=False)
        self.assertEqual(result.stdout, "right\n", result.stderr[-3000:])

    @staticmethod
    def files_of(folder):
        found = {}
        for root, _, names in os.walk(folder):
            for name in names:
                if "__pycache__" not in root:
                    path = os.path.join(root, name)
                    with open(path, "rb") as file:
                        found[path] = hashlib.sha256(file.read()).digest()
        return found

    def test_it_has_one_file_of_authlib_and_no_init(self):
        names = zipfile.ZipFile(self.wheel).namelist()
        self.assertEqual([n for n in names if n.startswith("authlib/")],
                         ["authlib/common/const.py"])
        tops = {name.partition("/")[0] for name in names}
        self.assertEqual({t for t in tops if not t.endswith("dist-info")},
                         {"stauth", "st_auth_simple", "authlib"})
        for package in ("stauth", "st_auth_simple"):
            self.assertIn(package + "/py.typed", names)
        self.assertTrue(self.wheel.endswith("-py3-none-any.whl"))

    def test_beside_authlib_and_gone_again(self):
        self.make_venv("beside")
        for name in os.listdir(self.big):
            if name.lower().startswith("authlib"):
                shutil.copytree(os.path.join(self.big, name),
                                os.path.join(self.site, name))
        before = self.files_of(self.site)
        self.pip("--python", self.python, "install", "--no-deps", self.wheel)
        const = self.site + "/authlib/common/const.py"
        self.assertTrue(os.path.exists(const))
        after = self.files_of(self.site)
        self.assertEqual({p: after[p] for p in before}, before)
        self.assert_orders(self.site)
        self.pip("--python", self.python, "uninstall", "-y", "stauth")
        self.assertEqual(self.files_of(self.site), before)

    def test_authlib_in_another_directory(self):
        self.make_venv("elsewhere")
        self.pip("--python", self.python, "install", "--no-deps", self.wheel)
        self.assert_orders(self.big, "elsewhere")


if __name__ == "__main__":
    unittest.main()
