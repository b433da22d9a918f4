"""The resource providers: which there are, their types and the API versions of these."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from emulator.arm import catalog
from emulator.arm.catalog import ROWS
from emulator.arm.catalog_types import ResourceType
from emulator.arm.paging import page
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal
from emulator.resources.listing import SUBSCRIPTION_PATH
from emulator.resources.locations import LOCATIONS

Json = dict[str, Any]

_VERSIONS: Final = re.compile(r"Uses Azure REST API version.*?(?=\n\s*:param|\"\"\")", re.DOTALL)
_DATE: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:-preview)?\b")
UNREGISTERED: Final = "provider-unregistered"  # documents: subscription and namespace
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def install(arm: Arm, identity: Identity) -> None:
    """The paths of the providers. All are registered until one is unregistered."""

    store = arm.store
    unregistered = set(store.documents(UNREGISTERED))

    def shown(subscription: str, name: str) -> Json:
        gone = _key(subscription, name) in unregistered
        state = "NotRegistered" if gone else "Registered"
        return {**_provider(subscription, name), "registrationState": state}

    @arm.before_put("*")
    def registered(put: Put) -> None:
        if not unregistered:
            return
        namespace = put.resource["type"].partition("/")[0]
        if _key(put.id.split("/")[2], namespace) in unregistered:
            raise AzureError(
                409,
                "MissingSubscriptionRegistration",
                f"The subscription is not registered to use namespace '{namespace}'. See "
                "https://aka.ms/rps-not-found for how to register subscriptions.",
            )

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/providers")
    def providers(request: Request, match: re.Match[str], principal: Principal) -> Response:
        arm.get(f"/subscriptions/{match['subscription']}")
        return Response.json(page([shown(match["subscription"], name) for name in _namespaces()], request))

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/providers/(?P<namespace>[^/]+)")
    @arm.special(
        "POST", f"{SUBSCRIPTION_PATH}/providers/(?P<namespace>[^/]+)/(?P<change>register|unregister)"
    )
    def provider(request: Request, match: re.Match[str], principal: Principal) -> Response:
        arm.get(f"/subscriptions/{match['subscription']}")
        known = {name.lower(): name for name in _namespaces()}
        name = known.get(match["namespace"].lower())
        if name is None:
            raise AzureError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{match['namespace']}' is not emulated.",
            )
        change, key = str(match.groupdict().get("change") or "").lower(), _key(match["subscription"], name)
        if change:
            scope = f"/subscriptions/{match['subscription']}"
            identity.require(principal, f"{name}/{change}/action", scope)
        if change == "unregister":
            unregistered.add(key)
            store.put_document(UNREGISTERED, key, {})
        elif change == "register":
            unregistered.discard(key)
            store.delete_document(UNREGISTERED, key)
        return Response.json(shown(match["subscription"], name))


def _key(subscription: str, namespace: str) -> str:
    return f"{subscription}/{namespace}".lower()


@cache
def _namespaces() -> tuple[str, ...]:
    return tuple(sorted({row.arm_type.split("/", 1)[0] for row in ROWS}))


def _provider(subscription: str, namespace: str) -> Json:
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": list(_types(namespace)),
    }


@cache
def _types(namespace: str) -> tuple[Json, ...]:
    rows = [row for row in ROWS if row.arm_type.startswith(f"{namespace}/") and _is_first(row)]
    versions = {row.arm_type: _api_versions(row.tokens) for row in rows}
    # a type that the SDK does not know takes those of its service
    every = sorted({version for found in versions.values() for version in found}, reverse=True)
    return tuple(
        {
            "resourceType": row.arm_type.split("/", 1)[1],
            "locations": list(LOCATIONS),
            "apiVersions": versions[row.arm_type] or every,
            "capabilities": "SupportsTags, SupportsLocation",
        }
        for row in rows
    )


def _is_first(row: ResourceType) -> bool:
    return catalog.find(row.arm_type) is row


def _api_versions(tokens: tuple[str, ...]) -> list[str]:
    """The versions that the installed SDK documents for a type, newest first."""
    spec = find_spec("pulumi_azure_native")
    if spec is None or not spec.submodule_search_locations:
        return []
    found: set[str] = set()
    for token in tokens:
        module, name = token.split(":", 1)
        file = Path(spec.submodule_search_locations[0]) / module / f"{_WORD_START.sub('_', name).lower()}.py"
        if file.exists() and (text := _VERSIONS.search(file.read_text(encoding="utf-8"))):
            found.update(_DATE.findall(text[0]))
    return sorted(found, reverse=True)
