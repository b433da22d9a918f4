"""What Microsoft.KeyVault computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from emulator.arm.computed import Compute, Facts, Table, of_parent

VAULT: Final = "Microsoft.KeyVault/vaults"


def _seconds(field: str) -> Compute:
    """A time of the resource, in seconds since the epoch."""
    return lambda facts: int(datetime.fromisoformat(facts.text(field)).timestamp())


def _recovery(facts: Facts) -> str:
    """What is left of a deleted key: a vault with purge protection lets nobody destroy it before its time."""
    protected = (facts.parent.get("properties") or {}).get("enablePurgeProtection")
    return "Recoverable" if protected else "Recoverable+Purgeable"


COMPUTED: Final[Table] = {
    f"{VAULT}/secrets": {"location": of_parent("location")},
    f"{VAULT}/keys": {
        "location": of_parent("location"),
        "properties.attributes.created": _seconds("created"),
        "properties.attributes.updated": _seconds("changed"),
        "properties.attributes.recoveryLevel": _recovery,
    },
}
DEFAULTS: Final[Table] = {f"{VAULT}/{name}": {"tags": {}} for name in ("secrets", "keys")}
ABSENT: Final = {
    VAULT: {
        "properties.hsmPoolResourceId": "only of pools of hardware modules",
        "properties.privateEndpointConnections": "only where a private endpoint leads to it",
    }
}
