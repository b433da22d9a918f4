"""What two graphs cost in a month, from the dated price table where the program has one."""

from __future__ import annotations

from dataclasses import dataclass

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
    """None: there is no price table, so nothing is known."""
    return None
