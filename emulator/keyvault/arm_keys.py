"""Keys made through ARM: they are there, with their addresses; nothing is encrypted with them here."""

from __future__ import annotations

import time
import uuid
from typing import Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.keyvault.vaults import VAULT

KEY: Final = f"{VAULT}/keys"
SIZES: Final = {"RSA": (2048, 3072, 4096), "RSA-HSM": (2048, 3072, 4096)}
CURVES: Final = {"EC", "EC-HSM"}
FIXED: Final = ("kty", "keySize", "curveName", "keyOps")


def install(arm: Arm) -> None:
    """Register the hooks of Microsoft.KeyVault/vaults/keys."""

    @arm.before_put(KEY)
    def make(put: Put) -> None:
        properties = put.properties
        if put.old is not None:  # ARM makes a key's first version and changes nothing
            put.resource["properties"] = dict(put.old["properties"])
            return
        kind = str(properties.get("kty") or "")
        if kind not in SIZES and kind not in CURVES:
            raise _bad(put, "kty", kind, f"one of {', '.join([*CURVES, *SIZES])}")
        if kind in SIZES:
            size = properties.setdefault("keySize", 2048)
            if size not in SIZES[kind]:
                raise _bad(put, "keySize", size, f"one of {', '.join(map(str, SIZES[kind]))}")
        segments = put.id.split("/")
        uri = f"https://{segments[-3].lower()}.vault.azure.net/keys/{segments[-1]}"
        properties.update(keyUri=uri, keyUriWithVersion=f"{uri}/{uuid.uuid4().hex}")
        now = int(time.time())
        properties["attributes"] = {
            "enabled": True,
            **(properties.get("attributes") or {}),
            "created": now,
            "updated": now,
            "recoveryLevel": "Recoverable",
        }


def _bad(put: Put, name: str, value: object, allowed: str) -> AzureError:
    return AzureError(400, "BadParameter", f"Key '{put.resource['name']}': {name} is {value!r}; {allowed}.")
