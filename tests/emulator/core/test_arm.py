"""ARM's semantics, through its endpoint."""

from __future__ import annotations

import json

import pytest

from emulator.app import Emulator
from emulator.arm.service import Action, Put
from emulator.errors import AzureError
from emulator.identity.directory import SUBSCRIPTIONS

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
ROUTES = f"{GROUP}/providers/Microsoft.Network/routeTables/routes"


def test_put_creates_then_updates(client: Client) -> None:
    first = client("PUT", GROUP, {"location": "West Europe", "tags": {"a": "1"}})
    again = client("PUT", GROUP.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), {"location": LOCATION})
    assert (first.status, again.status) == (201, 200)
    resource, updated = json.loads(first.body), json.loads(again.body)
    assert resource["id"] == updated["id"] == GROUP
    assert resource["location"] == LOCATION
    assert resource["properties"]["provisioningState"] == "Succeeded"
    assert "tags" not in updated  # PUT replaces
    assert updated["systemData"]["createdAt"] == resource["systemData"]["createdAt"]


def test_patch_merges_but_replaces_tags(client: Client) -> None:
    client.group()
    body = {"location": LOCATION, "tags": {"a": "1"}, "properties": {"disableBgpRoutePropagation": True}}
    client.ok("PUT", ROUTES, body)
    patched = client.ok("PATCH", ROUTES, {"tags": {"b": "2"}})
    assert patched["tags"] == {"b": "2"}
    assert patched["properties"]["disableBgpRoutePropagation"] is True
    assert client.refused("PATCH", f"{ROUTES}2", {})[:2] == (404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (
            f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.Network/routeTables/r",
            "ResourceGroupNotFound",
        ),
        ("/subscriptions/none/resourceGroups/rg", "SubscriptionNotFound"),
        (f"{GROUP}/providers/Microsoft.Network/virtualNetworks/none/subnets/a", "ParentResourceNotFound"),
    ],
)
def test_what_a_resource_stands_in_must_exist(client: Client, path: str, code: str) -> None:
    client.group()
    status, found, message = client.refused("PUT", path, {"location": LOCATION, "properties": {}})
    assert (status, found) == (404, code)
    assert "none" in message


def test_a_location_is_checked_and_cannot_change(client: Client) -> None:
    client.group()
    assert client.refused("PUT", GROUP, {"location": "eastus"})[:2] == (409, "InvalidResourceLocation")
    code = client.refused("PUT", ROUTES, {"location": "westeurop"})[1]
    assert code == "LocationNotAvailableForResourceType"


def test_what_is_not_emulated_is_refused_by_name_and_recorded(client: Client) -> None:
    client.group()
    path = f"{GROUP}/providers/Microsoft.Quantum/workspaces/q"
    status, code, message = client.refused("PUT", path, {"location": LOCATION})
    assert (status, code) == (501, "NotEmulated")
    assert "Microsoft.Quantum/workspaces" in message
    assert "explode" in client.refused("POST", f"{GROUP}/explode")[2]
    assert "frobnicate" in client.refused("GET", "/frobnicate")[2]
    calls = client.emulator.refusals.calls()
    assert len(calls) == 3
    assert any(f"PUT management.azure.com{path} (api-version 2024-01-01)" == call["name"] for call in calls)


def test_the_api_version_is_required(client: Client, emulator: Emulator) -> None:
    assert client.refused("GET", f"{GROUP}?api-version=")[1] == "MissingApiVersionParameter"


def test_a_body_must_be_a_json_object(client: Client) -> None:
    assert client.refused("PUT", GROUP, [1])[1] == "InvalidRequestContent"


@pytest.mark.parametrize("wrong", [{"properties": [1]}, {"properties": "x"}, {"location": 5}])
def test_what_is_of_the_wrong_kind_is_refused_not_dropped(client: Client, wrong: dict[str, object]) -> None:
    client.group()
    status, code, message = client.refused("PUT", ROUTES, {"location": LOCATION, **wrong})
    assert (status, code) == (400, "InvalidRequestContent")
    assert next(iter(wrong)) in message


