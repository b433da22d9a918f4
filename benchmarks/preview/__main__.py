"""What the estate's program costs: CPU in a preview, and seconds of `pulumi up`, each beside a peer.

    python -m benchmarks.preview [--peer CHECKOUT] [--rounds N] [--json FILE]

The peer of the preview is a program of one resource, in turn with the estate. The peer of `up` is another
checkout of this repository with its environment made (`make setup`), an earlier commit for example; without
--peer this figure is left out. Exit code 1 when a goal is missed, 2 when something could not be measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.emulator.__main__ import report
from benchmarks.emulator.figures import Figure, all_met
from benchmarks.emulator.world import REPOSITORY, BenchmarkError, World
from benchmarks.preview.programs import Peer, estate_seconds, up_seconds
from emulator.home import write_aside

PREVIEW_GOAL: Final = 3.0
UP_GOAL: Final = 1.6
MORE: Final = 100  # resources of the program that tells what a further one costs
ROUNDS: Final = 3


def previews(folder: Path, rounds: int, progress: Progress) -> list[Figure]:
    """The estate and the small program in turn: ratios within a round, and their median."""
    task = progress.add_task("preview", total=2 * rounds + 2)
    ratios: list[float] = []
    ones: list[float] = []
    estates: list[float] = []
    with World(folder / "preview").running() as world:
        peer = Peer.made(world, folder / "many")
        peer.seconds(1)  # fills the caches
        progress.advance(task)
        for _ in range(rounds):
            ones.append(peer.seconds(1))
            progress.advance(task)
            estates.append(estate_seconds(world))
            progress.advance(task)
            ratios.append(estates[-1] / ones[-1])
        more = peer.seconds(MORE)
        progress.advance(task)
    one, estate = median(ones), median(estates)
    further = (more - one) / (MORE - 1) * 1000
    return [
        Figure("preview_ratio", "CPU of stage's program to that of one resource's", median(ratios), "x",
               PREVIEW_GOAL),
        Figure("preview_estate", "CPU of stage's program", estate, "s", None, "one resource's", one),
        Figure("preview_further", "CPU of each further resource (groups, which have no imports)", further,
               "ms"),
    ]  # fmt: skip


def ups(folder: Path, peer: Path, rounds: int, progress: Progress) -> list[Figure]:
    """Both builds in turn, each on an empty emulator of its own."""
    task = progress.add_task("up", total=2 * rounds)
    ratios: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds):
        theirs.append(up_seconds(peer, folder / f"peer-{number}"))
        progress.advance(task)
        ours.append(up_seconds(REPOSITORY, folder / f"ours-{number}"))
        progress.advance(task)
        ratios.append(ours[-1] / theirs[-1])
    return [
        Figure("up_ratio", "seconds of the first `pulumi up` of stage, to the peer's", median(ratios), "x",
               UP_GOAL),
        Figure("up", "seconds of it", median(ours), "s", None, "the peer", median(theirs)),
    ]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.preview", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", type=Path, metavar="CHECKOUT", help="another checkout, whose `up` is timed")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"turns (default {ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error(f"--rounds {given.rounds}: give 1 or more")
    if given.peer and not (given.peer / ".venv/bin/python").is_file():
        parser.error(f"--peer {given.peer}: it has no .venv; run `make setup` there first")
    console = Console(stderr=True, width=150)
    columns = (TextColumn("{task.description:10}"), BarColumn(), TimeElapsedColumn())
    try:
        with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=console) as progress:
            found = previews(Path(folder), given.rounds, progress)
            if given.peer:
                found += ups(Path(folder), given.peer.resolve(), given.rounds, progress)
    except BenchmarkError as error:
        console.print(f"the benchmark ended: {error}", markup=False)
        return 2
    Console(width=150).print(report(found))
    if given.json:
        body = {"all_goals_met": all_met(found), "figures": [figure.to_json() for figure in found]}
        write_aside(given.json, (json.dumps(body, indent=1) + "\n").encode())
    return 0 if all_met(found) else 1


if __name__ == "__main__":
    sys.exit(main())
