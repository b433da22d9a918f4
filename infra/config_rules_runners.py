"""The rules between the settings of CI runners and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def runners_have_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.runners and "ciRunners" not in settings.network.subnets:
        yield Problem("network.subnets.ciRunners", None, "runners need a subnet; set its range")


RUNNERS_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"network", "runners"}), runners_have_a_subnet),
)
