"""The types of Microsoft.Resources: resource groups.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import GROUP, NameRule, ResourceType, Row

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(GROUP, "resources:ResourceGroup",
        name=NameRule(1, 90, r"[-\w.()]*[-\w()]", "letters, digits, _ - . ()")),
)
# fmt: on
