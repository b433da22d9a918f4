"""How soon the emulator is ready, and what it adds: to previews, to steps of pipelines, to each resource.

    python -m benchmarks.emulator [--only SECTION,…] [--json FILE]

Each figure beside its goal and beside a peer that is measured in the same run. Exit code 1 when a goal is
missed, 2 when something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.emulator import preview, readiness, resources, steps
from benchmarks.emulator.figures import Figure, all_met
from benchmarks.emulator.world import BenchmarkError, World
from emulator.home import write_aside

Step = Callable[[], None]
READY: Final = "ready"
# section -> its steps for the progress bar, and what it measures on a running emulator
ON_A_WORLD: Final[dict[str, tuple[int, Callable[[World, Step], list[Figure]]]]] = {
    "preview": (1 + preview.ROUNDS * len(preview.STACKS), preview.figures),
    "steps": (1, steps.figures),
    "resources": (2, resources.figures),
}
SECTIONS: Final = (READY, *ON_A_WORLD)


def sections(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [name for name in names if name not in SECTIONS]
    if unknown or not names:
        found = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"{found} is no section: expected some of {', '.join(SECTIONS)}")
    return names


def measure(wanted: Sequence[str], folder: Path, progress: Progress) -> list[Figure]:
    """The figures of the sections."""
    found: list[Figure] = []
    if READY in wanted:
        task = progress.add_task(READY, total=readiness.ROUNDS)
        found += readiness.figures(folder, lambda: progress.advance(task))
    for name, (total, figures) in ON_A_WORLD.items():
        if name in wanted:
            task = progress.add_task(name, total=total)
            # each in a home of its own: none pays for what another has left
            with World(folder / name).running() as world:
                found += figures(world, lambda task=task: progress.advance(task))
    return found


def report(figures: Sequence[Figure]) -> Table:
    table = Table("figure", "value", "goal", "", "beside", box=None, pad_edge=False, header_style="bold")
    for figure in figures:
        table.add_row(*figure.row(), style="red" if figure.met is False else "")
    return table


def as_json(figures: Sequence[Figure], seconds: float) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 1),
        "all_goals_met": all_met(figures),
        "figures": [figure.to_json() for figure in figures],
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.emulator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=sections, default=SECTIONS, help=", ".join(SECTIONS))
    parser.add_argument("--json", type=Path, help="write the figures here")
    given = parser.parse_args(arguments)
    console, began = Console(stderr=True, width=150), time.monotonic()
    columns = (TextColumn("{task.description:10}"), BarColumn(), TimeElapsedColumn())
    try:
        with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=console) as progress:
            found = measure(given.only, Path(folder), progress)
    except BenchmarkError as error:
        console.print(f"the benchmark ended: {error}", markup=False)
        return 2
    Console(width=150).print(report(found))
    if given.json:
        write_aside(
            given.json, (json.dumps(as_json(found, time.monotonic() - began), indent=1) + "\n").encode()
        )
    return 0 if all_met(found) else 1


if __name__ == "__main__":
    sys.exit(main())
