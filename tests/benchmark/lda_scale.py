#!/usr/bin/env python3
"""How topic models scale: lda_scale.py BUILD_FOLDER OUTPUT_FOLDER [WORDS DOCUMENTS LENGTH]

Draws a corpus (100,000 words by a Zipf law, 100,000 documents of 100 tokens) and prints

* the peak resident memory of the coordinator and of each of 1, 2 and 4 worker processes with 1,000 topics;
* million tokens a second of each sampler on two threads for 100 to 10,000 topics, on a tenth of the documents,
  and writes them as OUTPUT_FOLDER/lda_topics.svg.

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


def main():
    if len(sys.argv) not in (3, 6):
        sys.exit(__doc__)
    build, output = sys.argv[1:3]
    words, documents, length = map(int, sys.argv[3:]) if len(sys.argv) == 6 else (100_000, 100_000, 100)
    with tempfile.TemporaryDirectory() as folder:
        data, part = pathlib.Path(folder, "corpus"), pathlib.Path(folder, "part")
        write(data, words, documents, length)
        print(f"{words} words, {documents * length} tokens, {data.stat().st_size / 1e6:.0f} MB of text, 1000 topics\n")
        print("| workers | coordinator | each worker | M tokens/s | balance | bytes a count |\n|---|---|---|---|---|---|")
        for workers in (1, 2, 4):
            records = train(build, data, folder, "--topics=1000", "--epochs=3", "--every=3", f"--workers={workers}",
                            "--processes", f"--model={folder}/model.json")
            summary = records[-1]
            each = ", ".join(f"{size / 1e6:.0f}" for size in summary["worker_rss_bytes"])
            print(f"| {workers} | {summary['coordinator_rss_bytes'] / 1e6:.0f} MB | {each} MB | {speed(records):.1f} "
                  f"| {summary['balance']:.3f} | {summary['bytes_per_count']:.2f} |", flush=True)
        with open(data, encoding="ascii") as lines, open(part, "w", encoding="ascii") as some:
            some.writelines(line for _, line in zip(range(documents // 10), lines))
        print("\n| topics | " + " | ".join(COLOURS) + " |\n|---|" + "---|" * len(COLOURS))
        rates = {sampler: [] for sampler in COLOURS}
        for topics in (100, 300, 1000, 3000, 10_000):
            for sampler in COLOURS:
                if sampler == "dense" and topics > 1000:
                    continue
                records = train(build, part, folder, f"--topics={topics}", f"--sampler={sampler}", "--epochs=6",
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


if __name__ == "__main__":
    main()
