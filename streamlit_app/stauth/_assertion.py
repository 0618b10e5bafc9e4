# SPDX-License-Identifier: MIT
"""The signed identity that the gate sends in X-Auth-Assertion.

1. The signature MUST be right before anything in the token is parsed.
2. The algorithm is HS256 and never taken from the token; "crit" is refused.
3. iss and aud MUST be the expected ones, exp ahead, iat not from the future,
   sub a name, sid the handle of a session.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any, NamedTuple

TOKEN_MAX = 16384
IAT_AHEAD_S = 60
_TOKEN = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_HANDLE = re.compile(r"[\w-]{16}", re.ASCII)


class User(NamedTuple):
    username: str
    name: str
    email: str
    groups: tuple[str, ...]
    sid: str
    auth_time: int
    expires_at: int

    @property
    def su(self) -> bool:
        return "su" in self.groups


class Refused(Exception):
    """The token is not one of ours; the text says why."""


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def _parse(part: str) -> dict[str, Any]:
    found = json.loads(_decode(part), object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str):
        raise Refused("%s is no text" % name)
    return value


def _instant(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int:
        raise Refused("%s is no instant" % name)
    return value


def _signed(token: str, key: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that this key has signed."""
    found = _TOKEN.fullmatch(token)
    if not found or len(token) > TOKEN_MAX:
        raise Refused("not a token")
    header, claims, mac = found.groups()
    want = hmac.new(key, (header + "." + claims).encode(),
                    hashlib.sha256).digest()
    try:
        if not hmac.compare_digest(want, _decode(mac)):
            raise Refused("signed with another key")
        return _parse(header), _parse(claims)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed: %s" % error) from error


def check(token: str, key: bytes, issuer: str, now: float) -> User:
    """Who the token names. Raises Refused."""
    header, claims = _signed(token, key)
    if (header.get("alg") != "HS256" or header.get("typ", "JWT") != "JWT"
            or "crit" in header):
        raise Refused("not an HS256 token")
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        raise Refused("it is for %r, and this app's PUBLIC_URL is %r" % (
            claims.get("aud"), issuer))
    expires_at = _instant(claims, "exp")
    if expires_at <= now or _instant(claims, "iat") > now + IAT_AHEAD_S:
        raise Refused("expired, or from the future")
    username, sid = _text(claims, "sub"), _text(claims, "sid")
    if not username or not _HANDLE.fullmatch(sid):
        raise Refused("it names no user or no session")
    groups = claims.get("groups", [])
    if not isinstance(groups, list) or not all(
            isinstance(group, str) for group in groups):
        raise Refused("groups is no list of names")
    return User(username, _text(claims, "name"), _text(claims, "email"),
                tuple(groups), sid,
                _instant(claims, "auth_time") if "auth_time" in claims else 0,
                expires_at)
