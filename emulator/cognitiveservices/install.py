"""Microsoft.CognitiveServices: the keys of accounts. No model runs behind them."""

from __future__ import annotations

from typing import Final

from emulator.arm.keys import Keys, hexadecimal_key
from emulator.arm.service import Action, Arm
from emulator.arm.store import Store
from emulator.errors import AzureError

ACCOUNT: Final = "Microsoft.CognitiveServices/accounts"


def install(arm: Arm, store: Store) -> None:
    """Register the action that gives keys."""
    keys = Keys(store)
    keys.forget_with(arm, ACCOUNT)

    @arm.action(ACCOUNT, "listKeys")
    def list_keys(action: Action) -> dict[str, str]:
        if arm.get(action.id)["properties"].get("disableLocalAuth"):
            raise AzureError(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true")
        return keys.of(action.id, ("key1", "key2"), hexadecimal_key)
