"""Container registries: by identity, behind a firewall, nothing that anybody can pull or export."""

from __future__ import annotations

from typing import Final

from policies.model import Row, between, equals, secure

REGISTRY: Final = "containerregistry:Registry"

RULES: Final = secure(
    REGISTRY,
    Row("registry-premium", "sku.name", equals("Premium"), (), "private endpoints and network rules need it"),
    Row(
        "registry-no-admin",
        "adminUserEnabled",
        equals(False),
        ("CKV_AZURE_137",),
        "the admin user is one password for everybody",
    ),
    Row(
        "registry-no-anonymous",
        "anonymousPullEnabled",
        equals(False),
        ("CKV_AZURE_138",),
        "images hold code and models",
    ),
    Row(
        "registry-public-network",
        "publicNetworkAccess",
        equals("Disabled"),
        ("CKV_AZURE_139",),
        "private endpoints lead in, nothing else",
    ),
    Row(
        "registry-firewall",
        "networkRuleSet.defaultAction",
        equals("Deny"),
        (),
        "only listed ranges reach the registry",
    ),
    Row(
        "registry-bypass",
        "networkRuleBypassOptions",
        equals("AzureServices", "None"),
        (),
        "no other way around the firewall than Azure's trusted services",
    ),
    Row(
        "registry-data-endpoint",
        "dataEndpointEnabled",
        equals(True),
        ("CKV_AZURE_237",),
        "layers come from the registry's own host, so firewalls need no wildcard",
    ),
    Row(
        "registry-zones",
        "zoneRedundancy",
        equals("Enabled"),
        ("CKV_AZURE_233",),
        "images outlive the loss of one data centre",
    ),
    Row(
        "registry-untagged",
        "policies.retentionPolicy.status",
        equals("enabled"),
        ("CKV_AZURE_167",),
        "images without a tag do not pile up",
    ),
    Row(
        "registry-untagged-days",
        "policies.retentionPolicy.days",
        between(1, 365),
        ("CKV_AZURE_167",),
        "images without a tag do not pile up, and do not go at once",
    ),
    Row(
        "registry-no-export",
        "policies.exportPolicy.status",
        equals("disabled"),
        (),
        "images cannot be copied out of a private registry",
    ),
    Row(
        "registry-arm-tokens",
        "policies.azureADAuthenticationAsArmPolicy.status",
        equals("enabled", "disabled"),
        (),
        "whether tokens of the management plane sign in is said, not left to a default",
    ),
)
