"""The golden graphs, which `make golden` writes anew, and what a test says of a difference.

Golden are the environments that the repository ships; one that is added needs no picture.
"""

from __future__ import annotations

import difflib
from typing import Final

from infra.graph.canonical import dump
from tests.infra.recording import ROOT, Graph

FOLDER: Final = ROOT / "tests/infra/golden"
GOLDEN: Final = ("stage", "prod")
SHOWN: Final = 60


def difference(graph: Graph) -> str:
    """ "" when the graph is the accepted one; else the first lines that differ, and how to accept them."""
    accepted = FOLDER / f"{graph.stack}.json"
    before = accepted.read_text(encoding="utf-8").splitlines() if accepted.exists() else []
    lines = list(difflib.unified_diff(before, dump(graph).splitlines(), "accepted", "now", n=2, lineterm=""))
    if not lines:
        return ""
    more = [f"… and {len(lines) - SHOWN} lines more"] if len(lines) > SHOWN else []
    accept = "If that is what you meant: `make golden`, read its diff, commit it."
    return "\n".join([f"The graph of {graph.stack} is not the accepted one.", *lines[:SHOWN], *more, accept])


def picture(graph: Graph) -> str:
    """The parts alone, one line a resource, for a comparison of estates: type, logical name, parent."""
    lines = sorted(f"{r.type:<55} {r.name:<65} in {r.parent or 'the stack'}" for r in graph.resources)
    return "\n".join(lines) + "\n"
