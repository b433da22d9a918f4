"""Microsoft.App: secrets of apps and jobs, which only `listSecrets` gives back. No container runs."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.keys import Keys
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store

TYPES: Final = ("Microsoft.App/containerApps", "Microsoft.App/jobs")


def install(arm: Arm, store: Store) -> None:
    """Hooks of apps and jobs."""
    keys = Keys(store)
    keys.forget_with(arm, *TYPES)
    for arm_type in TYPES:

        @arm.before_put(arm_type)
        def hide(put: Put) -> None:
            for one in _secrets(put.resource):
                one.pop("value", None)

        @arm.with_put(arm_type)
        def keep(put: Put) -> None:
            names = {str(one.get("name")) for one in _secrets(put.resource)}
            sent = {str(one.get("name")): str(one["value"]) for one in _secrets(put.body) if one.get("value")}
            held = keys.held(put.id)
            keys.keep(put.id, {name: text for name, text in {**held, **sent}.items() if name in names})

        @arm.action(arm_type, "listSecrets")
        def list_secrets(action: Action) -> dict[str, Any]:
            held = keys.held(action.id)
            return {
                "value": [
                    {**one, **({"value": held[one["name"]]} if one.get("name") in held else {})}
                    for one in _secrets(arm.get(action.id))
                ]
            }


def _secrets(resource: dict[str, Any]) -> list[dict[str, Any]]:
    configuration = (resource.get("properties") or {}).get("configuration") or {}
    return configuration.get("secrets") or []
