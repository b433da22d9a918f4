"""The Azure ML workspace on the estate's own storage, vault, registry and telemetry, and its datastore."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.components.identities import Identity
from infra.components.key_vault import KeyVault
from infra.components.registry import Registry
from infra.components.site import Site, child_of
from infra.components.storage import Storage
from infra.components.telemetry import Telemetry

DATASTORE: Final = "estate_data"


@dataclass(frozen=True, slots=True)
class WorkspaceArgs:
    """identity: the workspace's own; it must hold its roles before the workspace is made.

    key_vault: Azure ML's own, not the callers'.
    """

    site: Site
    identity: Identity
    storage: Storage
    key_vault: KeyVault
    registry: Registry
    telemetry: Telemetry


class Workspace(pulumi.ComponentResource):
    """workspace_name, id, datastore_name."""

    def __init__(self, name: str, args: WorkspaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:learning:Workspace", name, None, opts)
        site = args.site
        workspace = ml.Workspace(
            name,
            resource_group_name=site.group,
            workspace_name=site.names.of("workspace"),
            location=site.location,
            kind="Default",
            sku=ml.SkuArgs(name="Basic", tier=ml.SkuTier.BASIC),
            friendly_name=site.names.of("workspace"),
            identity=ml.ManagedServiceIdentityArgs(
                type="UserAssigned", user_assigned_identities=[args.identity.id]
            ),
            primary_user_assigned_identity=args.identity.id,
            storage_account=args.storage.id,
            key_vault=args.key_vault.id,
            container_registry=args.registry.id,
            application_insights=args.telemetry.application_insights_id,
            system_datastores_auth_mode="Identity",
            # A registry behind a firewall cannot build for Azure ML on its shared machines.
            image_build_compute=site.names.of("compute_cluster", "cpu"),
            public_network_access="Disabled" if site.settings.private else "Enabled",
            # The cluster is in a subnet of the estate (see compute.py); Azure ML takes that or its managed
            # network, not both.
            managed_network=ml.ManagedNetworkSettingsArgs(isolation_mode="Disabled"),
            v1_legacy_mode=False,
            hbi_workspace=False,
            tags=site.tags,
            opts=child_of(self, protect=site.protect, create_timeout="45m", hooks=site.late_grants),
        )
        datastore = ml.Datastore(
            f"{name}-datastore",
            resource_group_name=site.group,
            workspace_name=workspace.name,
            name=site.names.of("datastore", DATASTORE),
            properties=ml.AzureBlobDatastoreArgs(
                datastore_type="AzureBlob",
                description="The estate's data, read and written by the identity of whoever asks",
                credentials=ml.NoneDatastoreCredentialsArgs(credentials_type="None"),
                service_data_access_auth_identity="WorkspaceUserAssignedIdentity",
                subscription_id=site.subscription_id,
                resource_group=site.group,
                account_name=args.storage.account_name,
                container_name=args.storage.data_container,
                endpoint="core.windows.net",
                protocol="https",
            ),
            skip_validation=True,  # the account may be private, and unreachable from where Pulumi runs
            opts=child_of(self),
        )
        self.workspace_name = workspace.name
        self.datastore_name = datastore.name
        self.id = workspace.id
        self.register_outputs({"id": workspace.id})
