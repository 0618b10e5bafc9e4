"""Says all that the package tells it."""
import stauth
import streamlit as st
from stauth import (_status, admin, auth, authenticated, confirm,
                    current_user, logout, requires_auth, watch)

# The tests have no 15 seconds.
_status.FRESH_S = float(st.query_params.get("fresh", 0.3))
name = auth(on_message_cb=lambda msg, kind: st.text(
    "message %s: %s" % (kind, msg)))
st.text("auth %s, authenticated %s" % (name, authenticated()))
user = current_user()
if user:
    st.text("user %s|%s|%s|%s" % (user.username, user.name, user.email,
                                  ",".join(user.groups)))
    st.text("sid %s" % user.sid)
st.text("secret %s" % st.session_state.get("secret", "none"))
st.text_input("Secret", key="secret")


@requires_auth(group="su")
def danger():
    st.text("danger done")


danger()
if confirm(60):
    st.text("confirmed")
admin()
if st.button("Leave"):
    logout()
    st.text("still here")
if "watch" in st.query_params:
    watch(1)
st.text("end of %s" % stauth.__version__)
