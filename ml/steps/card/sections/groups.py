"""The section on how the model treats groups of people."""

from __future__ import annotations

from ml.steps.card.drawing import decimal
from ml.steps.card.html import figure, paragraph, table, words
from ml.steps.card.pictures import RATES, shown
from ml.steps.card.sections import Card
from ml.steps.card.sections.quality import Pictures
from ml.steps.card.words import FAIRNESS, NO_FAIRNESS
from ml.steps.digits import told_apart

COLUMNS = (  # those behind the share of label 1, whose heading depends on the data set
    ("mean_probability", "mean probability"),
    *((field, label) for field, label, *_ in RATES),
    ("accuracy", "accuracy"),
)
CAPTION = "Rates at the decision threshold; hollow markers and “few”: groups that are too small to compare"


def fairness(card: Card, pictures: Pictures) -> str:
    if not card["fairness"]["attributes"]:
        return paragraph(NO_FAIRNESS)
    label = card["label"]
    said = (text.format(positive=label["positive"], negative=label["negative"]) for text in FAIRNESS)
    columns = (("positive_rate", label["positive"]), *COLUMNS)
    parts = [*map(paragraph, said), figure(pictures["fairness"], CAPTION)]
    headings = ("group", "rows", *(label for _, label in columns))
    for name, found in card["fairness"]["attributes"].items():
        rows = [
            (shown(each), f"{each['rows']:,}", *(decimal(each[field], 3) for field, _ in columns))
            for each in found["groups"]
        ]
        few = [not each["counted"] for each in found["groups"]]
        parts.append(table(f"By {words(name)}", headings, rows, few=few))
        parts.append(paragraph(_differences(found, f"maximum_equalised_odds_difference.{name}", card)))
    return "".join(parts)


def _differences(found: Card, bound: str, card: Card) -> str:
    if "equalised_odds_difference" not in found:
        return "No two groups are large enough to be compared."
    odds = found["equalised_odds_difference"]
    limits = [each["limit"] for each in card["bounds"] if each["name"] == bound]
    value, limit = f"{odds:.3f}", ""
    if limits:
        value, at_most = told_apart(odds, limits[0])
        limit = f"; its bound is {at_most}"
    return (
        f"Equalised odds difference {value} (standard deviation by the "
        f"choice of test rows {found['equalised_odds_deviation']:.3f}{limit}), demographic parity difference "
        f"{found['demographic_parity_difference']:.3f}."
    )
