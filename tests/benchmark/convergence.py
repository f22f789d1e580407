#!/usr/bin/env python3
"""How fast each schedule converges: convergence.py BUILD_FOLDER OUTPUT_FOLDER [SECONDS]

Trains the lasso on correlated data with every schedule at parallelism 1, 8, 64 and 512, SECONDS (10) each
at most, one worker of one thread, and writes OUTPUT_FOLDER/convergence.md, tables of the updates and
seconds to a relative suboptimality (P - P*) / P* of 1e-3 and 1e-6, and OUTPUT_FOLDER/convergence-DATA.svg,
the curves. P* is the objective of a run to a relative gap of 1e-12. Takes some minutes; needs nothing
but Python.
"""
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import curves

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEDULES = {"random": "#888888", "priority": "#e69f00", "dependency": "#0072b2", "block_greedy": "#009e73",
             "working_set": "#d55e00"}
PARALLELISMS = (1, 8, 64, 512)
TARGETS = (1e-3, 1e-6)
LEAST = 1e-8  # the end of the vertical axis

TEXT = """# How fast the schedules converge

Written by `python3 tests/benchmark/convergence.py build docs`; the figures are of a machine of 2 cores, the
ratios between them are what to look at. Lasso at lambda_max/10, one worker of one thread, the divergence
guard on, {seconds:g} s a run at most. `{greedy}` at parallelism U has U blocks. The number is the
seconds (updates of variables) to a relative suboptimality (P - P*) / P*; "-": not reached.

{sections}
What to see:

* `working_set` needs the least time everywhere, at any parallelism, as it solves for the variables that
  matter together.
* `priority` needs a ninth to a hundredth of the updates of `random`, as most variables stay zero. Plans are made
  two rounds ahead: what was just updated, and so is drawn most, stays out of the next rounds. Where it is coupled all
  the same, the guard halves the parallelism (the steps in the curves), and more at a time bring little.
* `random` (Shotgun) gains from parallelism as long as variables drawn from all of them are hardly ever
  coupled: up to 512 of 4,000 columns that only neighbours are like. Of gene expressions 512 at a time need half as
  many updates again as 64 to 1e-06.
* `dependency` keeps its parallelism where a few variables are coupled with many: on the gene expressions
  512 at a time need no more updates than 1, where `priority` needs seven to twelve times as many. It looks at pairs:
  couplings below --max_coupling that add up, as among the neighbours' neighbours of the generated columns,
  pass. In seconds its check costs more than it saves on one machine, the more so the more candidates it
  compares (twice the parallelism) and the longer the columns are.
* `block_greedy` looks at all variables of a block to update one: of few at a time few updates, as
  `working_set`, and dear ones; of 512 it needs more than `priority` in most cases. Before its first update it clusters the variables, a round for each block.
"""


def correlated(path, rows=500, columns=4000, correlation=0.9):
    """Normal columns, each with this correlation to the one before; 50 of them make the target."""
    draw = random.Random(7)
    truth = {draw.randrange(columns): draw.gauss(0, 1) for _ in range(50)}
    rest = math.sqrt(1 - correlation ** 2)
    with open(path, "w", encoding="ascii") as out:
        for _ in range(rows):
            value, target, entries = draw.gauss(0, 1), draw.gauss(0, 0.1), []
            for j in range(columns):
                entries.append(f"{j + 1}:{value:.6g}")
                target += truth.get(j, 0) * value
                value = correlation * value + rest * draw.gauss(0, 1)
            out.write(f"{target:.8g} {' '.join(entries)}\n")


