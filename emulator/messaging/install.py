"""Service Bus and Event Hubs in ARM: the keys of namespaces. No message passes."""

from __future__ import annotations

from typing import Final

from emulator.arm.keys import Keys
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store

NAMESPACES: Final = ("Microsoft.ServiceBus/namespaces", "Microsoft.EventHub/namespaces")
ROOT: Final = "RootManageSharedAccessKey"  # the rule that every namespace is made with
RIGHTS: Final = ["Listen", "Manage", "Send"]


def install(arm: Arm, store: Store) -> None:
    """Give namespaces their first rule, and rules their keys."""
    keys = Keys(store)
    for namespace in NAMESPACES:
        rule = f"{namespace}/authorizationRules"
        keys.forget_with(arm, rule)

        @arm.with_put(namespace)
        def first_rule(put: Put) -> None:
            if put.old is None:
                arm.put(f"{put.id}/authorizationRules/{ROOT}", {"properties": {"rights": list(RIGHTS)}})

        @arm.action(rule, "listKeys")
        def list_keys(action: Action) -> dict[str, str]:
            resource = arm.get(action.id)
            host = f"{action.id.split('/')[8]}.servicebus.windows.net"
            found = {"keyName": resource["name"], **keys.of(action.id, ("primaryKey", "secondaryKey"))}
            for which in ("primary", "secondary"):
                found[f"{which}ConnectionString"] = (
                    f"Endpoint=sb://{host}/;SharedAccessKeyName={resource['name']};"
                    f"SharedAccessKey={found[f'{which}Key']}"
                )
            return found
