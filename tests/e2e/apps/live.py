"""For tests of the relay: a counter in session_state, and a fragment that
runs all the time."""

import time

import streamlit as st

st.session_state.setdefault("n", 0)
if st.button("more"):
    st.session_state.n += 1
st.write("I am %s, N=%d" % (
    st.context.headers.get("X-Auth-User") or "nobody", st.session_state.n))


@st.fragment(run_every=0.3)
def tick():
    st.write("tick %f" % time.time())


tick()
