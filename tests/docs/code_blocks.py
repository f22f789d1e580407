#!/usr/bin/env python3
"""The code in the fenced blocks of our pages, from which tests are made.

code_blocks.py assemble PAGE FOLDER       writes the files of the page into FOLDER
code_blocks.py commands PAGE              prints the commands of the page, for bash

A block whose fence says ```cpp FILE is a part of FILE; its parts follow each other with an empty line
between. ```diff FILE OTHER says how OTHER comes from FILE. ```sh run are commands that work one after
the other in an empty folder.
"""
import pathlib
import re
import sys

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(words of the fence, text, line number) for each block of the page."""
    text = pathlib.Path(page).read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield match[1].split(), match[2], text.count("\n", 0, match.start()) + 1


def change(text, diff, where):
    """`text` after the hunks of `diff`, each of which must fit in exactly one place."""
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        lines = [line if line else " " for line in hunk.splitlines()]
        before = "".join(line[1:] + "\n" for line in lines if line[0] != "+")
        after = "".join(line[1:] + "\n" for line in lines if line[0] != "-")
        places = ("\n" + text).count("\n" + before)
        if places != 1:
            sys.exit(f"{where}: fits in {places} places, expected 1:\n{before}")
        text = ("\n" + text).replace("\n" + before, "\n" + after)[1:]
    return text


def assemble(page, folder):
    files = {}
    for words, text, line in blocks(page):
        if words[:1] == ["cpp"] and len(words) == 2:
            files[words[1]] = files[words[1]] + "\n" + text if words[1] in files else text
        elif words[:1] == ["diff"] and len(words) == 3:
            if words[1] not in files:
                sys.exit(f"{page}:{line}: no block before this one is of {words[1]}")
            files[words[2]] = change(files[words[1]], text, f"{page}:{line}")
    if not files:
        sys.exit(f"{page}: has no ```cpp FILE")
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def commands(page):
    print("set -euo pipefail")
    for words, text, line in blocks(page):
        if words == ["sh", "run"]:
            print(f"echo '{page}:{line}'\n{text}")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "assemble":
        assemble(sys.argv[2], sys.argv[3])
    elif len(sys.argv) == 3 and sys.argv[1] == "commands":
        commands(sys.argv[2])
    else:
        sys.exit(__doc__)
