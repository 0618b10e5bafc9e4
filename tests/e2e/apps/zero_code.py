"""st.user without any code of ours. Beside it, as pages: the examples of
Streamlit's own documentation."""
import json

import streamlit as st

st.text("user " + json.dumps(st.user.to_dict(), sort_keys=True))
st.text("by attribute %s %s %s" % (
    st.user.email, bool(st.user.is_logged_in), st.user.get("groups")))
if st.button("More"):
    st.session_state.more = st.session_state.get("more", 0) + 1
st.text("more %d" % st.session_state.get("more", 0))
