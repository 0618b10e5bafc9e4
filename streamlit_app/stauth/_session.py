# SPDX-License-Identifier: MIT
"""Who is at the other end of this Streamlit session.

1. Only a signed assertion names a user; STAUTH_DEV_USER does where the app
   has no key and no header of stauth comes in.
2. An assertion whose session the gate does not confirm is nobody's, also if
   the gate cannot be asked.
3. A session_state belongs to one log-in. When another one, or nobody, comes
   to it, it is emptied first: Streamlit up to 1.60, or without trusted user
   headers, lets a browser resume the session of another user.
"""

from __future__ import annotations

import logging
import time
from typing import Callable, Optional, Tuple, Union
from urllib.parse import urlsplit

import streamlit as st

from . import _assertion, _browser, _settings, _status
from ._assertion import User

Callback = Union[str, None, Callable[[str, str], object]]
# Who it is, and why it is nobody ("": nobody is signed in).
Found = Tuple[Optional[User], str]

UNSET = "This app has no STAUTH_APP_KEY_FILE and cannot tell who is there."
REFUSED = "The identity that came with this request is not valid."
AWAY = "The sign-in service is not answering. Please try again in a moment."
ENDED = "Your session has ended. Please sign in again."

_KEY = "_stauth"
_log = logging.getLogger("stauth")


class Memo:
    """What is remembered of a Streamlit session. Never pickled or shown: it
    holds an assertion and the app's callback."""

    def __init__(self) -> None:
        self.sid: str | None = None  # the log-in that it belongs to
        self.token = ""
        self.callback: Callback = "default"
        self.accepted = False  # the gate confirmed the session once
        self.signed_out = ""  # the log-in that logout() ended here
        self.greeted = ""
        self.logged = ""

    def __reduce__(self) -> tuple[type[Memo], tuple[()]]:
        return Memo, ()

    def __repr__(self) -> str:
        return "<stauth>"


def memo() -> Memo:
    found = st.session_state.get(_KEY)
    if not isinstance(found, Memo):
        found = st.session_state[_KEY] = Memo()
    return found


def _note(text: str) -> None:
    """For the app's log, once as long as it stays the same."""
    kept = memo()
    if text and text != kept.logged:
        _log.warning("%s", text)
    kept.logged = text


def _identify(token: str, others: bool) -> Found:
    """token: "" none came. others: other headers of the gate's came."""
    try:
        key = _settings.app_key()
    except _settings.SettingsError as error:
        _note(str(error))
        return None, UNSET
    if key is None:
        dev = _settings.dev_user()
        if dev is None or token or others:
            _note(UNSET)
            return None, UNSET
        name, groups = dev
        return User(name, name, "", groups, "dev", 0, 0), ""
    if not token:
        return None, ""
    try:
        return _assertion.check(token, key, _settings.public_url(),
                                time.time()), ""
    except _assertion.Refused as error:
        _note("X-Auth-Assertion: %s" % error)
        return None, REFUSED


def _bind(sid: str) -> None:
    """Makes the session_state this log-in's own ("": nobody's)."""
    kept = memo()
    if kept.sid is not None and kept.sid != sid:
        callback = kept.callback
        st.session_state.clear()
        kept = memo()
        kept.callback = callback
    kept.sid = sid


def identify() -> Found:
    """By what came with the connection, whatever became of the session."""
    headers = st.context.headers
    kept = memo()
    if len(headers) == 0 and kept.token:
        # The connection is away for a moment, or for good: still the same.
        return _identify(kept.token, True)
    tokens = headers.get_all("X-Auth-Assertion")
    token = tokens[0] if len(tokens) == 1 else "?" * len(tokens)
    user, problem = _identify(token, "X-Auth-User" in headers)
    _bind(user.sid if user else "")
    memo().token = token if user else ""
    return user, problem


def status(user: User, fresh: bool = False) -> _status.Status:
    """Raises _status.Unknown."""
    found = None if fresh else _status.known(user)
    if found:
        return found
    url, issuer = _settings.gate_url(), _settings.public_url()
    if not url:
        raise _status.Unknown("neither STAUTH_URL nor STAUTH_PUBLIC_URL is "
                              "set")
    host = urlsplit(issuer if "://" in issuer else url).netloc
    return _status.ask(url, host, memo().token, user)


def look() -> Found:
    """Who it is, if that session still stands."""
    user, problem = identify()
    kept = memo()
    if user is None:
        return None, problem
    if user.sid == "dev":
        return (None, "") if kept.signed_out else (user, "")
    if kept.signed_out == user.sid:
        # The rerun may have dropped the first one before it was sent.
        st.logout()
        return None, ""
    try:
        alive = status(user).alive
    except _status.Unknown as error:
        _note(str(error))
        return None, AWAY
    if not alive:
        # Not where it never stood: a wrong STAUTH_URL would reload for ever.
        if kept.accepted:
            _browser.reload()
        return None, ENDED
    kept.accepted = True
    _note("")
    return user, ""
