# SPDX-License-Identifier: MIT
"""What the app is told: by the environment, or by [stauth] in secrets.toml.

    STAUTH_APP_KEY_FILE  app_key_file  the file with the gate's APP_KEY
    STAUTH_APP_KEY       app_key       the same, the key itself
    STAUTH_PUBLIC_URL    public_url    the first PUBLIC_URL of stauth.conf
    STAUTH_URL           url           where this machine reaches nginx, if
                                       that is not the public URL
    STAUTH_DEV_USER                    who is signed in on a laptop without
    STAUTH_DEV_GROUPS                  nginx, and the groups (su,staff)
"""

from __future__ import annotations

import os

import streamlit as st

KEY_MIN = 32


class SettingsError(Exception):
    """The app is not set up; the text says what is wrong."""


def _secret(name: str) -> str:
    if not st.secrets.load_if_toml_exists():
        return ""
    section = st.secrets.get("stauth")
    return str(section.get(name, "")) if section is not None else ""


def _setting(name: str) -> str:
    return os.environ.get("STAUTH_" + name.upper(), "") or _secret(name)


def app_key() -> bytes | None:
    """The key that signs assertions; None if the app has none at all."""
    path, text = _setting("app_key_file"), _setting("app_key")
    if path and text:
        raise SettingsError("both STAUTH_APP_KEY and STAUTH_APP_KEY_FILE "
                            "are set")
    if path:
        try:
            with open(path, "rb") as file:
                key = file.read()
        except OSError as error:
            raise SettingsError("STAUTH_APP_KEY_FILE: %s" % error) from error
    elif text:
        key = text.encode()
    else:
        return None
    if key.endswith(b"\n"):
        key = key[:-1]
    if len(key) < KEY_MIN:
        raise SettingsError("STAUTH_APP_KEY has fewer than %d bytes" % KEY_MIN)
    return key


def public_url() -> str:
    """The issuer of our assertions. "stauthctl streamlit-config" writes it
    to config.toml as the first of corsAllowedOrigins; without PUBLIC_URL the
    gate calls itself "stauth"."""
    origins = (_setting("public_url").split()
               or st.get_option("server.corsAllowedOrigins") or ["stauth"])
    return str(origins[0]).rstrip("/").lower()


def gate_url() -> str:
    """Where to ask /auth/status; "" if nobody said."""
    url = _setting("url") or public_url()
    return url.rstrip("/") if "://" in url else ""


def dev_user() -> tuple[str, tuple[str, ...]] | None:
    name = os.environ.get("STAUTH_DEV_USER", "").strip()
    groups = os.environ.get("STAUTH_DEV_GROUPS", "").split(",")
    if not name:
        return None
    return name, tuple(group.strip() for group in groups if group.strip())
