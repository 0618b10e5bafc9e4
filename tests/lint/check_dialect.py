#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One dialect of C in all rooms.

1. A pointer is tested with `== NULL` or `!= NULL`, never as if it were a
   bool.
2. A variable is declared where it is first needed: no other statement stands
   between, and what is set first is set in the declaration.
3. `(void)` says that a result that matters is ignored deliberately: it never
   stands before a call whose result nobody needs, and always before one that
   may fail to do what it was called for.
4. A function has at most five parameters.

There is no compiler here. Names are taken for what their declarations in the
same file, or as fields of this tree's structs, say; a name that is a pointer
in one place and none in another is passed over.
"""

import os
import re

from tree import c_code, line_of, main

ROOMS = ("common/", "fcgi_gate/", "stauthctl/", "pam_stauth/", "nginx/")
PARAMETERS_MAX = 5

FUNCTION = re.compile(r"^\{\n.*?^\}", re.M | re.S)
# The lines above a function's brace.
HEAD = re.compile(r"(?:[^\s#;}].*\n(?:[ \t]+[^\s;].*\n)*)\Z")
PARAMETERS = re.compile(r"\w+\((.*)\)\s*\Z", re.S)
TYPE = (r"(?:const\s+)?(?:(?:unsigned|signed|struct|enum|union|long)\s+)?"
        r"(?!return\b|goto\b|case\b|else\b|typedef\b|sizeof\b)\w+")
POINTER = re.compile(
    r"(?:^|[;{}(,])\s*(?:static\s+|extern\s+)*" + TYPE +
    r"\s*(?:const\s*)?\*\s*(?:const\s+)?(\w+)\s*(?=[;=,)])", re.M)
VALUE = re.compile(
    r"(?:^|[;{}(,])\s*(?:static\s+|extern\s+)*" + TYPE +
    r"\s+(\w+)\s*(?=[;=,)\[])", re.M)
RETURNS_POINTER = re.compile(
    r"^(?:static\s+)?(?:inline\s+)?" + TYPE + r"\s*\*(\w+)\(", re.M)
LIBRARY = set(
    "strchr strrchr strstr memchr memmem strdup malloc calloc realloc getenv "
    "secure_getenv realpath getpwnam getpwuid getgrnam getgrgid gmtime_r "
    "localtime_r fopen fdopen opendir strpbrk".split())
# A whole operand: what stands before it, the name, what stands behind.
OPERAND = re.compile(
    r"(?P<before>!|&&|\|\||\b(?:if|while) ?\(|(?<![=!<>])=|[(,?:]|\breturn)\s*"
    r"(?P<path>(?:\w+(?:\.|->))*)(?P<name>[A-Za-z_]\w*)(?![\w.]|->|\[)"
    r"(?P<call>\()?")
DECLARATION = re.compile(
    r"(?P<type>" + TYPE + r"(?:\s+|\s*\*+\s*)(?:const\s+)?)"
    r"(?P<name>(?!struct\b|enum\b)\w+)"
    r"(?P<array>(?:\s*\[[^\]]*\])*)\s*(?:=\s*(?P<value>.*))?", re.S)
# A variable is none: errno may be another one further down.
CONSTANT = re.compile(r"-?(?:\d\w*|[A-Z][A-Z0-9_]*)|true|false"
                      r"|\{\s*0?\s*\}", re.S)
QUIET = re.compile(r"\(void\)\w+|_Static_assert\(.*|static\s.*", re.S)
NOBODY_NEEDS = re.compile(
    r"\(void\)\s*(v?snprintf|v?f?printf|f?puts|putchar|close|fclose|closedir"
    r"|strftime|nanosleep|umask|sig(?:empty|fill)set|sigaction|sigprocmask"
    r"|alarm|sqlite3_(?:finalize|reset|close_v2))\(")
MAY_FAIL = re.compile(
    r"[;{}]\s*((?:unlink|rename|chmod|chown|fchmod|fchown|mkdir)(?:at)?"
    r"|rmdir|kill|setsockopt|ftruncate|fsync|waitpid|write|setrlimit)\(")


class Statement:
    """A statement, or the head of a block, and how deep it stands."""

    def __init__(self, text, start, block):
        self.text, self.block = text.strip(), block
        self.start = start + len(text) - len(text.lstrip())
        found = DECLARATION.fullmatch(self.text)
        self.declaration = found if found and not QUIET.fullmatch(
            self.text) else None
        self.is_quiet = bool(found or QUIET.fullmatch(self.text))

    def opens(self, other):
        """Is the other a later part of this one: if-else, do-while?"""
        return self.text.startswith("do" if other.text.startswith("while")
                                    else "if")


def statements(code, start, end):
    """Of a function's body. block: (number of the block, ...) from outside
    to inside."""
    found, blocks, count = [], [0], 0
    depth, begin = 0, start + 1
    for at in range(start + 1, end):
        c = code[at]
        if c == "{" and depth == 0 and not re.search(
                r"[=\]]\s*$|=\s*\([^()]*\)\s*$", code[begin:at]) \
                and not re.search(r"\([^()]*\)\s*$", code[begin:at]) \
                or (c == "{" and depth == 0 and re.match(
                    r"\s*(\w+:\s*)?(\}\s*)?(else\s+)?(if|for|while|switch|"
                    r"json_\w+foreach)\b", code[begin:at])):
            found.append(Statement(code[begin:at], begin, tuple(blocks)))
            count += 1
            blocks.append(count)
            begin = at + 1
        elif c in "({[":
            depth += 1
        elif c == "}" and depth == 0:
            if len(blocks) > 1:
                blocks.pop()
            begin = at + 1
        elif c in ")}]":
            depth -= 1
        elif c == ";" and depth == 0:
            found.append(Statement(code[begin:at], begin, tuple(blocks)))
            begin = at + 1
    return found


def needed_by(body, i):
    """The statements beside the i-th that follow it in its block, each with
    all that is inside it; an else belongs to its if."""
    block = body[i].block
    beside = []
    for other in body[i + 1:]:
        if other.block[:len(block)] != block:
            break
        if other.block == block and not (beside and re.match(
                r"else\b|while\b.*\)$", other.text, re.S) and
                beside[-1][0].opens(other)):
            beside.append([other])
        elif beside:
            beside[-1].append(other)
    return beside


def late_declarations(code, start, end):
    """(declaration, the statement that needs it, is it set there?)"""
    body = statements(code, start, end)
    jumps = re.search(r"\bgoto\b", code[start:end])
    for i, one in enumerate(body):
        found = one.declaration
        if not found:
            continue
        name, value = found["name"], found["value"]
        if value is not None and (
                jumps or not CONSTANT.fullmatch(value.strip())):
            continue
        word = re.compile(r"\b%s\b" % name)
        between = False
        for group in needed_by(body, i):
            if not any(word.search(each.text) for each in group):
                between = between or not group[0].is_quiet
                continue
            text = group[0].text
            sets = not found["array"] and \
                re.match(r"%s\s*=[^=]" % name, text) and \
                not word.search(text, len(name))
            if sets or between:
                yield one, group[0], bool(sets)
            break


def struct_fields(tree):
    pointers, values = set(), set()
    for path in tree.of_kind(".h", ".c"):
        if path.startswith(ROOMS):
            code = c_code(tree.text(path))
            for found in re.finditer(r"^struct \w+ \{.*?^\}", code,
                                     re.M | re.S):
                pointers.update(POINTER.findall(found.group()))
                pointers.update(re.findall(r"\(\*(\w+)\)\(", found.group()))
                values.update(VALUE.findall(found.group()))
    return pointers, values


def pointer_functions(tree):
    names = set(LIBRARY)
    for path in tree.of_kind(".h"):
        if path.startswith(ROOMS):
            names.update(RETURNS_POINTER.findall(c_code(tree.text(path))))
    return names


def call_end(code, at):
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([") - (code[i] in ")]")
        if depth == 0:
            return i + 1
    return len(code)


def bare_pointers(code, pointers, functions):
    """Where a pointer stands as if it were a bool."""
    for found in OPERAND.finditer(code):
        name, before = found["name"], found["before"]
        if found["call"]:
            if name not in functions:
                continue
            end = call_end(code, found.end() - 1)
        elif name in pointers:
            end = found.end()
        else:
            continue
        behind = re.match(r"\s*(&&|\|\||[)?;:,])?", code[end:])[1]
        if behind in ("&&", "||", "?") or (behind and (
                before[0] == "!" or before in ("&&", "||") or
                before.startswith(("if", "while")))):
            yield found.start("path")


def check_file(tree, path, fields, functions):
    code = c_code(tree.text(path))
    pointers = (set(POINTER.findall(code)) | fields[0]) - fields[1] - \
        set(VALUE.findall(code))
    functions = functions | set(RETURNS_POINTER.findall(code))
    for at in bare_pointers(code, pointers, functions):
        tree.complain(path, line_of(code, at),
                      "a pointer is tested with == NULL or != NULL")
    for found in NOBODY_NEEDS.finditer(code):
        tree.complain(path, line_of(code, found.start()),
                      f"no (void) before {found[1]}()")
    for found in MAY_FAIL.finditer(code):
        tree.complain(path, line_of(code, found.start(1)),
                      f"the result of {found[1]}() is neither used nor (void)")
    for found in FUNCTION.finditer(code):
        for one, _, sets in late_declarations(code, *found.span()):
            name = one.declaration["name"]
            tree.complain(path, line_of(code, one.start),
                          f"set {name} in its declaration" if sets else
                          f"declare {name} where it is first needed")


def many_parameters(tree, path):
    """Of the functions that are defined in this file."""
    code = c_code(tree.text(path))
    for found in FUNCTION.finditer(code):
        head = HEAD.search(code[:found.start()])
        inner = PARAMETERS.search(head[0]) if head else None
        depth = count = 0
        for c in inner[1] if inner else "":
            depth += (c in "([") - (c in ")]")
            count += c == "," and depth == 0
        if count >= PARAMETERS_MAX:
            yield (path, line_of(code, head.start()),
                   f"{count + 1} parameters, over {PARAMETERS_MAX}")


def check(tree):
    fields, functions = struct_fields(tree), pointer_functions(tree)
    paths = [path for path in tree.of_kind(".c", ".h")
             if path.startswith(ROOMS)]
    for path in paths:
        check_file(tree, path, fields, functions)
    tree.complain_over("parameters", [
        one for path in paths for one in many_parameters(tree, path)])


if __name__ == "__main__":
    main(check)
