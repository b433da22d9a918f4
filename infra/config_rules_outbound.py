"""The rules of the ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.addresses import BY_SETTING
from infra.config_errors import Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]
# "Virtual network scenarios and resources" of Container Instances (read 2026-11): a container group goes out
# by a NAT gateway, and by no route to a firewall.
BY_GATEWAY_ALONE: Final = frozenset({"inference"})


def outbound_exists_where_needed(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.outbound.mode != "none":
        return
    for name in settings.network.subnets:
        reason = BY_SETTING[name].outbound
        if reason:
            yield Problem(
                "outbound.mode",
                "none",
                f"network.subnets.{name} needs a way out ({reason}); "
                'set "natGateway", or "firewall" with nextHopIp',
            )


def firewall_is_not_behind_itself(settings: Settings, _: str) -> Iterator[Problem]:
    hop = None if settings.outbound.mode == "none" else settings.outbound.next_hop_ip
    if hop is None:
        return
    for name, network in settings.network.subnets.items():
        if hop in network:
            yield Problem(
                "outbound.nextHopIp",
                str(hop),
                f"network.subnets.{name} would send its traffic in a circle; name the firewall's own address",
            )


def each_subnet_has_one_way_out(settings: Settings, _: str) -> Iterator[Problem]:
    """The NAT gateway is off only where the firewall leads out instead."""
    if settings.outbound.mode != "natGateway":
        return
    chosen, hop = settings.outbound.subnets, settings.outbound.next_hop_ip
    for name, on in chosen.items():
        kind, setting = BY_SETTING.get(name), f"outbound.subnets.{name}"
        if kind is None or name not in settings.network.subnets:
            yield Problem(
                setting,
                on,
                f"there is no such subnet, only {', '.join(settings.network.subnets)}; leave it out",
            )
        elif kind.outbound is None:
            yield Problem(setting, on, f"{kind.purpose} need no way out and get none; leave it out")
        elif not on and name in BY_GATEWAY_ALONE:
            yield Problem(setting, on, f"{kind.purpose} go out by a NAT gateway alone; set true")
        elif not on and hop is None:
            yield Problem(
                setting,
                on,
                f"nothing else leads out, and {kind.outbound}; set true, or outbound.nextHopIp to a firewall",
            )
    if hop and all(chosen.values()):
        yield Problem(
            "outbound.nextHopIp",
            str(hop),
            "the NAT gateway leads every subnet out; leave it out, or set outbound.subnets.NAME to false",
        )


OUTBOUND_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"network", "outbound"}), outbound_exists_where_needed),
    (frozenset({"network", "outbound"}), firewall_is_not_behind_itself),
    (frozenset({"network", "outbound"}), each_subnet_has_one_way_out),
)
