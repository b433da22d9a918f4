"""The workspace's ways into the data lake: a datastore for each container, by identity."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.components.data_lake import DataLake
from infra.components.site import Site, child_of
from infra.components.workspace import Workspace
from infra.data_lake import LAKE


@dataclass(frozen=True, slots=True)
class LakeDatastoresArgs:
    site: Site
    workspace: Workspace
    lake: DataLake


class LakeDatastores(pulumi.ComponentResource):
    """names by key of `data_lake.LAKE`. No datastore holds a credential: whoever asks needs a role."""

    def __init__(
        self, name: str, args: LakeDatastoresArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:learning:LakeDatastores", name, None, opts)
        site = args.site
        self.names: dict[str, pulumi.Output[str]] = {}
        for container in LAKE:
            made = ml.Datastore(
                f"{name}-{container.key}",
                resource_group_name=site.group,
                workspace_name=args.workspace.workspace_name,
                name=site.names.of("datastore", container.datastore),
                properties=ml.AzureDataLakeGen2DatastoreArgs(
                    datastore_type="AzureDataLakeGen2",
                    description=container.purpose,
                    credentials=ml.NoneDatastoreCredentialsArgs(credentials_type="None"),
                    service_data_access_auth_identity="WorkspaceUserAssignedIdentity",
                    subscription_id=site.subscription_id,
                    resource_group=site.group,
                    account_name=args.lake.account_name,
                    filesystem=args.lake.containers[container.key],
                    endpoint="core.windows.net",
                    protocol="https",
                ),
                skip_validation=True,  # the account may be private, and unreachable from where Pulumi runs
                opts=child_of(self),
            )
            self.names[container.key] = made.name
        self.register_outputs({})
