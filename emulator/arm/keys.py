"""Keys that Azure makes for a resource, gives to who may list them, and forgets with it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final

from emulator.arm.hooks import Hooks
from emulator.arm.ids import fold
from emulator.arm.store import Store

KIND: Final = "resource-keys"  # documents, sealed: folded id -> {name: key}


def base64_key() -> str:
    """256 bits, as most services have them."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def hexadecimal_key() -> str:
    """128 bits."""
    return secrets.token_hex(16)


class Keys:
    """The keys of resources; made when they are first asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(
        self, resource_id: str, names: Iterable[str], make: Callable[[], str] = base64_key
    ) -> dict[str, str]:
        """The keys of a resource by these names."""
        held = self.held(resource_id)
        missing = {name: make() for name in names if name not in held}
        if missing:
            self.keep(resource_id, {**held, **missing})
        return {**held, **missing}

    def held(self, resource_id: str) -> dict[str, str]:
        """What is kept of a resource so far."""
        return self._store.document(KIND, fold(resource_id)) or {}

    def keep(self, resource_id: str, keys: dict[str, str]) -> None:
        """Keep these, sealed, in place of those that were."""
        self._store.put_document(KIND, fold(resource_id), keys, secret=True)

    def forget_with(self, arm: Hooks, *arm_types: str) -> None:
        """Forget the keys of each resource of the types when it is deleted."""

        def forget(resource: dict[str, Any]) -> None:
            self._store.delete_document(KIND, fold(resource["id"]))

        for arm_type in arm_types:
            arm.with_delete(arm_type)(forget)
