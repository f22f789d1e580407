#!/usr/bin/env python3
"""Regression beside liblinear and scikit-learn, in one run:

    regression_peers.py BUILD_FOLDER [DATA.libsvm...] [--lambda=1] [--repeats=3]

DATA is a libsvm file (of .xz the content) or one of the sets that are generated:
  large    40,000 x 100,000, 10 million non-zeros, independent columns
  classes  the same, the target's sign for it
  dense    100,000 x 100, neighbouring columns correlated by 0.9
Without: all three. Targets that are all -1 or 1 are classes, of logistic regression; others are for least squares.

Everyone minimises P = sum of losses + lambda/2 |w|^2 without intercept (C = 1 / lambda, Ridge's alpha = lambda), and
P is evaluated by this script from the weights of each run; P* is the least of all, and of a run of ours to rounding.
Each solver is run to a ladder of its own tolerance, up to the loosest that meets (P - P*) / P* of 1e-3, and 1e-6.
These runs are then repeated, all solvers in turn, and the median and the least are printed of
  - the seconds of solving (data in memory, from zero); of liblinear those of its library's train(),
  - the seconds from data file to model file: of the process; of scikit-learn reading, fitting and pickling,
  - the peak memory of the process,
and the fastest peer's median divided by ours. Peers have one thread. Tolerances are relative to the slopes at w = 0,
but for liblinear -s 7 (the dual's slopes) and Ridge. A ladder ends once its runs have solved for MOST_SECONDS
(environment, 60). Needs liblinear-tools and python3-sklearn; the BLAS in use is printed, as with the reference one
(without libopenblas0-pthread) products of dense matrices take 35 times as long.
"""
import collections
import dataclasses
import json
import os
import pathlib
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import threadpoolctl
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import LogisticRegression, Ridge

import lasso_peers
import liblinear_library
import settled_memory
from svm_peers import WAYS, liblinear_weights, our_weights

TARGETS = (1e-3, 1e-6)
LADDER = [10.0 ** (-k / 2) for k in range(1, 19)]
MOST_SECONDS = float(os.environ.get("MOST_SECONDS", 60))
LIMIT = ["timeout", "--kill-after=10", str(10 * MOST_SECONDS)]  # of a process
MOST_FEATURES = 5000  # of a matrix of the products of all pairs
OURS = {True: {"auto": WAYS, "lbfgs": {"1 worker": []}}, False: {"auto": WAYS, "cg": {"1 worker": []}, "lbfgs": {"1 worker": []}}}
LIBLINEAR = {"liblinear -s 0": 0, "liblinear -s 7": 7}
SKLEARN = {True: ["lbfgs", "newton-cg"], False: ["cholesky", "sparse_cg", "lsqr"]}

Run = collections.namedtuple("Run", "tolerance p solve wall memory")


@dataclasses.dataclass
class Problem:
    build: str
    data: str
    penalty: float
    folder: pathlib.Path

    def __post_init__(self):
        x, self.y = load_svmlight_file(self.data)
        self.x = x.toarray() if x.nnz > 0.4 * x.shape[0] * x.shape[1] else x
        self.entries = x.nnz
        self.has_classes = set(numpy.unique(self.y)) == {-1, 1}

    def objective(self, w):
        f = self.x @ w
        losses = numpy.logaddexp(0, -self.y * f) if self.has_classes else 0.5 * numpy.square(self.y - f)
        return losses.sum() + 0.5 * self.penalty * w @ w


