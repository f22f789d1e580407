#!/usr/bin/env python3
"""Training beside liblinear, in one run: svm_peers.py BUILD_FOLDER DATA.libsvm... [--C=1] [--repeats=3]

For each file, hinge loss without bias, prints the seconds
  - of solving (data in memory, from zero) to a relative suboptimality (P - P*) / P* of 1e-3 and 1e-6,
  - from data file to model file at the tolerance that reaches 1e-3,
and liblinear's divided by ours, with 1 worker, 2 threads and 2 workers. P = 1/2 |w|^2 + C sum max(0, 1 - y w.x) is
evaluated by this script from the model files; P* is the best of all. Each solver is run to a ladder of its own
tolerance, and the fastest run that meets the target counts. liblinear's seconds of solving are those of its library's
train(). Needs liblinear-tools and python3-sklearn.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
from sklearn.datasets import load_svmlight_file

import liblinear_library
import settled_memory

TARGETS = (1e-3, 1e-6)
OURS = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
THEIRS = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]
HINGE = 3  # its solver: the dual of the hinge loss
WAYS = {"1 worker": [], "2 threads": ["--threads=2"], "2 workers": ["--workers=2"]}
MOST_SECONDS = 60  # of one rung: the ladder ends there


def objective(x, y, w, c):
    return 0.5 * w @ w + c * numpy.maximum(0, 1 - y * (x @ w)).sum()


def liblinear_weights(path, width):
    lines = path.read_text().splitlines()
    at = lines.index("w")
    sign = 1 if lines[2].split()[1] == "1" else -1
    w = numpy.zeros(width)
    values = [float(line) for line in lines[at + 1:]]
    w[:len(values)] = sign * numpy.array(values)
    return w


def our_weights(path, width, of="classes", name="weights"):
    """Of the first class or output of a model file."""
    w = numpy.zeros(width)
    for index, value in json.loads(path.read_text())["model"][of][0][name]["entries"].items():
        w[int(index) - 1] = value
    return w


def timed(command):
    settled_memory.settle()
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def train_ours(strads, data, c, flags, tolerance, folder, repeats):
    model, metrics = folder / "model.json", folder / "metrics"
    walls, solves = [], []
    for _ in range(repeats):
        walls.append(timed([strads, "svm", "train", f"--data={data}", f"--C={c}", f"--tolerance={tolerance}",
                            f"--model={model}", f"--metrics={metrics}", "--noprogress", *flags]))
        solves.append(json.loads(metrics.read_text().splitlines()[-1])["solve_seconds"])
    return statistics.median(walls), statistics.median(solves), model


def train_liblinear(library, data, c, tolerance, folder, repeats):
    model = folder / "liblinear.model"
    solve = statistics.median(library.train(HINGE, c, tolerance, model) for _ in range(repeats))
    command = ["liblinear-train", "-q", "-s", str(HINGE), "-c", str(c), "-e", str(tolerance), data, str(model)]
    return statistics.median(timed(command) for _ in range(repeats)), solve, model


def compare(strads, data, c, repeats):
    x, y = load_svmlight_file(data)
    runs = {}  # of each solver: (P, solve seconds, wall seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        library = liblinear_library.Liblinear(x, y)
        for tolerance in THEIRS:
            wall, solve, model = train_liblinear(library, data, c, tolerance, folder, repeats)
            p = objective(x, y, liblinear_weights(model, x.shape[1]), c)
            runs.setdefault("liblinear", []).append((p, solve, wall))
            if wall > MOST_SECONDS:
                break
        for way, flags in WAYS.items():
            for tolerance in OURS:
                wall, solve, model = train_ours(strads, data, c, flags, tolerance, folder, repeats)
                p = objective(x, y, our_weights(model, x.shape[1]), c)
                runs.setdefault(way, []).append((p, solve, wall))
                if wall > MOST_SECONDS:
                    break
    best = min(p for of in runs.values() for p, _, _ in of)
    print(f"{data}: {x.shape[0]} x {x.shape[1]}, C {c}, P* {best:.9g}")
    for what, column, targets in (("solve", 1, TARGETS), ("file to model", 2, TARGETS[:1])):
        for target in targets:
            times = {way: min((run[column] for run in of if run[0] <= best * (1 + target)), default=None)
                     for way, of in runs.items()}
            peer = times["liblinear"]
            words = [f"{way} {'-' if t is None else f'{t:.3f} s'}"
                     + (f" (x{peer / t:.2f})" if t and peer and way != "liblinear" else "")
                     for way, t in times.items()]
            print(f"  {what} to {target:g}: " + ", ".join(words))


def main():
    values = dict(word[2:].split("=") for word in sys.argv[1:] if word.startswith("--"))
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    for data in words[1:]:
        compare(str(pathlib.Path(words[0]) / "strads"), data, float(values.get("C", 1)), int(values.get("repeats", 3)))


if __name__ == "__main__":
    main()
