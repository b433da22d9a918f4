"""``*.vault.azure.net``: secrets over HTTP."""

from __future__ import annotations

import secrets as random
from typing import Any
from urllib.parse import urlencode

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.keyvault.access import Gate
from emulator.keyvault.errors import VaultError, bad_parameter
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vault, Vaults
from emulator.network.reach import Reach
from emulator.principal import Principal

SUFFIX = ".vault.azure.net"
PAGE = 25

Json = dict[str, Any]


class DataPlane:
    """Answers the requests to all vaults."""

    def __init__(self, vaults: Vaults, secrets: Secrets, gate: Gate, reach: Reach) -> None:
        self._vaults = vaults
        self._reach = reach
        self._secrets = secrets
        self._gate = gate

    def handle(self, request: Request) -> Response:
        """One request; AzureError for every refusal."""
        vault = self._vaults.find(request.host.removesuffix(SUFFIX))
        if vault is None:
            raise AzureError(
                404,
                "VaultNotFound",
                f"No vault {request.host} exists here; in Azure its name would not resolve.",
            )
        principal = self._gate.principal(request)
        self._gate.admit(principal, vault, self._reach.denied(request.place, vault.id, "vault"))
        call = _Call(request, vault, principal, self._secrets, self._gate)
        segments = tuple(segment for segment in request.path.split("/") if segment)
        match request.method, segments:
            case "PUT", ("secrets", name):
                answer = call.set(name)
            case "GET", ("secrets",):
                answer = call.list()
            case "GET", ("secrets", name, "versions"):
                answer = call.versions(name)
            case "GET", ("secrets", name) | ("secrets", name, ""):
                answer = call.get(name, "")
            case "GET", ("secrets", name, version):
                answer = call.get(name, version)
            case "PATCH", ("secrets", name, version):
                answer = call.update(name, version)
            case "PATCH", ("secrets", name):
                answer = call.update(name, "")
            case "DELETE", ("secrets", name):
                answer = call.delete(name)
            case "GET", ("deletedsecrets",):
                answer = call.list_deleted()
            case "GET", ("deletedsecrets", name):
                answer = call.deleted(name)
            case "POST", ("deletedsecrets", name, "recover"):
                answer = call.recover(name)
            case "DELETE", ("deletedsecrets", name):
                call.purge(name)
                return Response(204)
            case _:
                raise NotEmulated(f"Key Vault: {request.describe()}")
        return Response.json(answer, headers={"x-ms-request-id": random.token_hex(16)})


class _Call:
    """One authenticated request and its operations."""

    def __init__(
        self, request: Request, vault: Vault, principal: Principal, secrets: Secrets, gate: Gate
    ) -> None:
        self._request = request
        self._vault = vault
        self._key = vault.name.lower()
        self._principal = principal
        self._secrets = secrets
        self._gate = gate

    def set(self, name: str) -> Json:
        self._require("set", name)
        return self._bundle(name, self._secrets.set(self._key, name, self._request.object()))

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
        name, found = self._secrets.update(self._key, name, version, self._request.object())
        return self._item(name, found, found["version"])

    def list(self) -> Json:
        self._require("list")
        items = [self._item(item["name"], item["versions"][-1]) for item in self._present(deleted=False)]
        return self._page(items)

    def versions(self, name: str) -> Json:
        self._require("list", name)
        found = self._secrets.versions(self._key, name)
        return self._page([self._item(name, version, version["version"]) for version in found])

    def delete(self, name: str) -> Json:
        self._require("delete", name)
        return self._deleted_bundle(self._secrets.delete(self._key, name, self._vault.retention_days))

    def list_deleted(self) -> Json:
        self._require("list")
        return self._page([self._deleted_item(item) for item in self._present(deleted=True)])

    def deleted(self, name: str) -> Json:
        self._require("deleted", name)
        return self._deleted_bundle(self._secrets.deleted(self._key, name))

    def recover(self, name: str) -> Json:
        self._require("recover", name)
        secret = self._secrets.recover(self._key, name)
        latest = secret["versions"][-1]
        return self._item(secret["name"], latest, latest["version"])

    def purge(self, name: str) -> None:
        self._require("purge", name)
        if self._vault.purge_protection:
            raise VaultError(
                403,
                "Forbidden",
                "Operation 'purge' is not allowed because purge protection is enabled for vault "
                f"{self._vault.name}.",
                "ForbiddenByPolicy",
            )
        self._secrets.purge(self._key, name)

    def _require(self, operation: str, name: str = "") -> None:
        self._gate.require(self._principal, self._vault, operation, name)

    def _present(self, *, deleted: bool) -> list[Json]:
        return self._secrets.list(self._key, deleted=deleted)

    def _item(self, name: str, found: Json, version: str = "") -> Json:
        """A secret without its value, and without a version where lists name none."""
        tail = f"/{version}" if version else ""
        item: Json = {
            "id": f"https://{self._request.host}/secrets/{name}{tail}",
            "attributes": {
                **found["attributes"],
                "recoveryLevel": self._vault.recovery_level,
                "recoverableDays": self._vault.retention_days,
            },
            "tags": found["tags"],
        }
        if found["contentType"]:
            item["contentType"] = found["contentType"]
        return item

    def _bundle(self, name: str, found: Json) -> Json:
        return {"value": found["value"], **self._item(name, found, found["version"])}

    def _deleted_item(self, secret: Json, version: str = "") -> Json:
        return {
            **self._item(secret["name"], secret["versions"][-1], version),
            "recoveryId": f"https://{self._request.host}/deletedsecrets/{secret['name']}",
            **secret["deleted"],
        }

    def _deleted_bundle(self, secret: Json) -> Json:
        return self._deleted_item(secret, secret["versions"][-1]["version"])

    def _page(self, items: list[Json]) -> Json:
        """Up to ``maxresults`` items from ``$skiptoken`` on, and the address of the next page."""
        query = self._request.query
        size, start = query.get("maxresults", str(PAGE)), query.get("$skiptoken", "0")
        numbers = all(text.isascii() and text.isdigit() and len(text) < 10 for text in (size, start))
        if not numbers or not 1 <= int(size) <= PAGE:
            raise bad_parameter(
                f"maxresults is {size!r} and $skiptoken {start!r}; at most {PAGE} results are allowed."
            )
        end = int(start) + int(size)
        link = None
        if end < len(items):
            following = {
                "api-version": query.get("api-version", ""),
                "$skiptoken": str(end),
                "maxresults": size,
            }
            link = f"https://{self._request.host}{self._request.raw_path}?{urlencode(following)}"
        return {"value": items[int(start) : end], "nextLink": link}
