"""What Microsoft.ContainerInstance computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Table

GROUP: Final = "Microsoft.ContainerInstance/containerGroups"

COMPUTED: Final[Table] = {GROUP: {"properties.isCreatedFromStandbyPool": False}}
