"""Rules over the whole graph: what has to stand beside what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from infra.graph.model import Graph, Resource
from infra.graph.secrets import plain_secrets
from policies.data import DIAGNOSED, PROTECTED
from policies.model import MISSING, GraphRule, Rule, read

# Private DNS zones by the part of a service that an endpoint leads to; "{region}" is any region.
# From "Azure Private Endpoint private DNS zone values" (read 2026-11).
ZONES: Final[dict[str, tuple[str, ...]]] = {
    "amlworkspace": ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
    "blob": ("privatelink.blob.core.windows.net",),
    "file": ("privatelink.file.core.windows.net",),
    "queue": ("privatelink.queue.core.windows.net",),
    "table": ("privatelink.table.core.windows.net",),
    "dfs": ("privatelink.dfs.core.windows.net",),
    "vault": ("privatelink.vaultcore.azure.net",),
    "registry": ("privatelink.azurecr.io",),
    "Gateway": ("privatelink.azure-api.net",),
    "sites": ("privatelink.azurewebsites.net",),
    "postgresqlServer": ("privatelink.postgres.database.azure.com",),
    "management": ("privatelink.{region}.azmk8s.io",),
    "azuremonitor": (
        "privatelink.monitor.azure.com",
        "privatelink.oms.opinsights.azure.com",
        "privatelink.ods.opinsights.azure.com",
        "privatelink.agentsvc.azure-automation.net",
        "privatelink.blob.core.windows.net",
    ),
}
# Type, the input that says whether its public endpoint answers, the part that an endpoint has to lead to.
SHUT: Final = (
    ("storage:StorageAccount", "publicNetworkAccess", "blob"),
    ("keyvault:Vault", "properties.publicNetworkAccess", "vault"),
    ("containerregistry:Registry", "publicNetworkAccess", "registry"),
    ("machinelearningservices:Workspace", "publicNetworkAccess", "amlworkspace"),
    ("apimanagement:ApiManagementService", "publicNetworkAccess", "Gateway"),
    ("web:WebApp", "publicNetworkAccess", "sites"),
    ("dbforpostgresql:Server", "network.publicNetworkAccess", "postgresqlServer"),
)
# What a public address may belong to: it leads out, or something in front of it asks who comes.
HOLDERS: Final = frozenset(
    {
        "network:AzureFirewall",
        "network:BastionHost",
        "network:NatGateway",
        "network:VirtualNetworkGateway",
        "apimanagement:ApiManagementService",
    }
)
# What a policy refuses a caller with: no token, a wrong one, or no key.
TOKEN_CHECKS: Final = ("<validate-azure-ad-token", "<validate-jwt", "context.Subscription == null")
LOGGER: Final = "apimanagement:Logger"
ENDPOINT: Final = "network:PrivateEndpoint"
ZONE: Final = "privatedns:PrivateZone"


def refers(resource: Resource, *names: str) -> set[str]:
    """Keys of the resources that these inputs refer to."""
    return {key for name in names for key in resource.references.get(name, ())}


def _diagnosed(graph: Graph) -> Iterator[tuple[Resource, str]]:
    told = {
        key for setting in graph.all("monitor:DiagnosticSetting") for key in refers(setting, "resourceUri")
    }
    for resource in graph.custom:
        parts = DIAGNOSED.get(resource.token)
        if parts is None or resource.key in told:
            continue
        below = [
            part
            for part in graph.custom
            if part.token in parts and resource.key in refers(part, "accountName")
        ]
        if not any(part.key in told for part in below):
            yield resource, "has no diagnostic setting: nobody can look up who read or changed it"


def _protected(graph: Graph) -> Iterator[tuple[Resource, str]]:
    locks = graph.all("authorization:ManagementLockByScope")
    locked = {key for lock in locks for key in refers(lock, "scope")}
    groups = {
        key
        for lock in graph.all("authorization:ManagementLockAtResourceGroupLevel")
        for key in refers(lock, "resourceGroupName")
    }
    for resource in graph.custom:
        if resource.token not in PROTECTED:
            continue
        if not resource.protect:
            yield resource, "can be deleted by `pulumi destroy` or by a change: Pulumi's protection is off"
        if resource.key not in locked and not groups & refers(resource, "resourceGroupName"):
            yield resource, "can be deleted in the portal: no lock holds it"


def _parts(resource: Resource, group: str) -> tuple[str, ...]:
    """A storage account is reached by each of its services: a lake by its files, Azure ML's by all four."""
    if resource.kind != "StorageAccount":
        return (group,)
    return (
        ("blob", "dfs")
        if read(resource.inputs, "isHnsEnabled") is True
        else ("blob", "file", "queue", "table")
    )


