"""What a subnet says of itself, as the ways out of it and into it depend on."""

from __future__ import annotations

from typing import Any

from emulator.network import addresses

Json = dict[str, Any]


def id_of(resource: Json, name: str) -> str:
    """The id of what a property refers to; "" for nothing."""
    return str((resource["properties"].get(name) or {}).get("id", ""))


def delegations_of(subnet: Json) -> set[str]:
    """The services that a subnet is delegated to, in small letters."""
    given: list[Json] = subnet["properties"].get("delegations") or []
    return {str((one.get("properties") or {}).get("serviceName", "")).lower() for one in given}


def ranges_of(subnet: Json) -> tuple[addresses.Network, ...]:
    """The address ranges of a subnet."""
    return tuple(addresses.networks(addresses.prefixes_of(subnet), subnet["name"]))


def has_endpoint(subnet: Json, service: str) -> bool:
    """Whether a subnet has a service endpoint, the global one included."""
    given = [
        str(one.get("service", "")).lower() for one in subnet["properties"].get("serviceEndpoints") or []
    ]
    return bool(service) and any(one in (service.lower(), f"{service.lower()}.global") for one in given)
