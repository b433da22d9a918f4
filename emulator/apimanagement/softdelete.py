"""Deleted API Management services are kept for 48 hours, with their names: listed, restored, purged.

Source: "API Management soft-delete" (learn.microsoft.com, read 2026-11).
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.paging import page
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

Json = dict[str, Any]
SERVICE: Final = "Microsoft.ApiManagement/service"
KIND: Final = "apim-deleted-service"  # documents: name -> the service as it was
PARTS: Final = "apim-deleted-part"  # documents: name, number -> what stood in it
KEPT_S: Final = 48 * 3600
SOFT_SINCE: Final = "2020-06-01-preview"  # clients of earlier versions delete for good
ACTIONS: Final = "Microsoft.ApiManagement/locations/deletedservices"
LIST: Final = r"(?P<subscription>/subscriptions/[^/]+)/providers/Microsoft\.ApiManagement/"
IN_ALL: Final = rf"{LIST}deletedservices"
IN_REGION: Final = rf"{LIST}locations/(?P<location>[^/]+)/deletedservices"
ONE: Final = rf"{IN_REGION}/(?P<name>[^/]+)"


def install(arm: Arm, identity: Identity) -> None:
    """Hook into the deletion and the creation of services; the paths of the deleted ones."""
    store = arm.store

    @arm.before_put(SERVICE)
    def taken(put: Put) -> None:
        restore = put.properties.pop("restore", None) is True
        if put.old is not None:
            return
        name = put.resource["name"]
        kept = _kept(store, name)
        if kept is None and restore:
            raise AzureError(
                400,
                "ServiceUndeleteNotPossible",
                f"restore is true, but no API Management service '{name}' is in the soft-deleted state.",
            )
        if kept is not None and not restore:  # as in hashicorp/terraform-provider-azurerm#11580
            raise AzureError(
                409,
                "ServiceAlreadyExistsInSoftDeletedState",
                f"Api service {name} was soft-deleted. In order to create the new service with the same name"
                ", you have to either undelete the service or purge it. See https://aka.ms/apimsoftdelete.",
            )
        if kept is not None:
            if fold(kept["resource"]["id"]) != fold(put.id):
                raise AzureError(
                    409, "ServiceAlreadyExistsInSoftDeletedState", f"It was {kept['resource']['id']}."
                )
            put.resource.update({**kept["resource"], "systemData": put.resource["systemData"]})

    @arm.with_put(SERVICE)
    def restored(put: Put) -> None:
        name = put.resource["name"]
        if put.old is not None or _kept(store, name) is None:
            return
        parts = [part for _, part in sorted(store.documents(PARTS, f"{name.lower()}|").items(), reverse=True)]
        forget(store, name)
        for part in parts:  # the outermost first
            arm.put(part["id"], part)

    @arm.with_delete("*")
    def keep(resource: Json) -> None:
        if not resource["type"].lower().startswith(SERVICE.lower()):
            return
        service = "/".join(resource["id"].split("/")[:9])
        if not within(service, arm.deletion_root):
            return  # a part of a service that stays
        itself = fold(arm.deletion_root) == fold(service)
        if itself and arm.deletion_query.get("api-version", SOFT_SINCE) < SOFT_SINCE:
            return
        name = service.rsplit("/", 1)[-1].lower()
        if fold(resource["id"]) == fold(service):
            now = time.time()
            kept = {"resource": resource, "deleted": now, "until": now + KEPT_S}
            store.put_document(KIND, name, kept, secret=True)
        else:
            number = len(store.documents(PARTS, f"{name}|"))
            store.put_document(PARTS, f"{name}|{number:06}", resource, secret=True)

    @arm.special("GET", IN_ALL)
    @arm.special("GET", IN_REGION)
    def listed(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, f"{ACTIONS}/read", match["subscription"])
        region = match.groupdict().get("location")
        found = [
            shown
            for name in store.documents(KIND)
            if (shown := _shown(store, name, match["subscription"])) and region in (None, shown["location"])
        ]
        return Response.json(page(found, request))

    @arm.special("GET", ONE)
    def read(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, f"{ACTIONS}/read", match["subscription"])
        return Response.json(_one(store, match))

    @arm.special("DELETE", ONE)
    def purge(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, f"{ACTIONS}/delete", match["subscription"])
        forget(store, _one(store, match)["name"])
        return Response(200)


def deleted(store: Store) -> list[Json]:
    """The deleted services whose names are still taken: name, id, kept_until."""
    found = [kept for name in sorted(store.documents(KIND)) if (kept := _kept(store, name))]
    return [
        {"name": one["resource"]["name"], "id": one["resource"]["id"], "kept_until": _iso(one["until"])}
        for one in found
    ]


def forget(store: Store, name: str) -> None:
    """Nothing of a deleted service is kept any more."""
    with store.transaction():
        store.delete_document(KIND, name.lower())
        for key in store.documents(PARTS, f"{name.lower()}|"):
            store.delete_document(PARTS, key)


def _kept(store: Store, name: str) -> Json | None:
    kept = store.document(KIND, name.lower())
    if kept and kept["until"] <= time.time():
        forget(store, name)
        return None
    return kept


def _one(store: Store, match: re.Match[str]) -> Json:
    shown = _shown(store, match["name"], match["subscription"])
    if shown is None or shown["location"] != match["location"].lower():
        raise AzureError(
            404, "ServiceNotFound", f"No deleted API Management service '{match['name']}' is kept there."
        )
    return shown


def _shown(store: Store, name: str, subscription: str) -> Json | None:
    kept = _kept(store, name)
    if kept is None or not within(kept["resource"]["id"], subscription):
        return None
    resource, location = kept["resource"], str(kept["resource"].get("location", ""))
    place = f"{subscription}/providers/Microsoft.ApiManagement/locations/{location}/deletedservices"
    return {
        "id": f"{place}/{resource['name']}",
        "name": resource["name"],
        "type": "Microsoft.ApiManagement/deletedservices",
        "location": location,
        "properties": {
            "serviceId": resource["id"],
            "deletionDate": _iso(kept["deleted"]),
            "scheduledPurgeDate": _iso(kept["until"]),
        },
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