def train(build, data, folder, flags):
    """The records of a run: one for each round, and the summary."""
    metrics = os.path.join(folder, "metrics.jsonl")
    subprocess.run([f"{build}/strads", "lasso", "train", f"--data={data}", "--lambda_ratio=0.1", "--noprogress",
                    f"--metrics={metrics}", *flags], check=True, stdout=subprocess.DEVNULL)
    with open(metrics, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def curve(records, best):
    """[(updates, seconds, suboptimality)] where the suboptimality falls to less than it was before. A
    round's objective is the one before it."""
    points, least, before = [], math.inf, {"updates": 0, "seconds": 0}
    for record in records[:-1]:
        value = max(record["objective"] / best - 1, LEAST / 10)
        if value < 0.9 * least:
            least = value
            points.append((before["updates"], before["seconds"], value))
        before = record
    return points


def first(points, target):
    return next(((updates, seconds) for updates, seconds, value in points if value <= target), None)


def count(number):
    return f"{number / 1e6:.3g}M" if number >= 1e6 else f"{number / 1e3:.3g}k" if number >= 1e3 else f"{number}"


def table(found):
    lines = []
    for target in TARGETS:
        lines += [f"To {target:g}:", "", "| schedule | " + " | ".join(f"{p} at a time" for p in PARALLELISMS) + " |",
                  "|---" * (len(PARALLELISMS) + 1) + "|"]
        for schedule in SCHEDULES:
            cells = []
            for parallelism in PARALLELISMS:
                hit = first(found[schedule, parallelism], target)
                cells.append("-" if hit is None else f"{hit[1]:.3g} s ({count(hit[0])})")
            lines.append(f"| `{schedule}` | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def figure(found, title):
    """A panel for each parallelism and axis."""
    width, height, left, top, gap = 230, 170, 52, 46, 24
    svg = curves.legend(left, 32, SCHEDULES)
    down = curves.Axis("", 1, LEAST, log=True, every=2)
    for row, (axis, name) in enumerate(((0, "updates"), (1, "seconds"))):
        values = [p[axis] for points in found.values() for p in points if p[axis] > 0]
        across = curves.Axis(name, 10.0 ** math.floor(math.log10(min(values))),
                             10.0 ** math.ceil(math.log10(max(values))), log=True)
        for column, parallelism in enumerate(PARALLELISMS):
            lines = {schedule: [(p[axis], p[2]) for p in found[schedule, parallelism]] for schedule in SCHEDULES}
            svg += curves.panel(left + column * (width + gap), top + row * (height + 52) + 12, width, height,
                                f"{parallelism} at a time", across, down, lines, SCHEDULES, column == 0)
    return curves.document(left + len(PARALLELISMS) * (width + gap), top + 2 * (height + 52), left, title, svg)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    build, output = sys.argv[1], pathlib.Path(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) == 4 else 10
    sections = []
    with tempfile.TemporaryDirectory() as folder:
        generated = os.path.join(folder, "correlated.libsvm")
        correlated(generated)
        for name, data, title in (
                ("colon", str(ROOT / "apps/lasso/data/colon.libsvm.xz"), "colon: gene expressions, 62 x 2,000"),
                ("generated", generated, "generated: neighbouring columns correlated by 0.9, 500 x 4,000")):
            best = train(build, data, folder, ["--tolerance=1e-12"])[-1]["objective"]
            found = {}
            for schedule in SCHEDULES:
                for parallelism in PARALLELISMS:
                    flags = [f"--schedule={schedule}", f"--parallelism={parallelism}", "--tolerance=1e-8",
                             f"--max_time={seconds:g}"]
                    found[schedule, parallelism] = curve(train(build, data, folder, flags), best)
                    print(name, schedule, parallelism, first(found[schedule, parallelism], TARGETS[-1]), flush=True)
            (output / f"convergence-{name}.svg").write_text(figure(found, title), encoding="utf-8")
            sections.append(f"## {title[0].upper()}{title[1:]}\n\n![curves](convergence-{name}.svg)\n\n{table(found)}")
    (output / "convergence.md").write_text(
        TEXT.format(seconds=seconds, sections="\n".join(sections), greedy="block_greedy"), encoding="utf-8")


if __name__ == "__main__":
    main()
