"""The sections on the training rows, and on where data, code and model come from."""

from __future__ import annotations

from ml.steps.card.html import facts, paragraph, share, table, words
from ml.steps.card.sections import Card
from ml.steps.card.words import ESTIMATORS

# The entries of a card's lineage, by the table that shows them. All others are versions of software.
ORIGIN = {
    "made": "made (UTC)",
    "model_name": "model",
    "data_asset": "data asset",
    "data_sha256": "data, SHA-256",
    "train_sha256": "training rows, SHA-256",
    "test_sha256": "test rows, SHA-256",
    "code_commit": "code commit",
    "environment": "environment",
}
TRAINING = {
    "train_rows": "training rows",
    "seed": "seed",
    "selection": "choice",
    "calibration": "calibration",
    "previous": "started from",
    "previous_digest": "started from, artifact",
}
PREFIXES = {"trials.": "trials: ", "value.": "chosen: "}


def data(card: Card) -> str:
    found, label = card["data"], card["label"]
    text = paragraph(
        f"{found['source']} {found['train_rows']:,} training rows "
        f"({share(found['train_positive_rate'])} {label['positive']}), {found['test_rows']:,} test rows "
        f"({share(found['test_positive_rate'])}). {label['meaning']}"
    )
    numbers = [
        (each["feature"], each["description"], *(figure(each[key]) for key in ("p1", "median", "p99")))
        for each in found["features"]
        if each["type"] == "number"
    ]
    categories = [
        (
            each["feature"],
            each["description"],
            ", ".join(f"{name}: {share(value)}" for name, value in each["shares"].items()),
        )
        for each in found["features"]
        if each["type"] == "category"
    ]
    return (
        text
        + table("Categories", ("feature", "meaning", "share of rows"), categories, text=(1, 2))
        + table("Numbers", ("feature", "meaning", "1%", "median", "99%"), numbers, text=(1,))
    )


def lineage(card: Card) -> str:
    found = {name: str(value) for name, value in card["lineage"].items()}
    model = card["model"]
    origin = {title: found[name] for name, title in ORIGIN.items() if name in found}
    origin |= {"model artifact": model["digest"], "input schema, SHA-256": model["schema_sha256"]}
    training = {title: words(found[name]) for name, title in TRAINING.items() if name in found}
    for prefix, title in PREFIXES.items():
        training |= {
            title + _said(name.removeprefix(prefix)): value
            for name, value in found.items()
            if name.startswith(prefix)
        }
    known = {*ORIGIN, *TRAINING}
    software = {
        name: value
        for name, value in found.items()
        if name not in known and not name.startswith(tuple(PREFIXES))
    }
    return facts("Origin", origin) + facts("Training", training) + facts("Software", software)


def _said(name: str) -> str:
    return ESTIMATORS.get(name, words(name))


def figure(value: float) -> str:
    """A number of the data: with three digits when it is small, as a whole number when it is great."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
