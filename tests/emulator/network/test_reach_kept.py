"""What was found of a caller's way is kept, until something changes that it came from."""

from __future__ import annotations

from emulator.places import Place
from tests.emulator.core.conftest import LOCATION, Client
from tests.emulator.network import private

HERE = Place(private.INSIDE)


def test_a_private_endpoint_is_found_and_missed_with_its_link(client: Client) -> None:
    def why() -> str:
        return client.emulator.reach.by_endpoint(HERE, private.ACCOUNT, "blob")

    assert "no private endpoint" in why()
    private.connect(client, private.ACCOUNT)
    assert why() == why() == ""
    client.ok("DELETE", private.link_of(private.ACCOUNT))
    assert "is linked" in why()
    assert why() == client.emulator.reach.by_endpoint(Place(private.INSIDE.upper()), private.ACCOUNT, "blob")


def test_a_service_of_any_type_is_missed_and_found_again(client: Client) -> None:
    scope = f"{private.NETWORK}/privateLinkScopes/scope".replace("Microsoft.Network", "microsoft.insights")

    def why() -> str:
        return client.emulator.reach.by_endpoint(HERE, scope, "azuremonitor")

    client.ok("PUT", private.INSIDE, private.subnet("10.0.1.0/24"))
    assert why() == why() == f"{scope} does not exist"
    client.ok(
        "PUT",
        scope,
        {
            "location": "global",
            "properties": {"accessModeSettings": {"queryAccessMode": "Open", "ingestionAccessMode": "Open"}},
        },
    )
    assert "no private endpoint" in why()
    client.ok("DELETE", scope)
    assert why() == f"{scope} does not exist"


def test_the_address_that_services_see_follows_the_gateway_of_the_subnet(client: Client) -> None:
    def address() -> str:
        return client.emulator.reach.address(HERE)

    assert address() == ""
    public = f"{private.NETWORK}/publicIPAddresses/pip"
    sku = {"location": LOCATION, "sku": {"name": "Standard"}}
    client.ok("PUT", public, {**sku, "properties": {"publicIPAllocationMethod": "Static"}})
    nat = f"{private.NETWORK}/natGateways/ng"
    client.ok("PUT", nat, {**sku, "properties": {"publicIpAddresses": [{"id": public}]}})
    client.ok("PUT", private.INSIDE, private.subnet("10.0.1.0/24", natGateway={"id": nat}))
    assert address() == client.ok("GET", public)["properties"]["ipAddress"] != ""
    client.ok("PUT", private.INSIDE, private.subnet("10.0.1.0/24"))
    assert address() == ""


def test_an_app_is_closed_and_opened_again(client: Client) -> None:
    """What is asked of a service of any type is found anew once the service has changed."""
    site = private.NETWORK.replace("Microsoft.Network", "Microsoft.Web") + "/sites/app-kept"

    def put(access: str) -> None:
        client.ok("PUT", site, {"location": LOCATION, "properties": {"publicNetworkAccess": access}})

    def closed() -> bool:
        return client.emulator.reach.denied(Place(), site, "sites") is not None

    put("Enabled")
    assert not closed()
    put("Disabled")
    assert closed()
    put("Enabled")
    assert not closed()
