"""Private endpoints: their connections, the interface with their addresses, the records of their names."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from emulator.arm.ids import fold, parse_resource
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.network import privatelink
from emulator.network.interfaces import INTERFACE
from emulator.network.privatelink import Name

ENDPOINT: Final = "Microsoft.Network/privateEndpoints"
ZONE_GROUP: Final = f"{ENDPOINT}/privateDnsZoneGroups"
CONNECTIONS: Final = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
APPROVED: Final = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
PENDING: Final = {"status": "Pending", "description": "Awaiting approval", "actionsRequired": "None"}
GONE: Final = {"status": "Disconnected", "description": "The service was deleted", "actionsRequired": "None"}
TTL_S: Final = 10  # of the records that a zone group writes

Json = dict[str, Any]


def install(arm: Arm, identity: Identity) -> None:
    """Hooks of private endpoints and of their zone groups."""

    @arm.before_put(ENDPOINT)
    def connect(put: Put) -> None:
        name = put.resource["name"]
        if not (put.properties.get("subnet") or {}).get("id"):
            raise AzureError(
                400, "InvalidRequestFormat", f"Private endpoint '{name}': subnet.id is required."
            )
        put.properties.pop("networkInterfaces", None)  # computed, whatever was sent
        held = {one["name"]: one["properties"] for one in connections_of(put.old or {})}
        for kind in CONNECTIONS:
            for one in put.properties.get(kind) or []:
                properties = one.setdefault("properties", {})
                _check_group(arm, name, properties)
                before = held.get(one.setdefault("name", name), {})
                if before.get("privateLinkServiceId") == properties.get("privateLinkServiceId"):
                    state = before.get("privateLinkServiceConnectionState", PENDING)
                else:
                    state = _state(identity, put, properties, automatic=kind == CONNECTIONS[0])
                properties["privateLinkServiceConnectionState"] = state
                properties["provisioningState"] = "Succeeded"
                one["id"] = f"{put.id}/{kind}/{one['name']}"

    @arm.with_put(ENDPOINT)
    def interface(put: Put) -> None:
        """The interface with an address for each member of each service that it leads to."""
        body = _interface(arm, put.resource)
        if body is not None:
            arm.put(interface_id(put.resource), body)

    @arm.with_delete(ENDPOINT)
    def without(resource: Json) -> None:
        arm.delete(interface_id(resource))

    @arm.on_get(ENDPOINT)
    def addresses(resource: Json) -> Json:
        properties = resource["properties"]
        for one in connections_of(resource):
            if arm.store.get(str(one["properties"].get("privateLinkServiceId", ""))) is None:
                one["properties"]["privateLinkServiceConnectionState"] = dict(GONE)
        held = arm.store.get(interface_id(resource))
        properties["networkInterfaces"] = [{"id": held["id"]}] if held else []
        if not properties.get("customDnsConfigs"):
            properties["customDnsConfigs"] = [
                {"fqdn": fqdn, "ipAddresses": [address]} for fqdn, address in names_of(arm, resource)
            ]
        return resource

    @arm.before_delete(INTERFACE)
    def held_by_its_endpoint(resource: Json) -> None:
        endpoint = (resource["properties"].get("privateEndpoint") or {}).get("id", "")
        if endpoint and arm.deletion_root and fold(arm.deletion_root) == fold(resource["id"]):
            raise AzureError(
                400,
                "NetworkInterfaceInUseByPrivateEndpoint",
                f"Network interface {resource['id']} is in use by private endpoint {endpoint} and goes with "
                "it.",
            )

    @arm.before_put(ZONE_GROUP)
    def zones(put: Put) -> None:
        endpoint = arm.store.get(_endpoint_of(put.id)) or arm.get(_endpoint_of(put.id))
        for one in put.properties.get("privateDnsZoneConfigs") or []:
            properties = one.setdefault("properties", {})
            zone = properties.get("privateDnsZoneId")
            if not zone or arm.find(zone) is None:
                raise AzureError(
                    400,
                    "InvalidResourceReference",
                    f"Resource {zone} referenced by resource {put.id} was not found. Please make sure that "
                    "the referenced resource exists, and that both resources are in the same region.",
                )
            properties["recordSets"] = [
                {
                    "recordType": "A",
                    "recordSetName": record,
                    "fqdn": f"{record}.{zone.rsplit('/', 1)[-1]}",
                    "ttl": TTL_S,
                    "ipAddresses": [address],
                    "provisioningState": "Succeeded",
                }
                for record, address in _records(arm, endpoint, zone.rsplit("/", 1)[-1])
            ]

    @arm.with_put(ZONE_GROUP)
    def write_records(put: Put) -> None:
        wanted = dict(_written(put.resource))
        for record in dict(_written(put.old or {})).keys() - wanted.keys():
            arm.delete(record)
        creator = f"created by private endpoint {_endpoint_of(put.id).rsplit('/', 1)[-1]}"
        for record, one in wanted.items():
            addresses = [{"ipv4Address": address} for address in one["ipAddresses"]]
            properties = {"ttl": one["ttl"], "aRecords": addresses, "metadata": {"creator": creator}}
            arm.put(record, {"properties": properties})

    @arm.with_delete(ZONE_GROUP)
    def take_records(resource: Json) -> None:
        for record, _ in _written(resource):
            arm.delete(record)


def connections_of(endpoint: Json) -> list[Json]:
    """The connections of an endpoint, those that wait for an approval included."""
    properties = endpoint.get("properties") or {}
    return [one for kind in CONNECTIONS for one in properties.get(kind) or []]


def interface_id(endpoint: Json) -> str:
    """The id of the interface that an endpoint makes, in its own group."""
    name = endpoint["properties"].get("customNetworkInterfaceName")
    mark = uuid.uuid5(uuid.NAMESPACE_URL, fold(endpoint["id"]))
    group = endpoint["id"].partition("/providers/")[0]
    own = name or f"{endpoint['name']}.nic.{mark}"
    return f"{group}/providers/{INTERFACE}/{own}"


def names_of(arm: Arm, endpoint: Json) -> list[tuple[str, str]]:
    """(full name, address) of each name that an endpoint answers to."""
    held = arm.store.get(interface_id(endpoint))
    found: list[tuple[str, str]] = []
    for one in (held or {}).get("properties", {}).get("ipConfigurations") or []:
        properties = one["properties"]
        link = properties.get("privateLinkConnectionProperties") or {}
        found += [(fqdn, properties["privateIPAddress"]) for fqdn in link.get("fqdns") or []]
    return found


def connections(arm: Arm, resource: Json) -> list[Json]:
    """One connection for each private endpoint that leads to a resource: its privateEndpointConnections."""
    endpoints = arm.store.users(resource["id"], ENDPOINT)
    return [
        {
            "id": f"{resource['id']}/privateEndpointConnections/{endpoint['name']}",
            "name": endpoint["name"],
            "type": f"{resource['type']}/privateEndpointConnections",
            "properties": {
                "privateEndpoint": {"id": endpoint["id"]},
                "groupIds": connection["properties"].get("groupIds") or [],
                "privateLinkServiceConnectionState": dict(
                    connection["properties"]["privateLinkServiceConnectionState"]
                ),
                "provisioningState": "Succeeded",
            },
        }
        for endpoint in sorted(endpoints, key=lambda one: fold(one["id"]))
        for connection in connections_of(endpoint)
        if fold(str(connection["properties"].get("privateLinkServiceId", ""))) == fold(resource["id"])
    ]


def approved(connection: Json) -> bool:
    """Whether a connection leads to its service."""
    return connection["properties"]["privateLinkServiceConnectionState"].get("status") == "Approved"


def _state(identity: Identity, put: Put, connection: Json, *, automatic: bool) -> Json:
    """A manual one waits. Another takes the right to approve connections of the service, as Azure says it
    (MicrosoftDocs/azure-docs#96892)."""
    target, who = str(connection.get("privateLinkServiceId", "")), put.principal
    if not automatic:
        return dict(PENDING)
    action = f"{parse_resource(target).type}/privateEndpointConnectionsApproval/action" if target else ""
    if who is not None and not identity.allowed(who, action, target):
        raise AzureError(
            403,
            "LinkedAuthorizationFailed",
            f"The client '{who.client_id}' with object id '{who.object_id}' has permission to perform action "
            f"'{ENDPOINT}/write' on scope '{put.id}'; however, it does not have permission to perform action "
            f"'PrivateEndpointConnectionsApproval/action' on the linked scope(s) '{target}' or the linked "
            "scope(s) are invalid.",
        )
    return dict(APPROVED)


def _check_group(arm: Arm, name: str, connection: Json) -> None:
    service = str(connection.get("privateLinkServiceId", ""))
    known = privatelink.groups((arm.store.get(service) or {}).get("type", ""))
    asked: Any = connection.get("groupIds")
    if known and (
        not isinstance(asked, list)
        or len(asked) != 1
        or not any(one.lower() == str(asked[0]).lower() for one in known)
    ):
        raise AzureError(
            400,
            "PrivateEndpointInvalidGroupId",
            f"Private endpoint '{name}': groupIds is {asked}; for {service} it is one of {', '.join(known)}.",
        )


def _interface(arm: Arm, endpoint: Json) -> Json | None:
    """The body of an endpoint's interface; None for services whose names are not known."""
    members: dict[tuple[str, str], list[str]] = {}
    for group, name, fqdn in _names(arm, endpoint):
        members.setdefault((group, name.member), []).append(fqdn)
    if not members:
        return None
    configurations = [
        {
            "name": f"privateEndpointIpConfig.{group}.{member}",
            "properties": {
                "subnet": {"id": endpoint["properties"]["subnet"]["id"]},
                "privateLinkConnectionProperties": {
                    "groupId": group,
                    "requiredMemberName": member,
                    "fqdns": fqdns,
                },
            },
        }
        for (group, member), fqdns in members.items()
    ]
    return {
        "location": endpoint.get("location"),
        "properties": {"ipConfigurations": configurations, "privateEndpoint": {"id": endpoint["id"]}},
    }


def _names(arm: Arm, endpoint: Json) -> Iterator[tuple[str, Name, str]]:
    """(group, name, full name) of what an endpoint leads to."""
    for one in connections_of(endpoint):
        target = arm.store.get(str(one["properties"].get("privateLinkServiceId", "")))
        if target is not None:
            for group in one["properties"].get("groupIds") or []:
                for name in privatelink.names(target["type"], group):
                    yield group, name, name.fqdn(target)


def _records(arm: Arm, endpoint: Json, zone: str) -> Iterator[tuple[str, str]]:
    """(name of the record set, address) of an endpoint's names that stand in a zone."""
    answered = dict(names_of(arm, endpoint))
    for _, name, fqdn in _names(arm, endpoint):
        if name.zone.lower() == zone.lower() and fqdn in answered:
            yield name.record(fqdn), answered[fqdn]


def _written(group: Json) -> Iterator[tuple[str, Json]]:
    """(id, record set) of each record that a zone group has written."""
    for config in (group.get("properties") or {}).get("privateDnsZoneConfigs") or []:
        properties = config.get("properties") or {}
        for one in properties.get("recordSets") or []:
            yield f"{properties['privateDnsZoneId']}/A/{one['recordSetName']}", one


def _endpoint_of(group_id: str) -> str:
    return group_id.rsplit("/", 2)[0]
