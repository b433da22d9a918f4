"""The public regions of Azure."""

from __future__ import annotations

from typing import Final

_ASIA: Final = (
    "australiacentral australiaeast australiasoutheast centralindia eastasia indonesiacentral japaneast "
    "japanwest "
    "koreacentral koreasouth malaysiawest newzealandnorth southeastasia southindia westindia"
)
_AMERICA: Final = (
    "brazilsouth canadacentral canadaeast centralus chilecentral eastus eastus2 mexicocentral northcentralus "
    "southcentralus westcentralus westus westus2 westus3"
)
_EUROPE: Final = (
    "austriaeast francecentral germanywestcentral italynorth northeurope norwayeast polandcentral "
    "spaincentral "
    "swedencentral switzerlandnorth uksouth ukwest westeurope"
)
_MIDDLE_EAST_AFRICA: Final = "israelcentral qatarcentral southafricanorth uaenorth"

LOCATIONS: Final = tuple(sorted(f"{_ASIA} {_AMERICA} {_EUROPE} {_MIDDLE_EAST_AFRICA}".split()))
