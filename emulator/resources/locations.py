"""The public regions of Azure, those with availability zones, and what stands in no region."""

from __future__ import annotations

import difflib
from typing import Final

_ASIA: Final = (
    "australiacentral australiacentral2 australiaeast australiasoutheast centralindia eastasia "
    "indonesiacentral japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest "
    "newzealandnorth southeastasia southindia westindia"
)
_AMERICA: Final = (
    "brazilsouth brazilsoutheast canadacentral canadaeast centralus chilecentral eastus eastus2 "
    "mexicocentral northcentralus southcentralus westcentralus westus westus2 westus3"
)
_EUROPE: Final = (
    "austriaeast belgiumcentral francecentral francesouth germanynorth germanywestcentral italynorth "
    "northeurope norwayeast norwaywest polandcentral spaincentral swedencentral switzerlandnorth "
    "switzerlandwest uksouth ukwest westeurope"
)
_MIDDLE_EAST_AFRICA: Final = "israelcentral qatarcentral southafricanorth southafricawest uaecentral uaenorth"
_WITHOUT_ZONES: Final = (
    "australiacentral australiacentral2 australiasoutheast brazilsoutheast canadaeast francesouth "
    "germanynorth jioindiacentral jioindiawest koreasouth northcentralus norwaywest southafricawest "
    "southindia switzerlandwest uaecentral ukwest westcentralus westindia westus"
)

LOCATIONS: Final = tuple(sorted(f"{_ASIA} {_AMERICA} {_EUROPE} {_MIDDLE_EAST_AFRICA}".split()))
ZONAL: Final = frozenset(LOCATIONS) - frozenset(_WITHOUT_ZONES.split())

# types (lower case; with what lies under them) whose resources stand in no region
GLOBAL: Final = (
    "microsoft.alertsmanagement",
    "microsoft.cdn",
    "microsoft.eventgrid/systemtopics",
    "microsoft.insights/actiongroups",
    "microsoft.insights/activitylogalerts",
    "microsoft.insights/metricalerts",
    "microsoft.insights/privatelinkscopes",
    "microsoft.network/dnszones",
    "microsoft.network/frontdoors",
    "microsoft.network/frontdoorwebapplicationfirewallpolicies",
    "microsoft.network/privatednszones",
    "microsoft.network/trafficmanagerprofiles",
)


def is_global(arm_type: str) -> bool:
    """Whether resources of the type may have the location ``global``."""
    folded = arm_type.lower()
    return any(folded == name or folded.startswith(f"{name}/") for name in GLOBAL)


def nearest(location: str) -> str:
    """`` Did you mean 'westeurope'?``, empty when nothing is near."""
    near = difflib.get_close_matches("".join(filter(str.isalnum, location.lower())), LOCATIONS, 1)
    return f" Did you mean '{near[0]}'?" if near else ""
