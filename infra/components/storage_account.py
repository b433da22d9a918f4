"""What all storage accounts of the estate have in common: no keys, a firewall, soft delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_azure_native import storage

from infra.components.site import child_of

LONGEST_SAS: Final = "1.00:00:00"  # days.hours:minutes:seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountArgs:
    """hierarchical: folders that are more than parts of names (a data lake); fixed once made.

    public: the value of publicNetworkAccess. callers, subnets: what its firewall lets in.
    """

    group: pulumi.Input[str]
    name: str
    location: str
    redundancy: str
    tags: Mapping[str, str]
    public: str
    callers: Sequence[str]
    subnets: Sequence[pulumi.Input[str]] = ()
    hierarchical: bool = False
    protect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """A rule of a lifecycle policy; each number is in days, None leaves its action out.

    prefixes: of CONTAINER/NAME; none means every blob. cool, delete: without a write. versions: since the
    version was made.
    """

    name: str
    prefixes: Sequence[str] = field(default=())
    cool: int | None = None
    delete: int | None = None
    versions: int | None = None


def storage_account(parent: pulumi.Resource, name: str, args: AccountArgs) -> storage.StorageAccount:
    """The account, with every security property set: Azure's defaults are not all safe."""
    encrypted = storage.EncryptionServiceArgs(enabled=True, key_type="Account")
    return storage.StorageAccount(
        name,
        resource_group_name=args.group,
        account_name=args.name,
        location=args.location,
        kind="StorageV2",
        sku=storage.SkuArgs(name=f"Standard_{args.redundancy}"),
        access_tier=storage.AccessTier.HOT,
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        is_hns_enabled=args.hierarchical,
        encryption=storage.EncryptionArgs(
            key_source="Microsoft.Storage",
            require_infrastructure_encryption=True,
            services=storage.EncryptionServicesArgs(blob=encrypted, file=encrypted),
        ),
        sas_policy=storage.SasPolicyArgs(expiration_action="Log", sas_expiration_period=LONGEST_SAS),
        public_network_access=args.public,
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY,
            bypass="AzureServices",
            ip_rules=[
                storage.IPRuleArgs(i_p_address_or_range=callers, action=storage.Action.ALLOW)
                for callers in args.callers
            ],
            virtual_network_rules=[
                storage.VirtualNetworkRuleArgs(
                    virtual_network_resource_id=subnet, action=storage.Action.ALLOW
                )
                for subnet in args.subnets
            ],
        ),
        tags=args.tags,
        opts=child_of(parent, protect=args.protect),
    )


def blob_service(
    parent: pulumi.Resource,
    name: str,
    account: storage.StorageAccount,
    group: pulumi.Input[str],
    *,
    kept_days: int,
    versions: bool,
) -> storage.BlobServiceProperties:
    """Soft delete of blobs and containers, kept_days long. versions: not to be had with folders."""
    return storage.BlobServiceProperties(
        f"{name}-blobs",
        resource_group_name=group,
        account_name=account.name,
        blob_services_name="default",
        is_versioning_enabled=True if versions else None,
        change_feed=storage.ChangeFeedArgs(enabled=True, retention_in_days=kept_days) if versions else None,
        delete_retention_policy=storage.DeleteRetentionPolicyArgs(
            enabled=True, days=kept_days, allow_permanent_delete=False
        ),
        container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=kept_days),
        opts=child_of(parent),
    )


def lifecycle(
    parent: pulumi.Resource,
    name: str,
    account: storage.StorageAccount,
    group: pulumi.Input[str],
    rules: Sequence[Keep],
    after: pulumi.Resource,
) -> storage.ManagementPolicy:
    """What Azure Storage moves and deletes by itself, once a day. after: the account's blob service."""
    return storage.ManagementPolicy(
        f"{name}-lifecycle",
        resource_group_name=group,
        account_name=account.name,
        management_policy_name="default",
        policy=storage.ManagementPolicySchemaArgs(rules=[_rule(rule) for rule in rules]),
        opts=child_of(parent, depends_on=[after]),
    )


def _rule(rule: Keep) -> storage.ManagementPolicyRuleArgs:
    def unwritten(days: int | None) -> storage.DateAfterModificationArgs | None:
        return storage.DateAfterModificationArgs(days_after_modification_greater_than=days) if days else None

    made = storage.DateAfterCreationArgs(days_after_creation_greater_than=rule.versions or 0)
    return storage.ManagementPolicyRuleArgs(
        name=rule.name,
        type="Lifecycle",
        enabled=True,
        definition=storage.ManagementPolicyDefinitionArgs(
            filters=storage.ManagementPolicyFilterArgs(
                blob_types=["blockBlob"], prefix_match=list(rule.prefixes) or None
            ),
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    tier_to_cool=unwritten(rule.cool), delete=unwritten(rule.delete)
                )
                if rule.cool or rule.delete
                else None,
                version=storage.ManagementPolicyVersionArgs(delete=made) if rule.versions else None,
                snapshot=storage.ManagementPolicySnapShotArgs(delete=made) if rule.versions else None,
            ),
        ),
    )
