"""The types of Microsoft.KeyVault: vaults, secrets and keys.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

VAULT: Final = "Microsoft.KeyVault/vaults/{vaultName}"
NAME: Final = NameRule(
    3, 24, r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and single hyphens"
)
OBJECT: Final = NameRule(1, 127, r"[A-Za-z0-9-]+", "letters, digits and hyphens")

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(VAULT, "keyvault:Vault", name=NAME, unique="global"),
    Row(f"{VAULT}/secrets/{{secretName}}", "keyvault:Secret", name=OBJECT),
    Row(f"{VAULT}/keys/{{keyName}}", "keyvault:Key", name=OBJECT),
)
# fmt: on
