"""The storage account: training data, job outputs, the workspace's own files. No keys, nothing public."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage

from infra.components.access import Access
from infra.components.site import Site, child_of
from infra.components.storage_account import AccountArgs, Keep, blob_service, lifecycle, storage_account

DATA_CONTAINER: Final = "data"


@dataclass(frozen=True, slots=True)
class StorageArgs:
    site: Site
    access: Access


class Storage(pulumi.ComponentResource):
    """account_name, id, blob_service and its id, data_container and its id (names as outputs)."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:data:Storage", name, None, opts)
        site, settings = args.site, args.site.settings.storage
        account = storage_account(
            self,
            name,
            AccountArgs(
                group=site.group,
                name=site.names.of("storage_account"),
                location=site.location,
                redundancy=settings.redundancy,
                tags=site.tags,
                public=args.access.public,
                callers=args.access.callers,
                subnets=args.access.subnets.get("Microsoft.Storage", []),
                protect=site.protect,
            ),
        )
        days = settings.soft_delete_days
        blobs = blob_service(self, name, account, site.group, kept_days=days, versions=True)
        # Azure ML rewrites its files often, and each write leaves a version.
        rules = [Keep(name="old-versions", versions=settings.version_days)]
        lifecycle(self, name, account, site.group, rules, blobs)
        # Azure ML makes the containers of its system datastores by itself.
        data = storage.BlobContainer(
            f"{name}-data",
            resource_group_name=site.group,
            account_name=account.name,
            container_name=site.names.of("blob_container", DATA_CONTAINER),
            public_access=storage.PublicAccess.NONE,
            opts=child_of(self, depends_on=[blobs], protect=site.protect),
        )
        self.account_name = account.name
        self.data_container = data.name
        self.data_container_id = data.id
        self.id = account.id
        self.blob_service = blobs
        self.blob_service_id = blobs.id
        self.register_outputs({"id": account.id})
