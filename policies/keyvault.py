"""Key Vault: by role assignment only, behind a firewall, deleted secrets kept; secrets that end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.graph.model import Resource
from policies.model import Row, Rule, between, equals, given, read, secure

VAULT: Final = "keyvault:Vault"


def _endpoints(resource: Resource) -> Iterator[str]:
    walls = read(resource.inputs, "properties.networkAcls.virtualNetworkRules")
    for wall in walls if isinstance(walls, list) else []:
        if wall.get("ignoreMissingVnetServiceEndpoint") is not False:
            yield f"{wall.get('id')} is let in without a service endpoint"


RULES: Final = (
    Rule("vault-subnets-by-endpoint", (VAULT,), "a subnet is known by its service endpoint", (), _endpoints),
    *secure(
        VAULT,
        Row(
            "vault-roles",
            "properties.enableRbacAuthorization",
            equals(True),
            (),
            "access policies are outside of role assignments and of their reviews",
        ),
        Row(
            "vault-purge-protection",
            "properties.enablePurgeProtection",
            equals(True),
            ("CKV_AZURE_42", "CKV_AZURE_110"),
            "a deleted vault can be had back, whoever deleted it",
        ),
        Row(
            "vault-soft-delete",
            "properties.enableSoftDelete",
            equals(True),
            ("CKV_AZURE_42", "CKV_AZURE_111"),
            "a deleted secret can be had back",
        ),
        Row(
            "vault-kept-days",
            "properties.softDeleteRetentionInDays",
            between(7, 90),
            ("CKV_AZURE_42",),
            "a week is what it takes to notice",
        ),
        Row(
            "vault-firewall",
            "properties.networkAcls.defaultAction",
            equals("Deny"),
            ("CKV_AZURE_109",),
            "only listed networks reach the vault",
        ),
        Row(
            "vault-bypass",
            "properties.networkAcls.bypass",
            equals("AzureServices", "None"),
            (),
            "no other way around the firewall than Azure's trusted services",
        ),
        Row(
            "vault-public-network",
            "properties.publicNetworkAccess",
            equals("Disabled", "disabled"),
            ("CKV_AZURE_189",),
            "private endpoints lead in, nothing else",
        ),
        Row(
            "vault-not-for-deployment",
            "properties.enabledForDeployment",
            equals(False),
            (),
            "virtual machines need no certificates from it",
        ),
        Row(
            "vault-not-for-disks",
            "properties.enabledForDiskEncryption",
            equals(False),
            (),
            "no disk is encrypted with it",
        ),
        Row(
            "vault-not-for-templates",
            "properties.enabledForTemplateDeployment",
            equals(False),
            (),
            "whoever deploys a template must not read secrets",
        ),
    ),
    *secure(
        "keyvault:Secret",
        Row(
            "secret-ends",
            "properties.attributes.expires",
            given(),
            ("CKV_AZURE_41",),
            "a secret without an end is never rotated",
        ),
    ),
    *secure(
        "keyvault:Key",
        Row(
            "key-ends",
            "properties.attributes.exp",
            given(),
            ("CKV_AZURE_40",),
            "a key without an end is never rotated",
        ),
    ),
)
