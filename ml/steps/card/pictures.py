"""Draws the pictures of a card."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ml.steps.at_once import at_once
from ml.steps.card.drawing import (
    INK,
    MAIN,
    SECOND,
    SOFT,
    WARN,
    Picture,
    decimal,
    framed,
    listed,
    picture,
    short,
    style,
)

Card = Mapping[str, Any]
MOST_FEATURES = 12


def drawn(card: Card) -> dict[str, tuple[Picture, ...]]:
    """All pictures of a card by the section that shows them."""

    def draw(name: str) -> tuple[Picture, ...]:
        with style():
            return tuple(PICTURES[name](card))

    return at_once({name: partial(draw, name) for name in PICTURES})


def _calibration(card: Card) -> list[Picture]:
    bins = card["calibration"]["bins"]
    figure, axes = framed(3.5)
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1, label="what it should be")
    predicted, observed = ([each[key] for each in bins] for key in ("predicted", "observed"))
    axes.errorbar(
        predicted,
        observed,
        yerr=[(each["observed"] * (1 - each["observed"]) / each["rows"]) ** 0.5 for each in bins],
        color=MAIN,
        marker="o",
        markersize=4,
        elinewidth=1.2,
        label="tenths of the test rows",
    )
    top = max(*predicted, *observed) * 1.08
    axes.set(
        xlim=(0, top),
        ylim=(0, top),
        xlabel="mean probability",
        ylabel=f"share that {card['label']['positive']}",
    )
    axes.legend(loc="upper left")
    words = f"Mean probability against observed share for {len(bins)} groups of test rows: from "
    ends = f"{predicted[0]:.2f} against {observed[0]:.2f} to {predicted[-1]:.2f} against {observed[-1]:.2f}."
    return [picture(figure, words + ends)]


def _threshold(card: Card) -> list[Picture]:
    found = card["threshold"]
    figure, axes = framed(3.5)
    at, costs = ([each[key] for each in found["curve"]] for key in ("threshold", "cost"))
    axes.plot(at, costs, color=MAIN)
    axes.axvline(found["decision"], color=WARN, linewidth=1.5)
    axes.annotate(
        f"threshold {found['decision']:.3f}",
        (found["decision"], 0),
        textcoords="offset points",
        xytext=(6, 6),
        color=WARN,
    )
    axes.set(xlabel="decision threshold (probability)", ylabel="mean cost of a row", ylim=(0, None))
    least = min(range(len(at)), key=lambda index: costs[index])
    alt = (
        f"Mean cost of a row by threshold: {found['cost']:.3f} at the chosen {found['decision']:.3f}; "
        f"on the test rows the curve is lowest, {costs[least]:.3f}, at {at[least]:.2f}."
    )
    return [picture(figure, alt)]


def _importance(card: Card) -> list[Picture]:
    features = card["importance"]["features"][:MOST_FEATURES][::-1]
    names = [each["feature"] for each in features]
    kinds: tuple[tuple[str, str | None, str, str, str], ...] = (
        ("mean_abs_shap", None, MAIN, "Shapley values", "mean |SHAP|, log odds"),
        (
            "auc_lost",
            "auc_lost_deviation",
            SECOND,
            "Permutation",
            "ROC AUC lost when the feature is shuffled",
        ),
    )
    found: list[Picture] = []
    for key, deviation, colour, title, label in kinds:
        figure, axes = framed(3.7, names, title=True)
        lines = {"xerr": [each[deviation] for each in features], "ecolor": INK} if deviation else {}
        axes.barh(names, [each[key] for each in features], color=colour, **lines)
        axes.set_title(title)
        axes.set_xlabel(label)
        axes.grid(visible=False, axis="y")
        most = listed(f"{each['feature']} {each[key]:.3f}" for each in features[:-6:-1])
        found.append(picture(figure, f"{label}, of the {len(names)} most important features; {most}."))
    return found


def _dependence(card: Card) -> list[Picture]:
    meanings = {each["feature"]: each["description"] for each in card["data"]["features"]}
    every: Mapping[str, Any] = card["partial_dependence"]
    top = max(max(each["probability"]) for each in every.values()) * 1.08
    found: list[Picture] = []
    for name, each in every.items():
        meaning = textwrap.fill(meanings[name], 52)
        figure, axes = framed(2.6, title=True, below=1 + meaning.count("\n"))
        if each["type"] == "category":
            axes.bar(each["values"], each["probability"], color=MAIN)
        else:
            axes.plot(each["values"], each["probability"], color=MAIN, marker=".")
            axes.xaxis.set_major_formatter(short)
        axes.set_title(name)
        axes.set(ylim=(0, top), ylabel="mean probability")
        axes.set_xlabel(meaning, fontsize=9)
        low, high = min(each["probability"]), max(each["probability"])
        alt = f"Mean probability when {name} is set in every row: {low:.2f} to {high:.2f}."
        found.append(picture(figure, alt))
    return found


# Rates of a group: field, what it is called, colour, marker.
RATES = (
    ("selection_rate", "flagged", SOFT, "s"),
    ("true_positive_rate", "TPR", MAIN, "o"),
    ("false_positive_rate", "FPR", WARN, "^"),
)


def _fairness(card: Card) -> list[Picture]:
    return [_groups(name, found) for name, found in card["fairness"]["attributes"].items()]


def _groups(name: str, found: Card) -> Picture:
    groups: Sequence[Card] = found["groups"][::-1]
    names = [shown(each) for each in groups]
    figure, axes = framed(1.25 + 0.28 * len(groups), names, title=True, below=3)
    for metric, label, colour, marker in RATES:
        axes.plot([], [], marker, color=colour, label=label)
        for at, each in enumerate(groups):
            if each[metric] is None:
                continue
            inside = colour if each["counted"] else "white"
            # Markers are drawn over the frame, so that the one of a rate of 0 or 1 is not cut in half.
            axes.plot(
                each[metric],
                at,
                marker,
                color=colour,
                markerfacecolor=inside,
                markersize=6.5,
                clip_on=False,
                zorder=3,
            )
    axes.set_yticks(range(len(groups)), names)
    axes.set(xlim=(0, 1), ylim=(-0.6, len(groups) - 0.4), xlabel="rate")
    axes.set_title(name.replace("_", " "))
    fixed = figure.get_layout_engine() is None  # else matplotlib gives the room outside
    figure.legend(loc="lower center" if fixed else "outside lower center", ncols=len(RATES))
    rates = "; ".join(
        f"{shown(each)} {listed(f'{label} {decimal(each[metric], 2)}' for metric, label, *_ in RATES)}"
        for each in groups[::-1]
    )
    return picture(figure, f"Rates by {name.replace('_', ' ')}: {rates}.")


def shown(group: Card) -> str:
    """A group's name, with a remark when it is too small to be compared."""
    return group["group"] + ("" if group["counted"] else " (few)")