def _reachable(graph: Graph) -> Iterator[tuple[Resource, str]]:
    ends = [
        (refers(end, "privateLinkServiceConnections"), set(groups_of(end))) for end in graph.all(ENDPOINT)
    ]
    for token, path, group in SHUT:
        for resource in graph.all(token):
            if str(read(resource.inputs, path)).lower() != "disabled":
                continue
            for part in _parts(resource, group):
                if not any(resource.key in targets and part in groups for targets, groups in ends):
                    yield (
                        resource,
                        f"answers no public call, and no private endpoint leads to its part {part!r}",
                    )
    for logs in graph.all("operationalinsights:Workspace"):
        shut = read(logs.inputs, "publicNetworkAccessForIngestion") == "Disabled"
        led = any("azuremonitor" in groups for _, groups in ends)
        # A scope of others has their endpoint.
        if shut and not led and "monitor:PrivateLinkScope" not in graph.existing.values():
            yield logs, "takes no public logs, and no private endpoint leads to Azure Monitor"


def _linked(graph: Graph) -> Iterator[tuple[Resource, str]]:
    links = {
        key for link in graph.all("privatedns:VirtualNetworkLink") for key in refers(link, "privateZoneName")
    }
    for zone in graph.all(ZONE):
        if zone.key not in links:
            yield zone, "has no link: nobody in the network asks it"


