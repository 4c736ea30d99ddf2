#!/usr/bin/env python3
"""Breaks comment lines that are too long, which swift-format leaves alone: wrap-comments.py FOLDER…  (make format)"""

import pathlib
import re
import sys

COLUMNS = 110
COMMENT = re.compile(r"^(\s*)(///?) (\S.*)$")
ITEM = re.compile(r"(- |\d+\. |#|```|\|)")


def wrapped(prefix, words):
    lines = [prefix]
    for word in words:
        line = lines[-1] + (" " if lines[-1] != prefix else "") + word
        if len(line) > COLUMNS and lines[-1] != prefix:
            lines.append(prefix + word)
        else:
            lines[-1] = line
    return lines


def wrap(text):
    lines = text.split("\n")
    output = []
    at = 0
    while at < len(lines):
        first = COMMENT.match(lines[at])
        if not first:
            output.append(lines[at])
            at += 1
            continue
        # A paragraph: comment lines of one depth and kind, up to the next item of a list.
        end = at + 1
        while end < len(lines):
            following = COMMENT.match(lines[end])
            if not following or following.group(1, 2) != first.group(1, 2) or ITEM.match(following.group(3)):
                break
            end += 1
        paragraph = lines[at:end]
        if any(len(line) > COLUMNS for line in paragraph):
            words = " ".join(COMMENT.match(line).group(3) for line in paragraph).split(" ")
            paragraph = wrapped(f"{first.group(1)}{first.group(2)} ", words)
        output += paragraph
        at = end
    return "\n".join(output)


for folder in sys.argv[1:]:
    for path in sorted(pathlib.Path(folder).rglob("*.swift")):
        before = path.read_text()
        after = wrap(before)
        if after != before:
            path.write_text(after)
            print(f"wrapped comments in {path}")
