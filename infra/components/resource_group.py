"""The resource group that the whole estate stands in."""

import pulumi
from pulumi_azure_native import resources

from infra.components.site import child_of
from infra.config import Settings


class ResourceGroup(pulumi.ComponentResource):
    """group_name, id."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:estate:ResourceGroup", name, None, opts)
        group = resources.ResourceGroup(
            name,
            resource_group_name=settings.names().of("resource_group"),
            location=settings.azure.location,
            tags=settings.all_tags(),
            opts=child_of(self),
        )
        self.group_name = group.name
        self.id = group.id
        self.register_outputs({"id": group.id})
