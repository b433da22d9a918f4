"""The settings of the bootstrap, typed and checked before anything is created."""

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError

from infra.config import Azure, known_settings
from infra.config_errors import ConfigError, Problem, all_from_pydantic
from infra.config_existing import SubnetId
from infra.config_types import CallerRange, EnvironmentName, ProjectToken, Uuid, refuse
from infra.naming import Names
from infra.regions import REGIONS
from infra.section import Section

NAMESPACE: Final = "mlops-bootstrap"
OWN: Final = "boot"
"""Stands for an environment's name in the names of what all environments share."""


class GitHub(Section):
    """The repository whose workflows sign in."""

    owner: str = Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$")
    repository: str = Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")


class Environment(Section):
    """One environment.

    subscriptionId: where its estate stands. approversGroupId: who may write approvals. engineersGroupId: who
    may record releases by hand; without it, CI alone does. runnersSubnetId: of its CI runners, once there is
    one; where they come in by service endpoints, no range of addresses admits them. retentionDays: how long
    an approval or release record cannot be changed or deleted. locked: whether even an owner cannot shorten
    that. pullRequests: whether code of a pull request may sign in as its preview identity, which opens this
    environment's state; otherwise a preview runs behind the GitHub environment ENV-preview. locks: whether
    CI, too, may make and take away the locks of `protectData`; otherwise a person with that right deploys.
    """

    subscription_id: Uuid
    approvers_group_id: Uuid
    engineers_group_id: Uuid | None = None
    runners_subnet_id: SubnetId | None = None
    retention_days: int = Field(default=365, ge=1, le=146_000)
    locked: bool = False
    pull_requests: bool = False
    locks: bool = False


def _not_own(environments: dict[str, Environment]) -> dict[str, Environment]:
    if OWN in environments:
        refuse(f"{OWN!r} stands in the names of what all share; call the environment otherwise")
    return environments


class Settings(Section):
    """All settings of the bootstrap."""

    azure: Azure
    project: ProjectToken
    github: GitHub
    allowed_ranges: tuple[CallerRange, ...] = Field(min_length=1)
    environments: Annotated[dict[EnvironmentName, Environment], Field(min_length=1), AfterValidator(_not_own)]
    redundancy: str = Field(default="ZRS", pattern="^(LRS|ZRS|GZRS)$")

    def names(self) -> Names:
        return Names(self.azure.subscription_id, self.project, OWN, REGIONS[self.azure.location].short)

    @property
    def callers(self) -> tuple[str, ...]:
        """Allowed ranges as Azure wants them: an address alone has no prefix."""
        ranges = self.allowed_ranges
        return tuple(str(r.network_address) if r.prefixlen == 32 else str(r) for r in ranges)

    @property
    def subnets(self) -> tuple[str, ...]:
        """Of runners, each of them once."""
        named = (one.runners_subnet_id for one in self.environments.values())
        return tuple(dict.fromkeys(one for one in named if one))

    def tags(self) -> dict[str, str]:
        return {"project": self.project, "environment": OWN, "managedBy": "pulumi"}


def load(raw: Mapping[str, Any]) -> Settings:
    """The settings; raises ConfigError with every problem at once."""
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(all_from_pydantic(error.errors(), known_settings(Settings))) from error
    problems = [
        *_callers(settings), *_pull_requests(settings), *_groups(settings), *_zones(settings)
    ]  # fmt: skip
    if problems:
        raise ConfigError(problems)
    return settings


def _callers(settings: Settings) -> list[Problem]:
    return [
        Problem(f"allowedRanges[{second}]", str(other), f"it overlaps allowedRanges[{first}]; keep the wider")
        for (first, one), (second, other) in combinations(list(enumerate(settings.allowed_ranges)), 2)
        if one.overlaps(other)
    ]


def _pull_requests(settings: Settings) -> list[Problem]:
    """A preview runs code of the pull request: it must not be able to decrypt what production keeps."""
    return [
        Problem(
            f"environments.{name}.pullRequests",
            True,
            "code of any pull request could open the state of an environment with locked approvals; "
            "set false, and preview it behind a protected GitHub environment",
        )
        for name, environment in settings.environments.items()
        if environment.pull_requests and (environment.locked or name == "prod")
    ]


def _groups(settings: Settings) -> list[Problem]:
    """Whoever records a release does not approve it: two groups, whose members may still overlap."""
    return [
        Problem(
            f"environments.{name}.engineersGroupId",
            environment.engineers_group_id,
            "that is approversGroupId; name the engineers' own group, or leave it out: CI alone then records",
        )
        for name, environment in settings.environments.items()
        if (environment.engineers_group_id or "").lower() == environment.approvers_group_id.lower()
    ]


def _zones(settings: Settings) -> list[Problem]:
    if settings.redundancy == "LRS" or REGIONS[settings.azure.location].zones:
        return []
    return [
        Problem(
            "redundancy",
            settings.redundancy,
            f'{settings.azure.location} has no availability zones; set "LRS" or another location',
        )
    ]
