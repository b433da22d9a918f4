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
    "svg.hashsalt": "card",  # names inside the file: the same for the same picture
    "svg.fonttype": "none",  # letters, not their outlines: a quarter of the size, and text that can be found
    "text.parse_math": False,  # a dollar sign is a dollar sign
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
WIDTH = 4.8  # inches: half of the page on a wide screen, all of it on a narrow one


@dataclass(frozen=True, slots=True)
class Picture:
    """`alt` says in words what the picture shows."""

    svg: str
    alt: str


def style() -> Any:
    """To be held while pictures are drawn."""
    settings: Any = STYLE  # matplotlib's type of it is a list of all its keys
    return mpl.rc_context(settings)


def canvas(height: float) -> tuple[Figure, Any]:
    """A figure so many inches high, and its axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def picture(figure: Figure, alt: str) -> Picture:
    content = io.StringIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    lines = (line.strip() for line in content.getvalue().splitlines())
    return Picture("\n".join(line for line in lines if line), alt)


def decimal(value: float | None, places: int) -> str:
    """A dash for what is not known."""
    return "\N{EN DASH}" if value is None else f"{value:.{places}f}"


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def short(value: float, _: object = None) -> str:
    """A number of an axis: 20k, 1.5M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"
