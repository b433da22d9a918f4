"""The gateway's route, its parts, and the keys and values that it reads."""

from __future__ import annotations

from typing import Any, Final

from emulator.apimanagement.gateway.configuration import Configurations
from emulator.apimanagement.gateway.parts import Parts
from emulator.apimanagement.gateway.serving import SUFFIX, Gateway
from emulator.apimanagement.gateway.steps import STEPS
from emulator.apimanagement.gateway.telemetry import Telemetry
from emulator.arm.keys import Keys, hexadecimal_key
from emulator.arm.service import Action, Arm
from emulator.errors import AzureError
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.http import Response
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

Json = dict[str, Any]


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
    keys: Keys,
    book: Book,
) -> Gateway:
    """Register the route and the actions that change what the gateway reads."""
    parts = Parts(arm.store, identity, inside.where, hosts.handler, home.ca)

    def keys_of(subscription: str) -> dict[str, str]:
        return keys.of(subscription, KEYS, hexadecimal_key)

    def value_of(named_value: Json) -> str:
        return _value(named_value, keys, vaults, secrets)

    configurations = Configurations(arm.store, STEPS, parts.standing, keys_of, value_of)
    identity.tokens.applications.append(configurations.audiences)
    telemetry = Telemetry(hosts.handler, parts.token)
    gateway = Gateway(configurations, parts, reach, telemetry, book)
    hosts.route(f"*{SUFFIX}", gateway.handle)
    lifetime.on_stop(telemetry.close)
    lifetime.on_stop(parts.connections.close)
    for name, key in (("regeneratePrimaryKey", KEYS[0]), ("regenerateSecondaryKey", KEYS[1])):

        def regenerate(action: Action, key: str = key) -> Response:
            keys.keep(action.id, {**keys_of(action.id), key: hexadecimal_key()})
            configurations.changed()
            return Response(204)

        arm.action(SUBSCRIPTION, name)(regenerate)

    @arm.action(NAMED_VALUE, "refreshSecret")
    def refresh(action: Action) -> Json:
        configurations.changed()
        return arm.get(action.id)

    return gateway


def _value(named_value: Json, keys: Keys, vaults: Vaults, secrets: Secrets) -> str:
    """The value of a named value; "" for a secret that is not there any more."""
    properties: Json = named_value["properties"]
    if not properties.get("keyVault"):
        return str(keys.held(named_value["id"]).get(VALUE, properties.get(VALUE) or ""))
    identifier = str(properties["keyVault"].get("secretIdentifier", ""))
    host, _, rest = identifier.removeprefix("https://").partition("/secrets/")
    name, _, version = rest.strip("/").partition("/")
    vault = vaults.find(host.partition(".")[0])
    if vault is None:
        return ""
    try:
        return str(secrets.get(vault.name, name, version)[1].get(VALUE, ""))
    except AzureError:  # deleted since: Azure keeps the last value for a while, and then has none either
        return ""
