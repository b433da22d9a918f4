"""A measured figure, its goal, and the peer that was measured beside it in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """goal: the most that it may be, None for one that only explains another; peer: what it is beside."""

    key: str
    title: str
    value: float
    unit: str
    goal: float | None = None
    peer: str = ""
    peer_value: float | None = None

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        return None if self.goal is None else self.value <= self.goal

    @property
    def ratio(self) -> float | None:
        """To the peer."""
        return self.value / self.peer_value if self.peer_value else None

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "goal": self.goal,
            "met": self.met,
            "peer": self.peer or None,
            "peer_value": self.peer_value,
            "ratio_to_peer": self.ratio,
        }

    def row(self) -> tuple[str, str, str, str, str]:
        """Title, value, goal, verdict, peer."""
        goal = "" if self.goal is None else f"<= {shown(self.goal)} {self.unit}".rstrip()
        verdict = {True: "met", False: "not met", None: ""}[self.met]
        beside = ""
        if self.ratio is not None and self.peer_value is not None:
            beside = f"{self.ratio:.2f}x of {self.peer} ({shown(self.peer_value)} {self.unit})"
        return self.title, f"{shown(self.value)} {self.unit}".rstrip(), goal, verdict, beside


def shown(value: float) -> str:
    """Three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def middle(values: Sequence[float]) -> float:
    """The median. ValueError when nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return median(values)


def all_met(figures: Sequence[Figure]) -> bool:
    """Whether each figure that has a goal meets it; False when none has one."""
    verdicts = [figure.met for figure in figures if figure.met is not None]
    return bool(verdicts) and all(verdicts)
