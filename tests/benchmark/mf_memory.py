#!/usr/bin/env python3
"""How much memory each process of a matrix factorization needs: mf_memory.py BUILD_FOLDER [USERS ITEMS RATINGS]

Generates ratings (60,000 users x 30,000 items, 3 million), trains on them at rank 200 by sgd and by ccd with 1, 2
and 4 worker processes, one epoch, and prints the peak resident memory of the coordinator and of each worker.
Needs nothing but Python.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import ratings


def peaks(build, data, folder, solver, workers):
    """MB of the coordinator and of each worker."""
    metrics = pathlib.Path(folder, "metrics.jsonl")
    command = [f"{build}/strads", "mf", "train", f"--data={data}", "--rank=200", f"--solver={solver}",
               f"--workers={workers}", "--processes", "--epochs=1", "--inner=1", "--noprogress",
               f"--model={folder}/model.json", f"--metrics={metrics}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    summary = json.loads(metrics.read_text(encoding="utf-8").splitlines()[-1])
    return [round(bytes_ / 1e6) for bytes_ in [summary["coordinator_rss_bytes"], *summary["worker_rss_bytes"]]]


def main():
    if len(sys.argv) not in (2, 5):
        sys.exit(__doc__)
    users, items, count = map(int, sys.argv[2:]) if len(sys.argv) == 5 else (60_000, 30_000, 3_000_000)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "ratings.txt")
        ratings.write(data, users, items, count, factors=2)
        print("| solver | workers | coordinator | each worker |\n|---|---|---|---|")
        for solver in ("sgd", "ccd"):
            for workers in (1, 2, 4):
                coordinator, *each = peaks(sys.argv[1], data, folder, solver, workers)
                print(f"| {solver} | {workers} | {coordinator} MB | {', '.join(map(str, each))} MB |", flush=True)


if __name__ == "__main__":
    main()
