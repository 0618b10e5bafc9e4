# SPDX-License-Identifier: MIT
"""The demo app: one page twice, with no code for the log-in and with the
package stauth. Nobody who is not signed in ever gets here: nginx asks the
gate first, and tells the app who it is by the headers X-Auth-*."""

from urllib.parse import unquote

import numpy as np
import pandas as pd
import streamlit as st
from stauth import auth, confirm, const, current_user, requires_auth


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


def work(name):
    st.title("Hello, %s" % name, anchor=False)
    st.write("This is a Streamlit app that only signed-in people see.")
    left, right = st.columns(2, gap="large")
    with left:
        counter()
        files()
    with right:
        curve()


# --- zero code: st.user, by .streamlit/config.toml (stauthctl
# streamlit-config), and st.logout()

def who():
    """st.user as a dict of plain text; an absent header is "" here."""
    user = {key: value or "" for key, value in st.user.to_dict().items()}
    # Beyond plain ASCII the gate sends these two percent-encoded.
    for key in ("name", "email"):
        user[key] = unquote(user.get(key, ""))
    user["groups"] = [g for g in user.get("groups", "").split(",") if g]
    return user


def zero_code():
    user = who()
    if not user.get("user"):
        st.error("No X-Auth-User header came: this app is not behind stauth.")
        st.stop()
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
    work(user["name"] or user["user"])
    if "su" in user["groups"]:
        st.divider()
        st.subheader("For superusers", anchor=False)
        st.write("Only members of the group su see this. What the gate says "
                 "about you:")
        st.json({key: user[key] for key in sorted(user)}, expanded=True)


# --- with the package: signed, and checked again every 15 seconds

def show_message(msg, type):
    icons = {const.SUCCESS: "check", const.WARNING: "warning",
             const.ERROR: "error"}
    st.toast(msg, icon=":material/%s:" % icons.get(type, "info"))


@requires_auth(group="su")
def superusers(user):
    st.divider()
    st.subheader("For superusers", anchor=False)
    st.json({"user": user.username, "email": user.email,
             "groups": list(user.groups)}, expanded=True)
    st.write("What is more dangerous asks for the password again:")
    if confirm(max_age_s=60):
        st.success("It was you, within the last minute.")


def with_package():
    auth(on_message_cb=show_message)
    user = current_user()
    if user is None:
        st.stop()
    work(user.name or user.username)
    if user.su:
        superusers(user)


st.set_page_config("stauth demo", ":material/lock_open:")
st.navigation([
    st.Page(zero_code, title="Zero code", default=True),
    st.Page(with_package, title="With the package", url_path="package"),
]).run()
