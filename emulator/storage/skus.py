"""Which kinds of storage accounts, redundancies and regions go together."""

from __future__ import annotations

from typing import Final

from emulator.errors import AzureError
from emulator.resources.locations import ZONAL

STANDARD: Final = (
    "Standard_LRS",
    "Standard_ZRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
)
PREMIUM: Final = ("Premium_LRS", "Premium_ZRS")
VERSION_2: Final = ("StandardV2_LRS", "StandardV2_ZRS", "StandardV2_GRS", "StandardV2_GZRS")
PREMIUM_V2: Final = ("PremiumV2_LRS", "PremiumV2_ZRS")
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "StorageV2": STANDARD + PREMIUM,
    "Storage": ("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Premium_LRS"),
    "BlobStorage": ("Standard_LRS", "Standard_GRS", "Standard_RAGRS"),
    "BlockBlobStorage": PREMIUM,
    "FileStorage": PREMIUM + VERSION_2 + PREMIUM_V2,
}
ALL: Final = tuple(dict.fromkeys(sku for skus in KINDS.values() for sku in skus))
_ALONE: Final = (
    "austriaeast belgiumcentral chilecentral indonesiacentral israelcentral italynorth malaysiawest "
    "mexicocentral newzealandnorth polandcentral qatarcentral spaincentral"
)
PAIRLESS: Final = frozenset(_ALONE.split())  # regions without a second one to copy to


def check(name: str, kind: str, sku: str, location: str) -> None:
    """400 unless Azure makes accounts of the kind with the SKU in the region."""
    if kind not in KINDS:
        raise AzureError(
            400,
            "AccountKindInvalid",
            f"kind of storage account {name} is {kind!r}; one of {', '.join(KINDS)} is needed.",
        )
    if sku not in ALL:
        raise AzureError(
            400,
            "InvalidAccountType",
            f"The AccountType {sku} of storage account {name} is invalid (sku.name). The SKUs "
            f"are: {', '.join(ALL)}.",
        )
    if sku not in KINDS[kind]:
        raise AzureError(
            400,
            "InvalidAccountKindForSku",
            f"Storage account {name}: the kind {kind} does not go with the SKU {sku}; it goes with "
            f"{', '.join(KINDS[kind])}.",
        )
    zones = sku.endswith("ZRS")
    second = sku.endswith(("GRS", "GZRS"))
    if (zones and location not in ZONAL) or (second and location in PAIRLESS):
        raise AzureError(
            400,
            "RedundancyConfigurationNotAvailableInRegion",
            f"Storage account {name}: the redundancy {sku} is not available in region {location}: it has no "
            f"{'availability zones' if zones and location not in ZONAL else 'paired region'}.",
        )
