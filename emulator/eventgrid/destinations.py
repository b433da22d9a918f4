"""Where a subscription's events, and its dead letters, go: read from its properties, in one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]
Kind = Literal["StorageQueue", "AzureFunction", "WebHook", "StorageBlob"]
SENT_TO: Final[dict[str, Kind]] = {
    "storagequeue": "StorageQueue",
    "azurefunction": "AzureFunction",
    "webhook": "WebHook",
}


@dataclass(frozen=True, slots=True)
class Destination:
    """kind: as Azure spells it, "" for one that is not known here. identity: `SystemAssigned`, the id of a
    user-assigned one, or "" for none."""

    kind: str
    properties: Json
    identity: str = ""

    @property
    def resource_id(self) -> str:
        return str(self.properties.get("resourceId") or "")

    @property
    def account(self) -> str:
        """The storage account's name."""
        return self.resource_id.rstrip("/").rsplit("/", 1)[-1].lower()


def of(properties: Json) -> Destination | None:
    """Where events go; None where nothing is said."""
    found = _found(properties, "destination", "deliveryWithResourceIdentity")
    return found and Destination(
        SENT_TO.get(found.kind.lower(), found.kind), found.properties, found.identity
    )


def of_dead_letters(properties: Json) -> Destination | None:
    """Where dead letters go; None where they go nowhere."""
    return _found(properties, "deadLetterDestination", "deadLetterWithResourceIdentity")


def holders(properties: Json) -> list[Json]:
    """The parts of the properties that may hold a destination, those of dead letters too."""
    found = [
        properties.get("destination"),
        (properties.get("deliveryWithResourceIdentity") or {}).get("destination"),
        properties.get("deadLetterDestination"),
        (properties.get("deadLetterWithResourceIdentity") or {}).get("deadLetterDestination"),
    ]
    return [one for one in found if isinstance(one, dict)]


def _found(properties: Json, plain: str, with_identity: str) -> Destination | None:
    by: Json = properties.get(with_identity) or {}
    given = by.get(plain) or properties.get(plain)
    if not isinstance(given, dict):
        return None
    identity: Json = (by.get("identity") or {}) if by.get(plain) else {}
    who = str(identity.get("userAssignedIdentity") or identity.get("type") or "")
    return Destination(str(given.get("endpointType") or ""), given.get("properties") or {}, who)
