#!/usr/bin/env python3
"""Reading and solving beside scikit-learn, in one run: lasso.py BUILD_FOLDER [WORK_FOLDER]

Makes the problem that the original STRADS takes 29 s for on such a machine (20000 x 50000, 5
million non-zeros, 256 variables at a time), then prints
  - MB/s of reading it, one thread, against sklearn.datasets.load_svmlight_file, pair by pair;
  - wall seconds from data file to model file, with 1 and 2 workers, several schedules.
Needs python3-sklearn (tests/benchmark/setup.sh).
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5


def wall(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    build = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.gettempdir()
    data = os.path.join(folder, "strads-benchmark-20000x50000.svm")
    if not os.path.exists(data):
        subprocess.run([f"{build}/benchmark_generate", data, "20000", "50000", "250"], check=True)
    megabytes = os.path.getsize(data) / 1e6

    from sklearn.datasets import load_svmlight_file

    ours, theirs, ratios = [], [], []
    for _ in range(ROUNDS):
        out = subprocess.run([f"{build}/benchmark_parse", data], check=True, capture_output=True, text=True)
        ours.append(float(out.stdout.split()[0]))
        start = time.perf_counter()
        load_svmlight_file(data)
        theirs.append(time.perf_counter() - start)
        ratios.append(theirs[-1] / ours[-1])
    print(f"reading {megabytes:.0f} MB, one thread: {megabytes / statistics.median(ours):.0f} MB/s, "
          f"scikit-learn {megabytes / statistics.median(theirs):.0f} MB/s, ratio {statistics.median(ratios):.1f}")

    print(f"{'workers':>7} {'schedule':>11} {'wall s':>8} {'load s':>8} {'solve s':>8} {'gap':>9} {'updates':>9}")
    for workers in (1, 2):
        for schedule in ("random", "priority", "dependency", "working_set"):
            model, metrics = os.path.join(folder, "m.json"), os.path.join(folder, "m.jsonl")
            command = [f"{build}/strads", "lasso", "train", f"--data={data}", f"--model={model}", f"--workers={workers}",
                       f"--schedule={schedule}", "--parallelism=256", "--tolerance=1e-3", f"--metrics={metrics}", "--noprogress"]
            seconds = statistics.median(wall(command) for _ in range(ROUNDS))
            with open(metrics) as lines:
                last = json.loads(lines.readlines()[-1])
            print(f"{workers:7d} {schedule:>11} {seconds:8.2f} {last['load_seconds']:8.3f} {last['solve_seconds']:8.3f} "
                  f"{last['gap']:9.1e} {last['updates']:9d}")


if __name__ == "__main__":
    main()
