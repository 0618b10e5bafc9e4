#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names and texts in the words of the field.

The words below crept into the house once and went: no identifier holds one
of them, no text that a person reads one of the phrases, and no comment one
of the words in COMMENT_WORDS.
"""

import re

from tree import c_code, c_tokens, line_of, main

WORDS = {
    "lane": "limit, counter", "lanes": "limits, counters",
    "crew": "workers", "doomed": "must_reopen", "pulse": "heartbeat",
    "letter": "mail", "letters": "mails", "said": "reply",
    "told": "reported", "anew": "again", "meanwhile": "(drop it)",
    "whoever": "(name the actor)", "mend": "fix, repair",
    "mended": "fixed, repaired", "hurry": "no_wait",
    "patience": "wait_max", "bank": "pool",
    "abandon": "close, give up",
}
PHRASES = {
    "is not right": "is incorrect",
    "works no longer": "is no longer valid",
    "holds no longer": "is no longer valid",
    "go on": "continue",
    "You may not do this": "You do not have permission to do this",
    "This is too much": "Request too large",
    "is no KEY=value": "expected KEY=value",
    "meanwhile": "(drop it)", "anew": "again", "whoever": "who",
}
COMMENT_WORDS = {
    "whoever": "who, or the actor's name", "meanwhile": "(drop it)",
    "anew": "again", "mend": "repair", "mends": "repairs",
    "mended": "repaired", "mending": "repairing",
}
# Argon2 has lanes.
ITS_OWN = ("common/password/", "tests/lint/")
NAME = re.compile(r"\b[A-Za-z_]\w+\b")
# In tests, the names that a report shows.
PY_NAME = re.compile(r"\b(?:def\s+(?=test_)|class\s+)(\w+)")
C_FUNCTION = re.compile(r"^(?:static )?[\w ]+[ *](\w+)\(", re.M)


def words_of(name):
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2",
                                        name).lower())


def names_of(tree, path):
    """(name, offset)"""
    text = tree.text(path)
    if path.endswith(".py"):
        pattern = PY_NAME
    else:
        text = c_code(text)
        pattern = C_FUNCTION if path.startswith("tests/") else NAME
    for found in pattern.finditer(text):
        yield found[found.lastindex or 0], found.start()


def wrong_words(tree, path):
    text = tree.text(path)
    for name, at in names_of(tree, path):
        for word in words_of(name):
            if word in WORDS:
                yield (path, line_of(text, at),
                       f"{name}: not {word}, but {WORDS[word]}")
    if path.startswith("tests/"):
        return
    for kind, at, literal in c_tokens(text):
        for phrase, better in PHRASES.items():
            if kind == "string" and re.search(
                    rf"\b{re.escape(phrase)}\b", literal):
                yield (path, line_of(text, at),
                       f'not "{phrase}", but {better}')
        for word, better in COMMENT_WORDS.items():
            if kind in ("block", "line") and re.search(
                    rf"\b{word}\b", literal, re.I):
                yield (path, line_of(text, at), f"not {word}, but {better}")


def check(tree):
    paths = [path for path in tree.of_kind(".c", ".h", ".py")
             if not path.startswith(ITS_OWN)]
    tree.complain_over("words", sorted({
        one for path in paths for one in wrong_words(tree, path)}))


if __name__ == "__main__":
    main(check)
