"""What scheduled works take, as it is when a schedule is applied; what cannot work is refused then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def precomputed(azure: Azure) -> str:
    """The output of the model's batches. Raises MlopsError where there is no lake, or no database."""
    from ml.lake import tables

    estate = azure.estate
    lacks = [
        name
        for name, there in (("dataLake", estate.data_lake), ("predictionsDatabase", estate.predictions))
        if there is None
    ]
    if lacks or estate.data_lake is None:
        raise MlopsError(
            f"The estate {estate.environment} has no {' and no '.join(lacks)}: nothing can be loaded.",
            f"Set {' and '.join(lacks)} in Pulumi.{estate.environment}.yaml, or scheduled.precomputed.on to "
            "false.",
        )
    model = azure.settings.training.model_name
    return json.dumps({"batch": tables.address(estate.data_lake, "predictions", f"batch/{model}")})


def features(azure: Azure) -> str:
    """Tables, their place and sources. Raises MlopsError for a source that a job cannot read."""
    from ml.features.definition import chosen
    from ml.features.place import of_estate
    from ml.features.sources import LAKE, first_outside

    row, lake = azure.settings.scheduled.features, azure.estate.data_lake
    if lake is None:
        raise MlopsError(
            f"The estate {azure.estate.environment} has no data lake.", "Set scheduled.features.on to false."
        )
    found = chosen(row.tables)
    known = {source.data_set for table in found for source in table.sources.values()}
    if strange := sorted(set(row.sources) - known):
        raise MlopsError(
            f"scheduled.features.sources names {', '.join(strange)}, which no table reads.",
            f"Name data sets of these tables: {', '.join(sorted(known))}.",
        )
    if (outside := first_outside(found, row.sources)) is not None:
        raise MlopsError(
            f"The feature table {outside.table} reads {outside.where}, which a job cannot.",
            "Name its place in the data lake in [scheduled.features.sources] of ml/settings.toml: "
            f'"{outside.data_set}" = "{LAKE}tables/{outside.data_set}".',
        )
    asked = {
        "tables": sorted(table.name for table in found),
        "where": of_estate(azure.estate.environment, lake, None),
        "sources": row.sources,
    }
    return json.dumps(asked, sort_keys=True)
