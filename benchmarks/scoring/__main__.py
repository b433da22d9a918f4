"""What a score costs, and whether the goals are met.

    python -m benchmarks.scoring [--quick] [--only SECTION,…] [--server NAME …] [--soak SECONDS]
                                 [--json FILE] [--page] [--strict]

With --page-from FILE nothing is measured: docs/benchmarks.md is written from results of an earlier run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks.scoring import results as stored
from benchmarks.scoring.cache import BenchmarkError
from benchmarks.scoring.goals import verdicts
from benchmarks.scoring.page import write_page
from benchmarks.scoring.report import show
from benchmarks.scoring.results import Results
from benchmarks.scoring.run import FULL, QUICK, SECTIONS, Choice, run
from benchmarks.scoring.servers import BY_KEY

WIDTH = 150  # the tables are wide, and the output often goes to a file


def sections(text: str) -> frozenset[str]:
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    unknown = sorted(names - set(SECTIONS))
    if unknown or not names:
        found = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"{found} is no section: expected some of {', '.join(SECTIONS)}")
    return names


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from error
    if not 1.0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} seconds: expected 1 to 86400")
    return value


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="benchmarks.scoring", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--quick", action="store_true", help="short runs: rough figures in two minutes")
    made.add_argument("--only", type=sections, default=frozenset(SECTIONS), help=", ".join(SECTIONS))
    made.add_argument("--server", choices=sorted(BY_KEY), action="append", help="of the section http")
    made.add_argument("--soak", type=seconds, default=0.0, help="overload for so long; 600: the long form")
    made.add_argument("--json", type=Path, help="write the results here")
    made.add_argument("--page", action="store_true", help="write docs/benchmarks.md and its pictures")
    made.add_argument("--page-from", type=Path, help="write the page from these results; measure nothing")
    made.add_argument("--strict", action="store_true", help="exit code 1 when a measured goal is missed")
    return made


def write_json(results: Results, file: Path) -> None:
    value = {**results.to_json(), "goals": [one.to_json() for one in verdicts(results)]}
    stored.write(file, json.dumps(value, indent=1) + "\n")


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    console, errors = Console(width=WIDTH), Console(stderr=True, width=WIDTH)
    if given.page_from:
        try:
            print(write_page(stored.read(given.page_from)))
        except (OSError, ValueError, KeyError, TypeError) as error:
            errors.print(f"{given.page_from}: not the results of a benchmark: {error}", markup=False)
            return 2
        return 0
    began = time.monotonic()

    def say(text: str) -> None:
        errors.print(f"{time.monotonic() - began:6.1f} s  {text}", markup=False, highlight=False)

    choice = Choice(given.only, tuple(given.server or BY_KEY), given.soak, QUICK if given.quick else FULL)
    try:
        found = run(choice, say)
    except BenchmarkError as error:
        errors.print(f"the benchmark ended: {error}", markup=False)
        return 2
    judged = verdicts(found)
    show(console, found, judged)
    if given.json:
        write_json(found, given.json)
    if given.page:
        say(f"wrote {write_page(found).name}")
    for name, reason in found.problems.items():
        errors.print(f"{name} could not be measured: {reason}", markup=False)
    if found.problems:
        return 2
    return 1 if given.strict and any(one.met is False for one in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
