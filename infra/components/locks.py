"""Locks on what holds data: Azure itself refuses to delete it, whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from infra.components.site import Site, child_of


@dataclass(frozen=True, slots=True)
class LocksArgs:
    """targets: resource ids by a short name."""

    site: Site
    targets: Mapping[str, pulumi.Input[str]]


class Locks(pulumi.ComponentResource):
    """One CanNotDelete lock on each target. Whoever deploys needs Microsoft.Authorization/locks/*."""

    def __init__(self, name: str, args: LocksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:Locks", name, None, opts)
        for key, target in args.targets.items():
            authorization.ManagementLockByScope(
                f"{name}-{key}",
                lock_name=args.site.names.of("lock"),
                scope=target,
                level=authorization.LockLevel.CAN_NOT_DELETE,
                notes="Holds data that nobody can make again (protectData).",
                opts=child_of(self),
            )
        self.register_outputs({})
