"""The second region that Azure copies to, for each region that has one."""

from __future__ import annotations

from typing import Final

# "Azure region pairs and nonpaired regions", read 2026-11; both ways unless a row of ONE_WAY says otherwise.
_PAIRS: Final = """
australiacentral australiacentral2
australiaeast australiasoutheast
canadacentral canadaeast
centralindia southindia
centralus eastus2
eastasia southeastasia
eastus westus
francecentral francesouth
germanywestcentral germanynorth
japaneast japanwest
jioindiawest jioindiacentral
koreacentral koreasouth
northcentralus southcentralus
northeurope westeurope
norwayeast norwaywest
southafricanorth southafricawest
switzerlandnorth switzerlandwest
uaenorth uaecentral
uksouth ukwest
westcentralus westus2
"""
ONE_WAY: Final = {"brazilsouth": "southcentralus", "westus3": "eastus", "westindia": "southindia"}
PAIRS: Final = {
    one: other
    for line in _PAIRS.split("\n")
    if line
    for pair in (line.split(), line.split()[::-1])
    for one, other in [pair]
} | ONE_WAY


def pair_of(location: str) -> str | None:
    """The region that a region is copied to; None for one that stands alone."""
    return PAIRS.get(location)
