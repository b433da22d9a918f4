"""The rules between the gateway's settings and the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from infra.config_errors import Problem

if TYPE_CHECKING:
    from infra.config import Settings

Rule = Callable[["Settings", str], Iterator[Problem]]


def gateway_has_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.gateway and "gateway" not in settings.network.subnets:
        yield Problem("network.subnets.gateway", None, "gateway needs a subnet to go out by; set its range")


def once_only_settings_have_a_gateway(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.gateway:
        return
    for name, value in (("openGateway", settings.open_gateway), ("recoverGateway", settings.recover_gateway)):
        if value:
            yield Problem(name, True, "there is no gateway; set the section gateway, or leave this out")


def only_a_private_gateway_is_opened(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.open_gateway and not settings.private:
        yield Problem(
            "openGateway", True, "this gateway is public, for the callers of networkAccess; leave it out"
        )


GATEWAY_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset({"gateway", "network"}), gateway_has_a_subnet),
    (frozenset({"gateway", "open_gateway", "recover_gateway"}), once_only_settings_have_a_gateway),
    (frozenset({"open_gateway", "network_access"}), only_a_private_gateway_is_opened),
)
