#!/usr/bin/env python3
"""Checks which part of the project includes which, how long files are, and what only compiles on x86.

    apps -> <strads/...> -> coordinator -> {scheduler, worker} -> wire and contract headers

Prints `file:line: what is wrong` for every violation. Usage: dependencies.py [ROOT]
"""
import pathlib
import re
import sys

MAX_LINES = 400
# The headers of coordinator/include/strads that describe an app and its messages; the others
# describe how a run is carried out.
CONTRACT = {
    "app.h", "bytes.h", "codec.h", "data_parallel.h", "data_parallel_role.h", "error.h", "field_types.h", "fields.h", "index.h",
    "message.h", "message_digest.h", "names_member.h", "next_plan.h", "options.h", "program.h", "random.h", "report.h", "require.h", "rotation.h", "rotation_role.h", "shard.h", "side_file.h",
    "slice.h",
    "sparse_vector.h", "sum.h", "version.h",
}
PARTS = ("coordinator", "scheduler", "worker", "apps", "tests")
# What each part may include beside itself; coordinator headers in CONTRACT are part "contract".
ALLOWED = {
    "contract": {"contract"},
    "wire": {"contract"},
    "scheduler": {"wire", "contract"},
    "worker": {"wire", "contract"},
    "coordinator": {"wire", "contract", "scheduler", "worker"},
}
INCLUDE = re.compile(r'\s*#\s*include\s*[<"]([^>"]+)[>"]')


def part_of(path):
    """The part that the file at `path`, relative to the root, belongs to."""
    if path.startswith("coordinator/wire/"):
        return "wire"
    if path.startswith("coordinator/include/strads/"):
        return "contract" if path.split("/")[-1].removesuffix(".in") in CONTRACT else "coordinator"
    if path.startswith("apps/"):
        return "/".join(path.split("/")[:2])  # an app of its own, or apps/main.cc
    return path.split("/")[0]


def resolve(root, header):
    """The path of an included header of the project, or None if it is not of the project."""
    if header.startswith("strads/"):
        if header == "strads/version.h":
            return "coordinator/include/strads/version.h"
        for part in PARTS:
            path = f"{part}/include/{header}"
            if (root / path).is_file():
                return path
        return None
    return header if header.split("/")[0] in PARTS else None


def problem_of(root, path, header):
    """Why `path` may not include `header`, or None."""
    name = path.split("/")[-1]
    part = part_of(path)
    is_test = part == "tests"
    if header in ("zmq.hpp", "zmq.h") and not (part == "wire" and name.startswith("zmq_")) and not is_test:
        return "only coordinator/wire/zmq_* includes ZeroMQ"
    if header.startswith("glog/") and not name.endswith(".cc"):
        return "only .cc files include glog"
    if header.startswith("gflags/") and path != "coordinator/flags.cc":
        return "only coordinator/flags.cc includes gflags"
    target = resolve(root, header)
    if target is None:
        if header.startswith("strads/"):
            return "no such header in the project"
        return None if "/" in header or (root / path).parent.joinpath(header).is_file() is False else \
            "name it by its path from the root of the project"
    if is_test:
        return None
    target_part = part_of(target)
    if target_part == part:
        return None
    if path.startswith("apps/"):
        if header.startswith("strads/") or (path == "apps/main.cc" and target.startswith("apps/")):
            return None
        return "an app includes <strads/...> and its own files only"
    if target_part in ALLOWED[part]:
        return None
    return f"{part} may include only {', '.join(sorted(ALLOWED[part] | {part}))}, this is {target_part}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    problems, count = [], 0
    for file in sorted(f for part in PARTS for f in (root / part).rglob("*")):
        if not file.name.endswith((".h", ".cc", ".h.in")):
            continue
        count += 1
        path = file.relative_to(root).as_posix()
        lines = file.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            problems.append(f"{path}:{len(lines)}: has {len(lines)} lines, expected at most {MAX_LINES}")
        directive = ""  # the last one of the preprocessor
        for number, line in enumerate(lines, 1):
            if line.startswith("#"):
                directive = line
            elif "__builtin_ia32_" in line and not directive.startswith("#if defined(__"):
                problems.append(f"{path}:{number}: compiles on x86 alone, expected #if defined(...) above it")
            if match := INCLUDE.match(line):
                if problem := problem_of(root, path, match[1]):
                    problems.append(f"{path}:{number}: includes {match[1]}: {problem}")
    print("\n".join(problems) if problems else f"dependencies: {count} files follow the rules")
    return 1 if problems or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
