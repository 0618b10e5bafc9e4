# SPDX-License-Identifier: MIT
"""A tab of a Streamlit app without a browser: its WebSocket, spoken with
Streamlit's own protobuf. A test file that wants it begins with

    import streamlit_page
    streamlit_page.need_streamlit()

and goes on in the environment that has Streamlit."""

import os
import socket
import sys
import time

import web
from stack_nginx import streamlit_python

TIMEOUT_S = 20


def need_streamlit():
    """Starts this program again with the Python that has Streamlit."""
    try:
        import streamlit  # noqa: F401
    except ImportError:
        python = streamlit_python()
        sys.stdout.flush()
        os.execv(python, [python, *sys.argv])


class Page:
    """status is that of the handshake; the app has run once if it is 101.
    port: None for nginx; the app's own goes past it, with headers alone."""

    def __init__(self, stack, cookies=None, path="/", resume=None,
                 headers=None, port=None, page_name="", run=True):
        protocol = "streamlit"
        if resume is not None:
            protocol += ", no-token, " + resume
        lines = {"Host": stack.host, "Origin": stack.url}
        if cookies:
            lines["Cookie"] = "; ".join("%s=%s" % pair
                                        for pair in cookies.items())
        lines.update(headers or {})
        prefix = "/" + stack.base if stack.base else ""
        self.url, self.page_name = stack.url + path, page_name
        self.ws = web.WebSocket(port or stack.port,
                                prefix + "/_stcore/stream", lines, protocol)
        self.status = self.ws.status
        self.session, self.elements, self.redirects = None, {}, []
        self.closed, self.fragment, self.page_hash = False, "", ""
        if self.status == 101 and run:
            self.run()

    def close(self):
        self.ws.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- what the browser sends

    def send_run(self, states=(), fragment="", query=""):
        from streamlit.proto.BackMsg_pb2 import BackMsg
        message = BackMsg()
        rerun = message.rerun_script
        self.asked_fragment = fragment
        rerun.query_string = query or self.url.partition("?")[2]
        rerun.fragment_id = fragment
        if self.page_hash:
            rerun.page_script_hash = self.page_hash
        else:
            rerun.page_name = self.page_name
        if hasattr(rerun, "context_info"):
            rerun.context_info.url = self.url.partition("?")[0]
        for widget, value in states:
            state = rerun.widget_states.widgets.add(id=widget)
            if value is None:
                state.trigger_value = True
            elif isinstance(value, bool):
                state.bool_value = value
            elif isinstance(value, tuple):
                name, size, urls = value
                state.file_uploader_state_value.uploaded_file_info.add(
                    name=name, size=size, file_id=urls.file_id,
                    file_urls=urls)
            else:
                state.string_value = value
        self.ws.send(message.SerializeToString())

    def run(self, states=()):
        """Runs the script and waits for its end."""
        self.send_run(states)
        self.wait(lambda: self.finished)
        return self

    def ask_upload_urls(self, name):
        from streamlit.proto.BackMsg_pb2 import BackMsg
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        self.ws.send(message.SerializeToString())
        self.upload_urls = None
        self.wait(lambda: self.upload_urls)
        return self.upload_urls[0]

    def wait_fragment(self):
        self.fragment_finished = False
        return self.wait(lambda: self.fragment_finished)

    def click(self, label):
        return self.run([(self.widget("button", label), None)])

    def choose(self, kind, label, value):
        return self.run([(self.widget(kind, label), value)])

    # --- what the app answers

    def widget(self, kind, label):
        for element in self.elements.values():
            if element.WhichOneof("type") == kind and \
                    getattr(element, kind).label == label:
                return getattr(element, kind).id
        raise AssertionError("no %s %r in:\n%s" % (kind, label, self.text()))

    def wait(self, done, timeout=TIMEOUT_S):
        """Takes messages until done(); False if the socket closes first."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
        self.finished = False
        until = time.monotonic() + timeout
        while not done() and not self.closed:
            self.ws.sock.settimeout(max(0.01, until - time.monotonic()))
            try:
                opcode, payload = self.ws.receive()
            except (EOFError, ConnectionError):
                self.closed = True
                break
            except socket.timeout:
                raise AssertionError("waited %s s; the page says:\n%s" % (
                    timeout, self.text())) from None
            if opcode == 8:
                self.closed = True
            elif opcode == 2:
                self.take(ForwardMsg.FromString(payload))
        return not self.closed

    def take(self, message):
        kind = message.WhichOneof("type")
        if kind == "new_session":
            start = message.new_session
            self.session = start.initialize.session_id or self.session
            self.page_hash = start.page_script_hash
            if not self.asked_fragment:
                self.elements = {}
        elif kind == "file_urls_response":
            self.upload_urls = list(message.file_urls_response.file_urls)
        elif kind == "navigation":
            self.page_hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            self.fragment = message.auto_rerun.fragment_id
        elif kind == "delta":
            if message.delta.WhichOneof("type") == "new_element":
                self.elements[tuple(message.metadata.delta_path)] = \
                    message.delta.new_element
        elif kind == "auth_redirect":
            self.redirects.append(message.auth_redirect.url)
        elif kind == "script_finished":
            # A rerun follows where the script asked for one.
            self.finished = message.script_finished in (0, 1)
            self.fragment_finished = message.script_finished == 3

    def exceptions(self):
        return [element.exception.message for element
                in self.elements.values()
                if element.WhichOneof("type") == "exception"]

    def text(self):
        """All words of the page, top to bottom."""
        from google.protobuf.json_format import MessageToDict

        def words(value):
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                for part in value.values():
                    yield from words(part)
            elif isinstance(value, list):
                for part in value:
                    yield from words(part)
        return "\n".join(
            " ".join(words(MessageToDict(element)))
            for _, element in sorted(self.elements.items()))
