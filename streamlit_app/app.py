# SPDX-License-Identifier: MIT
"""The demo app. Nobody who is not signed in ever gets here: nginx asks the
gate first, and tells the app who it is by the headers X-Auth-*, which
.streamlit/config.toml maps to st.user (stauthctl streamlit-config)."""

from urllib.parse import unquote

import numpy as np
import pandas as pd
import streamlit as st


def who():
    """st.user as a dict of plain text; an absent header is "" here."""
    user = {key: value or "" for key, value in st.user.to_dict().items()}
    # Beyond plain ASCII the gate sends these two percent-encoded.
    for key in ("name", "email"):
        user[key] = unquote(user.get(key, ""))
    user["groups"] = [g for g in user.get("groups", "").split(",") if g]
    return user


def sidebar(user):
    with st.sidebar:
        st.markdown("Signed in as")
        st.subheader(user["name"] or user["user"], anchor=False)
        if user["email"]:
            st.caption(user["email"])
        for group in user["groups"]:
            st.badge(group)
        if st.button("Sign out", icon=":material/logout:",
                     width="stretch"):
            st.logout()
        # A Markdown link would open a new tab.
        st.markdown('<a href="/auth/account" target="_self">'
                    'Account and password</a>', unsafe_allow_html=True)


def counter():
    st.subheader("A counter", anchor=False)
    st.session_state.setdefault("count", 0)
    if st.button("Count", type="primary"):
        st.session_state.count += 1
    st.metric("Clicks in this session", st.session_state.count)


def curve():
    st.subheader("A curve", anchor=False)
    waves = st.slider("Waves", 1, 10, 3)
    x = np.linspace(0, 1, 200)
    st.line_chart(pd.DataFrame({"y": np.sin(2 * np.pi * waves * x)}, x),
                  height=220)


def files():
    st.subheader("Files", anchor=False)
    upload = st.file_uploader("Upload a file, 200 MB at most")
    if upload:
        st.write("%s: %d bytes" % (upload.name, upload.size))
        st.download_button("Download it again", upload, upload.name)
    else:
        st.download_button("Download a greeting",
                           "Hello from behind the log-in.\n", "hello.txt")


def superusers(user):
    if "su" not in user["groups"]:
        return
    st.divider()
    st.subheader("For superusers", anchor=False)
    st.write("Only members of the group su see this. What the gate says "
             "about you:")
    st.json({key: user[key] for key in sorted(user)}, expanded=True)


def main():
    st.set_page_config("stauth demo", ":material/lock_open:")
    user = who()
    if not user.get("user"):
        st.error("No X-Auth-User header came: this app is not behind stauth.")
        st.stop()
    sidebar(user)
    st.title("Hello, %s" % (user["name"] or user["user"]), anchor=False)
    st.write("This is a Streamlit app that only signed-in people see.")
    left, right = st.columns(2, gap="large")
    with left:
        counter()
        files()
    with right:
        curve()
    superusers(user)


main()
