"""The table as a file: a line a type, so that a renewal shows in few lines what has changed."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.clientstatuses.reading import Operation

TABLE = Path(__file__).resolve().parents[2] / "emulator" / "arm" / "client_statuses.json"


def rows(found: Iterable[Operation]) -> dict[str, dict[str, Any]]:
    """By type and verb (a POST with its action's name) what `emulator.arm.statuses` reads.

    all: the statuses that every client takes
    some: further ones that some client takes, left out when there are none
    body: there, and true, when some client reads the body of the answer to a DELETE
    """
    gathered: dict[str, dict[str, list[Operation]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        gathered[one.arm_type][f"{one.verb} {one.action}".strip()].append(one)
    return {
        arm_type: {verb: _row(verb, ones) for verb, ones in sorted(verbs.items())}
        for arm_type, verbs in sorted(gathered.items())
    }


def _row(verb: str, ones: list[Operation]) -> dict[str, Any]:
    common = frozenset[int].intersection(*(one.statuses for one in ones))
    every = frozenset[int].union(*(one.statuses for one in ones))
    row: dict[str, Any] = {"all": sorted(common)}
    if every - common:
        row["some"] = sorted(every - common)
    if verb == "DELETE" and any(one.reads_body for one in ones):
        row["body"] = True
    return row


def text(found: Iterable[Operation], packages: Iterable[str], date: str) -> str:
    """The whole file."""
    lines = [f'    "{arm_type}": {json.dumps(verbs)}' for arm_type, verbs in rows(found).items()]
    head = {"made by": "python -m tools.clientstatuses", "date": date, "packages": sorted(packages)}
    return json.dumps(head, indent=1)[:-2] + ',\n "types": {\n' + ",\n".join(lines) + "\n }\n}\n"
