"""The catalogue as data, and as a page that needs nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ml.catalogue.sets import DataSet
from ml.features.definition import FeatureTable
from ml.forget.places import of_set
from ml.steps.attribute import Attribute
from scoring.model.schema import CategoryFeature, Feature, NumberFeature, limit_text

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;"
    "border-bottom:1px solid #8884}th{white-space:nowrap}"
)

WATCHED = "; fairness is watched by it"


def catalogue(
    environment: str,
    sets: Sequence[DataSet],
    features: Sequence[Feature],
    attributes: Mapping[str, Attribute],
    models: Sequence[Mapping[str, Any]] | None,
    tables: Sequence[FeatureTable] = (),
) -> dict[str, Any]:
    """All of it as JSON values. `models` None: whoever asks may not read them."""
    grouped = {attribute.column for attribute in attributes.values()}
    return {
        "environment": environment,
        "data_sets": [_data_set(one) for one in sets],
        "features": [
            {
                "name": one.name,
                "description": one.description,
                "values": _values(one),
                "personal": f"about a person{WATCHED if one.name in grouped else ''}",
            }
            for one in features
        ],
        "feature_tables": [_feature_table(one) for one in tables],
        "models": None if models is None else [dict(one) for one in models],
    }


def _data_set(one: DataSet) -> dict[str, Any]:
    """The set, with what the table of places says of it where it is about people."""
    told = one.model_dump(by_alias=True)
    if not one.about_people:
        return {**told, "erased": "-"}
    place = of_set(one.name)
    return {**told, "kept": place.kept.words, "erased": place.how}


def _feature_table(table: FeatureTable) -> dict[str, Any]:
    return {
        "name": f"{table.name} v{table.version}",
        "title": table.title,
        "owner": table.owner,
        "licence": table.licence,
        "personal": table.personal,
        "kept": table.kept,
        "key": list(table.key),
        "features": {name: feature.description for name, feature in table.features.items()},
        "from": sorted({source.data_set for source in table.sources.values()}),
    }


def _values(feature: Feature) -> str:
    if isinstance(feature, CategoryFeature):
        return ", ".join(map(str, feature.categories))
    return _range(feature)


def _range(feature: NumberFeature) -> str:
    kind = "whole numbers" if feature.integer else "numbers"
    return f"{kind} from {limit_text(feature.minimum)} to {limit_text(feature.maximum)}"


def html(found: Mapping[str, Any]) -> str:
    """One page."""
    sets = [[*(one[name] for name in SETS), ", ".join(one["from"]) or "-"] for one in found["data_sets"]]
    features = [[one[name] for name in FEATURES] for one in found["features"]]
    tables = [
        [*(one[name] for name in TABLES), *(", ".join(one[name]) for name in ("key", "features", "from"))]
        for one in found["feature_tables"]
    ]
    models = found["models"]
    if models is None:
        shown = "<p>Whoever made this page may not read models.</p>"
    else:
        rows = [[one["model"], _listed(one["tags"]), _listed(one["lineage"])] for one in models]
        shown = _table(("model", "tags", "lineage"), rows)
    title = f"Data catalogue of {found['environment']}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{escape(title)}</h1>"
        f"<h2>Data sets</h2>{_table((*SETS, 'made of'), sets)}"
        f"<h2>Features</h2>{_table(FEATURES, features)}"
        f"<h2>Feature tables</h2>{_table((*TABLES, 'key', 'features', 'made of'), tables)}"
        f"<h2>Models</h2>{shown}</html>\n"
    )


SETS = ("name", "title", "where", "owner", "licence", "personal", "kept", "erased")
TABLES = ("name", "title", "owner", "licence", "personal", "kept")
FEATURES = ("name", "description", "values", "personal")


def _listed(values: Mapping[str, str]) -> str:
    return "; ".join(f"{key}: {value}" for key, value in sorted(values.items())) or "-"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(text))}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
