#!/usr/bin/env python3
"""Solving beside scikit-learn, in one run: lasso_peers.py BUILD_FOLDER DATA.libsvm...

For each file, at lambda_max/10 and /100, prints the seconds of solving (data in memory, from zero) to a
relative suboptimality (P - P*) / P* of 1e-4 and 1e-6, and the wall seconds from data file to model file
at 1e-4. P = 1/2 |y - X b|^2 + lambda |b|_1, the same for all, evaluated by this script; P* is the best of
all. scikit-learn stops on its duality gap only, so it is run to a ladder of tolerances, and the fastest
run that meets the target counts. Needs python3-sklearn (tests/benchmark/setup.sh).
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import scipy.sparse
from sklearn.datasets import load_svmlight_file
from sklearn.linear_model import Lasso

TARGETS = (1e-4, 1e-6)
REPEATS = 3
LADDER = [10.0 ** -k for k in range(1, 11)]
MOST_SECONDS = 60  # of one rung: the ladder ends there
WAYS = {"1 worker": [], "2 threads": ["--threads=2"], "2 workers": ["--workers=2"]}


def objective(x, y, b, lam):
    return 0.5 * numpy.square(y - x @ b).sum() + lam * numpy.abs(b).sum()


def peer(x, y, lam):
    """(seconds, objective) of each rung."""
    rungs = []
    for tolerance in LADDER:
        model = Lasso(alpha=lam / len(y), fit_intercept=False, tol=tolerance, max_iter=1000000)
        start = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - start
        rungs.append((seconds, objective(x, y, model.coef_, lam)))
        if seconds > MOST_SECONDS:
            break
    return rungs


def ours(build, data, ratio, flags, folder):
    """One run to full precision: [(seconds of solving, objective)] of its measurements, wall seconds."""
    metrics = os.path.join(folder, "metrics.jsonl")
    command = [f"{build}/strads", "lasso", "train", f"--data={data}", f"--lambda_ratio={ratio}", "--noprogress",
               f"--model={folder}/model.json", f"--metrics={metrics}", *flags]
    start = time.perf_counter()
    subprocess.run([*command, "--tolerance=1e-5"], check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    subprocess.run([*command, "--tolerance=1e-9", f"--max_time={MOST_SECONDS}"], check=True, stdout=subprocess.DEVNULL)
    with open(metrics, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [(r["seconds"], r["objective"]) for r in records[:-1]], wall, records[-1]


def first(points, best, target):
    """The least seconds at which the objective is within target of the best."""
    return min((s for s, p in points if p - best <= target * best), default=float("inf"))


def main():
    warnings.simplefilter("ignore")  # of rungs that do not converge
    build, files = sys.argv[1], sys.argv[2:]
    print(f"{'data':20} {'lambda':>8} {'solver':>12} {'1e-4 s':>8} {'1e-6 s':>8} {'ratio':>6} {'ratio':>6} {'file-model':>10} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for data in files:
            start = time.perf_counter()
            x, y = load_svmlight_file(data)
            load = time.perf_counter() - start
            if x.nnz > 0.4 * x.shape[0] * x.shape[1]:
                x = numpy.asfortranarray(x.toarray())
            else:
                x = scipy.sparse.csc_matrix(x)
            lambda_max = numpy.abs(x.T @ y).max()
            for ratio in (0.1, 0.01):
                runs = {way: [ours(build, data, ratio, flags, folder) for _ in range(REPEATS)]
                        for way, flags in WAYS.items()}
                rungs = peer(x, y, ratio * lambda_max)
                best = min(p for _, p in rungs + [q for way in runs.values() for run in way for q in run[0]])
                theirs = [first(rungs, best, target) for target in TARGETS]
                name = os.path.basename(data)
                print(f"{name:20} {ratio:8g} {'scikit-learn':>12} {theirs[0]:8.3f} {theirs[1]:8.3f} {1:6.1f} {1:6.1f} "
                      f"{load + theirs[0]:10.2f}")
                for way, repeats in runs.items():
                    seconds = [statistics.median(first(points, best, t) for points, _, _ in repeats) for t in TARGETS]
                    wall = statistics.median(run[1] for run in repeats)
                    peak = repeats[0][2]["peak_rss_bytes"] / 1e6
                    print(f"{name:20} {ratio:8g} {way:>12} {seconds[0]:8.3f} {seconds[1]:8.3f} {theirs[0] / seconds[0]:6.1f} "
                          f"{theirs[1] / seconds[1]:6.1f} {wall:10.2f} {peak:8.0f}", flush=True)


if __name__ == "__main__":
    main()
