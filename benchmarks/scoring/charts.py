"""The results as pictures (SVG); the same results give the same bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from benchmarks.scoring.goals import throughput
from benchmarks.scoring.results import Results
from benchmarks.scoring.tables import per_second, us

matplotlib.rcParams.update(
    {"svg.hashsalt": "benchmarks", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
)
OURS, FLOOR, OTHER, NAIVE = "#2563a8", "#9aa5b1", "#d98c3f", "#b5443c"
COLOURS = {"ours": OURS, "constant": FLOOR}
PARTS = (
    *("#6b7785", "#9aa5b1", "#2563a8", "#5b8fc7", "#1b998b", "#7cc6ba"),
    *("#e0a83a", "#d98c3f", "#b5443c", "#7a5195", "#c9b8d8", "#3c4a57", "#8a5a2b", "#6b9d3e", "#c75d8f"),
)
SEEN = 0.05  # microseconds: a part below that is no part of the picture; the table has it
WIDTH = 7.5


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of the page: `draw` gives None when the results do not hold what it shows."""

    name: str
    caption: str
    draw: Callable[[Results], Figure | None]


def _bars(
    labels: list[str],
    values: list[float],
    colours: list[str],
    show: Callable[[float], str],
    title: str,
    log: bool = True,
) -> Figure:
    figure = Figure(figsize=(WIDTH, 0.6 + 0.34 * len(labels)), layout="constrained")
    axes: Any = figure.add_subplot()
    places = range(len(labels))
    if log:  # a bar's length says nothing where the axis has no zero
        axes.hlines(places, min(values) / 3, values, color="#d5dbe1", linewidth=1)
        axes.scatter(values, places, color=colours, s=60, zorder=3)
    else:
        axes.barh(places, values, color=colours, height=0.65)
    axes.set_yticks(places, labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)  # the first on top, room for whole markers
    if log:
        axes.set_xscale("log")
        axes.set_xlim(min(values) / 3, max(values) * 4)
    else:
        axes.set_xlim(0, max(values) * 1.2)
    for place, value in zip(places, values, strict=True):
        axes.annotate(show(value), (value, place), va="center", xytext=(8, 0), textcoords="offset points")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    axes.xaxis.set_major_locator(NullLocator())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines.bottom.set_visible(False)
    return figure


def _colour(key: str, composite: str) -> str:
    return COLOURS.get(key, NAIVE if composite == "naive" else OTHER)


def in_process(results: Results) -> Figure | None:
    found = sorted(results.in_process, key=lambda one: (one.rows, one.name != "ours"))
    if not found:
        return None
    labels = [f"{one.name}, {one.rows:,} row{'s' if one.rows > 1 else ''}" for one in found]
    colours = [OURS if one.name == "ours" else NAIVE for one in found]
    return _bars(
        labels, [one.p50 for one in found], colours, us, "In process, p50 (logarithmic; less is better)"
    )


def served(results: Results) -> Figure | None:
    found = [(one, throughput(one)) for one in results.served if one.cores == 1]
    known = [(one, best) for one, best in found if best]
    if not known:
        return None
    return _bars(
        [one.title for one, _ in known],
        [best for _, best in known],
        [_colour(one.key, one.composite) for one, _ in known],
        per_second,
        "Requests a second on one core (logarithmic; more is better)",
    )


def _plain(value: float, _: object = None) -> str:
    """A number of an axis: 0.1, 10, 1,000."""
    return f"{value:,g}"


def latency(results: Results) -> Figure | None:
    known = [one for one in results.served if one.cores == 1 and one.loads]
    if not known:
        return None
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axes: Any = figure.add_subplot()
    for one in known:
        colour, wide = _colour(one.key, one.composite), 2.2 if one.key == "ours" else 1.2
        style = {"mlserver": "--", "bentoml": ":"}.get(one.key, "-")
        counts = [str(load.connections) for load in one.loads]
        p50 = [load.p50 / 1e3 for load in one.loads]
        axes.plot(counts, p50, style, color=colour, linewidth=wide, marker="o", markersize=3, label=one.title)
        p99 = [load.p99 / 1e3 for load in one.loads]
        axes.fill_between(counts, p50, p99, color=colour, alpha=0.12, linewidth=0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_plain)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("ms (logarithmic)")
    axes.set_xlabel("connections")
    axes.set_title(
        "One row over HTTP on one core: p50 (line) to p99 (shade); less is better", loc="left", fontsize=10
    )
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def parts(results: Results) -> Figure | None:
    shown = [part for part in results.parts if part.us >= SEEN]
    if not shown:
        return None
    figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
    axes: Any = figure.add_subplot()
    left = 0.0
    for number, part in enumerate(shown):
        label = f"{part.name}, {us(part.us)}"
        axes.barh([0], [part.us], left=left, color=PARTS[number % len(PARTS)], label=label, edgecolor="white")
        left += part.us
    axes.set_yticks([])
    axes.spines.left.set_visible(False)
    axes.set_xlabel("microseconds of processor time")
    axes.set_title("One request of one row: where the processor's time goes", loc="left", fontsize=10)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def telemetry(results: Results) -> Figure | None:
    found = results.telemetry
    if found is None:
        return None
    values = [median(found.off), median(found.on)]
    title = "Requests a second on one core, telemetry off and on"
    return _bars(["off", "on"], values, [FLOOR, OURS], per_second, title, log=False)


def soak(results: Results) -> Figure | None:
    found = results.soak
    if found is None or len(found.resident_mb) < 2:
        return None
    figure = Figure(figsize=(WIDTH, 2.2), layout="constrained")
    axes: Any = figure.add_subplot()
    step = found.seconds / len(found.resident_mb)
    axes.plot([step * (n + 1) for n in range(len(found.resident_mb))], found.resident_mb, color=OURS)
    axes.set_ylim(0, max(found.resident_mb) * 1.3)
    axes.set_xlabel("seconds")
    axes.set_ylabel("MB")
    axes.set_title("Resident memory at twice the load that it takes", loc="left", fontsize=10)
    return figure


CHARTS = (
    Chart("scoring-in-process", "Time of the composite in process", in_process),
    Chart("scoring-throughput", "Requests a second of each server", served),
    Chart("scoring-latency", "Latency of each server by connections", latency),
    Chart("scoring-telemetry", "Throughput with and without telemetry", telemetry),
    Chart("scoring-parts", "Parts of one request's time", parts),
    Chart("scoring-soak", "Memory under overload", soak),
)


def write(results: Results, folder: Path) -> dict[str, Path]:
    """The pictures by name; one that the results do not hold is removed if it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for chart in CHARTS:
        file = folder / f"{chart.name}.svg"
        figure = chart.draw(results)
        if figure is None:
            file.unlink(missing_ok=True)
            continue
        aside = file.with_name(f".{file.name}.{os.getpid()}")
        figure.savefig(aside, format="svg", metadata={"Date": None})
        text = aside.read_text(encoding="utf-8")
        aside.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
        aside.replace(file)
        written[chart.name] = file
    return written
