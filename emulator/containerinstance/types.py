"""The types of Microsoft.ContainerInstance: container groups.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

# Azure's table of names says lower case, and the service takes capitals: azure-py-aci of pulumi/examples and
# its siblings name groups `containerGroup…`, and their README tells of a run (read 2026-11).
NAME: Final = NameRule(
    1, 63, r"[A-Za-z0-9](?!.*--)(?:[A-Za-z0-9-]*[A-Za-z0-9])?", "letters, digits and single hyphens"
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row("Microsoft.ContainerInstance/containerGroups/{containerGroupName}",
        "containerinstance:ContainerGroup", name=NAME),
)
# fmt: on
