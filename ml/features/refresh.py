"""All feature tables that are named are brought up to date; one that is refused holds up no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ml.errors import MlopsError
from ml.features.build import Built, build

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources


def refresh(azure: Azure, tables: Iterable[FeatureTable], place: Features, sources: Sources) -> list[Built]:
    """Build each. Raises MlopsError at the end, when the others are built, naming those that were refused."""
    built: list[Built] = []
    refused: dict[str, MlopsError] = {}
    for one in tables:
        with azure.report.phase(f"building {one.name}"):
            now, memory = dt.datetime.now(dt.UTC), azure.settings.features.memory_gb
            try:
                built.append(build(one, place, sources, now, memory, azure.report.line))
            except MlopsError as error:
                azure.report.warn(f"{one.name}: {error.problem}")
                refused[one.name] = error
    if len(refused) == 1:
        raise next(iter(refused.values()))
    if refused:
        raise MlopsError(
            f"{len(refused)} feature tables were refused: {', '.join(refused)}; the others are built.",
            "Correct what is named of each, then build these again.",
            [f"{name}: {error.problem} {error.remedy}" for name, error in refused.items()],
        )
    return built
