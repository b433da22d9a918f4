"""The rules between the settings of predictions by key and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import AZURE, Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def a_standby_needs_a_tier(settings: Settings, _: str) -> Iterator[Problem]:
    """ "High availability in Azure Database for PostgreSQL", limitations."""
    chosen = settings.predictions_database
    if chosen and chosen.zone_redundant and chosen.tier == "Burstable":
        yield Problem(
            "predictionsDatabase.zoneRedundant",
            True,
            f"{chosen.vm_size} is burstable and has no standby; set false or a size of the series D or E",
        )


def a_standby_needs_zones(settings: Settings, _: str) -> Iterator[Problem]:
    chosen = settings.predictions_database
    if chosen and chosen.zone_redundant and not settings.region.zones:
        yield Problem(
            "predictionsDatabase.zoneRedundant",
            True,
            f"{settings.azure.location} has no availability zones; set false or another {AZURE}:location",
        )


PREDICTIONS_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"predictions_database"}), a_standby_needs_a_tier),
    (frozenset({"azure", "predictions_database"}), a_standby_needs_zones),
)
