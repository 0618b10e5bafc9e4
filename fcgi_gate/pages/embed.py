#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes files as one C file: the pages' templates and assets (.html are
templates, everything else assets), stauthctl's nginx snippets.

usage: embed.py [--prefix WORD] [--header FILE] OUT FILE...

WORD begins the names in C; FILE declares them.

An asset is served under a name that holds the hash of its content, so that
browsers may keep it for ever and still see a new one at once.
"""
import argparse
import hashlib
import os

TYPES = {
    ".conf": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def array(index, data):
    lines = [f"static const unsigned char data_{index}[] = {{"]
    data = data + b"\0"
    for at in range(0, len(data), 16):
        lines.append("\t" + "".join(f"{b}," for b in data[at:at + 16]))
    lines.append("};")
    return "\n".join(lines)


def entry(index, path, data):
    stem, ext = os.path.splitext(os.path.basename(path))
    if ext == ".html":
        return True, (f'\t{{"{stem}", NULL, NULL, (const char *)data_{index}, '
                      f"{len(data)}}},")
    digest = hashlib.sha256(data).hexdigest()[:12]
    return False, (f'\t{{"{stem}{ext}", "{stem}.{digest}{ext}", '
                   f'"{TYPES[ext]}", (const char *)data_{index}, '
                   f"{len(data)}}},")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prefix", default="gate")
    parser.add_argument("--header", default="pages/embedded.h")
    parser.add_argument("out")
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    arrays, templates, assets = [], [], []
    for index, path in enumerate(args.paths):
        with open(path, "rb") as file:
            data = file.read()
        arrays.append(array(index, data))
        is_template, line = entry(index, path, data)
        (templates if is_template else assets).append(line)
    end = "\t{NULL, NULL, NULL, NULL, 0},\n};\n"
    text = "/* SPDX-License-Identifier: MIT */\n/* Made by embed.py. */\n"
    text += f'#include "{args.header}"\n\n' + "\n".join(arrays) + "\n\n"
    for name, lines in (("templates", templates), ("assets", assets)):
        text += (f"const struct {args.prefix}_embedded "
                 f"{args.prefix}_{name}[] = {{\n")
        text += "".join(line + "\n" for line in lines) + end
    with open(args.out, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
