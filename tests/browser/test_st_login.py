# SPDX-License-Identifier: MIT
"""Streamlit's own st.login() and st.logout() in a real Chromium, in an app
that anybody may open, below a base path."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
import chromium  # noqa: E402
import streamlit_docs  # noqa: E402
from chromium import Browser  # noqa: E402
from rig import COOKIE  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402

PASSWORD = "correct horse battery"


class Open(NginxStack):
    server_extra = """
        location /open/ {
            set $stauth_resume on;
            include %(snippets)s/stauth-optional.conf;
            proxy_pass %(app)s;
        }"""


@unittest.skipIf(chromium.missing(), chromium.missing())
class DocumentationExample(unittest.TestCase):
    def test_u52_log_in_and_out_in_the_same_tab(self):
        stack = Open(app="streamlit")
        self.addCleanup(stack.stop)
        stack.base = "open"
        stack.script = os.path.join(stack.dir, "example.py")
        with open(stack.script, "w", encoding="utf-8") as out:
            out.write(streamlit_docs.examples()["example0"])
        stack.add_user("alice", PASSWORD, "--name", "Alice Example")
        stack.start()
        browser = Browser()
        self.addCleanup(browser.stop)
        browser.driver.get(stack.url + "/open/?x=1&y=%C3%A4")
        browser.wait(lambda: browser.button("Log in").is_enabled(), "no app")
        browser.button("Log in").click()
        browser.wait(lambda: browser.all("input[name=username]"), "no form")
        browser.sign_in("alice", PASSWORD)
        browser.wait_text("Hello, Alice Example!")
        self.assertEqual(browser.driver.current_url,
                         stack.url + "/open/?x=1&y=%C3%A4")
        browser.button("Log out").click()
        browser.wait(lambda: "/auth/login?out=1" in
                     browser.driver.current_url, "not signed out")
        self.assertIsNone(browser.driver.get_cookie(COOKIE))
        self.assertEqual(len(browser.driver.window_handles), 1)


if __name__ == "__main__":
    unittest.main()
