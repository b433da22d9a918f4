"""The Azure regions this estate may stand in: short name for physical names, and availability zones."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Region:
    """short: three to five letters for physical names. zones: whether the region has availability zones."""

    short: str
    zones: bool = True


REGIONS: Final[dict[str, Region]] = {
    "australiaeast": Region("aue"),
    "brazilsouth": Region("brs"),
    "canadacentral": Region("cac"),
    "canadaeast": Region("cae", zones=False),
    "centralindia": Region("inc"),
    "centralus": Region("usc"),
    "eastasia": Region("ea"),
    "eastus": Region("use"),
    "eastus2": Region("use2"),
    "francecentral": Region("frc"),
    "germanywestcentral": Region("gwc"),
    "israelcentral": Region("ilc"),
    "italynorth": Region("itn"),
    "japaneast": Region("jpe"),
    "japanwest": Region("jpw"),
    "koreacentral": Region("krc"),
    "northcentralus": Region("usnc", zones=False),
    "northeurope": Region("neu"),
    "norwayeast": Region("noe"),
    "polandcentral": Region("plc"),
    "qatarcentral": Region("qac"),
    "southafricanorth": Region("san"),
    "southcentralus": Region("ussc"),
    "southeastasia": Region("sea"),
    "spaincentral": Region("spc"),
    "swedencentral": Region("sec"),
    "switzerlandnorth": Region("chn"),
    "uaenorth": Region("aen"),
    "uksouth": Region("uks"),
    "ukwest": Region("ukw", zones=False),
    "westcentralus": Region("uswc", zones=False),
    "westeurope": Region("weu"),
    "westus": Region("usw", zones=False),
    "westus2": Region("usw2"),
    "westus3": Region("usw3"),
}
