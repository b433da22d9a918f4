"""What Azure refuses of action groups."""

from __future__ import annotations

from typing import Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

GROUP: Final = "Microsoft.Insights/actionGroups"
LONGEST: Final = 12  # characters of a short name


def install(arm: Arm) -> None:
    """Check the groups."""

    @arm.before_put(GROUP)
    def group(put: Put) -> None:
        short = str(put.properties.get("groupShortName") or "")
        if len(short) > LONGEST:  # as in Azure/AzureMonitorStarterPacks#109
            raise AzureError(
                400,
                "GroupShortNameIsTooLong",
                f"The action group short name '{short}' is too long. Please specify a short name with "
                f"'{LONGEST}' or less characters.",
            )
