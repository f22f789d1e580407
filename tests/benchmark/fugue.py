#!/usr/bin/env python3
"""What a slow worker costs matrix factorization, and what Fugue saves: fugue.py BUILD_FOLDER OUTPUT_FOLDER

Generates ratings (10,000 users x 5,000 items, 1.8 million), trains on them by SGD with 2 workers on 2 cores,
as they are and with one of them slowed down to a quarter of its speed, with and without --fugue, and writes
OUTPUT_FOLDER/fugue.md, a table of the seconds to an objective, and OUTPUT_FOLDER/fugue.svg, the curves. Takes
two minutes on a machine that does nothing else; needs nothing but Python.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import curves
import ratings

SLOW = 4
EPOCHS = 20
REPEATS = 3
RATINGS = 1_800_000
RUNS = {  # name: (colour, flags)
    "no straggler": ("#888888", []),
    "straggler, barriered": ("#d55e00", ["slow"]),
    "straggler, Fugue": ("#0072b2", ["slow", "--fugue"]),
    "straggler, Fugue, 8 blocks": ("#009e73", ["slow", "--fugue", "--blocks=8"]),
}
TARGETS = (1.5, 1.2, 1.1, 1.05)

TEXT = """# Fugue: what a slow worker costs

Written by `python3 tests/benchmark/fugue.py build docs`; the figures are of a machine of 2 cores, the ratios
between them are what to look at. `strads mf train --solver=sgd --rank=32 --lambda=0.05 --workers=2` on
generated ratings: 10,000 users x 5,000 items, 1.8 million ratings of 24 factors and noise of 0.5, items by a
Zipf law. The straggler is worker 1 with `--slow_rank=1 --slow_factor={slow}`: it computes as fast as the other and
then waits three times as long. 4 blocks but for the last line. Of {repeats} runs of each the one of median
length; seconds from the begin of training.

Objective: sum of e^2 + lambda sum over ratings of (|w_u|^2 + |h_i|^2), each rating before its first update in
the epoch; the least that any run came to is {best:.4g}.

![curves](fugue.svg)

Seconds (epochs) to an objective of so many times the least; "-": not reached in {epochs} epochs.

{table}

In a barriered round everyone waits for the slowest: with a worker of a quarter of the speed an epoch takes
{cost:.2g} times as long as without. With `--fugue` the other worker goes on with its block until the slowest has
done its share: three more passes, the steps of each `--extra_decay` (0.7) times as long as those of the one
before. An epoch takes no longer for it, so the epochs in the table are what Fugue saves; in seconds it is
more here, as a machine that computes all the time computes faster than one that wakes up for each round.

What to see:

* To 1.1 times the least Fugue needs {epochs_saved} epochs instead of {epochs_without}, and is there {saved:.2g} times as soon.
  The slow worker's users are visited no more often than without it, so it does not undo the whole cost.
* After all epochs it is {worse:.2g} % above the barriered run: ratings of the fast worker have had more steps than
  the others, each of which counts the same in the objective.
* It saves the more the more epochs there are to save: with `--rate=0.03`, too low for these data, and
  `--extra_decay=1` it takes half as many.
* With more blocks than are needed rounds are shorter and their number grows; Fugue works as well with them.

The mechanism is tested by counts under a simulated clock (tests/simulation/rotation_test.cc): beside a worker of a
quarter of the speed the other does three more shares in each round, and no round takes longer than the slow
share and one part of a pass more. A part is an eighth of a pass.

Kumar, Beutel, Ho and Xing, *Fugue: Slow-Worker-Agnostic Distributed Learning for Big Models on Big Data*,
AISTATS 2014.
"""


def train(build, data, folder, flags):
    metrics = pathlib.Path(folder, "metrics.jsonl")
    flags = [f for flag in flags
             for f in ([f"--slow_rank=1", f"--slow_factor={SLOW}"] if flag == "slow" else [flag])]
    subprocess.run([f"{build}/strads", "mf", "train", f"--data={data}", "--rank=32", "--workers=2", "--noprogress",
                    f"--epochs={EPOCHS}", "--change=0", f"--metrics={metrics}", *flags],
                   check=True, stdout=subprocess.DEVNULL)
    return [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]


def curve(records):
    """[(seconds, objective, epoch)] at the end of each epoch of training, from its begin on."""
    points, epoch, begin = [], 0, records[1]["seconds"]
    for record, after in zip(records[:-1], records[1:-1]):
        if record.get("epoch", 0) > epoch:
            epoch = record["epoch"]
            points.append((record["seconds"] - begin, after["objective"], int(epoch)))
    return points


def first(points, target):
    return next(((seconds, epoch) for seconds, objective, epoch in points if objective <= target), None)


def table(found, summaries, best):
    lines = ["| | " + " | ".join(f"{target:g}" for target in TARGETS)
             + f" | after {EPOCHS} epochs | seconds an epoch | updates a rating |", "|---" * (len(TARGETS) + 4) + "|"]
    for name, points in found.items():
        hits = [first(points, target * best) for target in TARGETS]
        cells = ["-" if hit is None else f"{hit[0]:.2f} ({hit[1]})" for hit in hits]
        summary = summaries[name]
        done = 1 + summary.get("extra_updates", 0) / (EPOCHS * RATINGS)
        lines.append(f"| {name} | " + " | ".join(cells)
                     + f" | {summary['objective'] / best:.3f} | {points[-1][0] / EPOCHS:.2f} | {EPOCHS * done:.0f} |")
    return "\n".join(lines)


def figure(found, best):
    colours = {name: colour for name, (colour, _) in RUNS.items()}
    seconds = max(points[-1][0] for points in found.values())
    worst = max(objective for points in found.values() for _, objective, _ in points[1:])
    across = curves.Axis("seconds", 0, seconds)
    down = curves.Axis("", worst / best, 1)
    lines = {name: [(s, o / best) for s, o, _ in points] for name, points in found.items()}
    return curves.document(760, 340, 52, "objective, as a multiple of the least", [
        *curves.legend(52, 32, colours, 175), *curves.panel(52, 60, 690, 230, "", across, down, lines, colours)])


def write(output, found, summaries, best):
    (output / "fugue.svg").write_text(figure(found, best), encoding="utf-8")
    without, fugue = found["straggler, barriered"], found["straggler, Fugue"]
    (before, epochs_without), (after, epochs_saved) = first(without, 1.1 * best), first(fugue, 1.1 * best)
    worse = 100 * (summaries["straggler, Fugue"]["objective"] / summaries["straggler, barriered"]["objective"] - 1)
    (output / "fugue.md").write_text(TEXT.format(
        slow=SLOW, repeats=REPEATS, epochs=EPOCHS, best=best, table=table(found, summaries, best),
        cost=without[-1][0] / found["no straggler"][-1][0], epochs_saved=epochs_saved,
        epochs_without=epochs_without, saved=before / after, worse=worse), encoding="utf-8")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build, output = sys.argv[1], pathlib.Path(sys.argv[2])
    found, summaries = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "ratings.txt")
        ratings.write(data, 10_000, 5_000, RATINGS, factors=24)
        for name, (_, flags) in RUNS.items():
            runs = [train(build, data, folder, flags) for _ in range(REPEATS)]
            records = sorted(runs, key=lambda run: curve(run)[-1][0])[REPEATS // 2]
            found[name], summaries[name] = curve(records), records[-1]
            print(name, found[name][-1], records[-1]["solve_seconds"], records[-1].get("extra_updates"), flush=True)
    best = min(summary["objective"] for summary in summaries.values())
    write(output, found, summaries, best)


if __name__ == "__main__":
    main()
