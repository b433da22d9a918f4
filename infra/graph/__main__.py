"""python -m infra.graph STACK…: the canonical graph of each stack, without an account and without an engine.

One stack goes to standard output; with --to FOLDER each is written to FOLDER/STACK.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.environments import environments
from infra.graph.canonical import dump
from infra.graph.recording import record


def main(arguments: list[str]) -> int:
    """Exit codes: 0 written, 2 wrong usage."""
    known = environments()
    parser = argparse.ArgumentParser(prog="python -m infra.graph", description=__doc__)
    parser.add_argument(
        "stacks", nargs="+", metavar="STACK", choices=known, help=f"one of {', '.join(known)}"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where STACK.json is written")
    given = parser.parse_args(arguments)
    folder: Path | None = given.to
    if folder is None and len(given.stacks) > 1:
        parser.error("several stacks need --to FOLDER")
    for stack in given.stacks:
        text = dump(record(stack))
        if folder is None:
            sys.stdout.write(text)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{stack}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
