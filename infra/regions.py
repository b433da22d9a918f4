"""The Azure regions this estate may stand in: short name for physical names, and what a region has.

What a region has changes with the years; where each column is from:

| column | read | source |
|---|---|---|
| tag | 2026-11 | Azure/bicep-registry-modules issues 7100 and 5313; Azure/azure-rest-api-specs issue 21590 |
| build_agents | 2025-04 | Azure's own list in the error quoted in Azure/bicep-registry-modules issue 5039 |
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Region:
    """short: two to four letters and digits for physical names. zones: whether it has availability zones.

    tag: the region in service tags (`Storage.centralfrance`), where they spell it otherwise; "" elsewhere.
    build_agents: whether container registries have agent pools there.
    """

    short: str
    zones: bool = True
    tag: str = ""
    build_agents: bool = False


REGIONS: Final[dict[str, Region]] = {
    "australiaeast": Region("aue", build_agents=True),
    "brazilsouth": Region("brs"),
    "canadacentral": Region("cac", build_agents=True),
    "canadaeast": Region("cae", zones=False),
    "centralindia": Region("inc"),
    "centralus": Region("usc", build_agents=True),
    "eastasia": Region("ea", build_agents=True),
    "eastus": Region("use", build_agents=True),
    "eastus2": Region("use2", build_agents=True),
    "francecentral": Region("frc", tag="centralfrance", build_agents=True),
    "germanywestcentral": Region("gwc", tag="germanywc"),
    "israelcentral": Region("ilc"),
    "italynorth": Region("itn"),
    "japaneast": Region("jpe"),
    "japanwest": Region("jpw"),
    "koreacentral": Region("krc"),
    "northcentralus": Region("usnc", zones=False),
    "northeurope": Region("neu", build_agents=True),
    "norwayeast": Region("noe", tag="norwaye"),
    "polandcentral": Region("plc"),
    "qatarcentral": Region("qac"),
    "southafricanorth": Region("san"),
    "southcentralus": Region("ussc", build_agents=True),
    "southeastasia": Region("sea"),
    "spaincentral": Region("spc"),
    "swedencentral": Region("sec"),
    "switzerlandnorth": Region("chn", tag="switzerlandn", build_agents=True),
    "uaenorth": Region("aen"),
    "uksouth": Region("uks"),
    "ukwest": Region("ukw", zones=False),
    "westcentralus": Region("uswc", zones=False),
    "westeurope": Region("weu", build_agents=True),
    "westus": Region("usw", zones=False),
    "westus2": Region("usw2", build_agents=True),
    "westus3": Region("usw3"),
}
