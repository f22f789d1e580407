#!/usr/bin/env python3
"""Solving beside scikit-learn, glmnet and liblinear, in one run: lasso_peers.py BUILD_FOLDER [DATA...] [--logistic]

DATA is a libsvm file (of .xz the content) or one of the sets that are generated:
  sparse      20,000 x 100,000, 5 million non-zeros, independent columns
  large       40,000 x 100,000, 10 million non-zeros, likewise
  wide        20,000 x 1,000,000, 5 million non-zeros, likewise
  dense       1,000 x 8,000, neighbouring columns correlated by 0.9
  correlated  2,000 x 20,000, likewise
Without: the two sets of the app, sparse and dense.

For each, at lambda_max/10 and /100, prints
  - the seconds of solving (data in memory, from zero) to a relative suboptimality (P - P*) / P* of 1e-4 and
    1e-6, and how many times as long the fastest peer takes. P = 1/2 |y - X b|^2 + lambda |b|_1, or with --logistic
    sum_i log(1 + exp(-y_i x_i.b)) + lambda |b|_1, y_i being 1 and -1, is the same for all, evaluated by this
    script; P* is the best of all. Peers stop on their own criteria, so each is run to a ladder of them, and the
    fastest run that meets the target counts. liblinear (-s 6) is in for the logistic loss; scikit-learn is then
    its own copy of it.
  - the wall seconds from data file to model file at 1e-4, how many times as long scikit-learn takes, and the
    peak memory of the process.
Ours are medians of three runs: one worker, one worker of two threads, two workers of one thread. Peers are one
process of one thread. A peer's ladder ends with a run that takes longer than MOST_SECONDS (environment, 60).
Needs python3-sklearn, r-cran-glmnet and liblinear-tools (tests/benchmark/setup.sh).
"""
import json
import lzma
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import scipy.sparse
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import Lasso, LogisticRegression

import liblinear_library
import settled_memory

HERE = pathlib.Path(__file__).resolve().parent
TARGETS = (1e-4, 1e-6)
REPEATS = 3
LADDER = [10.0 ** -k for k in range(1, 11)]
MOST_SECONDS = float(os.environ.get("MOST_SECONDS", 60))
WAYS = {"1 worker": [], "2 threads": ["--threads=2"], "2 workers": ["--workers=2"]}
LIBLINEAR_L1_LOGISTIC = 6
GLMNET = {"glmnet": 1, "glmnet path": 20}
SPARSE = {"sparse": (20000, 100000, 250), "large": (40000, 100000, 250), "wide": (20000, 1000000, 250)}
DENSE = {"dense": (1000, 8000), "correlated": (2000, 20000)}


def load(path, logistic):
    x, y = load_svmlight_file(path)
    if logistic:
        y = numpy.where(y == y.max(), 1.0, -1.0)
    if x.nnz > 0.4 * x.shape[0] * x.shape[1]:
        return numpy.asfortranarray(x.toarray()), y
    return scipy.sparse.csc_matrix(x), y


def unpacked(path, folder):
    """So that the time from data file to model file is not that of a decompressor."""
    plain = os.path.join(folder, os.path.basename(path).removesuffix(".xz"))
    with lzma.open(path) as packed, open(plain, "wb") as out:
        shutil.copyfileobj(packed, out)
    return plain


def loss(x, y, b, logistic):
    return numpy.logaddexp(0, -y * (x @ b)).sum() if logistic else 0.5 * numpy.square(y - x @ b).sum()


def objective(x, y, b, lam, logistic):
    return loss(x, y, b, logistic) + lam * numpy.abs(b).sum()


def lambda_at(ratio, x, y, logistic):
    """Of the least lambda whose model is zero."""
    return ratio * numpy.abs(x.T @ y).max() * (0.5 if logistic else 1)


