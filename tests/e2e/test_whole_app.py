# SPDX-License-Identifier: MIT
"""Everything that Streamlit apps are made of, through nginx and the gate: it
works with a session, and nothing of it is given away without one."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
import streamlit  # noqa: E402
from rig import NAVIGATE, TOP, set_cookies  # noqa: E402
from stack_nginx import NginxStack  # noqa: E402
from streamlit_page import Page  # noqa: E402

APPS = os.path.join(TOP, "tests", "e2e", "apps")
PASSWORD = "correct horse battery"
ENDED = b'"Your session has ended. Reload this page to sign in again."'
HAS_AGENT = tuple(map(int, streamlit.__version__.split(".")[:2])) >= (1, 67)


class WholeApp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = NginxStack(app="streamlit",
                               script=os.path.join(APPS, "whole_app.py"))
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.relay = True
        shutil.copytree(os.path.join(APPS, "component"),
                        os.path.join(cls.stack.dir, "app", "component"))
        if HAS_AGENT:
            cls.stack.environment["STREAMLIT_SERVER_ENABLE_AGENT_API"] = "true"
        cls.stack.add_user("alice", PASSWORD)
        cls.stack.start()
        cls.jar = cls.stack.session("alice", PASSWORD)

    def page(self, **more):
        page = Page(self.stack, self.jar, **more)
        self.addCleanup(page.close)
        self.assertEqual(page.exceptions(), [])
        return page

    def assert_guarded(self, path, method="GET", **more):
        """200 with a session, else refused; the answer with it."""
        for cookies in (None, {"__Host-stauth": "A" * 32}):
            answer = self.stack.http(method, path, cookies=cookies, **more)
            self.assertEqual((answer.status, answer.body), (401, ENDED), path)
        answer = self.stack.http(method, path, cookies=self.jar, **more)
        self.assertEqual(answer.status, 200, path)
        for line in answer.all("Cache-Control"):
            self.assertRegex(line, "private|no-store|no-cache")
        return answer

    def test_pages_and_deep_links(self):
        page = self.page()
        self.assertIn("First page", page.text())
        self.assertIn("for alice", page.text())
        page.close()
        page = self.page(path="/second?x=1&y=%C3%A4", page_name="second")
        self.assertIn("Second page", page.text())
        self.assertIn("query {'x': '1', 'y': 'ä'}", page.text())
        answer = self.stack.http("GET", "/second?x=1", NAVIGATE)
        self.assertEqual((answer.status, answer.header("Location")),
                         (302, "/auth/login?rd=/second%3Fx%3D1"))
        self.assertEqual(self.stack.http("GET", "/second?x=1", NAVIGATE,
                                         self.jar).status, 200)

    def test_a_fragment_that_runs_again_and_again(self):
        page = self.page(page_name="second")
        self.assertIn("ticks 1", page.text())
        for _ in range(2):
            page.send_run(fragment=page.fragment)
            page.wait_fragment()
        self.assertIn("ticks 3", page.text())

    def test_tables_and_charts(self):
        page = self.page()
        kinds = {e.WhichOneof("type"): e for e in page.elements.values()}
        self.assertTrue({"vega_lite_chart", "arrow_vega_lite_chart"} &
                        set(kinds))
        self.assertIn("sum 3", page.text())
        kind = "dataframe" if "dataframe" in kinds else "arrow_data_frame"
        table = getattr(kinds[kind], kind).id
        page.run([(table, json.dumps({
            "edited_rows": {"0": {"value": 40}}, "added_rows": [],
            "deleted_rows": []}))])
        self.assertIn("sum 42", page.text())

    def test_downloads_and_pictures(self):
        page = self.page()
        url = [e.download_button.url for e in page.elements.values()
               if e.WhichOneof("type") == "download_button"][0]
        self.assertEqual(self.assert_guarded(url).body,
                         b"bytes to keep\n" * 1000)
        url = [e.imgs.imgs[0].url for e in page.elements.values()
               if e.WhichOneof("type") == "imgs"][0]
        self.assertIn(b"PNG", self.assert_guarded(url).body)

    def test_a_custom_component(self):
        page = self.page()
        name = [e.component_instance.component_name
                for e in page.elements.values()
                if e.WhichOneof("type") == "component_instance"][0]
        answer = self.assert_guarded("/component/%s/index.html" % name)
        self.assertIn(b"Words of a component", answer.body)

    def test_u49_an_upload_of_150_mb(self):
        page = self.page()
        urls = page.ask_upload_urls("big.bin")
        size, block = 150 << 20, b"0123456789abcdef" * 65536
        head = (b"--B\r\nContent-Disposition: form-data; name=\"f\"; "
                b"filename=\"big.bin\"\r\n\r\n")
        tail = b"\r\n--B--\r\n"
        jar = set_cookies(self.stack.http(
            "GET", "/_stcore/health", cookies=self.jar), dict(self.jar))
        headers = {
            "Content-Type": "multipart/form-data; boundary=B",
            "Content-Length": str(size + len(head) + len(tail)),
            "X-Xsrftoken": jar["_streamlit_xsrf"]}
        path = "/" + urls.upload_url.lstrip("/")

        def body():
            yield head
            for _ in range(size // len(block)):
                yield block
            yield tail
        self.assertEqual(self.stack.http("PUT", path, headers, None,
                                         body()).status, 401)
        self.assertEqual(self.stack.http("PUT", path, headers, jar,
                                         body()).status, 204)
        page.run([(page.widget("file_uploader", "Upload"),
                   ("big.bin", size, urls))])
        self.assertIn("got big.bin, %d bytes, ends with b'cdef'" % size,
                      page.text())

    @unittest.skipUnless(HAS_AGENT, "the agent API came with 1.67")
    def test_the_agent_api(self):
        self.assert_guarded("/_stcore/agent/openapi.json")
        answer = self.assert_guarded(
            "/_stcore/agent/interact", "POST", body=b"{}",
            headers={"Content-Type": "application/json",
                     "X-Auth-User": "admin"})
        self.assertIn("for alice", answer.text)
        self.assertEqual(self.stack.http(
            "POST", "/_stcore/agent/mcp", body=b"{}").status, 401)


if __name__ == "__main__":
    unittest.main()
