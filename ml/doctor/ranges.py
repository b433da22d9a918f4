"""Whether the network's range meets another network's in the subscription."""

from ipaddress import IPv4Network
from typing import Any, Final

from ml.doctor.findings import Finding, ok, warning
from ml.doctor.subject import NETWORK, Subject

TITLE: Final = "address ranges"


def check(subject: Subject) -> list[Finding]:
    """Overlapping networks can stand side by side; Azure refuses to peer them."""
    space = subject.settings.network.address_space
    existing = subject.settings.network.existing
    made = (
        f"{subject.group}/providers/Microsoft.Network/virtualNetworks/{subject.names.of('virtual_network')}"
    )
    own = existing.virtual_network_id if existing else made
    path = f"{subject.subscription}/providers/Microsoft.Network/virtualNetworks"
    findings: list[Finding] = []
    for other in subject.management.items(path, **{"api-version": NETWORK}):
        if str(other["id"]).lower() == own.lower():
            continue
        if both := [str(one) for one in ranges_of(other) if one.overlaps(space)]:
            findings.append(
                warning(
                    TITLE,
                    f"network.addressSpace {space} overlaps {', '.join(both)} of {other['name']}",
                    "Choose another range if the two are ever to be peered: it cannot be changed later.",
                )
            )
    return findings or [ok(TITLE, f"no other network of the subscription overlaps {space}")]


def ranges_of(network: dict[str, Any]) -> list[IPv4Network]:
    """The IPv4 ranges of a virtual network."""
    properties: Any = network.get("properties") or {}
    prefixes: Any = (properties.get("addressSpace") or {}).get("addressPrefixes") or ()
    return [IPv4Network(prefix) for prefix in map(str, prefixes) if ":" not in prefix]
