"""The sections on what comes with each score: outlier flag, drift, and the time that it takes."""

from __future__ import annotations

from ml.steps.card.drawing import decimal
from ml.steps.card.html import facts, figure, paragraph, share, table
from ml.steps.card.sections import Card
from ml.steps.card.sections.quality import Pictures


def outliers(card: Card) -> str:
    found = card["outliers"]
    text = paragraph(
        f"A row is flagged above an outlier score of {found['threshold']:.4f}, which was learned so that "
        f"{share(found['stated_share'])} of held-out training rows lie above it; of the clean test rows "
        f"{share(found['share'])} do. The table has test rows some of whose values were replaced by anything "
        f"that the contract allows. AUC: how often such a row scores above a clean one, here and by "
        f"scikit-learn's own isolation forest with the same seed and with two others."
    )
    rows = (
        (
            f"{each['values_changed']} of {len(card['model']['features'])}",
            share(each["flagged"]),
            f"{each['auc']:.3f}",
            f"{each['scikit_learn_auc']:.3f}",
            f"{min(each['other_seeds']):.3f} to {max(each['other_seeds']):.3f}",
        )
        for each in found["injections"]
    )
    headings = ("values replaced", "flagged", "AUC", "scikit-learn, same seed", "scikit-learn, other seeds")
    return text + table("Rows with replaced values", headings, rows)


def drift(card: Card) -> str:
    found = card["drift"]
    rows, size, features = found["rows"], found["window_rows"], len(card["model"]["features"])
    text = ""
    if found["false_alarms"] is None:
        text = paragraph(f"Not measured: a window holds {size:,} rows, and there are {rows:,} test rows.")
    weak = "none" if found["least_power"] == [] else ", ".join(found["least_power"] or [decimal(None, 0)])
    moved = f"{found['moved_windows']} for each of {features} features"
    return text + facts(
        "Windows drawn from the test rows, no row twice in one",
        {
            "window": f"{size:,} of {rows:,} rows; {found['clean_windows']} clean windows, {moved} shifted",
            "clean windows that alarm": _share(found["false_alarms"]),
            "shifted windows that alarm": _share(found["power"]),
            "what is shifted": f"{found['shift']}; one feature at a time",
            "features found in less than 95% of their shifted windows": weak,
        },
    )


def _share(value: float | None) -> str:
    return decimal(None, 0) if value is None else share(value)


def speed(card: Card, pictures: Pictures) -> str:
    rows = (
        (each["function"], f"{each['calls']:g}", f"{each['own_microseconds']:.1f}")
        for each in card["scoring_path"]["functions"]
    )
    caption = "One row under the profiler, which slows it down: the functions that take most time themselves"
    return figure(
        pictures["path"], "Inside the process, without HTTP, on the machine that made this card"
    ) + table(caption, ("function", "calls", "own time, µs"), rows)
