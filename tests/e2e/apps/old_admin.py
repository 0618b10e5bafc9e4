# The administrator's program as people wrote it for st-auth-simple.
from os import environ as osenv

import streamlit as st
st.set_page_config(page_title="Old admin", layout="wide")

import st_auth_simple as auth  # noqa
import env  # noqa

env.verify()


def main():
    st.title("Database admin")
    options = ["SQLITE", "AIRTABLE"]
    index = options.index(osenv.get("STORAGE", "SQLITE"))
    provider = st.sidebar.selectbox("Storage provider", options, index=index)
    try:
        auth.override_env_storage_provider(provider)
        auth.admin()
    except Exception as ex:
        st.error(str(ex))


main()
