"""Rows a second of a whole batch, file to table, beside peers in the same run, and whether the goals are met.

    python -m benchmarks.batch [--rows N] [--most N] [--turns N] [--spark] [--json FILE]

--most: as many rows as the largest run has, which shows whether memory grows with them. --spark: the two runs
with keys in local Spark too, its executors as processes of one core (Java 17; installed once, 1.1 GB).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.batch import data
from benchmarks.batch.paper import EXECUTORS, SPARK, VM, Engine, paper
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
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    console = Console(stderr=True)
    try:
        found = measure(
            given.rows,
            given.most,
            given.turns,
            given.spark,
            lambda text: console.print(text, soft_wrap=True),
        )
    except BenchmarkError as error:
        console.print(f"[red]{error}[/]")
        return 1
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return show(found)


def measure(rows: int, most: int, turns: int, spark: bool, say: tools.Say) -> dict[str, Any]:
    """All contestants by turns, then our largest run; with `spark` that one in Spark, too."""
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
    if not spark:
        return {**found, "largest": keyed, "smaller": small}
    submit = (sys.executable, "-m", "benchmarks.batch.spark", model.artifact)
    say(f"Spark, {rows:,} and {most:,} rows, with keys")
    in_spark = {
        name: ran(*submit, where, WORKERS, data.KEY)
        for name, where in (("spark_smaller", file), ("spark_largest", largest))
    }
    return {**found, "largest": keyed, "smaller": small, **in_spark}


def ran(*command: object) -> dict[str, Any]:
    """What a program says in its last line, with the `whole` seconds from its start to its end."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    began = time.perf_counter()
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(
            f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-600:]}"
        )
    return {**json.loads(done.stdout.splitlines()[-1]), "whole": time.perf_counter() - began}


def by_processor(of: list[dict[str, Any]]) -> float:
    """Rows for each second of a processor: what others do on this machine weighs less there."""
    return median(one["rows"] / one["cpu"] for one in of)


def rate(one: dict[str, Any]) -> float:
    return one["rows"] / one["seconds"]


def show(found: dict[str, Any]) -> int:
    ours, loop, before_ = (
        median(map(rate, found["ours"])),
        median(map(rate, found["loop"])),
        median(map(rate, found["before"])),
    )
    cores = by_processor(found["ours"])
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
    times = [f"{cores / by_processor(found[name]):.1f}" for name in ("loop", "before")]
    made.add_row("both, by seconds of a processor in place of the clock's", " and ".join(times), "", "")
    met = growth <= MOST_GROWTH
    made.add_row(
        f"peak memory, {found['largest']['rows']:,} rows over {found['smaller']['rows']:,}",
        f"{found['largest']['peak_mb']:.0f} MB over {found['smaller']['peak_mb']:.0f} MB",
        f"at most {MOST_GROWTH:g} times",
        "met" if met else "not met",
    )
    console = Console(width=130)
    console.print(made)
    if "spark_largest" in found:
        beside_spark(found, console)
    return int(ended or not met)


def beside_spark(found: dict[str, Any], console: Console) -> None:
    """Both engines as whole jobs, from the command to its end, and what follows for Azure on paper."""
    whole = {name: {**found[name], "seconds": found[name]["whole"]} for name in ("smaller", "largest")}
    spark = {name: found[f"spark_{name}"] for name in ("smaller", "largest")}
    made = Table(title=f"Whole jobs on the same {WORKERS} cores, with keys", title_justify="left")
    for heading in ("rows", "one machine, s", "Spark, s"):
        made.add_column(heading)
    for name in ("smaller", "largest"):
        one, many = whole[name], spark[name]
        made.add_row(f"{one['rows']:,}", f"{one['seconds']:.1f}", f"{many['seconds']:.1f}")
    console.print(made)
    try:
        ours, theirs = (Engine.of(each["smaller"], each["largest"], WORKERS) for each in (whole, spark))
    except ValueError as error:
        console.print(f"nothing on paper: {error}", soft_wrap=True)
        return
    on_paper = paper(ours, theirs)
    for name, engine in (("one machine", ours), ("Spark", theirs)):
        console.print(f"{name}: {engine.start:.1f} s to start, {engine.rate:,.0f} rows a second and core")
    first = "never" if on_paper.from_rows is None else f"from {on_paper.from_rows:,.0f} rows on"
    console.print(
        f"a billion rows, on paper: {on_paper.machine_s / 60:.1f} minutes and {on_paper.machine_usd:.2f} USD "
        f"on one {VM}, {on_paper.spark_s / 60:.1f} minutes and {on_paper.spark_usd:.2f} USD on "
        f"{EXECUTORS} + 1 of {SPARK}; Spark ends first {first}",
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main())
