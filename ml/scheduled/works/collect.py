"""`mlops collect` as a job: what the scoring service kept goes into the table of answers."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError
from ml.forget.places import place
from ml.kept.collect import collect
from ml.kept.place import in_lake
from ml.scheduled import inside

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def work(azure: Azure, asked: str) -> dict[str, Any]:
    estate, days = azure.estate, place("answers").kept.days(azure.settings)
    if estate.data_lake is None:
        raise MlopsError(
            f"{estate.environment} has no data lake, so no answers are kept there.",
            f"Set dataLake in Pulumi.{estate.environment}.yaml and run `pulumi up -s {estate.environment}`.",
        )
    with azure.report.phase(f"taking kept answers of {estate.environment}"):
        done = collect(in_lake(estate.data_lake, azure.credential), days)
        azure.report.line(f"{done.rows:,} rows of {done.parts:,} parts, {len(done.quarantined)} put aside")
        for name in done.reopened:
            azure.report.warn(
                f"rows came late: the erasure {name} is under way again, run its `mlops forget`"
            )
    return {"environment": estate.environment, "retention_days": days, **asdict(done)}


if __name__ == "__main__":
    sys.exit(inside.main(work))
