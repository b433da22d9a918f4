"""Storage accounts as the data plane sees them: by name, with their keys."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.arm.store import Store

ACCOUNT = "Microsoft.Storage/storageAccounts"
BLOB_SERVICE = f"{ACCOUNT}/blobServices"
CONTAINER = f"{BLOB_SERVICE}/containers"
KEYS = "storage-keys"
SERVICE_ACCOUNTS = "storage-service-account"
QUEUE = f"{ACCOUNT}/queueServices/queues"
QUEUE_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
CONTAINER_NAME = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\$(root|web|logs)")


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``service`` accounts belong to an Azure service (a registry's upload account, say): they
    are no ARM resources, and containers come into being in them at the first write."""

    name: str
    id: str
    shared_key: bool
    keys: tuple[str, str]  # base64
    delegation: str  # secret from which user delegation keys are derived
    tier: str = ""  # of its block blobs that have no tier of their own; "" for none
    service: bool = False
    hierarchical: bool = False

    def container_id(self, container: str) -> str:
        return f"{self.id}/blobServices/default/containers/{container}"

    def queue_id(self, queue: str) -> str:
        return f"{self.id}/queueServices/default/queues/{queue}"


class Accounts:
    """Looks accounts up by name, in memory while no account changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._revision: tuple[int, int] | None = None
        self._known: dict[str, Account | None] = {}
        self._keys_written = 0

    def find(self, name: str) -> Account | None:
        """The account of a name."""
        revision = self._store.revision(ACCOUNT), self._keys_written
        with self._lock:
            if revision != self._revision:
                self._known, self._revision = {}, revision
            if name in self._known:
                return self._known[name]
        account = self._load(name)  # without the lock: whoever holds the store may ask for an account
        with self._lock:
            if revision == self._revision:
                self._known[name] = account
        return account

    def has_container(self, account: Account, container: str) -> bool:
        return account.service or self._store.get(account.container_id(container)) is not None

    def ensure_keys(self, name: str) -> None:
        """Make the keys of a new account."""
        if self._store.document(KEYS, name) is None:
            self._write(name, {"key1": _key(), "key2": _key(), "delegation": _key()})

    def renew(self, name: str, key: str) -> None:
        """Replace ``key1``, ``key2`` or ``delegation``: what was signed with it is refused from now on."""
        self._write(name, {**(self._store.document(KEYS, name) or {}), key: _key()})

    def forget(self, name: str) -> None:
        self._store.delete_document(KEYS, name)
        self._store.delete_document(SERVICE_ACCOUNTS, name)
        with self._lock:
            self._keys_written += 1

    def ensure_service_account(self, name: str) -> Account:
        """An account that an Azure service owns."""
        self.ensure_keys(name)
        if self._store.document(SERVICE_ACCOUNTS, name) is None:
            self._store.put_document(SERVICE_ACCOUNTS, name, {"name": name})
            with self._lock:
                self._keys_written += 1
        account = self.find(name)
        if account is None:
            raise RuntimeError(f"service account {name} vanished while it was made")
        return account

    def _write(self, name: str, keys: dict[str, str]) -> None:
        self._store.put_document(KEYS, name, keys, secret=True)
        with self._lock:
            self._keys_written += 1

    def _load(self, name: str) -> Account | None:
        """Read one: each write renews the cache, and a program may have many accounts."""
        keys = self._store.document(KEYS, name)
        if keys is None:
            return None
        if self._store.document(SERVICE_ACCOUNTS, name) is not None:
            return _account(name, "", True, keys, service=True)
        found = [one for one in self._store.named(ACCOUNT, name) if one["name"] == name]
        if not found:
            return None
        properties = found[-1].get("properties", {})
        allowed = properties.get("allowSharedKeyAccess") is not False
        made = _account(name, found[-1]["id"], allowed, keys, _tier(found[-1]))
        return replace(made, hierarchical=bool(properties.get("isHnsEnabled")))


def _account(
    name: str, arm_id: str, shared_key: bool, keys: dict[str, Any], tier: str = "", service: bool = False
) -> Account:
    return Account(name, arm_id, shared_key, (keys["key1"], keys["key2"]), keys["delegation"], tier, service)


def _tier(resource: Mapping[str, Any]) -> str:
    """The tier of block blobs that have none of their own; "" for accounts without tiers."""
    sku = str((resource.get("sku") or {}).get("name", ""))
    if resource.get("kind") not in ("StorageV2", "BlobStorage") or not sku.startswith("Standard"):
        return ""
    return str(resource.get("properties", {}).get("accessTier") or "Hot")


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()
