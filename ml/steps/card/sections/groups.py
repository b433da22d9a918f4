"""How the model treats groups of people."""

from __future__ import annotations

from ml.steps.card.html import figure, paragraph, table, words
from ml.steps.card.pictures import RATES, shown
from ml.steps.card.sections import Card
from ml.steps.card.sections.quality import Pictures
from ml.steps.card.words import FAIRNESS

COLUMNS = (
    ("default_rate", "defaulted"),
    ("mean_probability", "mean probability"),
    *((field, label) for field, label, *_ in RATES),
    ("accuracy", "accuracy"),
)
CAPTION = "Rates at the decision threshold; hollow markers and “few”: groups that are too small to compare"


def fairness(card: Card, pictures: Pictures) -> str:
    parts = [*map(paragraph, FAIRNESS), figure(pictures["fairness"], CAPTION)]
    headings = ("group", "rows", *(label for _, label in COLUMNS))
    for name, found in card["fairness"]["attributes"].items():
        rows = [
            (shown(each), f"{each['rows']:,}", *(f"{each[field]:.3f}" for field, _ in COLUMNS))
            for each in found["groups"]
        ]
        few = [not each["counted"] for each in found["groups"]]
        parts.append(table(f"By {words(name)}", headings, rows, few=few))
        parts.append(paragraph(_differences(found, f"maximum_equalised_odds_difference.{name}", card)))
    return "".join(parts)


def _differences(found: Card, bound: str, card: Card) -> str:
    if "equalised_odds_difference" not in found:
        return "No two groups are large enough to be compared."
    limits = [each["limit"] for each in card["bounds"] if each["name"] == bound]
    limit = f"; its bound is {limits[0]:g}" if limits else ""
    return (
        f"Equalised odds difference {found['equalised_odds_difference']:.3f} (standard deviation by the "
        f"choice of test rows {found['equalised_odds_deviation']:.3f}{limit}), demographic parity difference "
        f"{found['demographic_parity_difference']:.3f}."
    )
