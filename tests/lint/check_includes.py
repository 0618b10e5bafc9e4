#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the includes and enforces the architecture they show.

1. Arrows point down: base < config, password < store, mail < auth < the
   front ends; the network libraries of mail are for mail alone.
2. A front end includes auth/, config/, base/ and store/records.h, and what
   is its own (nginx/check/ is stauthctl's); its main.c, and the gate's
   workers, also store/table.h and mail/mailer.h. The PAM module lives in
   other people's processes: base/ alone.
3. check/, stream/ and pages/ of the gate know nothing of each other, and
   http/, which they share, knows none of them.
4. Each third-party header has one owner.
5. A .c file includes its own header first, <...> before "...", and
   base/banned.h last; a header never includes that one.
6. The licence stands on line 1.
7. No circle between files; a header and its source are one.
"""

import os
import re

from tree import c_code, line_of, main

ROOMS = ("common", "fcgi_gate", "stauthctl", "pam_stauth", "nginx")
LICENCE = "/* SPDX-License-Identifier: MIT */"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)

# Rule 1: which rooms of common/ each may include.
BELOW = {
    "base": {"base"},
    "config": {"base", "config"},
    "password": {"base", "password"},
    "store": {"base", "config", "password", "store"},
    "mail": {"base", "config", "mail"},
    "auth": {"base", "config", "password", "store", "mail", "auth"},
}
# A provider's headers are its own, but for the table of providers and for
# the reader of old files, which an import calls.
PROVIDER = re.compile(r"common/store/\w+/")
PROVIDER_MAY = re.compile(r"common/store/\w+\.c")
IMPORT_MAY = re.compile(r"common/store/\w+/old_users\.h")
# Rule 2.
FRONT_MAY = re.compile(
    r"common/((auth|config|base)/\w+|store/records)\.h")
MAIN_MAY = re.compile(r"common/(store/table|mail/mailer)\.h")
# The gate's workers open their own, and so do each verb of stauthctl and
# each question of the helper.
WORKER = re.compile(
    r"fcgi_gate/(setup|worker|\w+_worker|(check|stream)/loop|pages/pages)\.c")
TABLE_TOO = re.compile(r"(stauthctl/\w+|pam_stauth/chkpwd/serve)\.c")
# Rule 3: each socket's role, and what they share.
GATE_ROLES = {"check", "stream", "pages"}
GATE_ROOMS = GATE_ROLES | {"http"}
# Rule 4: header, who may include it.
OWNERS = (
    (r"sqlite3(ext)?\.h", r"common/store/sqlite/"),
    (r"libpq-fe\.h", r"common/store/postgres/"),
    (r"curl/.*", r"common/mail/|nginx/check/http\.c$"),
    (r"fcgiapp\.h", r"fcgi_gate/fcgi_io\.[ch]$"),
    (r"fcgi_stdio\.h|fcgio\.h", r"(?!)"),
    (r"jansson\.h", r"common/(auth|mail|store/airtable)/|stauthctl/"
                    r"|fcgi_gate/pages/"),
    (r"openssl/.*", r"common/(password/|base/(secret|codec)\.c$)"),
    (r"(argon2|crypt|zxcvbn)\.h", r"common/password/"),
    (r"idn2\.h", r"common/(auth|config)/"),
    (r"libsmartcols/.*", r"stauthctl/"),
    (r"qrencode\.h", r"stauthctl/invite\.c$|fcgi_gate/pages/qr\.c$"),
    (r"yaml\.h", r"stauthctl/yaml_reader\.h$"),
    (r"security/.*", r"pam_stauth/(?!chkpwd/)"),
    (r"syslog\.h", r"fcgi_gate/|pam_stauth/|stauthctl/"),
    (r"pthread\.h|threads\.h", r"(?!)"),
)


def resolve(tree_files, path, name):
    """Path of a quoted include, which may be a file of the build."""
    folder = os.path.dirname(path)
    front = path.split("/", 1)[0]
    for base in (folder, front, "common", ""):
        at = os.path.normpath(os.path.join(base, name))
        if at in tree_files:
            return at
    base = "common" if name.split("/", 1)[0] in BELOW else folder
    return os.path.normpath(os.path.join(base, name))


def room_of(path):
    """'store' of common/store/sqlite/open.c."""
    parts = path.split("/")
    return parts[1] if parts[0] == "common" and len(parts) > 2 else ""


def check_layer(path, target):
    """Why this include breaks rules 1-3, or ''."""
    front = path.split("/", 1)[0]
    other = target.split("/", 1)[0]
    if other not in ROOMS:
        return ""
    if front == "common":
        return check_common(path, target)
    if other == front:
        return check_gate(path, target)
    if front == "stauthctl" and other == "nginx":
        return ""
    return check_front_end(path, target)


def check_common(path, target):
    if not target.startswith("common/"):
        return "common/ knows no front end"
    if room_of(target) not in BELOW.get(room_of(path), set()):
        return f"{room_of(path)}/ is not above {room_of(target)}/"
    provider = PROVIDER.match(target)
    if not provider or path.startswith(provider.group()) or \
            PROVIDER_MAY.fullmatch(path) or IMPORT_MAY.fullmatch(target):
        return ""
    return f"{provider.group()} is its provider's own"


def check_front_end(path, target):
    if not target.startswith("common/"):
        return "one front end knows no other"
    if path.startswith("pam_stauth/") and \
            not path.startswith("pam_stauth/chkpwd/"):
        return "" if room_of(target) == "base" else \
            "the PAM module takes base/ only"
    opens = os.path.basename(path) == "main.c" or WORKER.fullmatch(path)
    if FRONT_MAY.fullmatch(target) or (opens and MAIN_MAY.fullmatch(target)) \
            or (TABLE_TOO.fullmatch(path) and
                target == "common/store/table.h"):
        return ""
    return "a front end takes auth/, config/, base/ and store/records.h"


def check_gate(path, target):
    one, two = path.split("/")[1], target.split("/")[1]
    if one != two and one in GATE_ROOMS and two in GATE_ROLES:
        return f"{one}/ includes nothing of {two}/"
    return ""


def check_owner(path, name):
    for header, owner in OWNERS:
        if re.fullmatch(header, name) and not re.match(owner, path):
            return f"<{name}> has its owner elsewhere"
    return ""


def check_order(tree, path, includes):
    """Rule 5, for .c files: own header, <...>, "...", banned.h."""
    own = path[:-2] + ".h"
    first = includes[0] if includes else (1, '"', "")
    # In tests/ unit.h is first: cmocka.h wants it so.
    if path.split("/", 1)[0] in ROOMS and own in tree.files and \
            resolve(tree.files, path, first[2]) != own:
        tree.complain(path, first[0], "the own header comes first")
    if not includes or includes[-1][2] != "base/banned.h":
        tree.complain(path, includes[-1][0] if includes else 1,
                      'the last include is "base/banned.h"')
    quoted = False
    for number, (line, mark, name) in enumerate(includes):
        if mark == "<" and quoted:
            tree.complain(path, line, f"<{name}> comes before the quoted")
        quoted = quoted or (mark == '"' and number > 0)


def check_file(tree, path):
    text = tree.text(path)
    code = c_code(text, keep_strings=True)
    includes = [(line_of(code, m.start(1)), m.group(1), m.group(2))
                for m in INCLUDE.finditer(code)]
    if not text.startswith(LICENCE + "\n"):
        tree.complain(path, 1, f"line 1 is {LICENCE}")
    if path.split("/", 1)[0] in ROOMS:
        for line, mark, name in includes:
            wrong = check_owner(path, name)
            if not wrong and mark == '"':
                wrong = check_layer(path, resolve(tree.files, path, name))
            if wrong:
                tree.complain(path, line, wrong)
    if path.endswith(".h"):
        for line, _, name in includes:
            if name.endswith("banned.h"):
                tree.complain(path, line, "a header includes no banned.h")
    else:
        # An .inc is included for its text, in the middle of an array.
        check_order(tree, path, [i for i in includes
                                 if not i[2].endswith(".inc")])


def includes_of(tree, path):
    """The files of this tree that this one includes."""
    code = c_code(tree.text(path), keep_strings=True)
    for found in INCLUDE.finditer(code):
        target = resolve(tree.files, path, found.group(2))
        if found.group(1) == '"' and target in tree.files:
            yield target


def circles(tree):
    """[[file without its ending, ...], ...]: those that need each other."""
    below = {}
    for path in tree.of_kind(".c", ".h"):
        if path.split("/", 1)[0] in ROOMS:
            below.setdefault(path[:-2], set()).update(
                target[:-2] for target in includes_of(tree, path))
    # What a file needs, near or far.
    reached = {}
    for start in below:
        reached[start], todo = set(), list(below[start])
        while todo:
            one = todo.pop()
            if one != start and one not in reached[start]:
                reached[start].add(one)
                todo += below.get(one, ())
    found = {frozenset(
        [one] + [other for other in reached[one]
                 if one in reached.get(other, ())]) for one in below}
    return sorted(sorted(each) for each in found if len(each) > 1)


def check(tree):
    for path in tree.of_kind(".c", ".h"):
        check_file(tree, path)
    tree.complain_over("circles", [
        (next(path for path in tree.files if path[:-2] == circle[0]), 1,
         "a circle of includes: " + " ".join(circle))
        for circle in circles(tree)])


if __name__ == "__main__":
    main(check)
