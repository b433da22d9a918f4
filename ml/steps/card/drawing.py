"""What all pictures of a card have in common: readable in print, without colour, and on a narrow screen."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

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
# Of what stands around the axes, in inches: a line of text, the marks of an axis, room at the edge.
LINE, MARKS, ROOM = 0.17, 0.1, 0.08
NUMBER = "0.000"  # the longest label of a vertical axis of numbers
LEAST = 0.3  # inches of height that axes have, whatever stands around them
MOST_BESIDE = 0.65  # of the width; labels that take more of it are given their room by matplotlib


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


def framed(
    height: float, labels: Iterable[str] | None = None, *, title: bool = False, below: int = 1
) -> tuple[Figure, Any]:
    """A new figure of that height in inches, and its axes where labels of a known length leave room.

    Finding the room by measuring all text, as `canvas` does, takes three times as long as drawing.

    height: more is taken where the text above and below leaves the axes less than LEAST. labels: of the
    vertical axis; None where it has numbers and a label. title: whether the axes have one. below: lines of
    text under the horizontal axis, beside its numbers.
    """
    bottom, top = (1 + below) * LINE + MARKS + ROOM, (LINE if title else 0) + MARKS + ROOM
    height = max(height, bottom + LEAST + top)
    widest = max(map(_width, [NUMBER] if labels is None else labels), default=0.0)
    left = widest + MARKS + ROOM + (LINE if labels is None else 0)
    if left > MOST_BESIDE * WIDTH:
        return canvas(height)
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.subplots()
    figure.subplots_adjust(
        left=left / WIDTH, right=1 - 2 * ROOM / WIDTH, bottom=bottom / height, top=1 - top / height
    )
    return figure, axes


def _width(label: str) -> float:
    """In inches, of a label of an axis."""
    size: Any = mpl.rcParams["font.size"]
    width, _, _ = text_to_path.get_text_width_height_descent(label, FontProperties(size=size), False)
    return width / 72


def picture(figure: Figure, alt: str) -> Picture:
    content = io.StringIO()
    # Figure.savefig would draw everything once more before, to learn how large it is.
    FigureCanvasSVG(figure).print_svg(content, metadata={"Date": None, "Creator": None})
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
