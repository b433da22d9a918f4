"""Secrets of a vault: what a version of one is."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from emulator.keyvault.errors import bad_parameter
from emulator.keyvault.versioned import Versioned, given_attributes

LARGEST: Final = 25_600  # characters of a value

Json = dict[str, Any]


class Secrets(Versioned):
    """All secrets of all vaults. A version is ``{version, value, contentType, tags, attributes}``."""

    KIND = "keyvault-secret"
    NOUN = "Secret"

    def set(self, vault: str, name: str, body: Json) -> Json:
        """A new version; 409 while a deleted secret of the name can be recovered."""
        self._check_name(name)
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
            "attributes": {"enabled": True, **given_attributes(body), "created": now, "updated": now},
        }
        self._add(vault, name, version)
        return version

    def update(self, vault: str, name: str, version: str, body: Json) -> tuple[str, Json]:
        """Change attributes, tags or content type of a version; never its value."""
        return self._changed(vault, name, version, body, ("tags", "contentType"))
