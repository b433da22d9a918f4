"""The keys of token issuers, from their OpenID Connect configuration; fetched again for a new key."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from emulator.http import Handler, Request

KEPT_S: Final = 3600.0
AGAIN_S: Final = 5.0  # before the same configuration is asked once more for a key that it did not have


class NotFetched(Exception):
    """A configuration that cannot be had: where, and why."""


@dataclass(frozen=True, slots=True)
class Keyset:
    """issuer: as the configuration says it. keys: by id."""

    issuer: str
    keys: dict[str, Any]
    fetched: float


class Keysets:
    """By address of the configuration. Safe for threads."""

    def __init__(self, handler: Callable[[str], Handler | None]) -> None:
        self._handler = handler
        self._lock = threading.Lock()
        self._held: dict[str, Keyset] = {}

    def of(self, address: str, key_id: str = "") -> Keyset:
        """The keys at an address; fetched anew where they are old, or have not the key. NotFetched."""
        held = self._held.get(address)
        age = time.monotonic() - held.fetched if held is not None else 0.0
        if held is not None and age < KEPT_S and (not key_id or key_id in held.keys or age < AGAIN_S):
            return held
        with self._lock:
            configuration = self._get(address)
            jwks = self._get(str(configuration.get("jwks_uri", "")))
            keys: dict[str, Any] = {}
            for one in jwks.get("keys") or []:
                try:
                    keys[str(one.get("kid", ""))] = jwt.PyJWK(one).key
                except jwt.PyJWTError:
                    continue  # a kind of key that no token here is signed with
            found = Keyset(str(configuration.get("issuer", "")), keys, time.monotonic())
            self._held[address] = found
        return found

    def _get(self, address: str) -> dict[str, Any]:
        parts = urlsplit(address)
        handler = self._handler(parts.hostname or "")
        if handler is None or parts.scheme != "https":
            raise NotFetched(f"IDX20803: Unable to obtain configuration from: '{address}'.")
        asked = Request("GET", parts.hostname or "", parts.path, parts.path, raw_query=parts.query)
        response = handler(asked)
        if response.status != 200:
            raise NotFetched(f"IDX20807: Unable to retrieve document from: '{address}'.")
        return json.loads(response.body)
