"""Role assignments, from the plan in `roles.py`."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from infra.components.identities import Identities
from infra.components.site import Site, child_of
from infra.config import Settings
from infra.naming import role_assignment
from infra.roles import (
    ERASERS,
    PRINCIPALS,
    PROMOTER,
    PUSHER,
    grants_on,
    role_definition_id,
    role_guid,
)


@dataclass(frozen=True, slots=True)
class GrantsArgs:
    """scopes: resource ids by scope key; the plan's grants on these are made.

    principals: object ids by key, beside the engineers' group for `Identities`.
    """

    site: Site
    principals: Identities | Mapping[str, pulumi.Input[str]]
    scopes: Mapping[str, pulumi.Input[str]]


class Grants(pulumi.ComponentResource):
    """The role assignments. What depends on this waits until all of them exist."""

    def __init__(self, name: str, args: GrantsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:Grants", name, None, opts)
        site = args.site
        estate = f"{site.subscription_id}/{site.names.of('resource_group')}"
        principals = _principals(args)
        tenant, project = site.settings.azure.tenant_id, site.settings.project
        for grant in grants_on(args.scopes, principals):
            slug = grant.role.lower().replace(" ", "-")
            authorization.RoleAssignment(
                f"{grant.principal}-{slug}-on-{grant.scope}",
                role_assignment_name=role_assignment(f"{estate}/{grant.scope}", grant.principal, grant.role),
                scope=args.scopes[grant.scope],
                principal_id=principals[grant.principal],
                # Without the type Azure looks the principal up, and does not find one that is seconds old.
                principal_type=PRINCIPALS[grant.principal],
                role_definition_id=role_definition_id(
                    site.subscription_id, role_guid(grant.role, tenant, project)
                ),
                opts=child_of(self),
            )
        self.register_outputs({})


def _principals(args: GrantsArgs) -> Mapping[str, pulumi.Input[str]]:
    given = args.principals
    if not isinstance(given, Identities):
        return given
    return {
        **given.principals(),
        "engineers": args.site.settings.engineers_group_id,
        **promoter(args.site.settings),
        **erasers(args.site.settings),
        **_pusher(args.site.settings),
    }


def promoter(settings: Settings) -> dict[str, str]:
    """The object id of the identity that promotes, where the settings name one."""
    chosen = settings.releases.promoter_id if settings.releases else None
    return {PROMOTER: chosen} if chosen else {}


def erasers(settings: Settings) -> dict[str, str]:
    """The object id of the group that erases people's rows, where the settings name one."""
    return {ERASERS: settings.erasure.group_id} if settings.erasure else {}


def _pusher(settings: Settings) -> dict[str, str]:
    """The object id of the identity of production that pushes rows, where the settings name one."""
    chosen = settings.retraining.pushed_by if settings.retraining else None
    return {PUSHER: chosen.principal_id} if chosen else {}
