"""The storage account: training data, job outputs, the workspace's own files. No keys, nothing public."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage

from infra.components.access import Access
from infra.components.site import Site, child_of

DATA_CONTAINER: Final = "data"
LONGEST_SAS: Final = "1.00:00:00"  # days.hours:minutes:seconds


@dataclass(frozen=True, slots=True)
class StorageArgs:
    site: Site
    access: Access


class Storage(pulumi.ComponentResource):
    """account_name, id, blob_service_id, data_container (names as outputs)."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:data:Storage", name, None, opts)
        site, settings = args.site, args.site.settings.storage
        encrypted = storage.EncryptionServiceArgs(enabled=True, key_type="Account")
        account = storage.StorageAccount(
            name,
            resource_group_name=site.group,
            account_name=site.names.of("storage_account"),
            location=site.location,
            kind="StorageV2",
            sku=storage.SkuArgs(name=f"Standard_{settings.redundancy}"),
            access_tier=storage.AccessTier.HOT,
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            is_hns_enabled=False,  # Azure ML takes no hierarchical namespace as its default storage
            encryption=storage.EncryptionArgs(
                key_source="Microsoft.Storage",
                require_infrastructure_encryption=True,
                services=storage.EncryptionServicesArgs(blob=encrypted, file=encrypted),
            ),
            sas_policy=storage.SasPolicyArgs(expiration_action="Log", sas_expiration_period=LONGEST_SAS),
            public_network_access=args.access.public,
            network_rule_set=storage.NetworkRuleSetArgs(
                default_action=storage.DefaultAction.DENY,
                bypass="AzureServices",
                ip_rules=[
                    storage.IPRuleArgs(i_p_address_or_range=callers, action=storage.Action.ALLOW)
                    for callers in args.access.callers
                ],
                virtual_network_rules=[
                    storage.VirtualNetworkRuleArgs(
                        virtual_network_resource_id=subnet, action=storage.Action.ALLOW
                    )
                    for subnet in args.access.subnets.get("Microsoft.Storage", [])
                ],
            ),
            tags=site.tags,
            opts=child_of(self, protect=site.protect),
        )
        blobs = storage.BlobServiceProperties(
            f"{name}-blobs",
            resource_group_name=site.group,
            account_name=account.name,
            blob_services_name="default",
            is_versioning_enabled=True,
            change_feed=storage.ChangeFeedArgs(enabled=True, retention_in_days=settings.soft_delete_days),
            delete_retention_policy=storage.DeleteRetentionPolicyArgs(
                enabled=True, days=settings.soft_delete_days, allow_permanent_delete=False
            ),
            container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(
                enabled=True, days=settings.soft_delete_days
            ),
            opts=child_of(self),
        )
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
        self.id = account.id
        self.blob_service_id = blobs.id
        self.register_outputs({"id": account.id})