def test_names_follow_azures_rules_and_global_ones_are_unique(client: Client) -> None:
    client.group()
    client.ok("PUT", f"{GROUP}2", {"location": LOCATION})
    bad = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/-net-"
    assert client.refused("PUT", bad, {"location": LOCATION})[1] == "InvalidResourceName"
    account = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    path = "providers/Microsoft.Storage/storageAccounts/same"
    client.ok("PUT", f"{GROUP}/{path}", account)
    assert client.refused("PUT", f"{GROUP}2/{path}", account)[1] == "StorageAccountAlreadyTaken"


def test_children_that_come_with_their_parent(client: Client) -> None:
    client.group()
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/withservices"
    client.ok(
        "PUT",
        account,
        {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}},
    )
    assert client.ok("GET", f"{account}/blobServices/default")["name"] == "default"
    assert client.refused("DELETE", f"{account}/blobServices/default")[0] == 405


def test_linked_ids_must_exist(client: Client) -> None:
    client.group()
    body = {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {"name": "a", "properties": {"addressPrefix": "10.0.0.0/24", "routeTable": {"id": ROUTES}}}
            ],
        },
    }
    status, code, message = client.refused("PUT", VNET, body)
    assert (status, code) == (400, "InvalidResourceReference")
    assert ROUTES in message
    assert client.refused("GET", VNET)[0] == 404  # nothing was kept
    client.ok("PUT", ROUTES, {"location": LOCATION})
    client.ok("PUT", VNET, body)


