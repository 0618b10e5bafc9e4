# SPDX-License-Identifier: MIT
"""What an app calls; docs/streamlit.md tells it from the start."""

from __future__ import annotations

from functools import wraps
from typing import Any, Callable, TypeVar, overload

import streamlit as st

from . import _browser, _session, _status, const
from ._assertion import User
from ._session import Callback, memo

F = TypeVar("F", bound=Callable[..., Any])


def _report(msg: str, type: str) -> None:
    callback = memo().callback
    if callback is None:
        return
    if callable(callback):
        callback(msg, type)
    else:
        print("[AUTH] %s: %s" % (type.upper(), msg), flush=True)


def _greet(user: User | None, problem: str) -> None:
    """A log-in is told once, what is wrong at every run."""
    kept = memo()
    if problem:
        ended = problem == _session.ENDED
        _report(problem, const.WARNING if ended else const.ERROR)
    elif user is None:
        _report("Please sign in.", const.INFO)
    elif kept.greeted != user.sid:
        kept.greeted = user.sid
        _report("Signed in as %s." % user.username, const.SUCCESS)


def current_user() -> User | None:
    """Who is signed in: username, name, email, groups, su, sid, auth_time,
    expires_at. None for nobody, and if there is any doubt."""
    return _session.look()[0]


def authenticated() -> bool:
    return current_user() is not None


def auth(sidebar: bool = True,
         on_message_cb: Callback = "default") -> str | None:
    """Draws who is signed in, or the way to the log-in page; the user's
    name, or None. on_message_cb(msg, type) is told what happens; "default"
    prints it, None is silent."""
    if not (on_message_cb is None or on_message_cb == "default"
            or callable(on_message_cb)):
        raise TypeError("on_message_cb is \"default\", a function or None")
    memo().callback = on_message_cb
    user, problem = _session.look()
    with st.sidebar if sidebar else st.container():
        st.subheader("Authentication")
        _greet(user, problem)
        if user is None:
            if problem:
                st.text(problem)
            _browser.link("Log in", _browser.with_return("/auth/login"))
            return None
        st.text(user.name or user.username)
        if user.su:
            _browser.link("Administration", "/auth/admin")
        if st.button("Logout", key="stauth_logout"):
            logout()
    return user.username


def logout() -> None:
    """Leads the tab to the signed-out page; the rest of the run is left."""
    user = current_user()
    if user is None:
        _report("logout requires authentication!", const.WARNING)
        return
    memo().signed_out = user.sid
    _status.forget(user)
    st.logout()
    st.rerun()


@overload
def requires_auth(fn: F) -> F: ...
@overload
def requires_auth(*, group: str | None = None) -> Callable[[F], F]: ...


def requires_auth(fn: Any = None, *, group: str | None = None) -> Any:
    """@requires_auth or @requires_auth(group="su"): the function runs only
    for who is signed in (and in that group), else it is reported and None."""
    def decorate(fn: Any) -> Any:
        @wraps(fn)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            user = current_user()
            if user is None:
                _report("%s requires authentication!" % fn.__name__,
                        const.WARNING)
            elif group is not None and group not in user.groups:
                _report("%s requires the group %s!" % (fn.__name__, group),
                        const.WARNING)
            else:
                return fn(*args, **kwargs)
            return None
        return wrapper
    return decorate if fn is None else decorate(fn)


def admin() -> None:
    """Leads a superuser to /auth/admin. The app itself administers nothing."""
    user = current_user()
    if user is not None and user.su:
        _browser.link("Administration", "/auth/admin")
        return
    _report("admin requires a superuser!", const.WARNING)
    st.warning("Only superusers can open the administration.")
    if user is None:
        _browser.link("Log in", _browser.with_return("/auth/login"))


def confirm(max_age_s: float = 60) -> bool:
    """Did this user prove again, at most max_age_s ago, who it is? If not,
    draws the link that leads there and back."""
    user = current_user()
    if user is None:
        return False
    if user.sid == "dev" or _confirmed(user, max_age_s):
        return True
    _browser.link("Confirm that it is you",
                  _browser.with_return("/auth/confirm"))
    return False


def _confirmed(user: User, max_age_s: float) -> bool:
    # What is remembered may be of a moment before the user did it.
    for fresh in (False, True):
        try:
            found = _session.status(user, fresh)
        except _status.Unknown:
            return False
        ago = found.age_of_confirmation()
        if found.alive and ago is not None and ago <= max_age_s:
            return True
    return False


def watch(every: str | float = "30s") -> None:
    """Looks again and again, so that an idle tab whose session ended goes to
    the log-in page. Not needed where nginx uses stauth-stream.conf."""
    st.fragment(current_user, run_every=every)()
