"""A card as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ml.steps.card.html import bullets, facts, figure, number, section, table, words
from ml.steps.card.pictures import drawn
from ml.steps.card.words import ESTIMATORS

Card = Mapping[str, Any]
STYLE = Path(__file__).with_name("card.css")


def page(card: Card) -> str:
    """The whole document, UTF-8."""
    pictures = drawn(card)
    title = f"Model card: {card['lineage'].get('model_name') or card['model']['estimator']}"
    body = "\n".join(
        (
            f"<h1>{escape(title)}</h1>",
            f'<p class="lead">{_words(card)}</p>',
            _tiles(card),
            section("Intended use", bullets(card["intended_use"])),
            section("Limits", bullets(card["limits"])),
            section("Bounds of registration", _bounds(card)),
            section("Quality on test rows", _quality(card)),
            section(
                "Calibration, threshold and cost",
                '<div class="figures">',
                figure(pictures["calibration"], "Calibration on test rows"),
                figure(pictures["threshold"], "Cost by threshold, test rows"),
                "</div>",
                _threshold(card),
            ),
            section("Fairness", figure(pictures["fairness"], FAIRNESS), _fairness(card)),
            section(
                "What the model goes by",
                figure(pictures["importance"], IMPORTANCE),
                figure(pictures["dependence"], "Partial dependence of the first features"),
            ),
            section("Outliers", _outliers(card)),
            section("Drift", _drift(card)),
            section("Scoring path", figure(pictures["path"], PATH), _functions(card)),
            section("Data", _data(card)),
            section("Lineage", facts(card["lineage"])),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


FAIRNESS = "Rates at the decision threshold; “few” marks groups that are too small to compare"
IMPORTANCE = "Importance on test rows; the line on a bar is one standard deviation among repeats"
PATH = "Inside the process, without HTTP, on the machine that made this card"


def _words(card: Card) -> str:
    model, data = card["model"], card["data"]
    return (
        f"{escape(ESTIMATORS[model['estimator']])} with Platt scaling, and an isolation forest: "
        f"{len(model['features'])} features, learned from {data['train_rows']:,} rows and judged on "
        f"{data['test_rows']:,} others. <code>{escape(model['digest'])}</code>"
    )


def _tiles(card: Card) -> str:
    held = [bound["holds"] for bound in card["bounds"]]
    tiles = {
        "ROC AUC": f"{card['metrics']['roc_auc']:.3f}",
        "log loss": f"{card['metrics']['log_loss']:.3f}",
        "calibration error": f"{card['calibration']['error']:.3f}",
        "threshold": f"{card['threshold']['decision']:.3f}",
        "cost of a row": f"{card['threshold']['cost']:.3f}",
        "bounds held": f"{sum(held)} of {len(held)}",
    }
    styles = {"bounds held": f"tile {'holds' if all(held) else 'broken'}"}
    items = (
        f'<div class="{styles.get(name, "tile")}"><b>{value}</b><span>{name}</span></div>'
        for name, value in tiles.items()
    )
    return f'<div class="tiles">{"".join(items)}</div>'


def _bounds(card: Card) -> str:
    if not card["bounds"]:
        return "<p>None is set.</p>"
    rows = (
        (
            words(bound["name"]).replace(".", ", "),
            number(bound["limit"]),
            number(bound["found"]),
            "holds" if bound["holds"] else "broken",
        )
        for bound in card["bounds"]
    )
    note = "<p>A model that breaks one is not registered. The limits are settings of the training.</p>"
    return note + table("", ("bound", "limit", "found", ""), rows, mark=3)


def _quality(card: Card) -> str:
    names = {"roc_auc": "ROC AUC", "average_precision": "average precision", "brier": "Brier score"}
    rows = [
        (names.get(name) or words(name), number(value))
        for name, value in card["metrics"].items()
        if isinstance(value, float)
    ]
    training = card["training"]
    candidates = sorted({key.split(".")[1] for key in training if key.startswith("selection.")})
    trained = [
        (
            ESTIMATORS[name],
            *(number(training[f"selection.{name}.{metric}"]) for metric in ("log_loss", "roc_auc", "brier")),
        )
        for name in candidates
    ]
    return table("The model", ("metric", "value"), rows) + table(
        "Candidates, each at its best, on the rows that chose among them",
        ("candidate", "log loss", "ROC AUC", "Brier score"),
        trained,
    )


def _threshold(card: Card) -> str:
    found = card["threshold"]
    text = (
        f"<p>A default that was not foreseen costs {found['false_negative_cost']:g}, a false alarm "
        f"{found['false_positive_cost']:g}; the threshold is where their sum was least on held-out rows. "
        f"It flags {found['recall']:.0%} of the test rows that defaulted; of those that it flags "
        f"{found['precision']:.0%} did. "
        f"Calibration: {escape(card['calibration']['method'])} on rows that no model was fitted on; the mean "
        f"distance between predicted and observed (tenths of the rows) is "
        f"{card['calibration']['error']:.4f} (give or take {card['calibration']['error_deviation']:.4f}).</p>"
    )
    confusion = table(
        "Test rows at the threshold",
        ("", "flagged", "not flagged"),
        (
            ("defaulted", f"{found['true_positives']:,}", f"{found['false_negatives']:,}"),
            ("paid", f"{found['false_positives']:,}", f"{found['true_negatives']:,}"),
        ),
    )
    costs = table(
        "Mean cost of a row",
        ("policy", "cost"),
        (
            ("this model", number(found["cost"])),
            ("flag nobody", number(found["cost_of_none"])),
            ("flag everybody", number(found["cost_of_all"])),
        ),
    )
    return f'{text}<div class="figures"><div>{confusion}</div><div>{costs}</div></div>'


GROUP = (
    ("rows", "rows"),
    ("default_rate", "default rate"),
    ("mean_probability", "mean probability"),
    ("selection_rate", "flagged"),
    ("true_positive_rate", "TPR"),
    ("false_positive_rate", "FPR"),
    ("accuracy", "accuracy"),
)


def _fairness(card: Card) -> str:
    parts: list[str] = []
    for name, found in card["fairness"]["attributes"].items():
        rows = [
            (
                each["group"] + ("" if each["counted"] else " (few)"),
                f"{each['rows']:,}",
                *(f"{each[key]:.3f}" for key, _ in GROUP[1:]),
            )
            for each in found["groups"]
        ]
        few = [not each["counted"] for each in found["groups"]]
        parts.append(table(words(name), ("group", *(label for _, label in GROUP)), rows, few=few))
        if "equalised_odds_difference" in found:
            parts.append(
                f"<p>Greatest differences among comparable groups: equalised odds "
                f"{found['equalised_odds_difference']:.3f} "
                f"(give or take {found['equalised_odds_deviation']:.3f} of chance), demographic parity "
                f"{found['demographic_parity_difference']:.3f}.</p>"
            )
    return "".join(parts)


def _outliers(card: Card) -> str:
    found = card["outliers"]
    text = (
        f"<p>The threshold {found['threshold']:.4f} was learned so that {found['stated_share']:.1%} of "
        f"held-out rows lie above it; of the clean test rows {found['share']:.2%} do.</p>"
    )
    rows = (
        (
            f"{each['values_changed']} of {len(card['model']['features'])}",
            f"{each['flagged']:.1%}",
            f"{each['auc']:.4f}",
            f"{each['scikit_learn_auc']:.4f}",
            f"{min(each['other_seeds']):.4f} to {max(each['other_seeds']):.4f}",
        )
        for each in found["injections"]
    )
    headings = ("values made up", "flagged", "AUC", "AUC in scikit-learn", "with other seeds")
    return text + table("Rows with injected values", headings, rows)


def _drift(card: Card) -> str:
    found = card["drift"]
    weak = ", ".join(found["least_power"]) or "none"
    return facts(
        {
            "window": f"{found['window_rows']:,} rows, {found['windows']} windows drawn from the test rows",
            "clean windows that alarm": f"{found['false_alarms']:.1%}",
            "shifted windows that alarm": f"{found['power']:.1%} ({found['shift']}, one feature at a time)",
            "features found in less than 95% of them": weak,
        }
    )


def _functions(card: Card) -> str:
    rows = (
        (each["function"], number(each["calls"]), number(each["own_microseconds"]))
        for each in card["scoring_path"]["functions"]
    )
    headings = ("function", "calls", "own µs")
    return table("One row under the profiler, which slows it down: where the time goes", headings, rows)


def _data(card: Card) -> str:
    found = card["data"]
    text = (
        f"<p>{escape(found['source'])} {found['train_rows']:,} training rows "
        f"({found['train_default_rate']:.1%} defaulted), {found['test_rows']:,} test rows "
        f"({found['test_default_rate']:.1%}).</p>"
    )
    rows = ((each["feature"], each["description"], _range(each)) for each in found["features"])
    return text + table("", ("feature", "meaning", "1% / median / 99%, or shares"), rows, text=(1, 2))


def _range(feature: Mapping[str, Any]) -> str:
    if feature["type"] == "category":
        return ", ".join(f"{name}: {share:.1%}" for name, share in feature["shares"].items())
    return " / ".join(f"{feature[key]:,.0f}" for key in ("p1", "median", "p99"))
