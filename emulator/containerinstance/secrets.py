"""Secure values of a group: taken out of the body before it is stored, sealed, given to processes alone."""

from __future__ import annotations

from typing import Any

from emulator.arm.ids import fold
from emulator.arm.store import Store

Json = dict[str, Any]
KIND = "container-group-secrets"


class Secrets:
    """``{"environment": {container: {name: value}}, "passwords": {server: password}}`` of each group."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, group_id: str, properties: Json) -> Json:
        """Remove the secure values from a body; they are returned, with the known ones that it only names."""
        old = self.read(group_id)
        taken: Json = {"environment": {}, "passwords": {}}
        for container in properties.get("containers") or []:
            held = old["environment"].get(container.get("name"), {})
            found: dict[str, str] = {}
            for variable in (container.get("properties") or {}).get("environmentVariables") or []:
                name, secure = variable.get("name"), variable.pop("secureValue", None)
                if secure is not None:
                    found[name] = str(secure)
                elif variable.get("value") is None and name in held:
                    found[name] = held[name]
            if found:
                taken["environment"][container["name"]] = found
        for credential in properties.get("imageRegistryCredentials") or []:
            server, password = str(credential.get("server", "")).lower(), credential.pop("password", None)
            if password is not None or server in old["passwords"]:
                taken["passwords"][server] = (
                    old["passwords"].get(server) if password is None else str(password)
                )
        return taken

    def read(self, group_id: str) -> Json:
        return self._store.document(KIND, fold(group_id)) or {"environment": {}, "passwords": {}}

    def keep(self, group_id: str, secrets: Json) -> None:
        self._store.put_document(KIND, fold(group_id), secrets, secret=True)

    def forget(self, group_id: str) -> None:
        self._store.delete_document(KIND, fold(group_id))
