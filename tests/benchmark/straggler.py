#!/usr/bin/env python3
"""What a slow worker costs data-parallel training, under each consistency: straggler.py BUILD_FOLDER OUTPUT_FOLDER

Generates a sparse two-class problem, trains a support vector machine and logistic regression on it by SGD with
4 workers, under bsp, ssp(1, 3, 10), essp(1, 3, 10), async and backup, as they are, with one worker slowed down
to a quarter of its speed, and with random delays, and writes OUTPUT_FOLDER/straggler.md, tables of the seconds
and rounds to an objective, and OUTPUT_FOLDER/straggler.svg, the curves. Takes ten minutes on a machine that
does nothing else; needs nothing but Python.
"""
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import curves

ROWS, FEATURES, PER_ROW = 60_000, 2_000, 40
WORKERS = 4
SLOW = 4
DELAY = 0.005
TARGET = 1.003  # of the tables and the curves
TARGETS = (1.01, 1.005, TARGET, 1.002, 1.001)
REPEATS = 9
MODES = {  # name: (colour, flags)
    "bsp": ("#000000", []),
    "ssp(1)": ("#f0b060", ["--consistency=ssp", "--staleness=1"]),
    "ssp(3)": ("#e07b00", ["--consistency=ssp", "--staleness=3"]),
    "ssp(10)": ("#a04000", ["--consistency=ssp", "--staleness=10"]),
    "essp(1)": ("#80b8e0", ["--consistency=essp", "--staleness=1"]),
    "essp(3)": ("#0072b2", ["--consistency=essp", "--staleness=3"]),
    "essp(10)": ("#003d66", ["--consistency=essp", "--staleness=10"]),
    "async": ("#009e73", ["--consistency=async"]),
    "backup(1)": ("#cc79a7", ["--consistency=backup", "--backup_workers=1"]),
}
SETTINGS = {  # name: flags
    "no straggler": ["--max_time=0.3"],
    "one worker slow": ["--max_time=0.5", f"--slow_rank={WORKERS - 1}", f"--slow_factor={SLOW}"],
    "random delays": ["--max_time=1", f"--delay_mean={DELAY}"],
}
LOSSES = {"hinge": "support vector machine", "logistic": "logistic regression"}

TEXT = """# What a slow worker costs data-parallel training

Written by `python3 tests/benchmark/straggler.py build docs`; the figures are of a machine of 2 cores, the ratios
between them are what to look at. `strads sgd train --workers={workers} --C={c} --local_epochs={local}` on a generated
problem of two classes: {rows} rows x {features} features, {per_row} of them in a row. Objective: 1/2 |w|^2 + C sum of losses,
hinge (a support vector machine) or logistic. Of {repeats} runs of each, with other seeds, the median and, in brackets, the
quartiles; seconds from the begin of training, traced by `--trace=1`.

* *one worker slow*: `--slow_rank={last} --slow_factor={slow}`: it computes as fast as the others and then waits three
  times as long, always.
* *random delays*: `--delay_mean={delay}`: every push of every worker takes an exponentially distributed time longer,
  {delay_ms:g} ms on average; computing takes {push_ms:.2g} ms.

4 workers and the coordinator share 2 cores: without delays a worker waits for a core as well as for others. A
round is a clock that every worker has completed. The target is {target} times the least objective that any run of the
loss came to. "-": not reached by most runs. One target says little: an epoch is {epoch:g} rounds, and the objective falls in
steps. So what is to see below goes by {targets} times the least.

![curves](straggler.svg)

{tables}

What to see:

{findings}
* A worker that is always slow holds back ssp as it does bsp once the others are s clocks ahead: these s clocks are what
  is gained, once. With random delays it is someone else's turn to be late each time, and a bound saves the waits.
* essp sends new parameters while workers compute, so that they are there when the next clock begins; ssp begins it
  from those that it has until they are too old.
* backup(1) beside a worker that is always slow never hears it: the model lacks a quarter of the rows.
* Without a bound (async) staleness grows for as long as a worker is slow.

Staleness is counted for each push and each other worker: the pushing worker's clock less the number of the
other's clocks in the parameters read; negative where the other was ahead.

Ho et al., *More Effective Distributed ML via a Stale Synchronous Parallel Parameter Server*, NIPS 2013. Dai et al.,
*High-Performance Distributed ML at Scale through Parameter Server Consistency Models*, AAAI 2015. Chen et al.,
*Revisiting Distributed Synchronous SGD*, 2016.
"""

