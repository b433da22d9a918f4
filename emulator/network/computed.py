"""What Microsoft.Network computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from typing import Any, Final

from emulator.arm.catalog_types import RECORD_TYPES
from emulator.arm.computed import ETAG, Facts, Table, children, count, listed_users, users
from emulator.arm.ids import fold

NET: Final = "Microsoft.Network"
VNET: Final = f"{NET}/virtualNetworks"
INTERFACE: Final = f"{NET}/networkInterfaces"
POOL: Final = f"{NET}/loadBalancers/backendAddressPools"
CONNECTION: Final = f"{NET}/privateEndpoints/privateLinkServiceConnections"
ZONE: Final = f"{NET}/privateDnsZones"
SERVERS: Final = [f"ns{n}-01.azure-dns.{end}." for n, end in enumerate(("com", "net", "org", "info"), 1)]
PREFIXES: Final = ipaddress.IPv4Network("198.19.128.0/17")  # the upper part of the public addresses here
PREFIXES_6: Final = ipaddress.IPv6Network("2001:db8:8000::/33")  # addresses that nobody has (RFC 3849)
WITH_GUID: Final = (
    "applicationGateways applicationSecurityGroups connections ddosProtectionPlans loadBalancers "
    "localNetworkGateways natGateways networkInterfaces networkSecurityGroups publicIPAddresses "
    "publicIPPrefixes routeTables virtualNetworkGateways virtualNetworks "
    "virtualNetworks/virtualNetworkPeerings"
)
Json = dict[str, Any]


def _attached(facts: Facts) -> Json | None:
    """The configuration of whatever uses a public address."""
    for user in facts.store.users(facts.id):
        for name, items in user["properties"].items():
            for item in items if isinstance(items, list) else ():
                held = (item.get("properties") or {}) if isinstance(item, dict) else {}
                address = held.get("publicIPAddress") or held.get("publicIpAddress")
                if isinstance(address, dict) and fold(str(address.get("id", ""))) == fold(facts.id):
                    return {"id": f"{user['id']}/{name}/{item.get('name', '')}"}
    return None


def _machine(facts: Facts) -> Json | None:
    found = facts.users("Microsoft.Compute/virtualMachines")
    return {"id": found[0]["id"]} if found else None


def _primary(facts: Facts) -> bool | None:
    """Whether a machine's interface is its first; only one that belongs to a machine is that or not."""
    for machine in facts.users("Microsoft.Compute/virtualMachines"):
        listed = (machine["properties"].get("networkProfile") or {}).get("networkInterfaces") or []
        for index, one in enumerate(listed):
            if fold(str(one.get("id", ""))) == fold(facts.id):
                return bool((one.get("properties") or {}).get("primary", index == 0))
    return None


def _way_out(facts: Facts) -> bool:
    """Whether an interface has only Azure's default way out of its network."""
    for one in facts.properties.get("ipConfigurations") or ():
        held = one.get("properties") or {}
        subnet = facts.store.get(str((held.get("subnet") or {}).get("id", ""))) or {}
        ways = subnet.get("properties") or {}
        own = held.get("publicIPAddress") or ways.get("natGateway")
        if own or ways.get("defaultOutboundAccess") is False:
            return False
    return True


def _configurations(facts: Facts) -> list[Json] | None:
    """The configurations of the interfaces in a subnet."""
    found = [
        {"id": f"{one['id']}/ipConfigurations/{item.get('name', '')}"}
        for one in facts.users(INTERFACE)
        for item in one["properties"].get("ipConfigurations") or ()
        if fold(str(((item.get("properties") or {}).get("subnet") or {}).get("id", ""))) == fold(facts.id)
    ]
    return found or None


def _in_pool(facts: Facts) -> list[Json] | None:
    found = [
        {"id": f"{one['id']}/ipConfigurations/{item.get('name', '')}"}
        for one in facts.users(INTERFACE)
        for item in one["properties"].get("ipConfigurations") or ()
        if any(
            fold(str(pool.get("id", ""))) == fold(facts.id)
            for pool in (item.get("properties") or {}).get("loadBalancerBackendAddressPools") or ()
        )
    ]
    return found or None


def _rules_of_balancer(name: str) -> Any:
    """References to the balancer's rules of a kind that lead to a pool."""

    def compute(facts: Facts) -> list[Json] | None:
        rules = (facts.parent.get("properties") or {}).get(name) or ()
        found = [
            {"id": f"{facts.parent['id']}/{name}/{rule.get('name', '')}"}
            for rule in rules
            if fold(facts.id) in json.dumps(rule).lower()
        ]
        return found or None

    return compute


