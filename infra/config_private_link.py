"""Settings of the private endpoints."""

from typing import Final, Literal

from pydantic import Field, field_validator

from infra.config_existing import MonitorScopeId
from infra.config_types import refuse
from infra.section import Section

Optional = Literal["storage", "dataLake", "keyVault", "learningVault", "registry"]
OPTIONAL: Final[tuple[Optional, ...]] = ("storage", "dataLake", "keyVault", "learningVault", "registry")
"""What an estate on an allow-list may have a private endpoint for; a private one has them all."""


class PrivateLinkSection(Section):
    """services: beside the workspace, which has one always. monitor: also Azure Monitor, by a scope.

    monitorScopeId: of a scope that exists already and that this network reaches.
    """

    services: tuple[Optional, ...] = Field(default=())
    monitor: bool = False
    monitor_scope_id: MonitorScopeId | None = None

    @field_validator("services")
    @classmethod
    def _once(cls, services: tuple[Optional, ...]) -> tuple[Optional, ...]:
        if len(set(services)) != len(services):
            refuse("name each service once")
        return services
