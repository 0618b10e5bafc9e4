# SPDX-License-Identifier: MIT
"""Does the session still stand? The gate is asked at /auth/status, at most
every 15 seconds a session; what it does not answer counts as a no."""

from __future__ import annotations

import http.client
import json
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ._assertion import User

FRESH_S = 15
TIMEOUT_S = 3
BODY_MAX = 65536
KEPT_MAX = 4096


class Unknown(Exception):
    """The gate could not be asked; the text says why."""


class Status(NamedTuple):
    alive: bool
    asked_at: float  # of time.monotonic(), when the question left
    confirmed_ago_s: float | None  # at that moment; None: never

    def age_of_confirmation(self) -> float | None:
        if self.confirmed_ago_s is None:
            return None
        return self.confirmed_ago_s + time.monotonic() - self.asked_at


_lock = threading.Lock()
_known: dict[tuple[str, str], Status] = {}


def _name(user: User) -> tuple[str, str]:
    return user.sid, user.username


def _connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unknown("%r is no address to ask" % url)
    kind = (http.client.HTTPSConnection if parts.scheme == "https"
            else http.client.HTTPConnection)
    return kind(parts.hostname, parts.port, timeout=TIMEOUT_S)


def _ask(url: str, host: str, token: str) -> tuple[int, bytes, str]:
    """Status, body and Date. No proxy is used and no redirect followed."""
    try:
        conn = _connect(url)
        try:
            conn.request("GET", "/auth/status", headers={
                "Host": host, "Accept": "application/json",
                "X-Auth-Assertion": token})
            answer = conn.getresponse()
            return (answer.status, answer.read(BODY_MAX),
                    answer.getheader("Date", ""))
        finally:
            conn.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unknown("%s: %s" % (url, error)) from error


def _confirmed_ago(answer: dict[str, Any], date: str) -> float | None:
    """By the clock of the machine that answered."""
    confirmed_at = answer.get("confirmed_at")
    if type(confirmed_at) is not int or confirmed_at <= 0:
        return None
    try:
        now = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        now = time.time()
    return max(0.0, now - confirmed_at)


def ask(url: str, host: str, token: str, user: User) -> Status:
    """Asks now. Raises Unknown."""
    asked_at = time.monotonic()
    code, body, date = _ask(url, host, token)
    if code not in (200, 401):
        raise Unknown("%s/auth/status answered %d" % (url, code))
    try:
        answer = json.loads(body)
        alive = answer["authenticated"]
        if type(alive) is not bool or alive != (code == 200):
            raise ValueError("a wrong status")
    except (ValueError, TypeError, KeyError) as error:
        raise Unknown("%s/auth/status: not the gate's answer" % url) from error
    # Somebody else's session is none of this user.
    alive = (alive and answer.get("user") == user.username
             and answer.get("session") == user.sid)
    status = Status(alive, asked_at,
                    _confirmed_ago(answer, date) if alive else None)
    with _lock:
        if len(_known) >= KEPT_MAX:
            _known.clear()
        _known[_name(user)] = status
    return status


def known(user: User) -> Status | None:
    """What was answered in the last 15 seconds."""
    with _lock:
        status = _known.get(_name(user))
    if status and time.monotonic() - status.asked_at < FRESH_S:
        return status
    return None


def forget(user: User) -> None:
    with _lock:
        _known.pop(_name(user), None)
