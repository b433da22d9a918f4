"""What secrets and keys have in common: versions under a name, deletion, recovery. A sealed document each."""

from __future__ import annotations

import re
import threading
import time
from typing import Any, Final

from emulator.arm.store import Store
from emulator.keyvault.errors import VaultError, bad_parameter

NAME: Final = re.compile(r"[0-9A-Za-z-]{1,127}")
DAY_S: Final = 86_400
SETTABLE: Final = ("enabled", "nbf", "exp")

Json = dict[str, Any]


class Versioned:
    """All objects of one kind of all vaults. A document is ``{name, versions: [oldest first], deleted: times
    or None}``; what a version is, its kind says. Times are seconds since the epoch."""

    KIND: str  # of the documents
    NOUN: str  # in the words of Key Vault: Secret, Key

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()

    def get(self, vault: str, name: str, version: str = "") -> tuple[str, Json]:
        """The name as first written, and a version (the latest for "")."""
        held = self._present(vault, name)
        found = _version(held, version)
        if found is None:
            raise self.not_found(f"{name}/{version}")
        return held["name"], found

    def versions(self, vault: str, name: str) -> list[Json]:
        """All versions, oldest first."""
        return self._present(vault, name)["versions"]

    def list(self, vault: str, *, deleted: bool) -> list[Json]:
        """The documents of the objects that are there, or of the deleted ones, by name."""
        found = self._store.documents(self.KIND, f"{vault}/").values()
        return [one for one in found if bool(one["deleted"]) == deleted]

    def delete(self, vault: str, name: str, retention_days: int) -> Json:
        """Move an object among the deleted ones."""
        with self._lock:
            held = self._present(vault, name)
            now = int(time.time())
            held["deleted"] = {"deletedDate": now, "scheduledPurgeDate": now + retention_days * DAY_S}
            self._write(vault, held)
        return held

    def deleted(self, vault: str, name: str) -> Json:
        """A deleted object."""
        held = self._find(vault, name)
        if held is None or not held["deleted"]:
            raise VaultError(404, f"{self.NOUN}NotFound", f"Deleted {self.NOUN} not found: {name}")
        return held

    def recover(self, vault: str, name: str) -> Json:
        """Bring a deleted object back with all its versions."""
        with self._lock:
            held = {**self.deleted(vault, name), "deleted": None}
            self._write(vault, held)
        return held

    def purge(self, vault: str, name: str) -> None:
        """Remove a deleted object for good."""
        with self._lock:
            self.deleted(vault, name)
            self._store.delete_document(self.KIND, _key(vault, name))

    def forget(self, vault: str) -> None:
        """Remove all that a vault held."""
        for key in self._store.documents(self.KIND, f"{vault}/"):
            self._store.delete_document(self.KIND, key)

    def not_found(self, name: str) -> VaultError:
        noun = self.NOUN.lower()
        return VaultError(
            404,
            f"{self.NOUN}NotFound",
            f"A {noun} with (name/id) {name} was not found in this key vault. If you recently deleted this "
            f"{noun} you may be able to recover it.",
        )

    def _add(self, vault: str, name: str, version: Json) -> None:
        """A new version; 409 while a deleted object of the name can be recovered."""
        with self._lock:
            held = self._find(vault, name)
            if held and held["deleted"]:
                raise VaultError(
                    409,
                    "Conflict",
                    f"{self.NOUN} {name} is currently in a deleted but recoverable state, and its name "
                    f"cannot be reused; in this state, the {self.NOUN.lower()} can only be recovered or "
                    "purged.",
                    "ObjectIsDeletedButRecoverable",
                )
            held = held or {"name": name, "versions": [], "deleted": None}
            held["versions"].append(version)
            self._write(vault, held)

    def _changed(
        self, vault: str, name: str, version: str, body: Json, keys: tuple[str, ...]
    ) -> tuple[str, Json]:
        """Give a version those of ``keys`` and of the attributes that a body has."""
        with self._lock:
            held = self._present(vault, name)
            found = _version(held, version)
            if found is None:
                raise self.not_found(f"{name}/{version}")
            for key in keys:
                if body.get(key) is not None:
                    found[key] = body[key]
            found["attributes"] |= {**given_attributes(body), "updated": int(time.time())}
            self._write(vault, held)
        return held["name"], found

    def _check_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise bad_parameter(
                f"The {self.NOUN.lower()} name {name!r} is not valid: 1 to 127 letters, digits and hyphens."
            )

    def _present(self, vault: str, name: str) -> Json:
        held = self._find(vault, name)
        if held is None or held["deleted"]:
            raise self.not_found(name)
        return held

    def _find(self, vault: str, name: str) -> Json | None:
        held = self._store.document(self.KIND, _key(vault, name))
        if held and held["deleted"] and held["deleted"]["scheduledPurgeDate"] <= time.time():
            self._store.delete_document(self.KIND, _key(vault, name))
            return None
        return held

    def _write(self, vault: str, held: Json) -> None:
        self._store.put_document(self.KIND, _key(vault, held["name"]), held, secret=True)


def given_attributes(body: Json) -> Json:
    """Those of a request; 400 for times that are none."""
    given = body.get("attributes") or {}
    if not isinstance(given, dict):
        raise bad_parameter(f"attributes is {given!r}; an object is needed.")
    found = {key: given[key] for key in SETTABLE if given.get(key) is not None}
    if not isinstance(found.get("enabled", True), bool):
        raise bad_parameter(f"attributes.enabled is {found['enabled']!r}; true or false is needed.")
    for key in ("nbf", "exp"):
        if key in found and not isinstance(found[key], int):
            raise bad_parameter(f"attributes.{key} is {found[key]!r}; whole seconds since 1970 are needed.")
    if "exp" in found and found.get("nbf", 0) >= found["exp"]:
        raise bad_parameter("attributes.exp must be after attributes.nbf.")
    return found


def _key(vault: str, name: str) -> str:
    return f"{vault}/{name.lower()}"


def _version(held: Json, version: str) -> Json | None:
    if not version:
        return held["versions"][-1]
    return next((found for found in held["versions"] if found["version"] == version), None)
