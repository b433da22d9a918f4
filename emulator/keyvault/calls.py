"""One authenticated request to a vault, and what secrets and keys answer alike: lists, deletion, recovery."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from emulator.http import Request
from emulator.keyvault.access import Gate
from emulator.keyvault.errors import VaultError, bad_parameter
from emulator.keyvault.vaults import Vault
from emulator.keyvault.versioned import Versioned
from emulator.principal import Principal

PAGE: Final = 25

Json = dict[str, Any]


class Call:
    """One authenticated request and its operations."""

    KIND: ClassVar[str]  # secrets, keys
    ID: ClassVar[str]  # member that has an item's address
    SHOWN: ClassVar[tuple[str, ...]] = ()  # further members of items that have them

    def __init__(
        self, request: Request, vault: Vault, principal: Principal, held: Versioned, gate: Gate
    ) -> None:
        self.request = request
        self._vault = vault
        self._key = vault.name.lower()
        self._principal = principal
        self._held = held
        self._gate = gate

    def list(self) -> Json:
        self._require("list")
        found = self._held.list(self._key, deleted=False)
        return self._page([self._item(one["name"], one["versions"][-1]) for one in found])

    def versions(self, name: str) -> Json:
        self._require("list", name)
        found = self._held.versions(self._key, name)
        return self._page([self._item(name, version, version["version"]) for version in found])

    def delete(self, name: str) -> Json:
        self._require("delete", name)
        return self._deleted_bundle(self._held.delete(self._key, name, self._vault.retention_days))

    def list_deleted(self) -> Json:
        self._require("list")
        found = self._held.list(self._key, deleted=True)
        return self._page([self._deleted_item(one) for one in found])

    def deleted(self, name: str) -> Json:
        self._require("deleted", name)
        return self._deleted_bundle(self._held.deleted(self._key, name))

    def recover(self, name: str) -> Json:
        self._require("recover", name)
        found = self._held.recover(self._key, name)
        return self._whole(found["name"], found["versions"][-1])

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
        self._held.purge(self._key, name)

    def _require(self, operation: str, name: str = "") -> None:
        self._gate.require(self._principal, self._vault, self.KIND, operation, name)

    def _whole(self, name: str, found: Json) -> Json:
        """One version as far as it is shown to whoever may not have its value."""
        return self._item(name, found, found["version"])

    def _item(self, name: str, found: Json, version: str = "") -> Json:
        """An object without its value, and without a version where lists name none."""
        tail = f"/{version}" if version else ""
        item: Json = {
            self.ID: f"https://{self.request.host}/{self.KIND}/{name}{tail}",
            "attributes": {
                **found["attributes"],
                "recoveryLevel": self._vault.recovery_level,
                "recoverableDays": self._vault.retention_days,
            },
            "tags": found["tags"],
        }
        return item | {name: found[name] for name in self.SHOWN if found[name]}

    def _deleted_item(self, held: Json) -> Json:
        return self._item(held["name"], held["versions"][-1]) | self._recovery(held)

    def _deleted_bundle(self, held: Json) -> Json:
        return self._whole(held["name"], held["versions"][-1]) | self._recovery(held)

    def _recovery(self, held: Json) -> Json:
        address = f"https://{self.request.host}/deleted{self.KIND}/{held['name']}"
        return {"recoveryId": address, **held["deleted"]}

    def _page(self, items: list[Json]) -> Json:
        """Up to ``maxresults`` items from ``$skiptoken`` on, and the address of the next page."""
        query = self.request.query
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
            link = f"https://{self.request.host}{self.request.raw_path}?{urlencode(following)}"
        return {"value": items[int(start) : end], "nextLink": link}
