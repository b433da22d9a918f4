"""Each private endpoint of the estate, its names and their zones, taken away alone: what is missing is named.

By the rows of infra/private_link.py, over a private estate in small. Storage, vaults, registry and workspace
ask where a caller stands (test_private_paths.py); ingestion asks the scope that holds a component.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from emulator.app import Emulator
from emulator.http import Request
from emulator.places import OUTSIDE, Place
from infra.private_link import LINKS, PrivateLink, zones_of
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core import test_postgres as postgres
from tests.emulator.core.conftest import GROUP, LOCATION, Client
from tests.emulator.homes import started_once
from tests.emulator.network import private

HERE: Final = Place(private.INSIDE)
INSIGHTS: Final = f"{GROUP}/providers/Microsoft.Insights/components/appi"
SCOPE: Final = f"{GROUP}/providers/Microsoft.Insights/privateLinkScopes/ampls"
TARGETS: Final = {
    "workspace": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    "storage": private.ACCOUNT,
    "dataLake": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/dlprivate",
    "keyVault": private.VAULT,
    "learningVault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/ml-private",
    "registry": private.REGISTRY,
    "releases": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/dlreleases",
    "releaseVault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-releases",
    "gateway": apim.SERVICE,
    "monitor": SCOPE,
    "predictions": f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-private",
    "triggers": f"{GROUP}/providers/Microsoft.Web/sites/func-private",
    "scoringFunction": f"{GROUP}/providers/Microsoft.Web/sites/func-score-private",
    "scoringFunctionStorage": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fsprivate",
    "triggerStorage": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/fnprivate",
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
    put("PUT", TARGETS["triggerStorage"], private.account())
    app = {"httpsOnly": True, "publicNetworkAccess": "Disabled"}
    put("PUT", TARGETS["scoringFunctionStorage"], private.account())
    for key in ("triggers", "scoringFunction"):
        put("PUT", TARGETS[key], {"location": LOCATION, "kind": "functionapp,linux", "properties": app})
    put("PUT", TARGETS["releases"], private.account(isHnsEnabled=True))
    put("PUT", TARGETS["releaseVault"], private.vault())
    put("PUT", TARGETS["predictions"], postgres.body())
    logs = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    put("PUT", logs, {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}})
    told = {
        "Application_Type": "web",
        "WorkspaceResourceId": logs,
        "publicNetworkAccessForIngestion": "Disabled",
    }
    put("PUT", INSIGHTS, {"location": LOCATION, "kind": "web", "properties": told})
    modes = {"ingestionAccessMode": "Open", "queryAccessMode": "Open"}
    put("PUT", SCOPE, {"location": "global", "properties": {"accessModeSettings": modes}})
    held = {"properties": {"linkedResourceId": INSIGHTS}}
    put("PUT", f"{SCOPE}/scopedResources/insights", held)
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
    for link in LINKS:
        connect(client, link)
    client.ok("PUT", apim.SERVICE, gateway("Disabled"))
    yield client
    emulator.close()


def denied(client: Client, link: PrivateLink, place: Place = HERE) -> str:
    """Why a caller does not reach what a row leads to; "" when it does."""
    if link.service == "monitor":
        return sent(client, place)
    found = client.emulator.reach.denied(place, TARGETS[link.service], link.group)
    return found.why if found else ""


def sent(client: Client, place: Place) -> str:
    """Sends a line of telemetry with the component's key; with what it is refused."""
    key = client.ok("GET", INSIGHTS)["properties"]["InstrumentationKey"]
    data = {"baseType": "MessageData", "baseData": {"message": "hello"}}
    line = {"name": "x", "time": "2030-01-31T12:00:00Z", "iKey": key, "tags": {}, "data": data}
    host, path = "westeurope-0.in.applicationinsights.azure.com", "/v2.1/track"
    body = json.dumps([line]).encode()
    answer = client.emulator.answer(Request("POST", host, path, path, {}, {}, body, place=place))
    if answer.status == 200:
        return ""
    assert answer.status == 403
    (error,) = json.loads(answer.body)["errors"]
    return str(error["message"])


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
    for link in LINKS:
        assert denied(estate, link) == "", link.key
        assert "the caller is in no virtual network" in denied(estate, link, OUTSIDE), link.key


@pytest.mark.parametrize(
    "remove", [endpoint, zone_group, zone_link, whole_zone], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.key)
def test_what_is_taken_away_is_named(
    estate: Client, link: PrivateLink, remove: Callable[[Client, PrivateLink], str]
) -> None:
    words = remove(estate, link)
    try:
        assert words in denied(estate, link)
        # Who does not need it goes on: another row stands in the way of nobody.
        for other in LINKS:
            if not set(other.zones) & set(link.zones):
                assert denied(estate, other) == "", other.key
    finally:
        for each in LINKS:  # those that share its zone, too
            if set(each.zones) & set(link.zones):
                connect(estate, each)
    assert denied(estate, link) == ""


# The names of each workspace in a scope, which the emulator leaves out (privatelink.py says so).
OF_WORKSPACES: Final = {
    "privatelink.oms.opinsights.azure.com",
    "privatelink.ods.opinsights.azure.com",
    "privatelink.agentsvc.azure-automation.net",
}


@pytest.mark.parametrize("zone", [zone for zone in zones_of(LINKS) if zone not in OF_WORKSPACES])
def test_every_zone_holds_a_name_that_somebody_asks_for(estate: Client, zone: str) -> None:
    """None is made for nothing: the zone groups wrote into each."""
    records = estate.ok("GET", f"{zone_id(zone)}/A")["value"]
    assert records, zone


def test_telemetry_comes_in_by_a_scope_that_holds_its_component(estate: Client) -> None:
    """In the words of microsoft/AzureTRE#2646; an open component takes it from everywhere."""
    held = f"{SCOPE}/scopedResources/insights"
    estate.ok("DELETE", held)
    try:
        assert sent(estate, HERE) == (
            "Component private link id does not match incoming link and has "
            f"publicNetworkAccessForIngestion=Disabled: no private link scope holds {INSIGHTS}."
        )
    finally:
        estate.ok("PUT", held, {"properties": {"linkedResourceId": INSIGHTS}})
    assert sent(estate, HERE) == ""


@pytest.mark.parametrize(("port", "stopped"), [(443, False), (5432, True)])
def test_a_database_is_asked_at_its_own_port(estate: Client, port: int, stopped: bool) -> None:
    """A rule that stops one port stops the service that is asked there, and no other."""
    rule = f"{private.RULES}/securityRules/none"
    values = {"priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "Tcp"}
    ranges = {"sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*"}
    body = {"properties": {**values, **ranges, "destinationPortRange": str(port)}}
    predictions = next(link for link in LINKS if link.key == "predictions")
    vault = next(link for link in LINKS if link.key == "vault")
    estate.ok("PUT", rule, body)
    try:
        assert ("the rule 'none'" in denied(estate, predictions)) == stopped
        assert ("the rule 'none'" in denied(estate, vault)) != stopped
    finally:
        estate.ok("DELETE", rule)
