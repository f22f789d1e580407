#!/usr/bin/env python3
"""How topic models scale: lda_scale.py memory BUILD_FOLDER or lda_scale.py speed BUILD_FOLDER OUTPUT_FOLDER

Draws a corpus of 100,000 words by a Zipf law and documents of 100 tokens. Of 100,000 documents it prints the peak
resident memory of the coordinator and of each of 1, 2 and 4 worker processes with 1,000 topics; of 40,000 the million
tokens a second of each sampler on two threads for 100 to 10,000 topics, also as OUTPUT_FOLDER/lda_topics.svg.

Needs NumPy.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import curves

COLOURS = {"dense": "#999", "tree": "#1f77b4", "metropolis": "#d62728"}


def write(path, words, documents, length):
    """Documents in lda-c: half of the tokens from words of the document's own hundred, half from all."""
    draw = numpy.random.default_rng(1)
    law = 1 / numpy.arange(1, words + 1)
    sums = (law / law.sum()).cumsum()
    shuffle = draw.permutation(words)
    with open(path, "w", encoding="ascii") as lines:
        for _ in range(documents):
            ranks = numpy.searchsorted(sums, draw.random(length))
            themes = shuffle[(draw.integers(words) + numpy.searchsorted(sums, draw.random(length)) % 100) % words]
            own = numpy.where(draw.random(length) < 0.5, themes, numpy.minimum(ranks, words - 1))
            pairs = zip(*numpy.unique(own, return_counts=True))
            text = [f"{w}:{c}" for w, c in pairs]
            lines.write(" ".join([str(len(text)), *text]) + "\n")


def train(build, data, folder, *flags):
    """The summary's line of the metrics."""
    metrics = pathlib.Path(folder, "metrics.jsonl")
    subprocess.run([f"{build}/strads", "lda", "train", f"--data={data}", "--format=lda-c", "--noprogress",
                    f"--metrics={metrics}", *flags], check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]


def speed(records):
    """Million tokens a second of the epochs after the first."""
    epochs = {int(r["epoch"]): r for r in records if "epoch" in r and "round" in r and r["epoch"] > 0}
    first, last = epochs[min(epochs)], epochs[max(epochs)]
    return (last["updates"] - first["updates"]) / (last["seconds"] - first["seconds"]) / 1e6


def memory(build, data, folder):
    print("| workers | coordinator | each worker | M tokens/s | balance | bytes a count |\n|---|---|---|---|---|---|")
    for workers in (1, 2, 4):
        records = train(build, data, folder, "--topics=1000", "--epochs=3", "--every=3", f"--workers={workers}",
                        "--processes", f"--model={folder}/model.json")
        summary = records[-1]
        each = ", ".join(f"{size / 1e6:.0f}" for size in summary["worker_rss_bytes"])
        print(f"| {workers} | {summary['coordinator_rss_bytes'] / 1e6:.0f} MB | {each} MB | {speed(records):.1f} "
              f"| {summary['balance']:.3f} | {summary['bytes_per_count']:.2f} |", flush=True)


def speeds(build, data, folder, output):
    print("| topics | " + " | ".join(COLOURS) + " |\n|---|" + "---|" * len(COLOURS))
    rates = {sampler: [] for sampler in COLOURS}
    for topics in (100, 300, 1000, 3000, 10_000):
        for sampler in COLOURS:
            if sampler == "dense" and topics > 1000:
                continue
            records = train(build, data, folder, f"--topics={topics}", f"--sampler={sampler}", "--epochs=6",
                            "--every=6", "--threads=2")
            rates[sampler].append((topics, speed(records)))
        print(f"| {topics} | " + " | ".join(f"{rates[s][-1][1]:.1f}" if rates[s][-1][0] == topics else "-"
                                            for s in COLOURS) + " |", flush=True)
    most = max(rate for points in rates.values() for _, rate in points)
    across, down = curves.Axis("topics", 100, 10_000, log=True), curves.Axis("", 1.05 * most, 0)
    pathlib.Path(output, "lda_topics.svg").write_text(curves.document(
        560, 320, 52, "million tokens a second, two threads",
        [*curves.legend(52, 32, COLOURS), *curves.panel(52, 60, 490, 210, "", across, down, rates, COLOURS)]),
        encoding="utf-8")


def main():
    if len(sys.argv) < 3 or [sys.argv[1], len(sys.argv)] not in (["memory", 3], ["speed", 4]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "corpus")
        write(data, 100_000, 100_000 if sys.argv[1] == "memory" else 40_000, 100)
        if sys.argv[1] == "memory":
            memory(sys.argv[2], data, folder)
        else:
            speeds(sys.argv[2], data, folder, sys.argv[3])


if __name__ == "__main__":
    main()
