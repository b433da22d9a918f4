"""Private endpoints as data: what leads to a service, and the DNS zones in which its names then stand.

From "Azure Private Endpoint private DNS zone values" (read 2026-11).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class PrivateLink:
    """group: the part of the service that the endpoint leads to. zones: private DNS zones of its names."""

    group: str
    zones: tuple[str, ...]


WORKSPACE: Final = PrivateLink(
    "amlworkspace", ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net")
)
