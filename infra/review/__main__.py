"""python -m infra.review BASE HEAD: two graphs of a stack as the Markdown that a pull request shows.

BASE and HEAD are canonical graphs (`make golden`, `python -m infra.graph STACK`). Nothing is asked of Azure.

exit codes: 0 written, and every policy holds at HEAD or is exempt; 1 written, and a policy fails at HEAD
(with --strict also: something can hurt); 2 wrong usage, or a file that is no graph.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path

from infra.graph.canonical import GraphError, load
from infra.graph.model import Graph
from infra.review.render import render
from infra.review.review import as_json, review


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.review",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="the graph as it is")
    parser.add_argument("head", type=Path, metavar="HEAD", help="the graph as it is to be")
    parser.add_argument("--beside", type=Path, metavar="GRAPH", help="another stack at HEAD, to compare with")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    parser.add_argument("--strict", action="store_true", help="exit 1 when anything can hurt, too")
    given = parser.parse_args(arguments)
    try:
        base, head = _read(given.base), _read(given.head)
        other = _read(given.beside) if given.beside else None
        if base.stack != head.stack:
            raise GraphError(
                f"{given.base} is of {base.stack!r} and {given.head} of {head.stack!r}: give one stack's"
            )
    except GraphError as error:
        print(f"infra.review: {error}", file=sys.stderr)
        return 2
    today = date.today()
    found = review(base, head, today, other)
    if given.json:
        print(json.dumps(as_json(found), indent=1))
    else:
        sys.stdout.write(render(found, today))
    return int(not found.policies.ok or (given.strict and bool(found.findings)))


def _read(file: Path) -> Graph:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GraphError(f"{file} cannot be read: {error}") from error
    try:
        return load(text)
    except GraphError as error:
        raise GraphError(f"{file} {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
