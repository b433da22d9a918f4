"""All feature tables that are named are brought up to date; one that fails holds up no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from ml.azure.known import known
from ml.errors import MlopsError
from ml.features.build import Built, build

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources


class Report(Protocol):
    """Who is told how far it is."""

    def phase(self, title: str) -> AbstractContextManager[None]: ...

    def line(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...


def refresh(azure: Azure, tables: Iterable[FeatureTable], place: Features, sources: Sources) -> list[Built]:
    """Build each by the engine of one machine. Raises what `each` does."""
    memory = azure.settings.features.memory_gb

    def built(one: FeatureTable) -> Built:
        return build(one, place, sources, dt.datetime.now(dt.UTC), memory, azure.report.line)

    return each(azure.report, tables, built)


def each(
    report: Report, tables: Iterable[FeatureTable], building: Callable[[FeatureTable], Built]
) -> list[Built]:
    """Build each; what becomes of one that fails is told at once, and raised when the others are built.

    Raises its own error where one failed, MlopsError naming all that did where several were refused, and an
    ExceptionGroup, with where each happened, where one of several is a mistake of this program.
    """
    built: list[Built] = []
    failed: dict[str, Exception] = {}
    for one in tables:
        with report.phase(f"building {one.name}"):
            try:
                built.append(building(one))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and raised at the end
                report.warn(f"{one.name}: {_problem(error)}")
                failed[one.name] = error
    if failed:
        raise _of_all(failed)
    return built


def _problem(error: Exception) -> str:
    told = known(error)
    return told.problem if told else f"{type(error).__name__}: {error}"


def _of_all(failed: Mapping[str, Exception]) -> Exception:
    if len(failed) == 1:
        return next(iter(failed.values()))
    problem = f"{len(failed)} feature tables were not built: {', '.join(failed)}; the others are."
    told = {name: known(error) for name, error in failed.items()}
    words = [f"{name}: {one.problem} {one.remedy}" for name, one in told.items() if one]
    if len(words) < len(failed):
        return ExceptionGroup(problem, list(failed.values()))
    return MlopsError(problem, "Correct what is named of each, then build these again.", words)
