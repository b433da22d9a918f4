"""The types of Microsoft.ContainerInstance: container groups.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

NAME: Final = NameRule(
    1, 63, r"[a-z0-9](?!.*--)(?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits and single hyphens"
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row("Microsoft.ContainerInstance/containerGroups/{containerGroupName}",
        "containerinstance:ContainerGroup", name=NAME),
)
# fmt: on