STAGES = ("parse", "encode", "run", "judge", "observe", "answer")


def _path(card: Card) -> list[Picture]:
    found: list[Picture] = []
    for rows, stages in card["scoring_path"]["stages"].items():
        scale, unit = (1.0, "µs") if stages["all"] < 1_000 else (1_000.0, "ms")
        figure, axes = framed(2.5, STAGES, title=True)
        axes.barh(STAGES[::-1], [stages[stage] / scale for stage in STAGES][::-1], color=MAIN)
        count = "1 row" if rows == "1" else f"{int(rows):,} rows"
        axes.set_title(f"{count}: {stages['all'] / scale:.3g} {unit} in all")
        axes.set_xlabel(f"time, {unit}")
        axes.grid(visible=False, axis="y")
        each = listed(f"{stage} {stages[stage] / scale:.3g}" for stage in STAGES)
        alt = (
            f"Scoring {count} takes {stages['all'] / scale:.3g} {unit} in all; the stages, in {unit}: {each}."
        )
        found.append(picture(figure, alt))
    return found


PICTURES: dict[str, Callable[[Card], list[Picture]]] = {
    "calibration": _calibration,
    "threshold": _threshold,
    "importance": _importance,
    "dependence": _dependence,
    "fairness": _fairness,
    "path": _path,
}
