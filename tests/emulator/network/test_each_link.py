"""Each private endpoint of the estate, its names and their zones, taken away alone: what is missing is named.

By the rows of infra/private_link.py, over a private estate in small. Azure Monitor's row is not among them:
its data plane here asks for a token and not for the network, as `UNASKED` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from emulator.app import Emulator
from emulator.network.reach import Denied
from emulator.places import OUTSIDE, Place
from infra.private_link import LINKS, PrivateLink, zones_of
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core.conftest import GROUP, LOCATION, Client
from tests.emulator.homes import started_once
from tests.emulator.network import private

UNASKED: Final = {"azuremonitor"}
ASKED: Final = tuple(link for link in LINKS if link.key not in UNASKED)
HERE: Final = Place(private.INSIDE)
INSIGHTS: Final = f"{GROUP}/providers/Microsoft.Insights/components/appi"
TARGETS: Final = {
    "workspace": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    "storage": private.ACCOUNT,
    "dataLake": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/dlprivate",
    "keyVault": private.VAULT,
    "learningVault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/ml-private",
    "registry": private.REGISTRY,
    "gateway": apim.SERVICE,
}
Json = dict[str, Any]


def endpoint_of(link: PrivateLink) -> str:
    return f"{private.NETWORK}/privateEndpoints/pep-{link.key}"


def zone_id(zone: str) -> str:
    return f"{private.NETWORK}/privateDnsZones/{zone}"


def link_of(zone: str) -> str:
    return f"{zone_id(zone)}/virtualNetworkLinks/vnet"


def group_of(link: PrivateLink) -> str:
    return f"{endpoint_of(link)}/privateDnsZoneGroups/default"


def connect(client: Client, link: PrivateLink) -> None:
    """Endpoint, zones, links and zone group of a row; what is there stays as it is."""
    connection = {"privateLinkServiceId": TARGETS[link.service], "groupIds": [link.group]}
    made: Json = {
        "subnet": {"id": private.ENDPOINTS},
        "privateLinkServiceConnections": [{"name": "link", "properties": connection}],
    }
    client.ok("PUT", endpoint_of(link), {"location": LOCATION, "properties": made})
    for zone in link.zones:
        client.ok("PUT", zone_id(zone), {"location": "global"})
        joined = {"virtualNetwork": {"id": private.VNET}, "registrationEnabled": False}
        client.ok("PUT", link_of(zone), {"location": "global", "properties": joined})
    zones = [
        {"name": zone.replace(".", "-"), "properties": {"privateDnsZoneId": zone_id(zone)}}
        for zone in link.zones
    ]
    client.ok("PUT", group_of(link), {"properties": {"privateDnsZoneConfigs": zones}})


def services(client: Client) -> None:
    put = client.ok
    private.services(client)
    put("PUT", TARGETS["dataLake"], private.account(isHnsEnabled=True))
    put("PUT", TARGETS["learningVault"], private.vault())
    logs = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    put("PUT", logs, {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}})
    told = {"Application_Type": "web", "WorkspaceResourceId": logs}
    put("PUT", INSIGHTS, {"location": LOCATION, "kind": "web", "properties": told})
    workspace = {
        "storageAccount": private.ACCOUNT,
        "keyVault": TARGETS["learningVault"],
        "applicationInsights": INSIGHTS,
        "publicNetworkAccess": "Disabled",
    }
    body = {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": workspace}
    put("PUT", TARGETS["workspace"], body)
    delegation = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    out = f"{private.VNET}/subnets/gateway"
    put("PUT", out, private.subnet("10.0.3.0/27", delegations=[delegation]))
    put("PUT", apim.SERVICE, gateway("Enabled"))


def gateway(access: str) -> Json:
    out = {"subnetResourceId": f"{private.VNET}/subnets/gateway"}
    return apim.body(virtualNetworkConfiguration=out, publicNetworkAccess=access)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    emulator = Emulator(started_once(tmp_path_factory.mktemp("links")))
    client = Client(emulator)
    private.network(client)
    services(client)
    for link in ASKED:
        connect(client, link)
    client.ok("PUT", apim.SERVICE, gateway("Disabled"))
    yield client
    emulator.close()


def denied(client: Client, link: PrivateLink, place: Place = HERE) -> Denied | None:
    return client.emulator.reach.denied(place, TARGETS[link.service], link.group)


def endpoint(client: Client, link: PrivateLink) -> str:
    client.ok("DELETE", endpoint_of(link))
    return f"no private endpoint of the group '{link.group}' leads to {TARGETS[link.service]}"


def zone_group(client: Client, link: PrivateLink) -> str:
    client.ok("DELETE", group_of(link))
    return f"(a zone group of {endpoint_of(link)} writes it)"


def zone_link(client: Client, link: PrivateLink) -> str:
    client.ok("DELETE", link_of(link.zones[0]))
    return f"no private DNS zone {link.zones[0]} is linked to the virtual network {private.VNET}"


def whole_zone(client: Client, link: PrivateLink) -> str:
    client.ok("DELETE", link_of(link.zones[0]))
    client.ok("DELETE", zone_id(link.zones[0]))
    return f"no private DNS zone {link.zones[0]} is linked to the virtual network {private.VNET}"


def test_with_all_of_them_every_service_is_reached_from_inside_alone(estate: Client) -> None:
    for link in ASKED:
        assert denied(estate, link) is None, link.key
        outside = denied(estate, link, OUTSIDE)
        assert outside is not None and outside.kind == "connection", link.key


@pytest.mark.parametrize(
    "remove", [endpoint, zone_group, zone_link, whole_zone], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("link", ASKED, ids=lambda link: link.key)
def test_what_is_taken_away_is_named(
    estate: Client, link: PrivateLink, remove: Callable[[Client, PrivateLink], str]
) -> None:
    words = remove(estate, link)
    try:
        found = denied(estate, link)
        assert found is not None and words in found.why, found
        # Who does not need it goes on: another row stands in the way of nobody.
        for other in ASKED:
            if not set(other.zones) & set(link.zones):
                assert denied(estate, other) is None, other.key
    finally:
        for each in ASKED:  # those that share its zone, too
            if set(each.zones) & set(link.zones):
                connect(estate, each)
    assert denied(estate, link) is None


@pytest.mark.parametrize("zone", zones_of(ASKED))
def test_every_zone_holds_a_name_that_somebody_asks_for(estate: Client, zone: str) -> None:
    """None is made for nothing: the zone groups wrote into each."""
    records = estate.ok("GET", f"{zone_id(zone)}/A")["value"]
    assert records, zone
