"""What the holder of a role does with it: one call a path, and the service's answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.directory import Principal
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core import test_kubernetes as kubernetes
from tests.emulator.core.conftest import Client
from tests.emulator.core.granted_estate import Json, World

Path = Callable[[World, Principal], Response]


def arm(method: str, path: str, body: Json | None = None) -> Path:
    return lambda world, who: Client(world.emulator, who)(method, path, body)


def again(path: str) -> Path:
    """Writes a resource as it is."""
    return lambda world, who: Client(world.emulator, who)("PUT", path, world.owner.ok("GET", path))


def blob(method: str, account: str, container: str, name: str = "there") -> Path:
    def call(world: World, who: Principal) -> Response:
        host, path = f"{account}.blob.core.windows.net", f"/{container}/{name}"
        headers = {"x-ms-version": "2025-01-05", "x-ms-blob-type": "BlockBlob"}
        body = b"data" if method == "PUT" else b""
        return world.send(
            who, "https://storage.azure.com", Request(method, host, path, path, {}, headers, body)
        )

    return call


def added(account: str, container: str) -> Path:
    """A new blob, each time."""
    return lambda world, who: blob("PUT", account, container, f"new-{uuid.uuid4()}")(world, who)


def secret(method: str, vault: str) -> Path:
    def call(world: World, who: Principal) -> Response:
        host, path = f"{vault}.vault.azure.net", "/secrets/there"
        body = b'{"value": "of a test"}' if method == "PUT" else b""
        request = Request(method, host, path, path, {"api-version": "7.4"}, {}, body)
        return world.send(who, "https://vault.azure.net", request)

    return call


def pull(world: World, who: Principal) -> Response:
    host, path = "crestate.azurecr.io", "/v2/app/manifests/1"
    return world.send(who, f"https://{host}", Request("HEAD", host, path, path, {}, {}))


def telemetry(world: World, who: Principal) -> Response:
    host, path = "westeurope-0.in.applicationinsights.azure.com", "/v2.1/track"
    item = {
        "name": "x",
        "time": "2030-01-31T12:00:00Z",
        "iKey": world.key,
        "tags": {},
        "data": {"baseType": "MessageData", "baseData": {"message": "hello"}},
    }
    request = Request("POST", host, path, path, {}, {}, json.dumps([item]).encode())
    return world.send(who, "https://monitor.azure.com/", request)


def asks(action: str, scope: str, *, data: bool) -> Path:
    """What a service without a data plane here would ask before it acts."""

    def call(world: World, who: Principal) -> Response:
        try:
            world.emulator.identity.require(who, action, scope, data=data)
        except AzureError as error:
            return Response.json(error.body(), error.status)
        return Response(200)

    return call


def cluster(world: World, who: Principal) -> Response:
    """Azure makes a cluster with the rights of the cluster's identity, whoever asks for it."""
    another = f"{kubernetes.CLUSTER}-another"
    world.owner("DELETE", another)
    return world.owner("PUT", another, kubernetes.body())


def named_value(world: World, who: Principal) -> Response:
    identifier = "https://kv-estate.vault.azure.net/secrets/there"
    value = {"displayName": "key", "secret": True, "keyVault": {"secretIdentifier": identifier}}
    return world.owner("PUT", f"{apim.SERVICE}/namedValues/key", {"properties": value})