def _prefix(facts: Facts) -> str:
    """A part of the public addresses here, of the length that was asked for (`emulator.arm.counts`)."""
    six = str(facts.properties.get("publicIPAddressVersion") or "").lower() == "ipv6"
    all_of_them, default = (PREFIXES_6, 124) if six else (PREFIXES, 28)
    length = int(facts.properties.get("prefixLength") or default)
    room = 1 << (length - all_of_them.prefixlen)
    number = int.from_bytes(hashlib.sha256(fold(facts.id).encode()).digest()) % room
    start = int(all_of_them.network_address) + number * (1 << (all_of_them.max_prefixlen - length))
    return f"{ipaddress.ip_address(start)}/{length}"


def _encryption(facts: Facts) -> Json | None:
    remote = facts.store.get(str((facts.properties.get("remoteVirtualNetwork") or {}).get("id", ""))) or {}
    return (remote.get("properties") or {}).get("encryption")


def _size(facts: Facts) -> str:
    return f"{len(json.dumps(facts.properties)) / 2**20:.1f}MB"


def _record_name(facts: Facts) -> str:
    """The full name of a record set, `@` standing for the zone itself."""
    name, zone = facts.text("name"), facts.id.split("/")[-3]
    return f"{zone}." if name == "@" else f"{name}.{zone}."


def _with_registration(facts: Facts) -> int:
    links = facts.children("virtualNetworkLinks")
    return sum(bool(one["properties"].get("registrationEnabled")) for one in links)


