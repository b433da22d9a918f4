"""The user-assigned identities: one for each kind of workload, so that each has only its own rights."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from infra.components.site import Site, child_of
from infra.roles import CLUSTER_IDENTITIES, FUNCTION, IDENTITIES, RUNNERS, TRIGGER_IDENTITIES


@dataclass(frozen=True, slots=True)
class Identity:
    """A user-assigned identity as others refer to it."""

    id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class IdentitiesArgs:
    site: Site


class Identities(pulumi.ComponentResource):
    """One `Identity` under each name of `roles.IDENTITIES`, and of the parts that the estate has."""

    def __init__(self, name: str, args: IdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:Identities", name, None, opts)
        settings = args.site.settings
        keys = (
            *IDENTITIES,
            *(CLUSTER_IDENTITIES if settings.kubernetes else ()),
            *(TRIGGER_IDENTITIES if settings.starts_trainings else ()),
            *((FUNCTION,) if settings.scoring_function else ()),
            *((RUNNERS,) if settings.runners else ()),
        )
        self._made = {key: self._identity(name, key, args.site) for key in keys}
        self.register_outputs({key: made.id for key, made in self._made.items()})

    def __getitem__(self, key: str) -> Identity:
        return self._made[key]

    def principals(self) -> dict[str, pulumi.Output[str]]:
        """Object ids by key."""
        return {key: made.principal_id for key, made in self._made.items()}

    def _identity(self, name: str, key: str, site: Site) -> Identity:
        made = managedidentity.UserAssignedIdentity(
            f"{name}-{key}",
            resource_group_name=site.group,
            resource_name_=site.names.of("identity", key),
            location=site.location,
            tags=site.tags,
            opts=child_of(self),
        )
        return Identity(made.id, made.client_id, made.principal_id)
