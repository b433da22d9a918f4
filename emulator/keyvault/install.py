"""Microsoft.KeyVault: vaults, their secrets and keys. Certificates are refused by name."""

from __future__ import annotations

import re

from emulator.arm.service import Arm
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.keyvault import arm_keys, arm_secrets
from emulator.keyvault.access import Gate
from emulator.keyvault.dataplane import DataPlane
from emulator.keyvault.keys import Keys
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults
from emulator.network.reach import Reach
from emulator.principal import Principal

# collections of managed HSMs, which clients ask for beside vaults
NO_HARDWARE = r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/[^/]+/(?:deleted)?managedHSMs"


def install(
    arm: Arm, hosts: Hosts, identity: Identity, vaults: Vaults, secrets: Secrets, keys: Keys, reach: Reach
) -> None:
    """Register the hooks and the data plane."""
    vaults.install()
    arm_secrets.install(arm, vaults, secrets)

    arm_keys.install(arm, keys)

    @arm.special("GET", NO_HARDWARE)
    def no_hardware(request: Request, match: re.Match[str], principal: Principal) -> Response:
        """None can be made here, so there are none."""
        return Response.json({"value": []})

    hosts.route("*.vault.azure.net", DataPlane(vaults, secrets, keys, Gate(identity), reach).handle)