C = 0.01
LOCAL_EPOCHS = 0.1


def write_data(path):
    rng = random.Random(7)
    truth = [rng.gauss(0, 1) for _ in range(FEATURES)]
    with open(path, "w", encoding="ascii") as out:
        for _ in range(ROWS):
            row = sorted(rng.sample(range(FEATURES), PER_ROW))
            values = [rng.uniform(-1, 1) for _ in row]
            score = sum(truth[j] * v for j, v in zip(row, values)) + rng.gauss(0, 1)
            out.write(f"{1 if score > 0 else -1} " + " ".join(f"{j + 1}:{v:.3f}" for j, v in zip(row, values)) + "\n")


def train(build, data, folder, loss, flags):
    metrics = pathlib.Path(folder, "metrics.jsonl")
    subprocess.run([f"{build}/strads", "sgd", "train", f"--data={data}", f"--workers={WORKERS}", f"--loss={loss}",
                    f"--C={C}", f"--local_epochs={LOCAL_EPOCHS}", "--epochs=0", "--trace=1", "--noprogress",
                    f"--metrics={metrics}", *flags], check=True, stdout=subprocess.DEVNULL)
    return json.loads(metrics.read_text(encoding="utf-8").splitlines()[-1])


def first(summary, target):
    """(seconds, rounds) to the target, or None."""
    return next(((p["seconds"], p["round"]) for p in summary["trace"] if p["objective"] <= target), None)


