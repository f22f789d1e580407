#!/usr/bin/env python3
"""Seeds a tree with one violation of each rule and expects dependencies.py to name every one."""
import pathlib
import subprocess
import sys
import tempfile

FILES = {  # path: lines; a line with `!` at its end must be reported, no other
    "coordinator/include/strads/app.h": ["#include <strads/shard.h>", "#include <strads/run.h> !"],
    "coordinator/include/strads/shard.h": ["#include <vector>"],
    "coordinator/include/strads/run.h": ["#include <strads/app.h>", "#include <glog/logging.h> !"],
    "coordinator/wire/node.h": ["#include <strads/app.h>", "#include <strads/run.h> !", '#include "coordinator/engine.h" !'],
    "coordinator/wire/node.cc": ['#include "coordinator/wire/node.h"', "#include <zmq.hpp> !", '#include "worker/text.h" !'],
    "coordinator/wire/zmq_socket.cc": ["#include <zmq.hpp>", "#include <glog/logging.h>"],
    "coordinator/engine.h": ['#include "coordinator/wire/node.h"', '#include "scheduler/node.h"', '#include "apps/one/one.h" !'],
    "coordinator/flags.cc": ["#include <gflags/gflags.h>"],
    "coordinator/main.cc": ["#include <gflags/gflags.h> !"],
    "scheduler/include/strads/schedule.h": ["#include <strads/shard.h>", "#include <strads/data.h> !"],
    "scheduler/node.h": ['#include "coordinator/wire/node.h"', '#include "worker/text.h" !', '#include "coordinator/engine.h" !'],
    "worker/include/strads/data.h": ["#include <strads/schedule.h> !", "#include <strads/app.h>"],
    "worker/text.h": ['#include "scheduler/node.h" !', "#include <strads/missing.h> !"],
    "apps/one/one.h": ["#include <strads/app.h>", '#include "coordinator/engine.h" !', '#include "apps/two/two.h" !'],
    "apps/two/two.h": ['#include "apps/two/two.h"', '#include "two.h" !'],
    "apps/main.cc": ['#include "apps/one/one.h"', '#include "coordinator/engine.h" !'],
    "tests/unit/any_test.cc": ['#include "coordinator/engine.h"', "#include <zmq.hpp>"],
    "worker/spin.cc": ["#if defined(__x86_64__)", "__builtin_ia32_pause();", "#endif", "__builtin_ia32_pause(); !"],
    "worker/long.cc": ["//"] * 400 + ["// !"],
}


def main():
    script = pathlib.Path(__file__).with_name("dependencies.py")
    with tempfile.TemporaryDirectory() as folder:
        expected = set()
        for path, lines in FILES.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(line.removesuffix(" !") for line in lines) + "\n")
            expected |= {f"{path}:{i}" for i, line in enumerate(lines, 1) if line.endswith(" !")}
        run = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=False)
        reported = {":".join(line.split(":")[:2]) for line in run.stdout.splitlines()}
        for where in sorted(expected - reported):
            print(f"{where}: is wrong and was not reported")
        for where in sorted(reported - expected):
            print(f"{where}: was reported and is right")
        return 0 if expected == reported and run.returncode == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
