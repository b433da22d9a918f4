"""Private endpoints as data: the part of a service that one leads to, and the DNS zones of its names.

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
