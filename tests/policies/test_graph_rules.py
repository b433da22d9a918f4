"""Each rule over the whole graph: a small estate that keeps them all, and what is wrong with a part less."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from infra.graph.model import PACKAGE, Graph, Resource
from infra.private_link import LINKS
from infra.roles import ROLES
from policies.estate import ZONES, groups_of
from policies.evaluate import GRAPH_RULES, of_graph


def made(token: str, name: str, refers: dict[str, str] | None = None, **inputs: Any) -> Resource:
    """refers: for each input, the key of the resource that it refers to."""
    references = {path: (key,) for path, key in (refers or {}).items()}
    return Resource(PACKAGE + token, name, "estate", inputs, protect=True, references=references)


def endpoint(name: str, target: str, group: str) -> list[Resource]:
    """An endpoint, its zones with their links, and the group that joins them."""
    zones = {f"{name}-{zone}": zone.replace("{region}", "westeurope") for zone in ZONES[group]}
    keys = {made_zone: f"privatedns:PrivateZone::{made_zone}" for made_zone in zones}
    connection = [{"name": "one", "groupIds": [group]}]
    refers = {"privateLinkServiceConnections": target}
    joined = made("network:PrivateDnsZoneGroup", f"{name}-group")
    references = {
        "privateEndpointName": (f"network:PrivateEndpoint::{name}",),
        "privateDnsZoneConfigs": tuple(keys.values()),
    }
    return [
        made("network:PrivateEndpoint", name, refers, privateLinkServiceConnections=connection),
        *(made("privatedns:PrivateZone", key, privateZoneName=zone) for key, zone in zones.items()),
        *(
            made("privatedns:VirtualNetworkLink", f"{zone}-link", {"privateZoneName": key})
            for zone, key in keys.items()
        ),
        dataclasses.replace(joined, references=references),
    ]


WORKSPACE = "machinelearningservices:Workspace::workspace"
HISTORY: dict[str, Any] = {
    "isVersioningEnabled": True,
    "changeFeed": {"enabled": True, "retentionInDays": 7},
}


def test_the_zones_of_each_endpoint_of_the_estate_are_known() -> None:
    assert {link.group for link in LINKS} <= set(ZONES)


BLOB = ZONES["blob"][0]
BLOB_ZONE = f"blob-{BLOB}"
BLOB_LINK = f"{BLOB_ZONE}-link"
API_ZONE = f"api-{ZONES['management'][0]}"
ACCOUNT = "storage:StorageAccount::account"
CLUSTER = "containerservice:ManagedCluster::cluster"
IDENTITY = "managedidentity:UserAssignedIdentity::identity"
SITE = "web:WebApp::app"
ADDRESS = "network:PublicIPAddress::address"
BLOBS = "storage:BlobServiceProperties::blobs"


def monitor() -> list[Resource]:
    """Azure Monitor's endpoint, with storage's zone of blobs: two of one name would hide each other."""
    found = [each for each in endpoint("monitor", "scope", "azuremonitor") if BLOB not in each.name]
    zones = found[-1].references["privateDnsZoneConfigs"]
    shared = tuple(key.replace(f"monitor-{BLOB}", BLOB_ZONE) for key in zones)
    references = {**found[-1].references, "privateDnsZoneConfigs": shared}
    return [*found[:-1], dataclasses.replace(found[-1], references=references)]


def estate() -> list[Resource]:
    return [
        made("storage:StorageAccount", "account", isHnsEnabled=False, publicNetworkAccess="Disabled"),
        made("storage:BlobServiceProperties", "blobs", {"accountName": ACCOUNT}, **HISTORY),
        made("monitor:DiagnosticSetting", "blobs-logs", {"resourceUri": BLOBS}),
        made("authorization:ManagementLockByScope", "lock", {"scope": ACCOUNT}),
        *(each for part in ("blob", "file", "queue", "table") for each in endpoint(part, ACCOUNT, part)),
        made("operationalinsights:Workspace", "logs", publicNetworkAccessForIngestion="Disabled"),
        *monitor(),
        made(
            "containerservice:ManagedCluster",
            "cluster",
            {"apiServerAccessProfile": f"privatedns:PrivateZone::{API_ZONE}"},
            apiServerAccessProfile={"enablePrivateCluster": True, "privateDNSZone": "id of zone"},
        ),
        made("monitor:DiagnosticSetting", "cluster-logs", {"resourceUri": CLUSTER}),
        *endpoint("api", CLUSTER, "management"),
        made("managedidentity:UserAssignedIdentity", "identity"),
        made("authorization:RoleAssignment", "role", {"principalId": IDENTITY}),
        made("network:PublicIPAddress", "address"),
        made("web:WebApp", "app", publicNetworkAccess="Disabled"),
        made("web:WebAppScmAllowed", "app-console", {"name": SITE}),
        made("web:WebAppFtpAllowed", "app-ftp", {"name": SITE}),
        made("web:WebAppAuthSettingsV2", "app-sign-in", {"name": SITE}, platform={"enabled": True}),
        *endpoint("app-endpoint", SITE, "sites"),
        made("apimanagement:Api", "api", subscriptionRequired=False),
        made("apimanagement:Api", "api-by-key", subscriptionRequired=True),
        made(
            "apimanagement:ApiPolicy",
            "api-policy",
            {"apiId": "apimanagement:Api::api"},
            value='<include-fragment fragment-id="sign-in" />',
        ),
        made("apimanagement:PolicyFragment", "token", value='<validate-azure-ad-token tenant-id="t" />'),
        made("network:NatGateway", "nat", {"publicIpAddresses": ADDRESS}),
        made(
            "machinelearningservices:Workspace",
            "workspace",
            {"storageAccount": ACCOUNT},
            publicNetworkAccess="Enabled",
        ),
        made(
            "machinelearningservices:Compute",
            "nodes",
            {"workspaceName": WORKSPACE},
            properties={"properties": {"enableNodePublicIp": False}},
        ),
        *endpoint("workspace-endpoint", WORKSPACE, "amlworkspace"),
        made(
            "monitor:DiagnosticSetting",
            "learning",
            {"resourceUri": WORKSPACE},
        ),
        made(
            "authorization:ManagementLockByScope",
            "lock-2",
            {"scope": WORKSPACE},
        ),
    ]


def broken(resources: list[Resource]) -> set[tuple[str, str]]:
    return {
        (violation.rule, violation.resource.name) for violation in of_graph(Graph(resources, stack="prod"))
    }


def without(name: str) -> list[Resource]:
    return [resource for resource in estate() if resource.name != name]


def changed(name: str, **more: Any) -> list[Resource]:
    return [dataclasses.replace(r, **more) if r.name == name else r for r in estate()]


def test_green() -> None:
    assert broken(estate()) == set()


RED: tuple[tuple[str, str, Callable[[], list[Resource]]], ...] = (
    ("data-logs", "account", lambda: without("blobs-logs")),
    ("data-logs", "cluster", lambda: without("cluster-logs")),
    ("data-protected", "account", lambda: without("lock")),
    ("data-protected", "account", lambda: changed("account", protect=False)),
    ("private-has-endpoint", "account", lambda: without("blob")),
    *(
        ("private-has-endpoint", "account", lambda part=part: without(part))
        for part in ("file", "queue", "table")
    ),
    ("private-has-endpoint", "logs", lambda: without("monitor")),
    ("zone-has-link", BLOB_ZONE, lambda: without(BLOB_LINK)),
    ("cluster-has-zone", "cluster", lambda: without(API_ZONE)),
    ("endpoint-has-zones", "blob", lambda: without("blob-group")),
    ("endpoint-has-zones", "blob", lambda: without(BLOB_ZONE)),
    ("endpoint-has-zones", "blob", lambda: without(BLOB_LINK)),
    (
        "endpoint-has-zones",
        "api",
        lambda: changed(API_ZONE, inputs={"privateZoneName": "privatelink.azmk8s.io"}),
    ),
    (
        "endpoint-has-zones",
        "blob",
        lambda: changed(
            "blob",
            inputs={"privateLinkServiceConnections": [{"name": "one", "groupIds": ["blob", "unheard"]}]},
        ),
    ),
    ("api-knows-callers", "api", lambda: without("token")),
    ("api-knows-callers", "api", lambda: without("api-policy")),
    ("blobs-history", "blobs", lambda: changed("blobs", inputs={**HISTORY, "isVersioningEnabled": False})),
    ("blobs-history", "blobs", lambda: changed("blobs", inputs={"isVersioningEnabled": True})),
    ("blobs-history", "blobs", lambda: changed("blobs", inputs={**HISTORY, "changeFeed": {"enabled": True}})),
    ("nodes-reach-workspace", "nodes", lambda: without("workspace-endpoint")),
    (
        "zones-once",
        "again",
        lambda: [*estate(), made("privatedns:PrivateZone", "again", privateZoneName=ZONES["blob"][0])],
    ),
    ("identity-has-role", "identity", lambda: without("role")),
    ("public-ip-held", "address", lambda: without("nat")),
    ("storage-keeps-blobs", "account", lambda: without("blobs")),
    *(
        ("site-guarded", "app", lambda part=part: without(part))
        for part in ("app-console", "app-ftp", "app-sign-in")
    ),
    ("site-sign-in", "app-sign-in", lambda: changed("app-sign-in", inputs={"platform": {"enabled": False}})),
    ("site-code-approved", "engineers-on-app", lambda: [*scoring_app(), code_by("Group")]),
    ("private-has-endpoint", "app", lambda: without("app-endpoint")),
    ("workspace-storage-flat", "account", lambda: changed("account", inputs={"isHnsEnabled": True})),
)


@pytest.mark.parametrize(("rule", "name", "resources"), RED)
def test_red(rule: str, name: str, resources: Callable[[], list[Resource]]) -> None:
    assert (rule, name) in broken(resources())


def test_every_rule_has_a_red_fixture() -> None:
    assert {rule for rule, _, _ in RED} == {rule.id for rule in GRAPH_RULES}


# an app that scores, and who puts code there


def scoring_app() -> list[Resource]:
    return changed("app", inputs={"publicNetworkAccess": "Disabled", "siteConfig": {"appSettings": KEY}})


def code_by(kind: str, role: str = "Website Contributor") -> Resource:
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"
    inputs = {"principalType": kind, "roleDefinitionId": definition, "principalId": "p"}
    return made("authorization:RoleAssignment", "engineers-on-app", {"scope": SITE}, **inputs)


@pytest.mark.parametrize(
    ("stack", "others", "wrong"),
    [
        ("prod", lambda: [*scoring_app(), code_by("Group")], True),
        ("prod", lambda: [*scoring_app(), code_by("ServicePrincipal")], False),
        ("prod", lambda: [*scoring_app(), code_by("Group", "Monitoring Reader")], False),
        ("prod", lambda: [*estate(), code_by("Group")], False),  # the app that starts trainings
        ("stage", lambda: [*scoring_app(), code_by("Group")], False),
    ],
)
def test_people_put_no_code_where_releases_are_approved(
    stack: str, others: Callable[[], list[Resource]], wrong: bool
) -> None:
    found = [one for one in of_graph(Graph(others(), stack=stack)) if one.rule == "site-code-approved"]
    assert [one.resource.name for one in found] == (["engineers-on-app"] if wrong else [])
    assert all("set releases.promoterId" in one.message for one in found)


KEY = [{"name": "KEY_VAULT_URI", "value": "v"}, {"name": "API_KEY_SECRET", "value": "s"}]


@pytest.mark.parametrize(
    ("settings", "asks"), [(KEY, True), (KEY[:1], False), ([*KEY[:1], {**KEY[1], "value": ""}], False)]
)
def test_an_app_that_asks_for_the_callers_key_needs_no_sign_in(settings: list[Any], asks: bool) -> None:
    """The scoring service: its key and a token would stand in the same header."""
    resources = [
        dataclasses.replace(r, inputs={**r.inputs, "siteConfig": {"appSettings": settings}})
        if r.name == "app"
        else r
        for r in changed("app-sign-in", inputs={"platform": {"enabled": False}})
    ]
    assert ("site-sign-in" in {rule for rule, _ in broken(resources)}) is not asks


def test_a_group_lock_holds_what_is_in_the_group() -> None:
    group = "resources:ResourceGroup::group"
    lock = made("authorization:ManagementLockAtResourceGroupLevel", "all", {"resourceGroupName": group})
    inside = dataclasses.replace(estate()[0], references={"resourceGroupName": (group,)})
    assert ("data-protected", "account") not in broken([inside, *without("lock")[1:], lock])


def test_a_lake_has_no_versions_in_azure() -> None:
    lake = [
        dataclasses.replace(r, inputs={**r.inputs, "isHnsEnabled": True}) if r.name == "account" else r
        for r in changed("blobs", inputs={})
    ]
    assert not {rule for rule, _ in broken(lake) if rule == "blobs-history"}


def test_zones_that_exist_elsewhere_are_named_by_id() -> None:
    zone = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/privateDnsZones/"
    config = [{"name": "one", "privateDnsZoneId": zone + ZONES["blob"][0]}]
    group = dataclasses.replace(
        next(r for r in estate() if r.name == "blob-group"),
        inputs={"privateDnsZoneConfigs": config},
        references={"privateEndpointName": ("network:PrivateEndpoint::blob",)},
    )
    left = [r for r in estate() if r.name not in (BLOB_ZONE, BLOB_LINK, "blob-group")]
    assert "blob" not in {name for _, name in broken([*left, group])}


def test_each_endpoint_of_the_estates_leads_to_a_part_that_is_known(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for found in graph.all("network:PrivateEndpoint"):
            assert set(groups_of(found)) <= set(ZONES), (
                f"{found.name} leads to {groups_of(found)}: its zones go into ZONES of policies/estate.py"
            )
