#!/usr/bin/env python3
"""Shows what clang-tidy finds in the product code, compiled as in a build folder.

Most of clang-tidy's time goes into the headers, so files that are compiled alike are read together,
as one translation unit; files whose names at file scope clash are kept apart. What passed is not
read again until it, a header or .clang-tidy changes.
Usage: tidy.py BUILD_FOLDER [FILE...]
"""
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("coordinator", "scheduler", "worker", "apps")
MAX_BATCH = 12
# Warnings of g++ that clang does not have; -Wconversion of g++ is not about signs.
ARGUMENTS = ["-Wno-unknown-warning-option", "-Wno-sign-conversion"]
# A name that is defined at the start of a line; methods are named by their class.
DEFINED = re.compile(r"(?:class|struct|enum|using)\s+(\w+)|(?<!:)\b(?!__attr|vector_size)(\w+)(?=\s*[=({\[])")


def compiled_alike(build):
    """Lists of product sources by the folder and the command they are compiled with."""
    groups = collections.defaultdict(list)
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        if file.suffix != ".cc" or not file.is_relative_to(ROOT):
            continue
        file = file.relative_to(ROOT)
        if file.parts[0] not in PARTS:
            continue
        command = shlex.split(entry["command"])
        output = command.index("-o")
        del command[output:output + 2]
        command = tuple(word for word in command if word not in (entry["file"], "-c"))
        groups[file.parent, command].append(file)
    return groups


def names(file):
    """What the anonymous namespaces of a file define, by name: the alias, or the file if it is none."""
    defined, hidden = {}, False
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("namespace"):
            hidden = line == "namespace {"
        elif line == "}  // namespace":
            hidden = False
        elif hidden and line[:1].isalpha():
            for a, b in DEFINED.findall(line):
                defined[a or b] = line if line.startswith("using ") else file
    return defined


def batches(files):
    """Divides files into lists of at most MAX_BATCH in which no name has two meanings."""
    found = []
    for file in files:
        defined = names(file)
        for batch, taken in found:
            if len(batch) < MAX_BATCH and all(taken.get(n, d) == d for n, d in defined.items()):
                batch.append(file)
                taken |= defined
                break
        else:
            found.append(([file], defined))
    return [batch for batch, _ in found]


class Tidy:
    def __init__(self, build):
        self.build = build
        self.scratch = build / "tidy"
        self.scratch.mkdir(exist_ok=True)
        headers = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.h"))
        self.common = hashlib.sha256()
        for path in [ROOT / ".clang-tidy", pathlib.Path(__file__), *headers]:
            self.common.update(path.read_bytes())

    def passes(self, command, files):
        digest = self.common.copy()
        digest.update(" ".join(command).encode())
        for file in files:
            digest.update(str(file).encode() + (ROOT / file).read_bytes())
        key = digest.hexdigest()
        folder = self.scratch / key
        mark = self.scratch / f"{key}.passed"
        if mark.exists():
            return True
        folder.mkdir(exist_ok=True)
        source = folder / "files.cc"
        source.write_text("".join(f'#include "{ROOT / file}"\n' for file in files))
        (folder / "compile_commands.json").write_text(json.dumps([{
            "directory": str(self.build), "file": str(source),
            "arguments": [*command, *ARGUMENTS, "-c", str(source)]}]))
        run = subprocess.run(
            ["clang-tidy", "--quiet", f"--config-file={ROOT / '.clang-tidy'}",
             "--checks=-bugprone-suspicious-include", "-p", folder, source],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if run.returncode == 0:
            mark.touch()
            return True
        if len(files) > 1 and "clang-diagnostic-error" in run.stdout:
            print(f"clang-tidy: {files[0]} and {len(files) - 1} more do not go together, read one by one",
                  flush=True)
            return all([self.passes(command, [file]) for file in files])
        print(run.stdout, f"clang-tidy: of {', '.join(map(str, files))} some fail", sep="\n", flush=True)
        return False


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    chosen = {pathlib.Path(os.path.abspath(file)).relative_to(ROOT) for file in sys.argv[2:]}
    work = []
    for (_, command), files in compiled_alike(build).items():
        files = sorted(set(files) & chosen if chosen else set(files))
        work += [(command, batch) for batch in batches(files)]
    work.sort(key=lambda item: -len(item[1]))  # the long ones first
    tidy = Tidy(build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(lambda item: tidy.passes(*item), work))
    if all(passed):
        print(f"clang-tidy: {sum(len(files) for _, files in work)} files pass")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