def middle(runs, target):
    """The run of median time to the target."""
    return sorted(runs, key=lambda run: (first(run, target) or (1e9,))[0])[len(runs) // 2]


def quartiles(runs, target):
    """(a quarter of the runs, half, three quarters) have reached the target by so many seconds; None: not."""
    seconds = sorted((first(run, target) or (float("inf"),))[0] for run in runs)
    low, mid, high = (seconds[round(share * (len(seconds) - 1))] for share in (0.25, 0.5, 0.75))
    return None if mid == float("inf") else (low, mid, high)


def table(runs, found, target):
    lines = ["| | " + " | ".join(f"{setting}: seconds; rounds | staleness: mean, variance, most"
                                 for setting in SETTINGS) + " |", "|---" * (1 + 2 * len(SETTINGS)) + "|"]
    for mode in MODES:
        cells = []
        for setting in SETTINGS:
            run, spread = found[setting, mode], quartiles(runs[setting, mode], target)
            cells.append("-" if spread is None else f"{spread[1]:.3f} ({spread[0]:.3f} to {spread[2]:.3f}); {first(run, target)[1]}")
            cells.append(f"{run['staleness_mean']:.2f}, {run['staleness_variance']:.2g}, {run['staleness_max']}")
        lines.append(f"| {mode} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(found, bests):
    width, height, left = 330, 190, 52
    elements = curves.legend(left, 32, {mode: colour for mode, (colour, _) in MODES.items()}, 112)
    colours = {mode: colour for mode, (colour, _) in MODES.items()}
    for row, loss in enumerate(LOSSES):
        for column, setting in enumerate(SETTINGS):
            runs = {mode: found[loss][setting, mode] for mode in MODES}
            hits = [first(run, TARGET * bests[loss]) for run in runs.values()]
            seconds = 1.5 * max(hit[0] for hit in hits if hit)
            across, down = curves.Axis("seconds", 0, seconds), curves.Axis("", 1, 1e-3, log=True)
            lines = {mode: [(p["seconds"], p["objective"] / bests[loss] - 1) for p in run["trace"]
                            if p["seconds"] <= seconds] for mode, run in runs.items()}
            elements += curves.panel(left + column * (width + 14), 64 + row * (height + 60), width, height,
                                     f"{LOSSES[loss]}, {setting}", across, down, lines, colours, column == 0)
    return curves.document(left + 3 * (width + 14), 64 + 2 * (height + 60), left,
                           "objective, relative to the least, less 1", elements)


def against(bsp, other, best):
    """How many times as soon as bsp, on the geometric mean over targets and at the least and the most."""
    ratios = []
    for target in TARGETS:
        seconds = [quartiles(runs, target * best) for runs in (bsp, other)]
        if None in seconds:
            return "not at all targets"
        ratios.append(seconds[0][1] / seconds[1][1])
    return f"{statistics.geometric_mean(ratios):.2f} ({min(ratios):.1f} to {max(ratios):.1f})"


def findings(runs, found, bests):
    lines = []
    for loss, name in LOSSES.items():
        for setting in list(SETTINGS)[1:]:
            ratios = ", ".join(f"{mode} {against(runs[loss][setting, 'bsp'], runs[loss][setting, mode], bests[loss])}"
                               for mode in MODES if mode != "bsp")
            lines.append(f"* {name}, {setting}: so many times as soon at a target as bsp, geometric mean of the {len(TARGETS)} "
                         f"(least to most): {ratios}.")
    for setting in SETTINGS:
        pairs = [(f"{loss} s = {s}", found[loss][setting, f"essp({s})"]["staleness_mean"],
                  found[loss][setting, f"ssp({s})"]["staleness_mean"]) for loss in LOSSES for s in (1, 3, 10)]
        fresher = [name for name, essp, ssp in pairs if essp < ssp]
        lines.append(f"* {setting}: the mean staleness of essp(s) is below that of ssp(s) for "
                     f"{', '.join(fresher) if fresher else 'no s'}; {len(fresher)} of {len(pairs)}.")
    return "\n".join(lines)


def measure(build, data, folder, loss):
    """{(setting, mode): runs}: the modes in turn, as a machine's speed changes from minute to minute."""
    runs = {(setting, mode): [] for setting in SETTINGS for mode in MODES}
    for setting, slow in SETTINGS.items():
        for seed in range(1, REPEATS + 1):
            for mode, (_, flags) in MODES.items():
                runs[setting, mode].append(train(build, data, folder, loss, [*slow, *flags, f"--seed={seed}"]))
            print(loss, setting, "seed", seed, {mode: runs[setting, mode][-1]["objective"] for mode in MODES}, flush=True)
    return runs


def write(output, runs):
    bests = {loss: min(p["objective"] for of in runs[loss].values() for run in of for p in run["trace"]) for loss in LOSSES}
    found = {loss: {key: middle(of, TARGET * bests[loss]) for key, of in runs[loss].items()} for loss in LOSSES}
    push = statistics.median((run["solve_seconds"] - run["wait_seconds"]) / run["rounds"]
                             for run in runs["hinge"]["no straggler", "bsp"])
    tables = "\n\n".join(f"{name[0].upper() + name[1:]} (least objective {bests[loss]:.6g}):\n\n"
                         + table(runs[loss], found[loss], TARGET * bests[loss]) for loss, name in LOSSES.items())
    (output / "straggler.svg").write_text(figure(found, bests), encoding="utf-8")
    (output / "straggler.md").write_text(TEXT.format(
        workers=WORKERS, c=C, local=LOCAL_EPOCHS, rows=ROWS, features=FEATURES, per_row=PER_ROW, repeats=REPEATS,
        epoch=1 / LOCAL_EPOCHS, targets=", ".join(f"{t:g}" for t in TARGETS),
        last=WORKERS - 1, slow=SLOW, delay=DELAY, delay_ms=1e3 * DELAY, push_ms=1e3 * push, target=TARGET,
        tables=tables, findings=findings(runs, found, bests)), encoding="utf-8")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(sys.argv[2])
        output.mkdir(parents=True, exist_ok=True)
        data = pathlib.Path(folder, "rows.libsvm")
        write_data(data)
        write(output, {loss: measure(sys.argv[1], data, folder, loss) for loss in LOSSES})


if __name__ == "__main__":
    main()
