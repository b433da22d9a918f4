"""The settings of the database of predictions by key: a flexible server of Azure Database for PostgreSQL."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from infra.config_types import refuse
from infra.section import Section

PORT: Final = 5432
DATABASE: Final = "predictions"
TIERS: Final = {"B": "Burstable", "D": "GeneralPurpose", "E": "MemoryOptimized"}
"""By the series of the size ("Compute options in Azure Database for PostgreSQL", read 2026-11)."""
SizeGb = Literal[32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]


def role_of_group(value: Any) -> str:
    """The display name of a group as a role of PostgreSQL."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w.@ -]{1,63}", value):
        refuse(
            "write the display name of the group, under which its members sign in: 63 letters, digits, "
            "spaces and .@_- at most"
        )
    return value


def _server_size(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"Standard_[BDE]\d+[a-z]*(?:_v\d)?", value):
        refuse("write a size of PostgreSQL servers, as Standard_B2s, Standard_D2ds_v5 or Standard_E2ds_v5")
    return value


class PredictionsDatabase(Section):
    """administrators: display name of the engineers' group. vmSize: of the series B, D or E.

    version: PostgreSQL's. zoneRedundant: a standby in another zone, at twice the price. geoRedundantBackup:
    backups in the paired region too; fixed once made.
    """

    administrators: Annotated[str, BeforeValidator(role_of_group)]
    version: Literal["15", "16", "17", "18"] = "17"
    vm_size: Annotated[str, BeforeValidator(_server_size)] = "Standard_D2ds_v5"
    storage_gb: SizeGb = 64
    backup_days: int = Field(default=7, ge=7, le=35)
    geo_redundant_backup: bool = False
    zone_redundant: bool = False

    @property
    def tier(self) -> str:
        return TIERS[self.vm_size.removeprefix("Standard_")[0]]
