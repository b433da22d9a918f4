"""Secrets of a vault: their versions, deletion and recovery. Kept sealed in the store, one document each."""

from __future__ import annotations

import re
import threading
import time
import uuid
from typing import Any

from emulator.arm.store import Store
from emulator.keyvault.errors import VaultError, bad_parameter, secret_not_found

KIND = "keyvault-secret"
NAME = re.compile(r"[0-9A-Za-z-]{1,127}")
LARGEST = 25_600  # characters of a value
DAY_S = 86_400
SETTABLE = ("enabled", "nbf", "exp")

Json = dict[str, Any]


class Secrets:
    """All secrets of all vaults. A document is ``{name, versions: [oldest first], deleted: times or None}``;
    a version is ``{version, value, contentType, tags, attributes}``, times in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()

    def set(self, vault: str, name: str, body: Json) -> Json:
        """A new version; 409 while a deleted secret of the name can be recovered."""
        if not NAME.fullmatch(name):
            raise bad_parameter(
                f"The secret name {name!r} is not valid: 1 to 127 letters, digits and hyphens."
            )
        value = body.get("value")
        if not isinstance(value, str):
            raise bad_parameter("Property value has invalid value: a string is needed.")
        if len(value) > LARGEST:
            raise bad_parameter(f"The value has {len(value)} characters; at most {LARGEST} are allowed.")
        now = int(time.time())
        version: Json = {
            "version": uuid.uuid4().hex,
            "value": value,
            "contentType": body.get("contentType"),
            "tags": dict(body.get("tags") or {}),
            "attributes": {"enabled": True, **_attributes(body), "created": now, "updated": now},
        }
        with self._lock:
            secret = self._find(vault, name)
            if secret and secret["deleted"]:
                raise VaultError(
                    409,
                    "Conflict",
                    f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be "
                    "reused; in this state, the secret can only be recovered or purged.",
                    "ObjectIsDeletedButRecoverable",
                )
            secret = secret or {"name": name, "versions": [], "deleted": None}
            secret["versions"].append(version)
            self._write(vault, secret)
        return version

    def get(self, vault: str, name: str, version: str = "") -> tuple[str, Json]:
        """The secret's name as first written, and a version of it (the latest for "")."""
        secret = self._find(vault, name)
        if secret is None or secret["deleted"]:
            raise secret_not_found(name)
        found = _version(secret, version)
        if found is None:
            raise secret_not_found(f"{name}/{version}")
        return secret["name"], found

    def update(self, vault: str, name: str, version: str, body: Json) -> tuple[str, Json]:
        """Change attributes, tags or content type of a version; never its value."""
        with self._lock:
            secret = self._find(vault, name)
            found = _version(secret, version) if secret and not secret["deleted"] else None
            if secret is None or found is None:
                raise secret_not_found(name)
            for key in ("tags", "contentType"):
                if body.get(key) is not None:
                    found[key] = body[key]
            found["attributes"] |= {**_attributes(body), "updated": int(time.time())}
            self._write(vault, secret)
        return secret["name"], found

    def versions(self, vault: str, name: str) -> list[Json]:
        """All versions, oldest first."""
        secret = self._find(vault, name)
        if secret is None or secret["deleted"]:
            raise secret_not_found(name)
        return secret["versions"]

    def list(self, vault: str, *, deleted: bool) -> list[Json]:
        """The documents of the secrets that are there, or of the deleted ones, by name."""
        found = self._store.documents(KIND, f"{vault}/").values()
        return [secret for secret in found if bool(secret["deleted"]) == deleted]

    def delete(self, vault: str, name: str, retention_days: int) -> Json:
        """Move a secret among the deleted ones."""
        with self._lock:
            secret = self._find(vault, name)
            if secret is None or secret["deleted"]:
                raise secret_not_found(name)
            now = int(time.time())
            secret["deleted"] = {"deletedDate": now, "scheduledPurgeDate": now + retention_days * DAY_S}
            self._write(vault, secret)
        return secret

    def deleted(self, vault: str, name: str) -> Json:
        """A deleted secret."""
        secret = self._find(vault, name)
        if secret is None or not secret["deleted"]:
            raise VaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")
        return secret

    def recover(self, vault: str, name: str) -> Json:
        """Bring a deleted secret back with all its versions."""
        with self._lock:
            secret = {**self.deleted(vault, name), "deleted": None}
            self._write(vault, secret)
        return secret

    def purge(self, vault: str, name: str) -> None:
        """Remove a deleted secret for good."""
        with self._lock:
            self.deleted(vault, name)
            self._store.delete_document(KIND, _key(vault, name))

    def forget(self, vault: str) -> None:
        """Remove all that a vault held."""
        for key in self._store.documents(KIND, f"{vault}/"):
            self._store.delete_document(KIND, key)

    def _find(self, vault: str, name: str) -> Json | None:
        secret = self._store.document(KIND, _key(vault, name))
        if secret and secret["deleted"] and secret["deleted"]["scheduledPurgeDate"] <= time.time():
            self._store.delete_document(KIND, _key(vault, name))
            return None
        return secret

    def _write(self, vault: str, secret: Json) -> None:
        self._store.put_document(KIND, _key(vault, secret["name"]), secret, secret=True)


def _key(vault: str, name: str) -> str:
    return f"{vault}/{name.lower()}"


def _version(secret: Json, version: str) -> Json | None:
    if not version:
        return secret["versions"][-1]
    return next((found for found in secret["versions"] if found["version"] == version), None)


def _attributes(body: Json) -> Json:
    given = body.get("attributes") or {}
    found = {key: given[key] for key in SETTABLE if given.get(key) is not None}
    for key in ("nbf", "exp"):
        if key in found and not isinstance(found[key], int):
            raise bad_parameter(f"attributes.{key} is {found[key]!r}; whole seconds since 1970 are needed.")
    if "exp" in found and found.get("nbf", 0) >= found["exp"]:
        raise bad_parameter("attributes.exp must be after attributes.nbf.")
    return found
