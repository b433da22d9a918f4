"""Refusals in Event Grid's words."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from emulator.errors import AzureError


def invalid(message: str) -> AzureError:
    """400 InvalidRequest."""
    return AzureError(400, "InvalidRequest", message)


def not_found(resource_id: str) -> AzureError:
    """400 for a destination that is not there."""
    return AzureError(
        400,
        "Endpoint validation",
        f"Destination endpoint not found. Resource details: resourceId: {resource_id}. Resource should "
        f"pre-exist before attempting this operation. {_activity()}",
    )


def handshake(url: str, why: str) -> AzureError:
    """400 for a webhook that does not say that it wants events."""
    return AzureError(
        400, "Url validation", f"Webhook validation handshake failed for {url}. {why} {_activity()}"
    )


def _activity() -> str:
    now = datetime.now(UTC)
    clock = f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S} {now:%p}"
    return f"Activity id:{uuid.uuid4()}, timestamp: {clock} (UTC)."
