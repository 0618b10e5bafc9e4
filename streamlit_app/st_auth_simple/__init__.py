# SPDX-License-Identifier: MIT
"""The names of st-auth-simple, on top of stauth: programs that were written
for it run as they are.

Those find st.session_state["auth_state"] as soon as they have imported this,
in every session. A module's code runs once only, but "from st_auth_simple
import auth" asks for the name each time: hence __getattr__.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import streamlit as st
import stauth
from stauth import __version__, const
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from stauth import admin, authenticated, logout, requires_auth

__all__ = ["admin", "auth", "authenticated", "logout", "requires_auth",
           "override_env_storage_provider", "__version__"]

_PROVIDERS = ("SQLITE", "AIRTABLE", "POSTGRES")


def _register_const() -> None:
    """authlib.common.const, where Authlib is in another directory than the
    file that came with this package."""
    try:
        importlib.import_module("authlib.common.const")
    except ModuleNotFoundError:
        common = importlib.import_module("authlib.common")
        sys.modules["authlib.common.const"] = const
        setattr(common, "const", const)


class _AuthState(dict):  # type: ignore[type-arg]
    """auth_state["user"], which some write as auth_state.user."""

    @property
    def user(self) -> Any:
        return self["user"]


def _keep_state() -> None:
    if get_script_run_ctx(suppress_warning=True) is None:
        return  # imported, but not by an app that runs
    user = stauth.current_user()
    row = {const.USERNAME: user.username, const.SU: int(user.su)} \
        if user else None
    st.session_state["auth_state"] = _AuthState(user=row)


def _auth(*args: Any, **kwargs: Any) -> str | None:
    name = stauth.auth(*args, **kwargs)
    _keep_state()
    return name


def _override_env_storage_provider(provider: str) -> None:
    """Where the accounts are is said in stauth.conf; this checks the name."""
    if provider not in _PROVIDERS:
        raise ValueError("Unknown provider `%s`" % provider)


_NAMES = {
    "auth": _auth,
    "override_env_storage_provider": _override_env_storage_provider,
    "admin": stauth.admin,
    "authenticated": stauth.authenticated,
    "logout": stauth.logout,
    "requires_auth": stauth.requires_auth,
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError("module %r has no attribute %r" % (
            __name__, name))
    _keep_state()
    return _NAMES[name]


_register_const()