COMPUTED: Final[Table] = {
    f"{NET}/*": {"etag": ETAG},
    **{f"{NET}/{name}": {"properties.resourceGuid": "{uuid}"} for name in WITH_GUID.split()},
    VNET: {"properties.resourceGuid": "{uuid}"},
    f"{VNET}/subnets": {
        "properties.ipConfigurations": _configurations,
        "properties.privateEndpoints": users(f"{NET}/privateEndpoints"),
        "properties.delegations[].etag": ETAG,
    },
    f"{VNET}/virtualNetworkPeerings": {
        "properties.resourceGuid": "{uuid}",
        "properties.remoteVirtualNetworkEncryption": _encryption,
    },
    f"{NET}/networkSecurityGroups": {
        "properties.resourceGuid": "{uuid}",
        "properties.networkInterfaces": users(INTERFACE),
        "properties.subnets": users(f"{VNET}/subnets"),
        "properties.defaultSecurityRules[].etag": ETAG,
    },
    f"{NET}/publicIPAddresses": {
        "properties.resourceGuid": "{uuid}",
        "properties.ipConfiguration": _attached,
    },
    f"{NET}/publicIPPrefixes": {
        "properties.resourceGuid": "{uuid}",
        "properties.ipPrefix": _prefix,
        "properties.publicIPAddresses": users(f"{NET}/publicIPAddresses"),
    },
    INTERFACE: {
        "properties.resourceGuid": "{uuid}",
        "properties.defaultOutboundConnectivityEnabled": _way_out,
        "properties.hostedWorkloads": [],
        "properties.tapConfigurations": [],
        "properties.vnetEncryptionSupported": False,
        "properties.virtualMachine": _machine,
        "properties.primary": _primary,
        "properties.ipConfigurations[].etag": ETAG,
    },
    f"{NET}/privateEndpoints": {
        "properties.privateLinkServiceConnections[].etag": ETAG,
        "properties.privateLinkServiceConnections[].type": CONNECTION,
    },
    f"{NET}/serviceEndpointPolicies": {
        "properties.resourceGuid": "{uuid}",
        "properties.subnets": users(f"{VNET}/subnets"),
    },
    f"{NET}/routeTables": {
        "properties.resourceGuid": "{uuid}",
        "properties.subnets": users(f"{VNET}/subnets"),
    },
    f"{NET}/routeTables/routes": {"properties.hasBgpOverride": False},
    POOL: {
        "properties.backendIPConfigurations": _in_pool,
        "properties.inboundNatRules": _rules_of_balancer("inboundNatRules"),
        "properties.loadBalancingRules": _rules_of_balancer("loadBalancingRules"),
        "properties.outboundRules": _rules_of_balancer("outboundRules"),
    },
    f"{NET}/firewallPolicies": {
        "properties.childPolicies": listed_users(f"{NET}/firewallPolicies"),
        "properties.firewalls": listed_users(f"{NET}/azureFirewalls"),
        "properties.ruleCollectionGroups": children("ruleCollectionGroups"),
        "properties.size": _size,
    },
    f"{NET}/firewallPolicies/ruleCollectionGroups": {"properties.size": _size},
    f"{NET}/connections": {
        "properties.resourceGuid": "{uuid}",
        "properties.connectionStatus": "NotConnected",  # no packet passes
        "properties.egressBytesTransferred": 0,
        "properties.ingressBytesTransferred": 0,
        "properties.tunnelConnectionStatus": [],
    },
    f"{NET}/applicationGateways": {
        "properties.resourceGuid": "{uuid}",
        "properties.operationalState": "Running",
        # "Application Gateway TLS policy overview": of API versions from 2023-02-01 on, read 2026-11
        "properties.defaultPredefinedSslPolicy": "AppGwSslPolicy20220101",
        "properties.privateEndpointConnections": [],
    },
    f"{NET}/ddosProtectionPlans": {
        "properties.resourceGuid": "{uuid}",
        "properties.publicIPAddresses": users(f"{NET}/publicIPAddresses"),
        "properties.virtualNetworks": users(VNET),
    },
    f"{NET}/ipGroups": {
        "properties.firewallPolicies": listed_users(f"{NET}/firewallPolicies"),
        "properties.firewalls": listed_users(f"{NET}/azureFirewalls"),
    },
    # "Azure DNS limits" of "Azure subscription and service limits", read 2026-11
    ZONE: {
        "properties.internalId": "{uuid}",
        "properties.maxNumberOfRecordSets": 25000,
        "properties.maxNumberOfVirtualNetworkLinks": 1000,
        "properties.maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        "properties.numberOfRecordSets": count(*RECORD_TYPES, more=1),  # SOA
        "properties.numberOfVirtualNetworkLinks": count("virtualNetworkLinks"),
        "properties.numberOfVirtualNetworkLinksWithRegistration": _with_registration,
    },
    f"{ZONE}/virtualNetworkLinks": {"properties.virtualNetworkLinkState": "Completed"},
    f"{ZONE}/{{recordType}}": {"properties.fqdn": _record_name, "properties.isAutoRegistered": False},
    f"{NET}/dnsZones": {
        "properties.maxNumberOfRecordSets": 10000,
        "properties.nameServers": SERVERS,
        "properties.numberOfRecordSets": count(*RECORD_TYPES, more=2),  # SOA and NS
    },
    f"{NET}/dnsZones/{{recordType}}": {"properties.fqdn": _record_name},
}
DEFAULTS: Final[Table] = {
    f"{ZONE}/{{recordType}}": {"properties.ttl": 3600, "properties.metadata": {}},
    f"{NET}/dnsZones/{{recordType}}": {"properties.TTL": 3600, "properties.metadata": {}},
}

ABSENT: Final = {
    VNET: {"flowLogs": "flow logs are not emulated"},
    f"{VNET}/subnets": {
        "ipConfigurationProfiles": "only of subnets of container profiles",
        "purpose": "only of subnets that Azure uses itself",
        "resourceNavigationLinks": "only of subnets that a service of Azure has tied to itself",
        "serviceAssociationLinks": "only of subnets that a service of Azure has tied to itself",
        "delegations[].actions": "the services' own; not emulated",
    },
    f"{NET}/networkSecurityGroups": {"flowLogs": "flow logs are not emulated"},
    f"{NET}/publicIPPrefixes": {"loadBalancerFrontendIpConfiguration": "only where a balancer uses it whole"},
    INTERFACE: {
        "dscpConfiguration": "only with a DSCP configuration",
        "privateEndpoint": "only of a private endpoint's own interface",
        "ipConfigurations[].privateLinkConnectionProperties": "only of a private endpoint's own interface",
    },
    f"{NET}/serviceEndpointPolicies": {"kind": "only of policies that a service of Azure makes"},
    POOL: {"outboundRule": "Azure lists outboundRules instead"},
    f"{NET}/azureFirewalls": {"ipGroups": "only where rules of the firewall itself name IP groups"},
    f"{NET}/virtualNetworkGateways": {"inboundDnsForwardingEndpoint": "only with DNS forwarding"},
    f"{NET}/dnsZones": {
        "maxNumberOfRecordsPerRecordSet": "null in Azure's own answers",
        "signingKeys": "only of signed zones",
    },
}
