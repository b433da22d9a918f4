"""Storage accounts: no keys, nothing public, deleted data kept for a while."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from policies.model import Expectation, Row, Rule, at_least, equals, read, secure

ACCOUNT: Final = "storage:StorageAccount"
BLOBS: Final = "storage:BlobServiceProperties"
CONTAINER: Final = "storage:BlobContainer"
FILES: Final = "storage:FileServiceProperties"
LONGEST_SAS_DAYS: Final = 7


def _short_sas(value: Any) -> bool:
    found = re.fullmatch(r"(?:(\d+)\.)?\d{2}:\d{2}:\d{2}", str(value))
    return found is not None and int(found[1] or 0) <= LONGEST_SAS_DAYS


SHORT_SAS: Final = Expectation(f"DAYS.hh:mm:ss of at most {LONGEST_SAS_DAYS} days", _short_sas)


def _lifecycle(resource: Resource) -> Iterator[str]:
    rules = read(resource.inputs, "policy.rules")
    for rule in rules if isinstance(rules, list) else []:
        if rule.get("enabled") is not True:
            yield f"rule {rule.get('name')!r} is switched off"


RULES: Final = (
    Rule(
        "lifecycle-on",
        ("storage:ManagementPolicy",),
        "old versions and data go when they are to",
        (),
        _lifecycle,
    ),
    *secure(
        ACCOUNT,
        Row(
            "storage-no-keys",
            "allowSharedKeyAccess",
            equals(False),
            ("CKV2_AZURE_40",),
            "an account key opens everything, and nobody can tell who used it",
        ),
        Row(
            "storage-no-anonymous-blobs",
            "allowBlobPublicAccess",
            equals(False),
            ("CKV_AZURE_190", "CKV2_AZURE_47"),
            "otherwise one container setting publishes data to everybody",
        ),
        Row(
            "storage-sign-in",
            "defaultToOAuthAuthentication",
            equals(True),
            (),
            "the portal then asks by identity, not by key",
        ),
        Row(
            "storage-tls",
            "minimumTlsVersion",
            equals("TLS1_2", "TLS1_3"),
            ("CKV_AZURE_44",),
            "older TLS can be read along",
        ),
        Row(
            "storage-https",
            "enableHttpsTrafficOnly",
            equals(True),
            ("CKV_AZURE_3",),
            "plain HTTP can be read along",
        ),
        Row(
            "storage-no-copies-to-others",
            "allowCrossTenantReplication",
            equals(False),
            (),
            "data could be replicated into another directory",
        ),
        Row(
            "storage-no-local-users",
            "isLocalUserEnabled",
            equals(False),
            ("CKV_AZURE_244",),
            "local users have passwords that no directory knows",
        ),
        Row("storage-no-sftp", "isSftpEnabled", equals(False), (), "SFTP signs in with local users"),
        Row(
            "storage-firewall",
            "networkRuleSet.defaultAction",
            equals("Deny"),
            ("CKV_AZURE_35",),
            "only listed networks reach the account",
        ),
        Row(
            "storage-bypass",
            "networkRuleSet.bypass",
            equals("AzureServices", "None"),
            (),
            "no other way around the firewall than Azure's trusted services",
        ),
        Row(
            "storage-public-network",
            "publicNetworkAccess",
            equals("Disabled", "SecuredByPerimeter"),
            ("CKV_AZURE_59",),
            "private endpoints lead in, nothing else",
        ),
        Row(
            "storage-encrypted-twice",
            "encryption.requireInfrastructureEncryption",
            equals(True),
            (),
            "a second layer of encryption under the account's own; it cannot be added later",
        ),
        Row(
            "storage-encryption-blob",
            "encryption.services.blob.enabled",
            equals(True),
            (),
            "blobs are encrypted at rest",
        ),
        Row(
            "storage-encryption-file",
            "encryption.services.file.enabled",
            equals(True),
            (),
            "files are encrypted at rest",
        ),
        Row(
            "storage-sas-short",
            "sasPolicy.sasExpirationPeriod",
            SHORT_SAS,
            ("CKV2_AZURE_41",),
            "a signed address that is lost works until it expires",
        ),
        Row(
            "storage-redundancy",
            "sku.name",
            equals("Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS", "Premium_ZRS"),
            ("CKV_AZURE_206",),
            "data outlives the loss of one data centre",
        ),
        Row(
            "storage-general-purpose",
            "kind",
            equals("StorageV2", "BlockBlobStorage", "FileStorage"),
            (),
            "older kinds lack firewalls' and lifecycle's features",
        ),
    ),
    *secure(
        BLOBS,
        Row(
            "blobs-kept",
            "deleteRetentionPolicy.enabled",
            equals(True),
            ("CKV2_AZURE_38",),
            "a deleted blob can be had back",
        ),
        Row(
            "blobs-kept-days",
            "deleteRetentionPolicy.days",
            at_least(7),
            ("CKV2_AZURE_38",),
            "a week is what it takes to notice",
        ),
        Row(
            "blobs-kept-for-certain",
            "deleteRetentionPolicy.allowPermanentDelete",
            equals(False),
            (),
            "a deleted blob must not be deleted for good within its days",
        ),
        Row(
            "containers-kept",
            "containerDeleteRetentionPolicy.enabled",
            equals(True),
            ("CKV2_AZURE_38",),
            "a deleted container can be had back",
        ),
        Row(
            "containers-kept-days",
            "containerDeleteRetentionPolicy.days",
            at_least(7),
            ("CKV2_AZURE_38",),
            "a week is what it takes to notice",
        ),
    ),
    *secure(
        CONTAINER,
        Row(
            "container-private",
            "publicAccess",
            equals("None"),
            ("CKV_AZURE_34", "CKV_AZURE_190"),
            "nobody reads the container without signing in",
        ),
    ),
    *secure(
        FILES,
        Row(
            "shares-kept",
            "shareDeleteRetentionPolicy.enabled",
            equals(True),
            (),
            "a deleted share can be had back",
        ),
        Row(
            "shares-kept-days",
            "shareDeleteRetentionPolicy.days",
            at_least(7),
            (),
            "a week is what it takes to notice",
        ),
    ),
)
