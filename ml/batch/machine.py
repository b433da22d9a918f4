"""The engine of one machine: all rows of a batch by this process, on all cores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ml.batch import model
from ml.batch import run as batches

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.batch.asked import Asked


def score(azure: Azure, asked: Asked, told: batches.Told) -> dict[str, Any]:
    """Score and publish; the run's record. Raises MlopsError, with nothing published."""
    limits = azure.settings.batch.limits()
    with azure.report.phase(f"model {asked.model.name} of {asked.model.release}"):
        composite = model.composite(azure, asked.model, limits.block_rows)
        azure.report.line(f"evaluated by {composite.evaluator.name}")
    with azure.report.phase(f"scoring {asked.data}"):
        return batches.run(
            composite,
            asked.data,
            asked.output,
            asked.key,
            replace(limits, workers=asked.workers),
            azure.credential,
            told,
            azure.estate.environment,
            date=asked.date,
            format_=asked.format,
            say=azure.report.line,
        )