def dense_set(path, rows, columns, correlation=0.9):
    """Columns as like their neighbours as this, 100 of them in the target."""
    draw = numpy.random.default_rng(5)
    x = draw.standard_normal((rows, columns))
    for j in range(1, columns):
        x[:, j] = correlation * x[:, j - 1] + numpy.sqrt(1 - correlation ** 2) * x[:, j]
    y = x[:, draw.choice(columns, 100, replace=False)] @ draw.standard_normal(100) + draw.standard_normal(rows)
    with open(path, "w", encoding="ascii") as out:
        for row, target in zip(x, y):
            out.write(f"{target:.8g} " + " ".join(f"{j + 1}:{v:.7g}" for j, v in enumerate(row)) + "\n")


def run(command):
    """Standard output, and wall seconds."""
    settled_memory.settle()
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout, time.perf_counter() - start


def peak_memory():
    """Of this process, in bytes."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def sklearn_fit(x, y, lam, logistic, tolerance):
    """Coefficients, and seconds."""
    if logistic:
        model = LogisticRegression(penalty="l1", C=1 / lam, solver="liblinear", fit_intercept=False, tol=tolerance,
                                   max_iter=1000)
    else:
        model = Lasso(alpha=lam / len(y), fit_intercept=False, tol=tolerance, max_iter=1000000)
    start = time.perf_counter()
    model.fit(x, y)
    return model.coef_.ravel(), time.perf_counter() - start


def liblinear_fit(problem, y, lam, tolerance):
    """Of the library, which writes its model to a file."""
    with tempfile.NamedTemporaryFile("r") as file:
        seconds = problem.train(LIBLINEAR_L1_LOGISTIC, 1 / lam, tolerance, file.name)
        lines = file.read().splitlines()
    first = float(lines[2].split()[1])  # the label that is its positive class
    return first * numpy.array([float(line) for line in lines[lines.index("w") + 1:]]), seconds


def child(peer, data, ratio, logistic):
    """Runs in a process of its own: prints seconds of loading, [seconds, objective] of each rung,
    and peak memory."""
    warnings.simplefilter("ignore")  # of rungs that do not converge
    start = time.perf_counter()
    x, y = load(data, logistic)
    loading = time.perf_counter() - start
    lam = lambda_at(ratio, x, y, logistic)
    problem = liblinear_library.Liblinear(x, y) if peer == "liblinear" else None
    rungs = []
    for tolerance in LADDER:
        if problem is not None:
            b, seconds = liblinear_fit(problem, y, lam, tolerance)
        else:
            b, seconds = sklearn_fit(x, y, lam, logistic, tolerance)
        rungs.append((seconds, objective(x, y, b, lam, logistic)))
        if seconds > MOST_SECONDS:
            break
    print(json.dumps([loading, rungs, peak_memory()]))


def glmnet(x, y, lam, steps, logistic, folder):
    numpy.array(x.shape, dtype=numpy.int32).tofile(f"{folder}/shape")
    y.tofile(f"{folder}/y")
    if scipy.sparse.issparse(x):
        x.indices.astype(numpy.int32).tofile(f"{folder}/rows")
        x.indptr.astype(numpy.int32).tofile(f"{folder}/starts")
        x.data.tofile(f"{folder}/values")
    else:
        pathlib.Path(f"{folder}/rows").unlink(missing_ok=True)
        x.ravel(order="F").tofile(f"{folder}/values")
    out, _ = run(["Rscript", str(HERE / "lasso_peers.R"), folder, repr(float(lam)), str(steps),
                  "binomial" if logistic else "gaussian"])
    *lines, memory = out.splitlines()
    rungs = []
    for line in lines:
        k, seconds = line.split()
        rungs.append((float(seconds), objective(x, y, numpy.fromfile(f"{folder}/b{k}"), lam, logistic)))
    return rungs, 1024 * int(memory)


def ours(build, data, ratio, logistic, flags, folder):
    """[(seconds of solving, objective)] of the rounds of a run to full precision and its peak memory, and
    the wall seconds of one to a tolerance."""
    metrics = os.path.join(folder, "metrics.jsonl")
    command = [f"{build}/strads", "lasso", "train", f"--data={data}", f"--lambda_ratio={ratio}", "--noprogress",
               f"--loss={'logistic' if logistic else 'squared'}", f"--model={folder}/model.json", f"--metrics={metrics}", *flags]
    _, wall = run([*command, "--tolerance=1e-5"])
    run([*command, "--tolerance=1e-9", f"--max_time={MOST_SECONDS}"])
    with open(metrics, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [(r["seconds"], r["objective"]) for r in records[:-1]], wall, records[-1]["peak_rss_bytes"]


def first(points, best, target):
    """The least seconds at which the objective is within target of the best."""
    return min((s for s, p in points if p - best <= target * best), default=float("inf"))


def compare(build, data, ratio, x, y, logistic, folder):
    lam = lambda_at(ratio, x, y, logistic)
    runs = {way: [ours(build, data, ratio, logistic, flags, folder) for _ in range(REPEATS)]
            for way, flags in WAYS.items()}
    peers, loading = {}, {}
    for name in ["scikit-learn", "liblinear"] if logistic else ["scikit-learn"]:
        command = [sys.executable, __file__, "--peer", name, data, str(ratio), "logistic" if logistic else ""]
        loading[name], rungs, peak = json.loads(run(command)[0])
        peers[name] = (rungs, peak)
    for name, steps in GLMNET.items():
        peers[name] = glmnet(x, y, lam, steps, logistic, folder)
    best = min([p for rungs, _ in peers.values() for _, p in rungs] +
               [p for way in runs.values() for points, _, _ in way for _, p in points])
    fastest = [min(first(rungs, best, t) for rungs, _ in peers.values()) for t in TARGETS]
    title = f"{os.path.basename(data)[:20]:20} {ratio:5g}"

    def line(name, seconds, ratios, wall, memory):
        columns = "".join(f"{s:9.4f}" for s in seconds) + (ratios or 14 * " ")
        print(f"{title} {name:>12}{columns} {wall:>16} {memory / 1e6:8.0f}", flush=True)

    for name, (rungs, peak) in peers.items():
        seconds = [first(rungs, best, t) for t in TARGETS]
        peers_wall = loading.get(name, float("nan")) + seconds[0]
        line(name, seconds, "", f"{peers_wall:.3f}", peak)
    sklearns = loading["scikit-learn"] + first(peers["scikit-learn"][0], best, TARGETS[0])
    for way, repeats in runs.items():
        seconds = [statistics.median(first(points, best, t) for points, _, _ in repeats) for t in TARGETS]
        wall = statistics.median(wall for _, wall, _ in repeats)
        ratios = "".join(f"{f / s:7.2f}" for f, s in zip(fastest, seconds))
        line(way, seconds, ratios, f"{wall:.3f} {sklearns / wall:7.2f}", repeats[0][2])


def main():
    if sys.argv[1:2] == ["--peer"]:
        return child(sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5] == "logistic")
    logistic = "--logistic" in sys.argv
    build, *files = [word for word in sys.argv[1:] if word != "--logistic"]
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{'data':20} {'ratio':>5} {'solver':>12} {'1e-4 s':>8} {'1e-6 s':>8} {'to fastest':>13} {'file-model':>16} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        if not files:
            own = HERE.parents[1] / "apps/lasso/data"
            files = [str(own / "colon.libsvm.xz"), str(own / "mug05.libsvm.xz"), "sparse", "dense"]
        for data in files:
            if data in SPARSE:
                run([f"{build}/benchmark_generate", f"{folder}/{data}", *map(str, SPARSE[data])])
            elif data in DENSE:
                dense_set(f"{folder}/{data}", *DENSE[data])
            if data in SPARSE or data in DENSE:
                data = f"{folder}/{data}"
            elif data.endswith(".xz"):
                data = unpacked(data, folder)
            x, y = load(data, logistic)
            for ratio in (0.1, 0.01):
                compare(build, data, ratio, x, y, logistic, folder)


if __name__ == "__main__":
    main()
