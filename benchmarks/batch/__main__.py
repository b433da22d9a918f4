"""Rows a second of a whole batch, file to table, beside peers in the same run, and whether the goals are met.

    python -m benchmarks.batch [--rows N] [--most N] [--turns N] [--json FILE]

--most: as many rows as the largest run has, which shows whether memory grows with them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.batch import data
from benchmarks.scoring import before, tools
from benchmarks.scoring.cache import ROOT, BenchmarkError
from benchmarks.scoring.model import subject

WORKERS = 2
LOOP_ROWS = 200_000
BLOCK = 1_000
GOALS = {
    "times the loop of pandas and scikit-learn, both on two cores": 10.0,
    "times the build before in blocks of 1,000, its composite alone, on one core": 6.0,
    "of the time both threads compute": 0.70,
}
MOST_GROWTH = 1.15  # of the peak memory, from the smaller run to the largest


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.batch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--most", type=int, default=10_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console(stderr=True)
    try:
        found = measure(given.rows, given.most, given.turns, lambda text: console.print(text, soft_wrap=True))
    except BenchmarkError as error:
        console.print(f"[red]{error}[/]")
        return 1
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return show(found)


def measure(rows: int, most: int, turns: int, say: tools.Say) -> dict[str, Any]:
    """All contestants by turns, then our largest run."""
    model = subject(say)
    file, largest = data.rows(rows, say), data.rows(most, say)
    other = before.kind(say)
    readable = before.readable(model, say)
    contestants = {
        "ours": (sys.executable, "-m", "benchmarks.batch.ours", model.artifact, file, WORKERS, ""),
        "loop": (sys.executable, "-m", "benchmarks.batch.loop", model.naive, file, LOOP_ROWS, WORKERS),
        "before": (
            *(other.python, Path(__file__).with_name("blocks.py"), other.code),
            *(readable.folder, BLOCK, 3.0),
        ),
    }
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for turn in range(turns):
        for name, command in contestants.items():
            say(f"turn {turn + 1}: {name}")
            found[name].append(ran(*command))
    say(f"ours, {most:,} rows, with keys")
    keyed = ran(*contestants["ours"][:-3], largest, WORKERS, data.KEY)
    small = ran(*contestants["ours"][:-3], file, WORKERS, data.KEY)
    return {**found, "largest": keyed, "smaller": small}


def ran(*command: object) -> dict[str, Any]:
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(
            f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-600:]}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def rate(one: dict[str, Any]) -> float:
    return one["rows"] / one["seconds"]


def show(found: dict[str, Any]) -> int:
    ours, loop, before_ = (
        median(map(rate, found["ours"])),
        median(map(rate, found["loop"])),
        median(map(rate, found["before"])),
    )
    growth = found["largest"]["peak_mb"] / found["smaller"]["peak_mb"]
    busy = median(one["busy"] for one in found["ours"])
    made = Table(title=f"Rows a second, {WORKERS} cores, by {found['ours'][0]['by']}", title_justify="left")
    for heading in ("what", "measured", "goal", ""):
        made.add_column(heading)
    made.add_row("our batch, file to table", f"{ours:,.0f} rows a second", "", "")
    measured = (ours / loop, ours / before_, busy)
    ended = 0
    for (what, goal), value in zip(GOALS.items(), measured, strict=True):
        met = value >= goal
        ended |= not met
        shown = f"{value:.0%}" if goal < 1 else f"{value:.1f}"
        least = f"at least {goal:.0%}" if goal < 1 else f"at least {goal:g}"
        made.add_row(what, shown, least, "met" if met else "not met")
    met = growth <= MOST_GROWTH
    made.add_row(
        f"peak memory, {found['largest']['rows']:,} rows over {found['smaller']['rows']:,}",
        f"{found['largest']['peak_mb']:.0f} MB over {found['smaller']['peak_mb']:.0f} MB",
        f"at most {MOST_GROWTH:g} times",
        "met" if met else "not met",
    )
    Console(width=130).print(made)
    return int(ended or not met)


if __name__ == "__main__":
    sys.exit(main())
