# SPDX-License-Identifier: MIT
"""Not of Authlib: the constants of st-auth-simple, at their old place."""

from stauth.const import *  # noqa: F403
