"""Azure's built-in roles by id, as far as rules and reviews know them.

Ids from Microsoft's "Azure built-in roles" (read 2026-11).
"""

from __future__ import annotations

from typing import Any, Final

from infra.roles import ROLES

OTHERS: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815": "AzureML Compute Operator",
    "635dd51f-9968-44d3-b7fb-6d9a6bd613ae": "AzureML Metrics Writer (preview)",
    "b556d68e-0be0-4f35-a333-ad7ee1ce17ea": "Azure AI Enterprise Network Connection Approver",
    "85cb6faf-e071-4c9b-8136-154b5a04f717": "Kubernetes Extension Contributor",
    "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8": "Azure Kubernetes Service Cluster Admin Role",
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
    "b12aa53e-6015-4669-85d0-8515ebb3ae7f": "Private DNS Zone Contributor",
    "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
}
NAMES: Final = {**{id_: name for name, id_ in ROLES.items()}, **OTHERS}

PRIVILEGED: Final = frozenset(
    {
        "Owner",
        "Contributor",
        "User Access Administrator",
        "Role Based Access Control Administrator",
        "Storage Account Contributor",
        "Azure Kubernetes Service Cluster Admin Role",
    }
)
# Roles that mean a whole group: they make parts that do not exist when the role is given.
WIDE_ON_A_GROUP: Final = frozenset({"Azure AI Administrator"})


def role_name(definition: Any) -> str:
    """The role's name by its ARM id; the id itself where the table lacks it."""
    return NAMES.get(str(definition).rpartition("/")[2].lower(), str(definition))