def test_delete_is_idempotent_and_takes_what_lies_under(client: Client) -> None:
    client.group()
    client.ok("PUT", ROUTES, {"location": LOCATION})
    client.ok(
        "PUT", f"{ROUTES}/routes/out", {"properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "None"}}
    )
    assert [client("DELETE", f"{ROUTES}/routes/out").status for _ in range(2)] == [200, 204]
    client.ok("PUT", f"{ROUTES}/routes/in", {"properties": {"addressPrefix": "::/0", "nextHopType": "None"}})
    assert [client("DELETE", GROUP).status for _ in range(2)] == [200, 404]
    assert client.emulator.store.types() == {"microsoft.resources/subscriptions": len(SUBSCRIPTIONS)}


def test_lists_of_groups_subscriptions_and_parents(client: Client) -> None:
    client.group()
    client.ok("PUT", ROUTES, {"location": LOCATION})
    provider = "providers/Microsoft.Network/routeTables"
    for path in (f"{GROUP}/{provider}", f"{SUBSCRIPTION}/{provider}"):
        assert [one["name"] for one in client.ok("GET", path)["value"]] == ["routes"]
    assert client.ok("GET", f"{ROUTES}/routes")["value"] == []
    assert client.refused("GET", f"{ROUTES}2/routes")[0] == 404
    assert [one["id"] for one in client.ok("GET", f"{SUBSCRIPTION}/resources")["value"]] == [ROUTES]
    assert [one["name"] for one in client.ok("GET", f"{SUBSCRIPTION}/resourceGroups")["value"]] == ["rg"]


def test_subscriptions_and_providers(client: Client) -> None:
    assert [one["displayName"] for one in client.ok("GET", "/subscriptions")["value"]] == list(
        SUBSCRIPTIONS.values()
    )
    assert (
        client.ok("GET", f"{SUBSCRIPTION}/providers/Microsoft.Storage")["registrationState"] == "Registered"
    )
    assert client.refused("DELETE", SUBSCRIPTION)[0] == 405
    assert len(client.ok("GET", "/tenants")["value"]) == 1


def test_conditions(client: Client) -> None:
    first = client("PUT", GROUP, {"location": LOCATION})
    assert client("PUT", GROUP, {"location": LOCATION}, if_none_match="*").status == 412
    assert client("PUT", GROUP, {"location": LOCATION}, if_match='"other"').status == 412
    assert (
        client("PUT", GROUP, {"location": LOCATION}, if_match=f'"x", {first.headers["etag"]}').status == 200
    )
    assert client("PUT", ROUTES, {"location": LOCATION}, if_match='"x"').status == 412
    assert client("PATCH", ROUTES, {"tags": {}}, if_match="*").status == 404
    assert client("PUT", ROUTES, {"location": LOCATION}, if_match="*").status == 201
    assert client("PUT", ROUTES, {"location": LOCATION}, if_match="*").status == 200


def test_a_deletion_honours_if_match(client: Client) -> None:
    client.group()
    first = client("PUT", ROUTES, {"location": LOCATION})
    client.ok("PUT", ROUTES, {"location": LOCATION, "tags": {"a": "b"}})
    stale = client("DELETE", ROUTES, if_match=first.headers["etag"])
    assert (stale.status, json.loads(stale.body)["error"]["code"]) == (412, "PreconditionFailed")
    assert client("DELETE", ROUTES, if_match="*").status == 200
    assert client("DELETE", ROUTES, if_match='"x"').status == 412
    assert client("DELETE", ROUTES, if_match="*").status == 204
    assert client("DELETE", ROUTES).status == 204


def test_locks_hold_for_all_that_lies_under_them(client: Client) -> None:
    client.group()
    client.ok("PUT", ROUTES, {"location": LOCATION})
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    client.ok("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    assert client.refused("DELETE", ROUTES)[:2] == (409, "ScopeLocked")
    client.ok("PUT", ROUTES, {"location": LOCATION, "tags": {"a": "b"}})
    client.ok("PUT", lock, {"properties": {"level": "ReadOnly"}})
    assert client.refused("PUT", ROUTES, {"location": LOCATION})[1] == "ScopeLocked"
    client.ok("DELETE", lock)
    client.ok("DELETE", ROUTES)


def test_a_lock_below_keeps_what_stands_above(client: Client) -> None:
    client.group()
    client.ok("PUT", ROUTES, {"location": LOCATION})
    lock = f"{ROUTES}/providers/Microsoft.Authorization/locks/keep"
    client.ok("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    assert client.refused("DELETE", GROUP)[1] == "ScopeLocked"


def test_hooks_run_in_order_and_can_refuse(emulator: Emulator, client: Client) -> None:
    client.group()
    seen: list[str] = []
    arm = emulator.arm

    @arm.before_put("Microsoft.Network/routeTables")
    def before(put: Put) -> None:
        if put.resource.get("tags", {}).get("bad"):
            raise AzureError(400, "Bad", "bad")
        put.properties["computed"] = 1
        seen.append("before" if arm.store.get(put.id) is None else "late")

    @arm.after_put("Microsoft.Network/routeTables")
    def after(put: Put) -> None:
        seen.append("after" if arm.store.get(put.id) else "early")

    @arm.after_delete("Microsoft.Network/routeTables")
    def gone(resource: dict[str, object]) -> None:
        seen.append("gone" if arm.store.get(str(resource["id"])) is None else "early")

    @arm.action("Microsoft.Network/routeTables", "shout")
    def shout(action: Action) -> dict[str, object]:
        return {
            "id": action.id,
            "said": action.body["word"],
            "by": action.principal and action.principal.name,
        }

    assert client.refused("PUT", ROUTES, {"location": LOCATION, "tags": {"bad": "1"}})[1] == "Bad"
    assert client.ok("PUT", ROUTES, {"location": LOCATION})["properties"]["computed"] == 1
    answer = client.ok("POST", f"{ROUTES}/shout", {"word": "hey"})
    assert answer == {"id": ROUTES, "said": "hey", "by": "mlops-engineer"}
    assert client.refused("POST", f"{ROUTES}2/shout", {})[0] == 404
    client.ok("DELETE", GROUP)
    assert seen == ["before", "after", "gone"]


def test_an_unexpected_error_shows_no_inside(
    emulator: Emulator, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.group()

    @emulator.arm.before_put("Microsoft.Network/routeTables")
    def broken(put: Put) -> None:
        raise ZeroDivisionError("inside")

    status, code, message = client.refused("PUT", ROUTES, {"location": LOCATION})
    assert (status, code) == (500, "InternalServerError")
    assert "inside" not in message
    assert "ZeroDivisionError" in caplog.text
