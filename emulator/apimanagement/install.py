"""Microsoft.ApiManagement: what it takes and gives back by `list…` alone, keys and secret values."""

from __future__ import annotations

from typing import Any, Final

from emulator.apimanagement import backends, documents, imports, services, softdelete, subscribing
from emulator.apimanagement.gateway import install as gateway
from emulator.apimanagement.gateway.serving import Gateway
from emulator.arm.keys import Keys, hexadecimal_key
from emulator.arm.service import Action, Arm, Put
from emulator.errors import NotEmulated
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults
from emulator.lifetime import Lifetime
from emulator.monitor.metrics.book import Book
from emulator.network.inside import Inside
from emulator.network.reach import Reach

SERVICE: Final = "Microsoft.ApiManagement/service"
SUBSCRIPTION: Final = f"{SERVICE}/subscriptions"
NAMED_VALUE: Final = f"{SERVICE}/namedValues"
KEYS: Final = ("primaryKey", "secondaryKey")
VALUE: Final = "value"


def install(
    arm: Arm,
    home: Home,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    vaults: Vaults,
    secrets: Secrets,
    reach: Reach,
    inside: Inside,
    book: Book,
) -> Gateway:
    """Hooks of subscriptions and named values; what is deleted softly; what Azure refuses; the gateway."""
    services.install(arm)
    documents.install(arm, identity, vaults, secrets)
    backends.install(arm)
    imports.install(arm)
    subscribing.install(arm)
    softdelete.install(arm, identity)
    keys = Keys(arm.store)
    keys.forget_with(arm, SUBSCRIPTION, NAMED_VALUE)

    @arm.with_put(SUBSCRIPTION)
    def keep_keys(put: Put) -> None:
        given = put.body.get("properties") or {}
        sent = {name: str(given[name]) for name in KEYS if given.get(name)}
        if sent:
            keys.keep(put.id, {**keys.held(put.id), **sent})

    @arm.before_put(SUBSCRIPTION)
    def hide_keys(put: Put) -> None:
        for name in KEYS:
            put.properties.pop(name, None)

    @arm.action(SUBSCRIPTION, "listSecrets")
    def list_secrets(action: Action) -> dict[str, str]:
        return keys.of(action.id, KEYS, hexadecimal_key)

    @arm.with_put(NAMED_VALUE)
    def keep_value(put: Put) -> None:
        sent = (put.body.get("properties") or {}).get(VALUE)
        if sent is not None:
            keys.keep(put.id, {VALUE: str(sent)})

    @arm.before_put(NAMED_VALUE)
    def hide_value(put: Put) -> None:
        if put.properties.get("secret"):
            put.properties.pop(VALUE, None)

    @arm.action(NAMED_VALUE, "listValue")
    def list_value(action: Action) -> dict[str, Any]:
        properties = arm.get(action.id)["properties"]
        if properties.get("keyVault"):
            raise NotEmulated("listValue of a named value that is in a vault; read the vault's secret")
        return {VALUE: keys.held(action.id).get(VALUE)}

    return gateway.install(arm, home, hosts, lifetime, identity, vaults, secrets, reach, inside, keys, book)
