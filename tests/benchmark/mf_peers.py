#!/usr/bin/env python3
"""Matrix factorization beside mlpack (Debian: r-cran-rcppmlpack) and, if you have it, libmf, in one run:

    mf_peers.py BUILD_FOLDER [--libmf=PATH_OF_mf-train] [--ranks=32,100] [--lambda=0.02]
                [--epochs=60] [--flags="FLAGS OF strads mf train"] [--mlpack-epochs=1,4,16] [TRAIN TEST]

TRAIN and TEST are files of `user item rating`, users and items counted from 0; without, a set of 10 million
ratings is generated (20,000 x 10,000, rank 20 and noise of standard deviation 0.5, items by a Zipf law).
Everyone minimises sum over ratings of e^2 + lambda (|w_u|^2 + |h_i|^2) in float32 (mlpack: double), and is asked
how many seconds of training it takes until the RMSE on TEST is at most 1.002 times the best of each peer (other
random numbers change it by as much).

Prints for each rank and way: rating updates per second, the seconds to each peer's RMSE (our time includes
measuring it; libmf's is from the wall time of its epochs), the best RMSE, and the peak memory of a process.
"""
import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import numpy

import ratings

HERE = pathlib.Path(__file__).resolve().parent
WAYS = {"sgd, 1 thread": [], "sgd, 2 threads": ["--threads=2"], "sgd, 2 workers": ["--workers=2", "--processes"],
        "ccd, 1 thread": ["--solver=ccd"], "ccd, 2 threads": ["--solver=ccd", "--threads=2"],
        "ccd, 2 workers": ["--solver=ccd", "--workers=2", "--processes"]}
CCD_EPOCHS = 12


def generate(folder):
    """Of ten ratings nine to train on and one to test on."""
    whole, *paths = (os.path.join(folder, name) for name in ("all", "train", "test"))
    ratings.write(whole, 20_000, 10_000, 10_000_000, factors=20)
    draw = random.Random(7)
    with open(whole, encoding="ascii") as lines, open(paths[0], "w", encoding="ascii") as train, \
            open(paths[1], "w", encoding="ascii") as test:
        for line in lines:
            (test if draw.random() < 0.1 else train).write(line)
    os.remove(whole)
    return paths


def run(command, **options):
    """Standard output and wall seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options)
    return done.stdout, time.perf_counter() - start


def ours(build, train, test, rank, penalty, epochs, flags, folder):
    """Curve of (seconds, RMSE), updates per second, and peak memory in bytes."""
    metrics = os.path.join(folder, "metrics.jsonl")
    epochs = CCD_EPOCHS if "--solver=ccd" in flags else epochs
    run([f"{build}/strads", "mf", "train", f"--data={train}", f"--validation={test}", f"--rank={rank}",
         f"--lambda={penalty}", f"--epochs={epochs}", "--change=0", "--patience=3", "--noprogress",
         f"--metrics={metrics}", *flags])
    with open(metrics, encoding="utf-8") as lines:
        *rounds, summary = [json.loads(line) for line in lines]
    curve = [(r["seconds"], r["validation_rmse"]) for r in rounds if r.get("validation_rmse", 0) > 0]
    return curve, summary["updates"] / summary["solve_seconds"], max(summary["worker_rss_bytes"])


def libmf(program, train, test, rank, penalty, epochs, threads, folder):
    """As ours; the seconds of an epoch are those of a long run less those of a short one."""
    def seconds(count):
        return run(["/usr/bin/time", "-f", "%M", "-o", f"{folder}/memory", program, "-k", str(rank), "-t", str(count),
                    "-l2", str(penalty), "-r", "0.05", "-s", str(threads), "-p", test, train, f"{folder}/libmf"])
    _, short = seconds(1)
    out, long = seconds(epochs)
    epoch = (long - short) / (epochs - 1)
    rows = [line.split() for line in out.splitlines() if re.match(r"\s+\d+\s", line)]
    curve = [((n + 1) * epoch, float(row[2])) for n, row in enumerate(rows)]
    return curve, count(train) / epoch, 1024 * int(pathlib.Path(f"{folder}/memory").read_text(encoding="ascii"))


def count(path):
    with open(path, "rb") as lines:
        return sum(1 for _ in lines)


def mlpack(train, test, rank, penalty, epochs, folder):
    for name, path in (("train", train), ("test", test)):
        numpy.loadtxt(path).tofile(f"{folder}/{name}.bin")
    out, _ = run(["Rscript", str(HERE / "mf_peers.R"), f"{folder}/train.bin", f"{folder}/test.bin", str(rank),
                  str(penalty), "0.01", *epochs])
    *lines, memory = out.splitlines()
    rungs = [tuple(map(float, line.split())) for line in lines]
    most = rungs[-1]
    return [(s, e) for _, s, e in rungs], most[0] * count(train) / most[1], 1024 * int(memory)


def seconds_to(curve, rmse):
    return next((s for s, e in curve if e <= rmse), float("inf"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--libmf")
    parser.add_argument("--ranks", default="32,100")
    parser.add_argument("--lambda", dest="penalty", type=float, default=0.02)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--flags", default="")
    parser.add_argument("--mlpack-epochs", default="1,4,16", help="runs of so many; empty: leave it out")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        train, test = arguments.files or generate(folder)
        print(f"{count(train)} ratings of {train} to train on, {count(test)} to test on, lambda {arguments.penalty}")
        for rank in map(int, arguments.ranks.split(",")):
            runs = {}
            if arguments.libmf:
                for threads in (1, 2):
                    runs[f"libmf, {threads} thread{'s' * (threads - 1)}"] = libmf(
                        arguments.libmf, train, test, rank, arguments.penalty, arguments.epochs,
                        threads, folder)
            if arguments.mlpack_epochs:
                runs["mlpack, 1 thread"] = mlpack(train, test, rank, arguments.penalty,
                                                  arguments.mlpack_epochs.split(","), folder)
            targets = {name: 1.002 * min(e for _, e in curve) for name, (curve, _, _) in runs.items()}
            for way, flags in WAYS.items():
                runs[way] = ours(arguments.build, train, test, rank, arguments.penalty, arguments.epochs,
                                 [*flags, *arguments.flags.split()], folder)
            heads = "".join(f" s to {rmse:.4f}" for rmse in targets.values())
            print(f"rank {rank:4} {'':17} M updates/s{heads}  best RMSE at s  peak MB")
            for name, (curve, rate, memory) in runs.items():
                at, best = min(curve, key=lambda point: point[1])
                times = "".join(f"{seconds_to(curve, rmse):12.3f}" for rmse in targets.values())
                print(f"          {name:17} {rate / 1e6:11.1f}{times} {best:10.4f} {at:8.2f} {memory / 1e6:8.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