def measured(command, folder):
    """Wall seconds and peak memory in bytes of a process."""
    memory = folder / "memory"
    settled_memory.settle()
    begin = time.perf_counter()
    subprocess.run([*LIMIT, "/usr/bin/time", "-f", "%M", "-o", memory, *command], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin, 1024 * int(memory.read_text(encoding="ascii"))


def ladder(tolerances, least, run):
    """The runs, until one meets the last target or all take too long."""
    runs = []
    for tolerance in tolerances:
        runs.append(run(tolerance))
        if runs[-1].p <= least * (1 + TARGETS[-1]) or sum(of.solve for of in runs) > MOST_SECONDS:
            break
    return runs


def ours(problem, solver, flags):
    def run(tolerance):
        model, metrics = problem.folder / "model.json", problem.folder / "metrics"
        wall, memory = measured(
            [f"{problem.build}/strads", "regression", "train", f"--data={problem.data}", f"--solver={solver}",
             f"--loss={'logistic' if problem.has_classes else 'squared'}", f"--lambda={problem.penalty}",
             "--nointercept", f"--tolerance={tolerance}", f"--max_time={MOST_SECONDS}",
             f"--model={model}", f"--metrics={metrics}", "--noprogress", *flags], problem.folder)
        solve = json.loads(metrics.read_text().splitlines()[-1])["solve_seconds"]
        return Run(tolerance, problem.objective(our_weights(model, problem.x.shape[1], "outputs", "coefficients")), solve, wall, memory)
    return lambda tolerances, least: ladder(tolerances, least, run)


def child(problem, peer, solver, tolerances, least):
    """The runs of this script in a process of its own, see main()."""
    words = [problem.build, problem.data, problem.penalty, str(problem.folder)], peer, solver, tolerances, least
    out = subprocess.run([*LIMIT, sys.executable, __file__, "--peer", json.dumps(words)], check=True,
                         stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}).stdout
    return [Run(*run) for run in json.loads(out)]


def peer_child(words, peer, solver, tolerances, least):
    warnings.simplefilter("ignore")  # of rungs that do not converge
    begin = time.perf_counter()
    problem = Problem(*words[:3], pathlib.Path(words[3]))
    loading = time.perf_counter() - begin
    run = liblinear_run(problem, solver) if peer == "liblinear" else sklearn_run(problem, solver, loading)
    print(json.dumps(ladder(tolerances, least, run)))


def sklearn_run(problem, solver, loading):
    slopes = numpy.abs(problem.x.T @ problem.y).max() / 2  # at w = 0, of the logistic loss

    def run(tolerance):
        if problem.has_classes:
            model = LogisticRegression(C=1 / problem.penalty, solver=solver, fit_intercept=False,
                                       tol=tolerance * slopes, max_iter=1000000)
        else:
            model = Ridge(alpha=problem.penalty, solver=solver, fit_intercept=False, tol=tolerance, max_iter=1000000)
        begin = time.perf_counter()
        model.fit(problem.x, problem.y)
        solve = time.perf_counter() - begin
        (problem.folder / "scikit-learn.pickle").write_bytes(pickle.dumps(model))
        wall = loading + time.perf_counter() - begin
        return Run(tolerance, problem.objective(model.coef_.ravel()), solve, wall, lasso_peers.peak_memory())
    return run


def liblinear_run(problem, solver):
    """Of the library, for the seconds of solving alone."""
    library = liblinear_library.Liblinear(problem.x, problem.y)
    path = problem.folder / "liblinear.model"

    def run(tolerance):
        solve = library.train(solver, 1 / problem.penalty, tolerance, path)
        return Run(tolerance, problem.objective(liblinear_weights(path, problem.x.shape[1])), solve, solve, 0)
    return run


def liblinear(problem, solver):
    model = problem.folder / "liblinear.model"

    def whole(run):
        """With the wall seconds and the memory, and P, of the program."""
        wall, memory = measured(["liblinear-train", "-q", "-s", str(solver), "-c", repr(1 / problem.penalty),
                                 "-e", repr(run.tolerance), problem.data, model], problem.folder)
        p = problem.objective(liblinear_weights(model, problem.x.shape[1]))
        return run._replace(p=p, wall=wall, memory=memory)
    return lambda tolerances, least: [whole(run) for run in child(problem, "liblinear", solver, tolerances, least)]


def sklearn(problem, solver):
    return lambda tolerances, least: child(problem, "scikit-learn", solver, tolerances, least)


def solvers(problem):
    """Of each name the function of tolerances and the least P that runs it."""
    most = {"cholesky": MOST_FEATURES}
    of = {}
    if problem.has_classes:
        of.update((name, liblinear(problem, solver)) for name, solver in LIBLINEAR.items())
    for solver in SKLEARN[problem.has_classes]:
        if min(problem.x.shape) <= most.get(solver, float("inf")):
            of[f"scikit-learn {solver}"] = sklearn(problem, solver)
    for solver, ways in OURS[problem.has_classes].items():
        of.update((f"ours {solver}, {way}", ours(problem, solver, flags)) for way, flags in ways.items())
    return of


