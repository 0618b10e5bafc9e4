"""What Streamlit apps are made of: pages, files, components, tables, charts,
fragments."""
import os

import pandas as pd
import streamlit as st
import streamlit.components.v1 as components

counter = components.declare_component(
    "counter", path=os.path.join(os.path.dirname(__file__), "component"))
TABLE = pd.DataFrame({"name": ["a", "b"], "value": [1, 2]})


def first():
    st.title("First page")
    st.text("for %s" % st.user.get("user"))
    upload = st.file_uploader("Upload")
    if upload:
        st.text("got %s, %d bytes, ends with %r" % (
            upload.name, upload.size, upload.getvalue()[-4:]))
    st.download_button("Download", b"bytes to keep\n" * 1000, "keep.bin")
    edited = st.data_editor(TABLE, key="table")
    st.text("sum %d" % edited["value"].sum())
    st.line_chart(TABLE, x="name", y="value")
    st.image(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\x1f"
             b"\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\5\0\1"
             b"\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82")
    counter(name="component", key="component")


def second():
    st.title("Second page")
    st.text("query %s" % st.query_params.to_dict())

    @st.fragment(run_every=1)
    def tick():
        st.session_state.ticks = st.session_state.get("ticks", 0) + 1
        st.text("ticks %d" % st.session_state.ticks)
    tick()


st.navigation([st.Page(first, default=True), st.Page(second)]).run()
