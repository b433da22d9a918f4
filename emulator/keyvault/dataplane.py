"""``*.vault.azure.net``: which request is which operation on secrets or keys."""

from __future__ import annotations

import secrets as random

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.keyvault.access import Gate
from emulator.keyvault.calls import Json
from emulator.keyvault.key_calls import KeyCall
from emulator.keyvault.keys import Keys
from emulator.keyvault.secret_calls import SecretCall
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults
from emulator.network.reach import Reach

SUFFIX = ".vault.azure.net"


class DataPlane:
    """Answers the requests to all vaults."""

    def __init__(self, vaults: Vaults, secrets: Secrets, keys: Keys, gate: Gate, reach: Reach) -> None:
        self._vaults = vaults
        self._reach = reach
        self._secrets = secrets
        self._keys = keys
        self._gate = gate

    def handle(self, request: Request) -> Response:
        """One request; AzureError for every refusal."""
        vault = self._vaults.find(request.host.removesuffix(SUFFIX))
        if vault is None:
            raise AzureError(
                404,
                "VaultNotFound",
                f"No vault {request.host} exists here; in Azure its name would not resolve.",
            )
        principal = self._gate.principal(request)
        self._gate.admit(principal, vault, self._reach.denied(request.place, vault.id, "vault"))
        segments = tuple(segment for segment in request.path.split("/") if segment)
        match segments:
            case ("secrets" | "deletedsecrets", *_):
                answer = _secrets(SecretCall(request, vault, principal, self._secrets, self._gate), segments)
            case ("keys" | "deletedkeys", *_):
                answer = _keys(KeyCall(request, vault, principal, self._keys, self._gate), segments)
            case _:
                raise NotEmulated(f"Key Vault: {request.describe()}")
        if answer is None:
            return Response(204)
        return Response.json(answer, headers={"x-ms-request-id": random.token_hex(16)})


def _secrets(call: SecretCall, segments: tuple[str, ...]) -> Json | None:
    match call.request.method, segments:
        case "PUT", ("secrets", name):
            return call.set(name)
        case "GET", ("secrets",):
            return call.list()
        case "GET", ("secrets", name, "versions"):
            return call.versions(name)
        case "GET", ("secrets", name):
            return call.get(name, "")
        case "GET", ("secrets", name, version):
            return call.get(name, version)
        case "PATCH", ("secrets", name, version):
            return call.update(name, version)
        case "PATCH", ("secrets", name):
            return call.update(name, "")
        case "DELETE", ("secrets", name):
            return call.delete(name)
        case _:
            return _deleted(call, segments)


def _keys(call: KeyCall, segments: tuple[str, ...]) -> Json | None:
    match call.request.method, segments:
        case "POST", ("keys", name, "create"):
            return call.create(name)
        case "PUT", ("keys", name):
            return call.import_(name)
        case "POST", ("keys", name, "rotate"):
            return call.rotate(name)
        case "GET", ("keys",):
            return call.list()
        case "GET", ("keys", name, "versions"):
            return call.versions(name)
        case "GET", ("keys", name) if name:
            return call.get(name, "")
        case "GET", ("keys", name, version) if version != "rotationpolicy":
            return call.get(name, version)
        case "PATCH", ("keys", name, version):
            return call.update(name, version)
        case "PATCH", ("keys", name):
            return call.update(name, "")
        case "DELETE", ("keys", name):
            return call.delete(name)
        case "POST", ("keys", name, version, operation) if operation.lower() in call.OPERATIONS:
            return call.use(name, version, call.OPERATIONS[operation.lower()])
        case "POST", ("keys", name, operation) if operation.lower() in call.OPERATIONS:
            return call.use(name, "", call.OPERATIONS[operation.lower()])
        case _:
            return _deleted(call, segments)


def _deleted(call: SecretCall | KeyCall, segments: tuple[str, ...]) -> Json | None:
    """What is done with the deleted ones: the same for both."""
    match call.request.method, segments:
        case "GET", (_,) if segments[0].startswith("deleted"):
            return call.list_deleted()
        case "GET", (kind, name) if kind.startswith("deleted"):
            return call.deleted(name)
        case "POST", (kind, name, "recover") if kind.startswith("deleted"):
            return call.recover(name)
        case "DELETE", (kind, name) if kind.startswith("deleted"):
            call.purge(name)
            return None
        case _:
            raise NotEmulated(f"Key Vault: {call.request.describe()}")
