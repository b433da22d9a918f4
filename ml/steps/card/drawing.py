"""What all pictures of a card have in common: readable in print, without colour, and on a narrow screen."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, SOFT, MAIN, SECOND, WARN = "#1b2733", "#8795a1", "#1f5f8b", "#c0712b", "#a8323e"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "card",  # makes the names inside the file, so that the same picture is the same file
    "svg.fonttype": "none",  # text stays text: the file is a quarter of the size, and can be searched
    "text.parse_math": False,  # a dollar sign does not begin a formula
    "font.size": 10,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e8ec",
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
WIDTH = 4.8  # inches; two pictures stand side by side on a wide screen


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG; `alt` says in words what it shows, for whoever cannot see it."""

    svg: str
    alt: str


def style() -> Any:
    """A context manager in which pictures are drawn in the card's style."""
    settings: Any = STYLE  # matplotlib types a style by all its hundreds of keys
    return mpl.rc_context(settings)


def canvas(height: float) -> tuple[Figure, Any]:
    """A new figure of that height in inches, and its axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def picture(figure: Figure, alt: str) -> Picture:
    content = io.StringIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    lines = (line.strip() for line in content.getvalue().splitlines())
    return Picture("\n".join(line for line in lines if line), alt)


def decimal(value: float | None, places: int) -> str:
    """The number with so many decimals; a dash for None."""
    return "\N{EN DASH}" if value is None else f"{value:.{places}f}"


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def short(value: float, _: object = None) -> str:
    """A number as an axis shows it: 20k, 1.5M. matplotlib passes the tick's position too."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
