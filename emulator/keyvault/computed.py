"""What Microsoft.KeyVault computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Table, of_parent

VAULT: Final = "Microsoft.KeyVault/vaults"

COMPUTED: Final[Table] = {
    f"{VAULT}/{collection}": {"location": of_parent("location")} for collection in ("keys", "secrets")
}
DEFAULTS: Final[Table] = {f"{VAULT}/{collection}": {"tags": {}} for collection in ("keys", "secrets")}
ABSENT: Final = {
    VAULT: {
        "properties.hsmPoolResourceId": "only of pools of hardware modules",
        "properties.privateEndpointConnections": "only where a private endpoint leads to it",
    }
}
