# SPDX-License-Identifier: MIT
"""The examples of st.login, st.logout and st.user, as they stand in the
documentation strings of the Streamlit that is installed."""

import inspect
import re
import textwrap


def blocks(text):
    """Python programs of one documentation string."""
    text = inspect.cleandoc(text) + "\n"
    for block in re.findall(r"\n\n((?: *>>>.*\n?)+)", text):
        yield re.sub(r"(?m)^ *>>> ?", "", block)
    for block in re.findall(
            r"\.\. code-block:: python\n(?: +:.*\n)*\n((?: {4}.*\n|\n)+)",
            text):
        yield textwrap.dedent(block)


def examples():
    """{name: program}"""
    from streamlit import user_info
    found = {}
    for thing in (user_info.login, user_info.logout, user_info.UserInfoProxy):
        for program in blocks(thing.__doc__):
            try:
                compile(program, "example", "exec")
            except SyntaxError:
                continue  # TOML, JSON, and a slip of 1.49
            if "import streamlit" in program:
                found["example%d" % len(found)] = program
    return found
