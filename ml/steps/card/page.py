"""Makes a card one HTML page that loads nothing: no script, no font, nothing from the network."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ml.steps.card.html import bullets, contents, section
from ml.steps.card.pictures import drawn
from ml.steps.card.sections import Card, features, groups, origin, quality, service
from ml.steps.card.words import ESTIMATORS

STYLE = Path(__file__).with_name("card.css")


def page(card: Card) -> str:
    """The whole HTML document of a card."""
    pictures = drawn(card)
    title = f"Model card: {card['lineage'].get('model_name') or card['model']['estimator']}"
    sections = {
        "Intended use": bullets(card["intended_use"]),
        "Limits": bullets(card["limits"]),
        "Bounds of registration": quality.bounds(card),
        "Quality": quality.quality(card),
        "Threshold, cost and calibration": quality.threshold(card, pictures),
        "Fairness": groups.fairness(card, pictures),
        "What the model goes by": features.importance(card, pictures),
        "Outliers": service.outliers(card),
        "Drift": service.drift(card),
        "Speed of scoring": service.speed(card, pictures),
        "Data": origin.data(card),
        "Lineage": origin.lineage(card),
    }
    body = "\n".join(
        (
            f"<h1>{escape(title)}</h1>",
            f'<p class="lead">{_words(card)}</p>',
            _tiles(card),
            contents(sections),
            *(section(name, content) for name, content in sections.items()),
        )
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _words(card: Card) -> str:
    model, data = card["model"], card["data"]
    estimator = str(model["estimator"])
    name = ESTIMATORS.get(estimator, estimator)
    return (
        f"{escape(name)} with {escape(card['calibration']['method'])}, and an isolation forest: "
        f"{len(model['features'])} features, learned from {data['train_rows']:,} rows and judged on "
        f"{data['test_rows']:,} others. <code>{escape(model['digest'])}</code>"
    )


def _tiles(card: Card) -> str:
    held = [bound["holds"] for bound in card["bounds"]]
    tiles = (
        ("ROC AUC", f"{card['metrics']['roc_auc']:.3f}", ""),
        ("log loss", f"{card['metrics']['log_loss']:.3f}", ""),
        ("calibration error", f"{card['calibration']['error']:.3f}", ""),
        ("decision threshold", f"{card['threshold']['decision']:.3f}", ""),
        ("cost of a row", f"{card['threshold']['cost']:.3f}", ""),
        ("bounds held", f"{sum(held)} of {len(held)}", " holds" if all(held) else " broken")
        if held
        else ("bounds", "none set", ""),
    )
    items = (
        f'<div class="tile{style}"><b>{value}</b><span>{name}</span></div>' for name, value, style in tiles
    )
    return f'<div class="tiles">{"".join(items)}</div>'
