"""Builds of feature tables in the Spark of this process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ml.batch.spark.main import session_here
from ml.features.build import Built, build
from ml.features.refresh import Report, each
from ml.features.spark.database import database

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources


def built(
    report: Report,
    tables: Sequence[FeatureTable],
    place: Features,
    sources: Sources,
    credential: TokenCredential | None,
) -> list[Built]:
    """Build each table in one session, which ends. Raises what `each` does, and MlopsError without Spark."""
    session = session_here()

    def one(table: FeatureTable) -> Built:
        now = dt.datetime.now(dt.UTC)
        return build(
            table, place, sources, now, told=report.line, database=lambda: database(session, credential)
        )

    try:
        return each(report, tables, one)
    finally:
        session.stop()
