"""Who calls: keys, subscriptions and their states, products, and the way in by a private endpoint alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.places import Place
from tests.emulator.apimanagement.world import INFERENCE, KEY, NETWORK, SERVICE, World
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core.conftest import LOCATION
from tests.emulator.core.test_apimanagement import why

PRODUCT = f"{SERVICE}/products/gold"
SUBSCRIPTION = f"{SERVICE}/subscriptions/one"
MISSING = (
    401,
    "Access denied due to missing subscription key. Make sure to include subscription key when making "
    "requests to this API.",
)
WRONG = (
    401,
    "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
    "subscription.",
)


def subscription(scope: str, **properties: Any) -> dict[str, Any]:
    given = {"displayName": "One", "scope": scope, "state": "active", "primaryKey": KEY, **properties}
    return {"properties": given}


@pytest.fixture
def closed(world: World) -> Iterator[World]:
    """An API that wants a subscription, in a published product."""
    put = world.arm.ok
    put("DELETE", SUBSCRIPTION)
    world.api("closed", serviceUrl="http://10.0.4.9:8080")
    world.operation("closed", "get", "GET", "/*")
    gold = {
        "displayName": "Gold",
        "state": "published",
        "subscriptionRequired": True,
        "approvalRequired": True,
    }
    put("PUT", PRODUCT, {"properties": gold})
    put("PUT", f"{PRODUCT}/apis/closed", {"properties": {}})
    yield world
    put("DELETE", SUBSCRIPTION)


def call(world: World, key: str = KEY, path: str = "/closed/x") -> tuple[int, str]:
    response = world.call(path, headers={"ocp-apim-subscription-key": key} if key else {})
    return (200, "") if response.status == 200 else world.said(response)


def test_a_key_is_wanted_and_must_be_of_an_active_subscription(closed: World) -> None:
    assert call(closed, "") == MISSING
    assert call(closed, "0" * 32) == WRONG
    closed.arm.ok("PUT", SUBSCRIPTION, subscription("/products/gold"))
    assert call(closed) == (200, "")
    assert closed.call(f"/closed/x?Subscription-Key={KEY}").status == 200
    for state in ("submitted", "suspended", "expired", "rejected", "cancelled"):
        closed.arm.ok("PUT", SUBSCRIPTION, subscription("/products/gold", state=state))
        assert call(closed) == WRONG


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("/products/gold", 200),
        (f"{PRODUCT}", 200),
        ("/apis", 200),
        ("/apis/closed", 200),
        ("/apis/echo", 401),
        ("/products/other", 401),
    ],
)
def test_a_key_opens_what_its_scope_says(closed: World, scope: str, wanted: int) -> None:
    other = {"properties": {"displayName": "Other", "state": "published"}}
    closed.arm.ok("PUT", f"{SERVICE}/products/other", other)
    closed.arm.ok("PUT", SUBSCRIPTION, subscription(scope))
    assert call(closed)[0] == wanted


def test_a_product_that_is_not_published_opens_nothing(closed: World) -> None:
    closed.arm.ok("PUT", SUBSCRIPTION, subscription("/products/gold"))
    closed.arm.ok("PUT", PRODUCT, {"properties": {"displayName": "Gold", "state": "notPublished"}})
    assert call(closed) == WRONG


def test_an_open_product_opens_without_a_key(closed: World) -> None:
    bronze = f"{SERVICE}/products/bronze"
    body = {"properties": {"displayName": "B", "state": "published", "subscriptionRequired": False}}
    closed.arm.ok("PUT", bronze, body)
    closed.arm.ok("PUT", f"{bronze}/apis/closed", {"properties": {}})
    assert call(closed, "") == (200, "")
    closed.arm.ok("DELETE", bronze)
    assert call(closed, "") == MISSING


def test_an_api_without_a_subscription_takes_any_key(world: World) -> None:
    assert call(world, "", "/echo/x") == (200, "")
    assert call(world, "0" * 32, "/echo/x") == (200, "")


def test_keys_are_made_listed_and_made_anew(closed: World) -> None:
    given = subscription("/products/gold")
    del given["properties"]["primaryKey"]
    made = closed.arm.ok("PUT", SUBSCRIPTION, given)["properties"]
    assert not {"primaryKey", "secondaryKey"} & made.keys()
    keys = closed.arm.ok("POST", f"{SUBSCRIPTION}/listSecrets")
    assert call(closed, keys["primaryKey"]) == call(closed, keys["secondaryKey"]) == (200, "")
    assert closed.arm("POST", f"{SUBSCRIPTION}/regeneratePrimaryKey").status == 204
    assert call(closed, keys["primaryKey"]) == WRONG
    assert call(closed, keys["secondaryKey"]) == (200, "")
    new = closed.arm.ok("POST", f"{SUBSCRIPTION}/listSecrets")
    assert new["primaryKey"] != keys["primaryKey"] and call(closed, new["primaryKey"]) == (200, "")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (subscription("/products/absent"), "Product 'absent' not found."),
        (subscription("/apis/absent"), "API 'absent' not found."),
        (subscription("/loggers/x"), "is none of /products/ID"),
        (subscription("/apis", displayName=""), "name should not be empty"),
        (subscription("/apis", state="open"), "is none of suspended"),
    ],
)
def test_what_azure_refuses_of_subscriptions(closed: World, body: dict[str, Any], reason: str) -> None:
    assert reason in why(closed.arm, SUBSCRIPTION, body)


def test_a_product_with_subscriptions_is_deleted_when_they_go_too(closed: World) -> None:
    closed.arm.ok("PUT", SUBSCRIPTION, subscription("/products/gold"))
    assert "deleteSubscriptions" in closed.arm.refused("DELETE", PRODUCT)[2]
    closed.arm.ok("DELETE", f"{PRODUCT}?deletesubscriptions=true")
    assert closed.arm("GET", SUBSCRIPTION).status == 404


CONNECTION = {"privateLinkServiceId": SERVICE, "groupIds": ["Gateway"]}
ENDPOINT = {
    "location": LOCATION,
    "properties": {
        "subnet": {"id": apim.ENDPOINTS},
        "privateLinkServiceConnections": [{"name": "gateway", "properties": CONNECTION}],
    },
}


def test_a_shut_gateway_is_reached_by_its_private_endpoint_from_inside_alone(world: World) -> None:
    put, zone = world.arm.ok, f"{NETWORK}/privateDnsZones/privatelink.azure-api.net"
    inside = f"{NETWORK}/virtualNetworks/net/subnets/runners"
    put("PUT", inside, {"properties": {"addressPrefix": "10.0.6.0/27"}})
    put("PUT", f"{NETWORK}/privateEndpoints/pep", ENDPOINT)
    put("PUT", SERVICE, apim.body(publicNetworkAccess="Disabled"))
    try:
        status, message = world.said(world.call())
        assert (
            status == 403
            and "public network access on this 'Microsoft.ApiManagement/service/apim-test'" in message
        )
        assert world.call(place=Place(inside)).status == 403  # no zone: the name leads to the public address
        put("PUT", zone, {"location": "global"})
        link = {"virtualNetwork": {"id": f"{NETWORK}/virtualNetworks/net"}, "registrationEnabled": False}
        put("PUT", f"{zone}/virtualNetworkLinks/net", {"location": "global", "properties": link})
        config = {"name": "zone", "properties": {"privateDnsZoneId": zone}}
        group = {"properties": {"privateDnsZoneConfigs": [config]}}
        put("PUT", f"{NETWORK}/privateEndpoints/pep/privateDnsZoneGroups/default", group)
        assert world.call(place=Place(inside)).status == 200
        assert world.call().status == 403
    finally:
        put("PUT", SERVICE, apim.body())
        put("DELETE", f"{NETWORK}/privateEndpoints/pep")


def test_a_backend_is_reached_as_far_as_the_security_rules_let_through(world: World) -> None:
    put, group = world.arm.ok, f"{NETWORK}/networkSecurityGroups/nsg-out"
    put("PUT", group, {"location": LOCATION})
    rule = {
        "direction": "Outbound",
        "access": "Deny",
        "protocol": "Tcp",
        "priority": 100,
        "sourceAddressPrefix": "10.0.0.0/27",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "10.0.4.0/24",
        "destinationPortRange": "8080",
    }
    delegation = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    plain = {"addressPrefix": "10.0.0.0/27", "delegations": [delegation]}
    put("PUT", apim.SUBNET, {"properties": {**plain, "networkSecurityGroup": {"id": group}}})
    assert world.call().status == 200
    put("PUT", f"{group}/securityRules/no-scoring", {"properties": rule})
    response = world.call()
    assert response.status == 500 and json.loads(response.body)["message"] == "Internal server error"
    assert b"nsg-out" not in response.body
    put("PUT", f"{group}/securityRules/no-scoring", {"properties": {**rule, "destinationPortRange": "443"}})
    assert world.call().status == 200
    inbound = {**rule, "direction": "Inbound", "sourceAddressPrefix": "VirtualNetwork"}
    put("PUT", f"{group}/securityRules/no-gateway", {"properties": {**inbound, "priority": 110}})
    inference = {"addressPrefix": "10.0.4.0/24", "networkSecurityGroup": {"id": group}}
    put("PUT", INFERENCE, {"properties": inference})
    assert world.call().status == 500
    put("PUT", apim.SUBNET, {"properties": plain})
    put(
        "PUT",
        f"{NETWORK}/virtualNetworks/net/subnets/inference",
        {"properties": {"addressPrefix": "10.0.4.0/24"}},
    )
    assert world.call().status == 200


def test_gateways_that_call_one_another_come_to_an_end(world: World) -> None:
    other = SERVICE.replace("apim-test", "apim-other")
    world.arm.ok("PUT", other, apim.body())
    hosts = {SERVICE: "apim-other", other: "apim-test"}
    for service, host in hosts.items():
        api = {"displayName": "Loop", "path": "loop", "subscriptionRequired": False}
        api |= {"serviceUrl": f"https://{host}.azure-api.net/loop", "protocols": ["https"]}
        world.arm.ok("PUT", f"{service}/apis/loop", {"properties": api})
        operation = {"displayName": "get", "method": "GET", "urlTemplate": "/*"}
        world.arm.ok("PUT", f"{service}/apis/loop/operations/get", {"properties": operation})
    assert world.call("/loop/x").status == 500


def test_each_service_counts_for_itself(world: World) -> None:
    other = SERVICE.replace("apim-test", "apim-counts")
    world.arm.ok("PUT", other, apim.body())
    limit = '<rate-limit-by-key calls="1" renewal-period="60" counter-key="same" /><return-response />'
    for service in (SERVICE, other):
        api = {"displayName": "Counted", "path": "counted", "subscriptionRequired": False}
        world.arm.ok("PUT", f"{service}/apis/counted", {"properties": {**api, "protocols": ["https"]}})
        operation = {"displayName": "get", "method": "GET", "urlTemplate": "/"}
        world.arm.ok("PUT", f"{service}/apis/counted/operations/get", {"properties": operation})
        world.put_policy(
            f"{service}/apis/counted/policies/policy",
            f"<policies><inbound>{limit}</inbound><backend /><outbound /><on-error /></policies>",
        )
    for host in ("apim-test", "apim-counts"):
        statuses = [world.call("/counted", host=f"{host}.azure-api.net").status for _ in range(2)]
        assert statuses == [200, 429]
