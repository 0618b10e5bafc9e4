# SPDX-License-Identifier: MIT
"""Who is signed in at a Streamlit app behind stauth.

    from stauth import auth, requires_auth
    user = auth()            # in the sidebar; the user's name, or None
    @requires_auth(group="su")
    def danger(): ...
"""

from . import const
from ._api import (admin, auth, authenticated, confirm, current_user, logout,
                   requires_auth, watch)
from ._assertion import User

__version__ = "1.0.0"
__all__ = ["User", "admin", "auth", "authenticated", "confirm", "const",
           "current_user", "logout", "requires_auth", "watch"]
