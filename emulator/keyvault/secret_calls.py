"""The operations on secrets over HTTP."""

from __future__ import annotations

from emulator.http import Request
from emulator.keyvault.access import Gate
from emulator.keyvault.calls import Call, Json
from emulator.keyvault.errors import VaultError
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vault
from emulator.principal import Principal


class SecretCall(Call):
    """One authenticated request about secrets."""

    KIND = "secrets"
    ID = "id"
    SHOWN = ("contentType",)

    def __init__(
        self, request: Request, vault: Vault, principal: Principal, secrets: Secrets, gate: Gate
    ) -> None:
        super().__init__(request, vault, principal, secrets, gate)
        self._secrets = secrets

    def set(self, name: str) -> Json:
        self._require("set", name)
        return self._bundle(name, self._secrets.set(self._key, name, self.request.object()))

    def get(self, name: str, version: str) -> Json:
        self._require("get", name)
        name, found = self._secrets.get(self._key, name, version)
        if not found["attributes"]["enabled"]:
            raise VaultError(
                403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled"
            )
        return self._bundle(name, found)

    def update(self, name: str, version: str) -> Json:
        self._require("update", name)
        return self._whole(*self._secrets.update(self._key, name, version, self.request.object()))

    def _bundle(self, name: str, found: Json) -> Json:
        return {"value": found["value"], **self._whole(name, found)}
