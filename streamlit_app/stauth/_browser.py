# SPDX-License-Identifier: MIT
"""Where the browser goes: links that stay in their tab, and reloading."""

from __future__ import annotations

import html
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx


def link(text: str, path: str) -> None:
    """st.link_button and Markdown links would open a new tab."""
    st.markdown('<a href="%s" target="_self">%s</a>' % (
        html.escape(path), html.escape(text)), unsafe_allow_html=True)


def here() -> str:
    """Path and query of the page that is open, as the browser says."""
    path = urlsplit(st.context.url or "").path or "/"
    # Streamlit leaves out the slash behind a base path; nginx wants it.
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    if base and path.strip("/") == base:
        path = "/" + base + "/"
    query = urlencode([(name, value) for name in st.query_params
                       for value in st.query_params.get_all(name)],
                      quote_via=quote)
    return path + ("?" + query if query else "")


def with_return(page: str) -> str:
    return page + "?rd=" + quote(here(), safe="/")


def reload() -> None:
    """An empty address is the tab's own; nginx then leads to the log-in page
    and back. st.logout() sends the same message with another address."""
    context = get_script_run_ctx()
    if context is not None:
        message = ForwardMsg()
        message.auth_redirect.url = ""
        context.enqueue(message)
