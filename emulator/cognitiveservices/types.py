"""The types of Microsoft.CognitiveServices: accounts and deployments of models.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

ACCOUNT: Final = "Microsoft.CognitiveServices/accounts/{accountName}"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(ACCOUNT, "cognitiveservices:Account",
        name=NameRule(2, 64, r"[A-Za-z0-9][\w.-]*", "letters, digits, _ . -")),
    Row(f"{ACCOUNT}/deployments/{{deploymentName}}", "cognitiveservices:Deployment"),
)
# fmt: on
