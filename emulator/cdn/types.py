"""The types of Microsoft.Cdn: profiles and endpoints.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import ResourceType, Row

PROFILE: Final = "Microsoft.Cdn/profiles/{profileName}"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(PROFILE, "cdn:Profile"),
    Row(f"{PROFILE}/endpoints/{{endpointName}}", "cdn:Endpoint", unique="global"),
)
# fmt: on
