"""Microsoft.KeyVault: vaults, and their secrets. Keys and certificates are refused by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.errors import NotEmulated
from emulator.http import Request, Response
from emulator.keyvault import arm_secrets
from emulator.keyvault.access import Gate
from emulator.keyvault.dataplane import DataPlane
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import VAULT, Vaults

if TYPE_CHECKING:
    from emulator.app import Emulator
    from emulator.arm.service import Put
    from emulator.identity.directory import Principal

# collections of managed HSMs, which clients ask for beside vaults
NO_HARDWARE = r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/[^/]+/(?:deleted)?managedHSMs"


def install(emulator: Emulator) -> None:
    """Register the hooks and the data plane; set ``emulator.vaults``."""
    secrets = Secrets(emulator.store)
    vaults = Vaults(emulator.arm, secrets)
    vaults.install()
    arm_secrets.install(emulator.arm, vaults, secrets)

    @emulator.arm.before_put(f"{VAULT}/keys")
    def refuse_keys(put: Put) -> None:
        raise NotEmulated(f"Key Vault keys ({put.id})")

    @emulator.arm.special("GET", NO_HARDWARE)
    def no_hardware(request: Request, match: re.Match[str], principal: Principal) -> Response:
        """None can be made here, so there are none."""
        return Response.json({"value": []})

    emulator.route("*.vault.azure.net", DataPlane(vaults, secrets, Gate(emulator.identity)).handle)
    emulator.vaults = vaults
