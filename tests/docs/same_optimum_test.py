#!/usr/bin/env python3
"""same_optimum_test.py STRADS APP...: every APP finds the optimum that `strads lasso train` finds."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

ROWS, COLUMNS, LAMBDA, TOLERANCE = 60, 40, 1.5, 1e-6


def write_problem(path):
    """Sparse X, of which the last columns are in the first row only; y depends on three of them."""
    draw = random.Random(1)
    lines = []
    for i in range(ROWS):
        row = {j: draw.gauss(0, 1) for j in range(1, COLUMNS) if draw.random() < 0.5}
        if i == 0:
            row[COLUMNS] = 2.0
        y = 3 * row.get(3, 0) - 2 * row.get(7, 0) + row.get(11, 0) + draw.gauss(0, 0.3)
        lines.append(" ".join([f"{y:.17g}"] + [f"{j}:{x:.17g}" for j, x in row.items()]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def objective(folder, command, *flags):
    metrics = folder / "metrics.jsonl"
    subprocess.run(
        [*command, f"--data={folder / 'data.libsvm'}", f"--lambda={LAMBDA}", f"--metrics={metrics}",
         "--parallelism=4", "--tolerance=1e-9", "--max_rounds=100000", "--noprogress", *flags],
        check=True, stdout=subprocess.DEVNULL, timeout=60)
    summary = json.loads(metrics.read_text(encoding="utf-8").splitlines()[-1])
    if summary["termination"] != "Converged":
        sys.exit(f"{command} {flags}: ended by {summary['termination']}")
    return summary["objective"]


def main():
    strads, apps = sys.argv[1], sys.argv[2:]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_problem(folder / "data.libsvm")
        expected = objective(folder, [strads, "lasso", "train"])
        for app in apps:
            for flags in ([], ["--workers=3"], ["--workers=2", "--processes"],
                          ["--workers=2", "--schedulers=2"], ["--staleness=1"]):
                if "own_schedule" in app and flags and flags[-1] in ("--schedulers=2", "--staleness=1"):
                    continue  # the tutorial says that it is not made for these
                found = objective(folder, [app], *flags)
                wrong = abs(found - expected) > TOLERANCE * abs(expected)
                failed |= wrong
                print(f"{pathlib.Path(app).name} {' '.join(flags)}: {found:.12g}, expected {expected:.12g}"
                      + (": WRONG" if wrong else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
