# SPDX-License-Identifier: MIT
"""gixy finds nothing in the example site and the snippets but what has its
reason beside the line: a comment "gixy (RULE): why"."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
from rig import TOP  # noqa: E402
from stack_nginx import venv_python  # noqa: E402

NEAR = 8  # lines before the one that is found
MORE = """
	location /o/ {
		include snippets/stauth-optional.conf;
		add_header Strict-Transport-Security "max-age=31536000" always;
		proxy_pass http://127.0.0.1:8501;
	}
	location /p/ {
		include snippets/stauth-public.conf;
		add_header Strict-Transport-Security "max-age=31536000" always;
		proxy_pass http://127.0.0.1:8501;
	}
"""


class Gixy(unittest.TestCase):
    def write(self, site):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        names = [name for name in os.listdir(os.path.join(TOP, "nginx"))
                 if name.startswith("stauth-")]
        for name in names:
            with open(os.path.join(TOP, "nginx", name),
                      encoding="utf-8") as text:
                self.put(folder, name, text.read())
        self.put(folder, "site.conf",
                 site.replace("snippets/", folder + "/"))
        self.put(folder, "nginx.conf", "events {}\nhttp {\n\tinclude %s/"
                 "site.conf;\n}\n" % folder)
        return folder

    @staticmethod
    def put(folder, name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(text)

    def found(self, folder):
        gixy = os.path.join(os.path.dirname(venv_python(
            "tests/e2e/gixy.txt")), "gixy")
        result = subprocess.run(
            [gixy, "-f", "json", folder + "/nginx.conf"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)
        return json.loads(result.stdout)

    def unexplained(self, folder):
        left = []
        for one in self.found(folder):
            with open(one["file"], encoding="utf-8") as text:
                before = text.readlines()[
                    max(0, one["line"] - 1 - NEAR):one["line"]]
            if "gixy (%s):" % one["plugin"] not in "".join(before):
                left.append((one["plugin"], os.path.basename(one["file"]),
                             one["line"], one["reason"]))
        return left

    def site(self):
        with open(os.path.join(TOP, "nginx", "example-site.conf"),
                  encoding="utf-8") as text:
            site = text.read()
        relay = "#include snippets/stauth-stream.conf;"
        self.assertIn(relay, site)
        site = site.replace(relay, relay[1:])
        return site[:site.rindex("}")] + MORE + "}\n"

    def test_u25_what_gixy_finds_has_its_reason_beside_it(self):
        self.assertEqual(self.unexplained(self.write(self.site())), [])

    def test_u25_it_would_find_a_mistake(self):
        site = self.site().replace("server_tokens off;", "", 1)
        self.assertIn("version_disclosure", {
            one[0] for one in self.unexplained(self.write(site))})


if __name__ == "__main__":
    unittest.main()
