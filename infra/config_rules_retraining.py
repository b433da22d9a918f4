"""The rules between the settings of retraining and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def functions_have_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.hosted and "functions" not in settings.network.subnets:
        yield Problem(
            "network.subnets.functions", None, "retraining needs a subnet for its function app; set its range"
        )


def data_lands_somewhere(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.hosted and settings.data_lake is None:
        yield Problem("dataLake", None, "retraining waits for files that land in it; set it")


def alerts_are_there_to_be_told(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.retraining and settings.retraining.told and settings.alerts is None:
        name = "application" if settings.retraining.hosted else "endpoint"
        yield Problem(
            "alerts", None, f"retraining.{name} is told of alerts, and there are no alerts; set them"
        )


RETRAINING_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"retraining", "network"}), functions_have_a_subnet),
    (frozenset({"retraining", "data_lake"}), data_lands_somewhere),
    (frozenset({"retraining", "alerts"}), alerts_are_there_to_be_told),
)
