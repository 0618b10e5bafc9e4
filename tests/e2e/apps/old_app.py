# A program as people wrote it for st-auth-simple; nothing in it is stauth's.
from authlib.common import const
import env

import streamlit as st
st.set_page_config(page_title="Old app", layout="wide")

from st_auth_simple import auth, authenticated, logout, requires_auth  # noqa

env.verify()


def tell(msg, type=const.INFO):
    if type == const.WARNING:
        st.warning(msg)
    elif type == const.SUCCESS:
        st.success(msg)
    elif type == const.ERROR:
        st.error(msg)
    else:
        st.info(msg)


state = st.session_state["auth_state"]
st.text("imported as %s" % (state["user"] and state["user"][const.USERNAME]))

user = auth(sidebar=True, on_message_cb=tell)

st.title("Old app")
if authenticated():
    st.success("`%s` is authenticated" % user)
    row = st.session_state["auth_state"]["user"]
    st.text("row %s %s" % (row[const.USERNAME], row[const.SU]))
else:
    st.warning("Not authenticated")


@requires_auth
def figures(factor):
    st.text("figures %d" % (factor * 21))
    return factor


st.text("%s gave %s" % (figures.__name__, figures(2)))
if st.button("Leave"):
    logout()
    st.text("still here")
