"""The settings of the function app that scores, and the rules between them and other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from infra.config_errors import Problem
from infra.section import Section

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]
KEY: Final = "scoring-api-key"  # as scoring.api_key_secret of ml/settings.toml has it
SUBNET: Final = "scoringFunction"  # its setting under network.subnets


class ScoringFunction(Section):
    """memoryMb: of an instance; the processor grows with it. maxInstances: how many there are at most.

    keySecret: the secret of the vault with the callers' key, named once it is there: the app's role is then
    on that one secret. Before, Azure has nothing to assign it on: it is on the vault, and the name is KEY.
    """

    memory_mb: Literal[512, 2048, 4096] = 2048
    max_instances: int = Field(default=40, ge=40, le=1000)
    key_secret: str | None = Field(default=None, pattern=r"^[0-9a-zA-Z-]{1,127}$")

    @property
    def key(self) -> str:
        """The secret's name."""
        return self.key_secret or KEY


def function_has_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.scoring_function and SUBNET not in settings.network.subnets:
        yield Problem(
            f"network.subnets.{SUBNET}", None, "scoringFunction needs a subnet of its own; set its range"
        )


SCORING_FUNCTION_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"scoring_function", "network"}), function_has_a_subnet),
)
