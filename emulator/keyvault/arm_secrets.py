"""Secrets written through ARM: their values go to the vault, never into the resource store."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Arm, Put
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import SECRET, Vaults


def install(arm: Arm, vaults: Vaults, secrets: Secrets) -> None:
    """Register the hooks of Microsoft.KeyVault/vaults/secrets."""

    @arm.before_put(SECRET)
    def take_value(put: Put) -> None:
        vault, name = _place(put.id)
        value = put.properties.pop("value", None)
        if value is None and put.old is None:
            secrets.get(vault, name)  # 404: there is nothing to show without a value
            return
        if value is not None:
            version = secrets.set(
                vault, name, {**put.properties, "value": value, "tags": put.resource.get("tags")}
            )
            uri = f"https://{vault}.vault.azure.net/secrets/{name}"
            put.properties.update(secretUri=uri, secretUriWithVersion=f"{uri}/{version['version']}")

    @arm.on_get(SECRET)
    def show(resource: dict[str, Any]) -> dict[str, Any]:
        vault, name = _place(resource["id"])
        present = [
            item for item in secrets.list(vault, deleted=False) if item["name"].lower() == name.lower()
        ]
        if present:
            resource["properties"]["attributes"] = present[0]["versions"][-1]["attributes"]
        return resource

    @arm.after_delete(SECRET)
    def delete(resource: dict[str, Any]) -> None:
        vault, name = _place(resource["id"])
        found = vaults.find(vault)
        alive = {item["name"].lower() for item in secrets.list(vault, deleted=False)}
        if found is not None and name.lower() in alive:
            secrets.delete(vault, name, found.retention_days)


def _place(secret_id: str) -> tuple[str, str]:
    segments = secret_id.rstrip("/").split("/")
    return segments[-3].lower(), segments[-1]
