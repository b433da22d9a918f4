"""Keys as ARM has them: those of the vault, with their addresses. ARM makes a key and never changes it."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.keyvault.keys import Keys
from emulator.keyvault.vaults import VAULT

KEY: Final = f"{VAULT}/keys"
SIZES: Final = {"RSA": (2048, 3072, 4096), "RSA-HSM": (2048, 3072, 4096)}
CURVES: Final = {"EC", "EC-HSM"}


def install(arm: Arm, keys: Keys) -> None:
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
        else:
            properties.setdefault("curveName", "P-256")
        segments = put.id.split("/")
        vault, name = segments[-3].lower(), segments[-1]
        if keys.exists(vault, name):  # it outlives its resource: ARM cannot delete keys
            _, version = keys.get(vault, name)
        else:
            version = keys.create(
                vault,
                name,
                {
                    "kty": kind,
                    "key_size": properties.get("keySize"),
                    "crv": properties.get("curveName"),
                    "key_ops": properties.get("keyOps"),
                    "attributes": properties.get("attributes"),
                    "tags": put.resource.get("tags"),
                },
                later=True,
            )
        uri = f"https://{vault}.vault.azure.net/keys/{name}"
        properties.update(keyUri=uri, keyUriWithVersion=f"{uri}/{version['version']}")
        properties["attributes"] = {
            "enabled": True,
            **(properties.get("attributes") or {}),
            "created": version["attributes"]["created"],
            "updated": version["attributes"]["updated"],
            "recoveryLevel": "Recoverable",
        }

    @arm.virtual(KEY)
    def of_the_vault(resource_id: str) -> dict[str, Any] | None:
        """A key that came through the vault itself: roles are granted on it as on any."""
        segments = resource_id.split("/")
        vault, name = segments[-3].lower(), segments[-1]
        if not keys.exists(vault, name):
            return None
        name, version = keys.get(vault, name)
        uri = f"https://{vault}.vault.azure.net/keys/{name}"
        return {
            "id": resource_id,
            "name": name,
            "type": KEY,
            "properties": {
                "kty": version["kty"],
                "keyOps": version["key_ops"],
                "keyUri": uri,
                "keyUriWithVersion": f"{uri}/{version['version']}",
                "attributes": {
                    **{key: version["attributes"][key] for key in ("enabled", "created", "updated")},
                    "recoveryLevel": "Recoverable",
                },
            },
        }


def _bad(put: Put, name: str, value: object, allowed: str) -> AzureError:
    return AzureError(400, "BadParameter", f"Key '{put.resource['name']}': {name} is {value!r}; {allowed}.")
