"""What every component of an estate shares."""

from dataclasses import dataclass

import pulumi

from infra.config import Settings
from infra.naming import Names


@dataclass(frozen=True, slots=True)
class Site:
    """Where resources stand, what they are called, and what was asked for.

    group: the resource group's name, as an output, so that everything waits for it. late_grants: for what
    Azure refuses as long as a role does not work that was just assigned.
    """

    group: pulumi.Output[str]
    settings: Settings
    late_grants: pulumi.ResourceHookBinding | None = None

    @property
    def location(self) -> str:
        return self.settings.azure.location

    @property
    def subscription_id(self) -> str:
        return self.settings.azure.subscription_id

    @property
    def names(self) -> Names:
        return self.settings.names()

    @property
    def tags(self) -> dict[str, str]:
        return self.settings.all_tags()

    @property
    def protect(self) -> bool:
        """Whether what holds data refuses to be deleted."""
        return self.settings.protect_data


def child_of(
    parent: pulumi.Resource,
    *,
    depends_on: list[pulumi.Resource] | None = None,
    protect: bool = False,
    create_timeout: str | None = None,
    ignore_changes: list[str] | None = None,
    fixed: list[str] | None = None,
    hooks: pulumi.ResourceHookBinding | None = None,
) -> pulumi.ResourceOptions:
    """Options of a component's own resource. create_timeout: a Go duration ("45m") where creation is slow.

    fixed: inputs that Azure takes at creation only and ignores later. When one changes, the resource is
    deleted and made anew.
    """
    timeouts = pulumi.CustomTimeouts(create=create_timeout, update=create_timeout) if create_timeout else None
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=depends_on,
        protect=protect,
        custom_timeouts=timeouts,
        ignore_changes=ignore_changes,
        replace_on_changes=fixed,
        delete_before_replace=True if fixed else None,
        hooks=hooks,
    )
