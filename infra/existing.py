"""What has to be right about what exists already, once it was looked up."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, ip_network

from infra.addresses import AddressPlan
from infra.config_errors import Problem


def _ipv4(prefixes: Iterable[str]) -> list[IPv4Network]:
    every = (ip_network(text) for text in prefixes)
    return [one for one in every if isinstance(one, IPv4Network)]


def hub_problems(space: IPv4Network, prefixes: Iterable[str]) -> Iterator[Problem]:
    """Azure peers no networks that overlap. prefixes: the hub's."""
    for one in _ipv4(prefixes):
        if one.overlaps(space):
            yield Problem(
                "network.addressSpace",
                str(space),
                f"it overlaps {one} of network.hub.virtualNetworkId, and Azure peers no such networks; "
                "choose another range",
            )


def region_problems(setting: str, id_: str, location: str, wanted: str) -> Iterator[Problem]:
    """Azure writes a region with or without spaces and capitals."""
    if location.replace(" ", "").lower() != wanted:
        yield Problem(setting, id_, f"it stands in {location}, the estate in {wanted}; name one there")


def network_problems(
    plan: AddressPlan, own: Iterable[str], prefixes: Iterable[str], subnets: Mapping[str, Iterable[str]]
) -> Iterator[Problem]:
    """Whether the plan fits into a network with these prefixes and subnets (their prefixes by name).

    own: names of the subnets that the estate makes there.
    """
    spaces = _ipv4(prefixes)
    if not any(plan.space.subnet_of(one) for one in spaces):
        yield Problem(
            "network.addressSpace",
            str(plan.space),
            f"network.existing.virtualNetworkId has {', '.join(map(str, spaces))}; choose a range inside",
        )
    mine = {name.lower() for name in own}
    for name, ranges in subnets.items():
        for taken in _ipv4(ranges) if name.lower() not in mine else ():
            for subnet in plan.subnets:
                if subnet.range.overlaps(taken):
                    yield Problem(
                        f"network.subnets.{subnet.kind.setting}",
                        str(subnet.range),
                        f"the network's subnet {name} has {taken}; choose a free range",
                    )
