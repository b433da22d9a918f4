"""The pictures of a card, as SVG: readable in print and without colour."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

INK, SOFT, MAIN, SECOND, WARN = "#1b2733", "#8795a1", "#1f5f8b", "#c0712b", "#a8323e"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "card",  # names inside the file: the same for the same picture
    "svg.fonttype": "path",
    "font.size": 9,
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
Card = Mapping[str, Any]
MOST_FEATURES = 12


@dataclass(frozen=True, slots=True)
class Picture:
    """`alt` says in words what the picture shows."""

    svg: str
    alt: str


def drawn(card: Card) -> dict[str, Picture]:
    """All pictures of a card by the section that shows them."""
    style: Any = STYLE  # matplotlib's type of it is a list of all its keys
    with mpl.rc_context(style):
        return {name: draw(card) for name, draw in PICTURES.items()}


def _calibration(card: Card) -> Picture:
    bins = card["calibration"]["bins"]
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1, label="what it should be")
    predicted, observed = ([each[key] for each in bins] for key in ("predicted", "observed"))
    axes.plot(predicted, observed, color=MAIN, marker="o", label="tenths of the test rows")
    top = max(*predicted, *observed) * 1.08
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="mean probability", ylabel="share that defaulted")
    axes.legend(loc="upper left")
    words = f"Mean probability against observed share for {len(bins)} groups of test rows: from "
    ends = f"{predicted[0]:.2f} against {observed[0]:.2f} to {predicted[-1]:.2f} against {observed[-1]:.2f}."
    return Picture(_svg(figure), words + ends)


def _threshold(card: Card) -> Picture:
    found = card["threshold"]
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    at, costs = ([each[key] for each in found["curve"]] for key in ("threshold", "cost"))
    axes.plot(at, costs, color=MAIN)
    axes.axvline(found["decision"], color=WARN, linewidth=1.5)
    axes.annotate(
        f"threshold {found['decision']:.3f}",
        (found["decision"], max(costs)),
        textcoords="offset points",
        xytext=(6, -8),
        color=WARN,
    )
    axes.set(xlabel="threshold", ylabel="mean cost of a row", ylim=(0, None))
    least = min(range(len(at)), key=lambda index: costs[index])
    alt = (
        f"Mean cost of a row by threshold: {found['cost']:.3f} at the chosen {found['decision']:.3f}; "
        f"on the test rows the curve is lowest, {costs[least]:.3f}, at {at[least]:.2f}."
    )
    return Picture(_svg(figure), alt)


def _importance(card: Card) -> Picture:
    features = card["importance"]["features"][:MOST_FEATURES][::-1]
    names = [each["feature"] for each in features]
    figure = Figure(figsize=(8.6, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    left.barh(names, [each["mean_abs_shap"] for each in features], color=MAIN)
    left.set_title("mean |SHAP| (log odds)")
    right.barh(
        names,
        [each["auc_lost"] for each in features],
        xerr=[each["auc_lost_deviation"] for each in features],
        color=SECOND,
        ecolor=INK,
    )
    right.set_title("AUC lost when permuted")
    for axes in (left, right):
        axes.grid(visible=False, axis="y")
    most = ", ".join(reversed(names[-4:]))
    return Picture(_svg(figure), f"The {len(names)} most important features; the first are {most}.")


def _dependence(card: Card) -> Picture:
    found: Mapping[str, Any] = card["partial_dependence"]
    columns = 3
    rows = -(-len(found) // columns)
    figure = Figure(figsize=(8.6, 2.3 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, (name, each) in zip(grid, found.items(), strict=False):
        if each["type"] == "category":
            axes.bar(each["values"], each["probability"], color=MAIN)
        else:
            axes.plot(each["values"], each["probability"], color=MAIN, marker=".")
            axes.xaxis.set_major_formatter(_short)
        axes.set_title(name)
        axes.set_ylim(0, None)
    for axes in grid[len(found) :]:
        axes.set_visible(False)
    figure.supylabel("mean probability", fontsize=9)
    spans = [f"{n} {min(e['probability']):.2f} to {max(e['probability']):.2f}" for n, e in found.items()]
    return Picture(_svg(figure), "Mean probability when a feature is set in every row: " + ", ".join(spans))


def _short(value: float, _: object = None) -> str:
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


RATES = (
    ("selection_rate", "selected", SOFT, "s"),
    ("true_positive_rate", "true positive rate", MAIN, "o"),
    ("false_positive_rate", "false positive rate", WARN, "^"),
)


def _fairness(card: Card) -> Picture:
    attributes: Mapping[str, Any] = card["fairness"]["attributes"]
    figure = Figure(figsize=(8.6, 4.4), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True).ravel()
    for axes, (name, found) in zip(grid, attributes.items(), strict=False):
        groups = found["groups"][::-1]
        labels = [each["group"] + ("" if each["counted"] else " (few)") for each in groups]
        for metric, label, colour, marker in RATES:
            values = [each[metric] for each in groups]
            axes.plot(values, range(len(groups)), marker, color=colour, label=label, markersize=6)
        axes.set_yticks(range(len(groups)), labels)
        axes.set(xlim=(0, 1), ylim=(-0.6, len(groups) - 0.4))
        axes.set_title(name.replace("_", " "))
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    spans = [
        f"{name.replace('_', ' ')} {found['equalised_odds_difference']:.2f}"
        for name, found in attributes.items()
        if "equalised_odds_difference" in found
    ]
    return Picture(
        _svg(figure), "Rates of each group; equalised odds differ at most by: " + ", ".join(spans) + "."
    )


STAGES = ("parse", "encode", "run", "judge", "observe", "answer")


def _path(card: Card) -> Picture:
    sizes: Mapping[str, Mapping[str, float]] = card["scoring_path"]["stages"]
    figure = Figure(figsize=(8.6, 2.4), layout="constrained")
    grid = figure.subplots(1, len(sizes), squeeze=False).ravel()
    words: list[str] = []
    for axes, (rows, stages) in zip(grid, sizes.items(), strict=True):
        scale, unit = (1.0, "µs") if stages["all"] < 1_000 else (1_000.0, "ms")
        values = [stages[stage] / scale for stage in STAGES][::-1]
        axes.barh(STAGES[::-1], values, color=MAIN)
        count = "1 row" if rows == "1" else f"{int(rows):,} rows"
        axes.set_title(f"{count}: {stages['all'] / scale:.3g} {unit}")
        axes.set_xlabel(unit)
        axes.grid(visible=False, axis="y")
        words.append(f"{count} {stages['all'] / scale:.3g} {unit}")
    return Picture(_svg(figure), "Time of each stage of the scoring path; in all: " + ", ".join(words) + ".")


PICTURES: dict[str, Callable[[Card], Picture]] = {
    "calibration": _calibration,
    "threshold": _threshold,
    "importance": _importance,
    "dependence": _dependence,
    "fairness": _fairness,
    "path": _path,
}


def _svg(figure: Figure) -> str:
    content = io.StringIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()
