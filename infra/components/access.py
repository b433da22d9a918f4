"""Who reaches the estate's public endpoints, the same for every service that has one."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.addresses import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """private: no public endpoint at all (private endpoints lead in).

    callers: allow-listed public ranges. subnets: ids of those that come in by a service endpoint, for each
    kind of it; none in a private estate. egress: where the estate's own traffic leaves, if it has an address.
    """

    private: bool
    callers: tuple[str, ...]
    subnets: Mapping[Endpoint, list[pulumi.Output[str]]]
    egress: pulumi.Output[str] | None

    @property
    def public(self) -> str:
        """The value of a `publicNetworkAccess` property."""
        return "Disabled" if self.private else "Enabled"

    @property
    def public_ranges(self) -> list[pulumi.Input[str]]:
        """Ranges for a service without virtual network rules: the callers' and the estate's own."""
        own: list[pulumi.Input[str]] = [self.egress] if self.egress is not None and not self.private else []
        return [*self.callers, *own]
