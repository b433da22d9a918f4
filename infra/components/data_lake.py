"""The data lake: a second account, with folders, for data that comes in and predictions that go out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage

from infra.components.access import Access
from infra.components.site import Site, child_of
from infra.components.storage_account import AccountArgs, Keep, blob_service, lifecycle, storage_account
from infra.config_data import DataLake as DataLakeSettings
from infra.data_lake import LAKE

PREDICTIONS: Final = ["answers/", "predictions/answers/quarantine/", "predictions/batch/"]
"""What a rule may delete by its age. Not what tables consist of: an old file may hold what the latest version
needs, so `mlops collect` removes those."""


@dataclass(frozen=True, slots=True)
class DataLakeArgs:
    site: Site
    access: Access
    settings: DataLakeSettings


class DataLake(pulumi.ComponentResource):
    """account_name, id, blob_service_id; containers and container_ids by key of `data_lake.LAKE`."""

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:data:DataLake", name, None, opts)
        site, settings = args.site, args.settings
        account = storage_account(
            self,
            name,
            AccountArgs(
                group=site.group,
                name=site.names.of("data_lake"),
                location=site.location,
                redundancy=settings.redundancy,
                tags=site.tags,
                public=args.access.public,
                callers=args.access.callers,
                subnets=[*args.access.subnets.get("Microsoft.Storage", []), *_pushing(site)],
                hierarchical=True,
                protect=site.protect,
            ),
        )
        days = settings.soft_delete_days
        blobs = blob_service(self, name, account, site.group, kept_days=days, versions=False)
        rules = [
            Keep(name="unused", cool=settings.cool_after_days),
            Keep(name="landing", prefixes=["landing/"], delete=settings.landing_days),
            Keep(name="predictions", prefixes=PREDICTIONS, delete=settings.predictions_days),
        ]
        lifecycle(self, name, account, site.group, rules, blobs)
        made = {
            container.key: storage.BlobContainer(
                f"{name}-{container.key}",
                resource_group_name=site.group,
                account_name=account.name,
                container_name=site.names.of("blob_container", container.key),
                public_access=storage.PublicAccess.NONE,
                opts=child_of(self, depends_on=[blobs], protect=site.protect),
            )
            for container in LAKE
        }
        self.account_name = account.name
        self.id = account.id
        self.blob_service_id = blobs.id
        self.containers: Mapping[str, pulumi.Output[str]] = {key: one.name for key, one in made.items()}
        self.container_ids: Mapping[str, pulumi.Output[str]] = {key: one.id for key, one in made.items()}
        self.register_outputs({"id": account.id})


def _pushing(site: Site) -> list[str]:
    """The subnet of production from which rows are pushed into landing."""
    retraining = site.settings.retraining
    pusher = retraining.pushed_by if retraining else None
    return [pusher.subnet_id] if pusher and pusher.subnet_id else []
