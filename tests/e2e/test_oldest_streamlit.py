# SPDX-License-Identifier: MIT
"""The oldest Streamlit that is supported; the other files use the newest.
All five: tests/streamlit-versions."""

import os
import sys

os.environ.setdefault("STAUTH_STREAMLIT", "1.49.1")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "rig"))
import streamlit_page  # noqa: E402
streamlit_page.need_streamlit()
from test_live import Live  # noqa: E402,F401
from test_package_web import Package  # noqa: E402,F401
from test_zero_code import ZeroCode  # noqa: E402,F401
