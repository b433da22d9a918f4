"""The Azure identity that the service runs under."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


@lru_cache(maxsize=1)
def credential(client_id: str | None) -> TokenCredential:
    """The user-assigned managed identity of that client id; without one, whatever the environment offers.

    Managed identity also serves the workload identity of a Kubernetes pod. The import takes most of a second,
    so it happens here, off the way to readiness.
    """
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if client_id is not None:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()
