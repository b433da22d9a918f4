"""What two graphs cost in a month, from the dated price table (prices.py)."""

from __future__ import annotations

from dataclasses import dataclass

from infra import estimate
from infra.graph.model import Graph


@dataclass(frozen=True, slots=True)
class Cost:
    """A month, in `currency`. lines: what each part costs. unknown: parts without a price."""

    currency: str
    lines: dict[str, float]
    unknown: tuple[str, ...]

    @property
    def total(self) -> float:
        return sum(self.lines.values())


def monthly(graph: Graph) -> Cost | None:
    """What costs by being there; what costs by use is in no graph."""
    lines: dict[str, float] = {}
    unknown: list[str] = []
    for line in estimate.lines(graph):
        if line.usd is None:
            unknown.append(f"{line.what} ({line.key})")
        else:
            lines[line.what] = lines.get(line.what, 0.0) + line.usd
    return Cost("USD", lines, tuple(unknown))
