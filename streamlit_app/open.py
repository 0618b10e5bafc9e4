# SPDX-License-Identifier: MIT
"""An open page beside the demo app, in a location with stauth-optional.conf:
anybody may read it, and it knows who is signed in."""

import streamlit as st
from stauth import auth, requires_auth


@requires_auth
def guest_book(user):
    st.text_input("Your line, %s" % user)


st.set_page_config("stauth demo, open page", ":material/public:")
name = auth(on_message_cb=None)
st.title("Open to everybody", anchor=False)
st.write("Hello, %s." % name if name else "You are not signed in.")
guest_book(name)
st.markdown('<a href="/" target="_self">The app, for signed-in people</a>',
            unsafe_allow_html=True)
