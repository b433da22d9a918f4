"""`make bench-quality`: the daily report over 10 million kept answers, and the same beside peers.

Each size is measured by turns, from the files on disk to the report, with libraries imported; the fastest of
the rounds counts. A peer goes up by sizes until it takes longer than the limit or fails. The exit code is 1
when a target of docs/quality.md is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.quality import data
from benchmarks.scoring.cache import ROOT, BenchmarkError
from benchmarks.scoring.tools import environment_from

PEERS: Final = Path(__file__).with_name("peers")
ROWS: Final = 10_000_000
SIZES: Final = (100_000, 1_000_000, ROWS)
FASTER: Final = 10.0
MOST_MB: Final = 2_048.0


def run(command: list[str], limit: float) -> dict[str, Any] | str:
    """What a program tells of itself, or why it does not."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit:.0f} s"
    if done.returncode:
        last = done.stderr.strip().splitlines()
        return f"ended with {done.returncode}: {last[-1] if last else 'without a word'}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def better(known: dict[str, Any] | str | None, found: dict[str, Any] | str) -> dict[str, Any] | str:
    """The faster of two runs; one that did not end does not replace one that did."""
    if known is None or isinstance(known, str) or isinstance(found, str):
        return known if isinstance(known, dict) else found
    return min(known, found, key=lambda one: float(one["seconds"]))


def measure(
    sizes: tuple[int, ...], peers: tuple[str, ...], limit: float, rounds: int, scratch: Path
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    alive = {}
    for peer in peers:
        try:
            alive[peer] = environment_from(PEERS / peer / "requirements.txt", f"quality-{peer}", say)
        except BenchmarkError as error:
            say(f"{peer}: {error}")
    for size in sizes:
        folder = scratch / str(size)
        folder.mkdir()
        say(f"{size:,} rows are made")
        data.make(folder, size)
        found: dict[str, Any] = {"rows": size}
        commands = {"ours": [sys.executable, "-m", "benchmarks.quality.ours", str(folder)]}
        commands |= {
            name: [str(own), str(PEERS / name / "run.py"), str(folder)] for name, own in alive.items()
        }
        for _ in range(rounds):
            for name, command in list(commands.items()):
                shutil.rmtree(folder / "files", ignore_errors=True)  # the sums of the run before
                found[name] = better(found.get(name), run(command, limit))
                if isinstance(found[name], str):
                    del commands[name]
                    alive.pop(name, None)
        say(json.dumps(found))
        rows.append(found)
    return rows


def met(rows: list[dict[str, Any]], peers: tuple[str, ...]) -> bool:
    """Whether ours keeps its memory at the largest size, and is faster by FASTER at each peer's largest."""
    ours = rows[-1]["ours"]
    if isinstance(ours, str) or ours["peak_mb"] > MOST_MB:
        return False
    compared = False
    for peer in peers:
        done = [row for row in rows if isinstance(row.get(peer), dict)]
        if done:
            compared = True
            if done[-1][peer]["seconds"] < FASTER * done[-1]["ours"]["seconds"]:
                return False
    return compared


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--peers", nargs="*", default=["evidently", "nannyml"])
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that a report may take")
    parser.add_argument("--rounds", type=int, default=2, help="of which the fastest counts")
    given = parser.parse_args()
    peers = tuple(given.peers)
    with tempfile.TemporaryDirectory(prefix="bench-quality-") as scratch:
        rows = measure(tuple(given.sizes), peers, given.limit, given.rounds, Path(scratch))
    holds = met(rows, peers)
    print(json.dumps({"measured": rows, "met": holds}, indent=1))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
