"""What the look-ups of a recorded run find, unless somebody says otherwise: what the settings ask for.

A recorded graph is of the settings alone. Whether what exists is right is said by `pulumi preview`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.config import load
from infra.config_errors import ConfigError
from infra.private_link import zones_of
from infra.stack_file import raw_settings


def fitting(stack: str, config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Properties by resource id; none for settings that are wrong, as the program says by itself."""
    try:
        settings = load(raw_settings(config), stack)
    except ConfigError:
        return {}
    here, network = {"location": settings.azure.location}, settings.network
    found: dict[str, dict[str, Any]] = {}
    if network.hub:
        found[network.hub.virtual_network_id] = here
    if network.existing:
        space = {"addressPrefixes": [str(network.address_space)]}
        found[network.existing.virtual_network_id] = {**here, "addressSpace": space}
    if network.central_zones:
        zones = f"{network.central_zones.resource_group_id}/providers/Microsoft.Network/privateDnsZones"
        found |= {f"{zones}/{zone}": {} for zone in zones_of(settings.private_links)}
    if settings.telemetry.workspace_id:
        found[settings.telemetry.workspace_id] = here
    if settings.private_link.monitor_scope_id:
        found[settings.private_link.monitor_scope_id] = {}
    return found