def compare(problem, repeats):
    rounding = ours(problem, "auto", [])([1e-10], 0)[0]
    of = solvers(problem)
    swept = {name: run(LADDER, rounding.p) for name, run in of.items()}
    best = min(run.p for runs in [*swept.values(), [rounding]] for run in runs)
    loosest = {}
    for name, runs in swept.items():
        for target in TARGETS:
            enough = [run.tolerance for run in runs if run.p <= best * (1 + target)]
            loosest[name, target] = max(enough, default=None)
    taken = collections.defaultdict(list)  # the runs of each name and tolerance
    for _ in range(repeats):
        for name, run in of.items():
            tolerances = sorted({loosest[name, target] for target in TARGETS} - {None}, reverse=True)
            for one in run(tolerances, 0) if tolerances else []:
                taken[name, one.tolerance].append(one)

    def seconds(statistic, name, what, target):
        return statistic([getattr(run, what) for run in taken[name, loosest[name, target]]] or [float("nan")])

    columns = [(what, target) for what in ("solve", "wall") for target in TARGETS]
    peers = [name for name in of if not name.startswith("ours")]
    fastest = {column: numpy.nanmin([seconds(statistics.median, name, *column) for name in peers])
               for column in columns}
    print(f"{problem.data}: {problem.x.shape[0]} x {problem.x.shape[1]}, {problem.entries} entries, "
          f"{'logistic' if problem.has_classes else 'squared'}, lambda {problem.penalty:g}, P* {best:.10g}")
    titles = {"solve": "solve", "wall": "file to model"}
    heads = "".join(f"{f'{titles[what]} to {target:g}':>26}" for what, target in columns)
    print(f"  {'':24}{heads}{'peak MB':>9}  tolerances")
    for name in of:
        cells = ""
        for column in columns:
            median = seconds(statistics.median, name, *column)
            ratio = f" x{fastest[column] / median:5.2f}" if name not in peers else ""
            cell = "-" if numpy.isnan(median) else f"{median:.3f} ({seconds(min, name, *column):.3f}){ratio:7}"
            cells += f"{cell:>26}"
        memory = max((run.memory for (of_name, _), runs in taken.items() if of_name == name for run in runs), default=0)
        rungs = " ".join(f"{loosest[name, target]:.1e}" if loosest[name, target] else "-" for target in TARGETS)
        print(f"  {name:24}{cells}{memory / 1e6:9.0f}  {rungs}", flush=True)


def generate(build, name, folder):
    path = f"{folder}/{name}"
    if name == "dense":
        lasso_peers.dense_set(path, 100000, 100)
        return path
    subprocess.run([*LIMIT, f"{build}/benchmark_generate", path, *map(str, lasso_peers.SPARSE["large"])], check=True)
    if name == "classes":
        plain, path = path, f"{path}.signs"
        with open(plain, encoding="ascii") as lines, open(path, "w", encoding="ascii") as out:
            for line in lines:
                target, row = line.split(" ", 1)
                out.write(f"{-1 if float(target) < 0 else 1} {row}")
    return path


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer_child(*json.loads(sys.argv[2]))
    values = dict(word[2:].split("=") for word in sys.argv[1:] if word.startswith("--"))
    build, *files = [word for word in sys.argv[1:] if not word.startswith("--")]
    print("BLAS:", ", ".join(f"{of['internal_api']} {of['version']}" for of in threadpoolctl.threadpool_info()
                             if of["user_api"] == "blas") or "reference")
    for data in files or ["large", "classes", "dense"]:
        with tempfile.TemporaryDirectory() as folder:
            if data in ("large", "classes", "dense"):
                data = generate(build, data, folder)
            elif data.endswith(".xz"):
                data = lasso_peers.unpacked(data, folder)
            problem = Problem(build, data, float(values.get("lambda", 1)), pathlib.Path(folder))
            compare(problem, int(values.get("repeats", 3)))


if __name__ == "__main__":
    main()
