"""The types of Microsoft.ManagedIdentity: identities and their federated credentials.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(IDENTITY, "managedidentity:UserAssignedIdentity",
        name=NameRule(3, 128, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")),
    Row(f"{IDENTITY}/federatedIdentityCredentials/{{federatedIdentityCredentialResourceName}}",
        "managedidentity:FederatedIdentityCredential",
        name=NameRule(3, 120, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")),
)
# fmt: on