def _cluster_zone(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """A zone of Azure's own making, one that exists elsewhere, or one of the graph."""
    zones = {zone.key for zone in graph.all(ZONE)}
    for cluster in graph.all("containerservice:ManagedCluster"):
        zone = str(read(cluster.inputs, "apiServerAccessProfile.privateDNSZone"))
        if read(cluster.inputs, "apiServerAccessProfile.enablePrivateCluster") is not True:
            continue
        elsewhere = zone == "system" or zone.startswith("/subscriptions/")
        if not elsewhere and not zones & refers(cluster, "apiServerAccessProfile"):
            yield cluster, "has no private DNS zone: nobody in the network finds its API server"


def groups_of(endpoint: Resource) -> list[str]:
    """The parts of services that an endpoint leads to."""
    connections = endpoint.inputs.get("privateLinkServiceConnections") or []
    connections = [*connections, *(endpoint.inputs.get("manualPrivateLinkServiceConnections") or [])]
    return [str(group) for connection in connections for group in connection.get("groupIds") or []]


def _fits(zone: str, wanted: str) -> bool:
    pattern = re.escape(wanted).replace(re.escape("{region}"), "[a-z0-9]+")
    return re.fullmatch(pattern, zone) is not None


def _named(graph: Graph) -> Iterator[tuple[Resource, str]]:
    zones = {zone.key: str(zone.inputs.get("privateZoneName")) for zone in graph.all(ZONE)}
    links = {
        key for link in graph.all("privatedns:VirtualNetworkLink") for key in refers(link, "privateZoneName")
    }
    for endpoint in graph.all(ENDPOINT):
        of_it = [
            g
            for g in graph.all("network:PrivateDnsZoneGroup")
            if endpoint.key in refers(g, "privateEndpointName")
        ]
        configured = {key for group in of_it for key in refers(group, "privateDnsZoneConfigs")}
        # Zones that exist already, of a hub for example, are named by id and not made here.
        ids = [
            str(config.get("privateDnsZoneId", ""))
            for group in of_it
            for config in group.inputs.get("privateDnsZoneConfigs") or []
        ]
        for group in groups_of(endpoint):
            if group not in ZONES:
                yield endpoint, f"leads to {group!r}, whose DNS zones policies/estate.py does not know"
            for wanted in ZONES.get(group, ()):
                own = [key for key in configured if _fits(zones.get(key, ""), wanted)]
                if not own and not any(_fits(id_.rpartition("/")[2], wanted) for id_ in ids):
                    yield endpoint, f"its name is not in the zone {wanted}: callers go to the public address"
                for key in own:
                    if key not in links:
                        yield endpoint, f"the zone {wanted} has no link: nobody in the network asks it"


def _zones_once(graph: Graph) -> Iterator[tuple[Resource, str]]:
    seen: dict[str, str] = {}
    for zone in graph.all(ZONE):
        name = str(zone.inputs.get("privateZoneName"))
        if name in seen:
            yield (
                zone,
                f"the zone {name} is made twice (by {seen[name]} too): a network asks one of them only",
            )
        seen[name] = zone.name


def _used(graph: Graph) -> Iterator[tuple[Resource, str]]:
    having = {
        key for role in graph.all("authorization:RoleAssignment") for key in refers(role, "principalId")
    }
    for identity in graph.all("managedidentity:UserAssignedIdentity"):
        if identity.key not in having:
            yield identity, "has no role: nothing that signs in with it may do anything"


def _addresses(graph: Graph) -> Iterator[tuple[Resource, str]]:
    held = {key for r in graph.custom if r.token in HOLDERS for keys in r.references.values() for key in keys}
    for address in graph.all("network:PublicIPAddress"):
        if address.key not in held:
            yield (
                address,
                "belongs to nothing that asks who comes: a machine or balancer would answer the internet",
            )


def _kept(graph: Graph) -> Iterator[tuple[Resource, str]]:
    kept = {
        key for blobs in graph.all("storage:BlobServiceProperties") for key in refers(blobs, "accountName")
    }
    for account in graph.all("storage:StorageAccount"):
        if account.key not in kept:
            yield account, "has no settings for its blobs: what is deleted or overwritten is gone"


def _nodes(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """Azure: "Provided EnableNodePublicIp 'False' requires workspace private endpoint"."""
    ends = [(refers(end, "privateLinkServiceConnections"), groups_of(end)) for end in graph.all(ENDPOINT)]
    for cluster in graph.all("machinelearningservices:Compute"):
        if read(cluster.inputs, "properties.properties.enableNodePublicIp") is not False:
            continue
        workspaces = refers(cluster, "workspaceName")
        if not any(workspaces & targets and "amlworkspace" in groups for targets, groups in ends):
            yield (
                cluster,
                "its nodes have no public address, and its workspace no private endpoint: Azure makes none",
            )


def _history(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """Azure has neither versions nor a change feed for an account with a hierarchical namespace."""
    accounts = graph.by_key()
    for blobs in graph.all("storage:BlobServiceProperties"):
        of = [accounts[key] for key in refers(blobs, "accountName") if key in accounts]
        if any(read(account.inputs, "isHnsEnabled") is True for account in of):
            if read(blobs.inputs, "isVersioningEnabled") is True:
                yield blobs, "isVersioningEnabled is true, which Azure refuses for a hierarchical namespace"
            continue
        if read(blobs.inputs, "isVersioningEnabled") is not True:
            yield blobs, "isVersioningEnabled is not true: an overwritten blob is gone"
        days = read(blobs.inputs, "changeFeed.retentionInDays")
        if read(blobs.inputs, "changeFeed.enabled") is not True or not isinstance(days, int) or days < 7:
            yield blobs, "changeFeed is not on for at least 7 days: who changed which blob is not on record"


def _flat(graph: Graph) -> Iterator[tuple[Resource, str]]:
    accounts = graph.by_key()
    for workspace in graph.all("machinelearningservices:Workspace"):
        for key in refers(workspace, "storageAccount"):
            hns = read(accounts[key].inputs, "isHnsEnabled") if key in accounts else False
            if hns not in (False, MISSING):
                yield (
                    accounts[key],
                    "has a hierarchical namespace, which Azure ML does not take for its own storage",
                )


def _callers(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """A key, or a token that a policy asks for: the API's own policy, or a fragment that it includes."""
    fragments = {str(f.inputs.get("value", "")) for f in graph.all("apimanagement:PolicyFragment")}
    for api in graph.all("apimanagement:Api"):
        if read(api.inputs, "subscriptionRequired") is True:
            continue
        own = [p for p in graph.all("apimanagement:ApiPolicy") if api.key in refers(p, "apiId")]
        texts = [str(policy.inputs.get("value", "")) for policy in own]
        included = [f for f in fragments if any("<include-fragment" in text for text in texts)]
        if not any(check in text for check in TOKEN_CHECKS for text in (*texts, *included)):
            yield (
                api,
                "asks for neither a key (subscriptionRequired) nor a token (a policy that validates it)",
            )


def _plain(resource: Resource) -> Iterator[str]:
    """With an identity beside it, Application Insights' connection string is an address and opens nothing."""
    by_identity = read(resource.inputs, "credentials.identityClientId") not in (MISSING, "", None)
    for path in plain_secrets(resource.inputs):
        if resource.token == LOGGER and by_identity and path == ("credentials", "connectionString"):
            continue
        yield f"{'.'.join(path)} is a secret in plain text: it stands in the state, in previews and in logs"


RULES: Final = (
    Rule(
        "no-plain-secret",
        ("*",),
        "Pulumi seals what is marked as secret, and nothing else",
        ("CKV_AZURE_41",),
        _plain,
    ),
)
GRAPH_RULES: Final = (
    GraphRule(
        "data-logs", "who read or changed data can be looked up", ("CKV_AZURE_33", "CKV_AZURE_4"), _diagnosed
    ),
    GraphRule(
        "data-protected", "nothing that holds data goes by one wrong command", ("CKV_AZURE_42",), _protected
    ),
    GraphRule(
        "private-has-endpoint",
        "what is shut can still be used from inside",
        ("CKV2_AZURE_32", "CKV2_AZURE_33", "CKV_AZURE_243"),
        _reachable,
    ),
    GraphRule("endpoint-has-zones", "an endpoint without names is not found", (), _named),
    GraphRule(
        "nodes-reach-workspace", "Azure refuses the cluster, after everything else was made", (), _nodes
    ),
    GraphRule("zone-has-link", "a zone without a link answers nobody", (), _linked),
    GraphRule("cluster-has-zone", "a private API server is found by its name", (), _cluster_zone),
    GraphRule("zones-once", "two zones of one name hide each other", (), _zones_once),
    GraphRule("identity-has-role", "every identity has a use", (), _used),
    GraphRule(
        "public-ip-held", "no address that answers the internet by itself", ("CKV_AZURE_119",), _addresses
    ),
    GraphRule(
        "storage-keeps-blobs", "each account says how long deleted blobs are kept", ("CKV2_AZURE_38",), _kept
    ),
    GraphRule("api-knows-callers", "each caller is known, limited and can be shut out", (), _callers),
    GraphRule("blobs-history", "what was overwritten can be had back, and looked up", (), _history),
    GraphRule("workspace-storage-flat", "Azure ML refuses it, after everything else was made", (), _flat),
)
