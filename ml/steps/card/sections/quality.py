"""The sections on how good the model is, and on whether it keeps its bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ml.steps.card.drawing import Picture, decimal
from ml.steps.card.html import beside, figure, paragraph, share, table, words
from ml.steps.card.sections import Card
from ml.steps.card.words import BOUNDED, ESTIMATORS
from ml.steps.digits import told_apart

Pictures = Mapping[str, tuple[Picture, ...]]


def bounds(card: Card) -> str:
    if not card["bounds"]:
        return paragraph("None is set.")
    rows: list[tuple[str, ...]] = []
    for bound in card["bounds"]:
        side, _, name = bound["name"].partition("_")
        figure_name, _, attribute = name.partition(".")
        title = BOUNDED.get(figure_name, words(figure_name)) + (f", {words(attribute)}" if attribute else "")
        least = "at least" if side == "minimum" else "at most"
        missing = bound["found"] is None or math.isnan(bound["found"])
        found, limit = told_apart(None if missing else bound["found"], bound["limit"])
        verdict = "holds" if bound["holds"] else "broken"
        rows.append((title, found or "not measured", f"{least} {limit}", verdict))
    note = paragraph(
        "A model that breaks one is not registered. The limits are settings of the training; all figures are "
        "those of the test rows."
    )
    return note + table("", ("figure", "found", "limit", "result"), rows, mark=3)


def quality(card: Card) -> str:
    found, rate, label = card["metrics"], card["data"]["test_positive_rate"], card["label"]
    entropy = -sum(each * math.log(each) for each in (rate, 1 - rate) if each)
    ranks = f"how often a row that {label['positive']} stands above one that {label['negative']}"
    rows = (
        ("ROC AUC", found["roc_auc"], "0.500", ranks),
        ("average precision", found["average_precision"], f"{rate:.3f}", "precision, mean over all recalls"),
        ("log loss", found["log_loss"], f"{entropy:.3f}", "of the probabilities; less is better"),
        ("Brier score", found["brier"], f"{rate * (1 - rate):.3f}", "squared error; less is better"),
    )
    shown = [(name, f"{value:.3f}", base, meaning) for name, value, base, meaning in rows]
    headings = ("metric", "this model", "the mean rate for every row", "meaning")
    return table("This model", headings, shown, text=(3,)) + _candidates(card)


def _candidates(card: Card) -> str:
    training = card["training"]
    by = "deciding" if any(key.startswith("deciding.") for key in training) else "selection"
    names = {key.split(".")[1] for key in training if key.startswith(f"{by}.")}
    columns = ("log_loss", "roc_auc", "brier")
    values = sorted([training[f"{by}.{name}.{column}"] for column in columns] + [name] for name in names)
    rows = [
        (
            ESTIMATORS.get(name, words(name)) + (" (chosen)" if name == card["model"]["estimator"] else ""),
            *(f"{value:.3f}" for value in each),
            *_costs(training, name),
        )
        for *each, name in values
    ]
    caption = "Candidates before calibration, each at its best, on the rows that chose among them by log loss"
    costs = tuple(heading for heading, _ in COSTS.values())
    return table(caption, ("candidate", "log loss", "ROC AUC", "Brier score", *costs), rows)


# Of the machine that trained: all fits of a candidate, the composite, a row among many by ONNX Runtime.
COSTS = {
    "seconds": ("trained, s", "{:.1f}"),
    "bytes": ("bytes", "{:,.0f}"),
    "microseconds": ("µs a row", "{:.2f}"),
}


def _costs(training: Mapping[str, float], name: str) -> Iterator[str]:
    """A dash for models of before, whose costs were not kept."""
    for figure_, (_, shown) in COSTS.items():
        value = training.get(f"cost.{name}.{figure_}")
        yield decimal(None, 0) if value is None else shown.format(value)


def threshold(card: Card, pictures: Pictures) -> str:
    found, calibration, label = card["threshold"], card["calibration"], card["label"]
    flagged, recall, precision = (share(found[key]) for key in ("selection_rate", "recall", "precision"))
    text = paragraph(
        f"From a probability of {found['decision']:.3f} on, a row is flagged. {_capital(label['event'])} "
        f"that was not foreseen costs {found['false_negative_cost']:g}, a false alarm "
        f"{found['false_positive_cost']:g} (stated, not measured); the threshold is where their sum was "
        f"least on held-out training rows. On the test rows it flags {flagged} of all; it finds {recall} of "
        f"those who {label['positive']} (recall), and {precision} of those that it flags "
        f"{label['positive']} (precision)."
    )
    calibrated = paragraph(
        f"Calibration: {calibration['method']} on rows that no model was fitted on. The mean distance "
        f"between predicted and observed, over tenths of the test rows, is {calibration['error']:.3f} "
        f"(standard deviation by the choice of test rows {calibration['error_deviation']:.3f})."
    )
    confusion = table(
        "Test rows at the threshold",
        ("", "flagged", "not flagged", "all"),
        (
            _counts(label["positive"], found["true_positives"], found["false_negatives"]),
            _counts(label["negative"], found["false_positives"], found["true_negatives"]),
        ),
    )
    costs = table(
        "Mean cost of a test row",
        ("policy", "cost"),
        (
            ("this model", f"{found['cost']:.3f}"),
            ("flag every row", f"{found['cost_of_all']:.3f}"),
            ("flag no row", f"{found['cost_of_none']:.3f}"),
        ),
    )
    charts = beside(
        figure(pictures["calibration"], "Calibration on test rows; a line through a dot: one standard error"),
        figure(pictures["threshold"], "Cost by threshold on test rows"),
    )
    return text + calibrated + charts + beside(confusion, costs)


def _counts(name: str, flagged: int, other: int) -> tuple[str, ...]:
    return (name, f"{flagged:,}", f"{other:,}", f"{flagged + other:,}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
