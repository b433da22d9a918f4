"""Flexible servers of PostgreSQL in ARM: what Azure refuses of them. No server runs behind them.

Words are Azure's, as public reports quote them: hashicorp/terraform-provider-azurerm#22585,
Azure/azure-rest-api-specs#27309, DFE-Digital/terraform-azurerm-container-apps-hosting#442. Which values are
taken is from "Limits in Azure Database for PostgreSQL" and "Server parameters", read 2026-11.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError, NotEmulated

SERVER: Final = "Microsoft.DBforPostgreSQL/flexibleServers"
SIZES_GB: Final = (32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767)
TIERS: Final = {"Burstable": "B", "GeneralPurpose": "D", "MemoryOptimized": "E"}
BACKUP_DAYS: Final = range(7, 36)
# Name -> what it is by default, its type, what it may be. Others are not emulated.
PARAMETERS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "require_secure_transport": ("on", "Boolean", ("on", "off")),
    "ssl_min_protocol_version": ("TLSv1.2", "Enumeration", ("TLSv1.2", "TLSv1.3")),
    "log_checkpoints": ("on", "Boolean", ("on", "off")),
    "log_connections": ("on", "Boolean", ("on", "off")),
    "log_disconnections": ("on", "Boolean", ("on", "off")),
}


def invalid(parameter: str) -> AzureError:
    words = f"Invalid value given for parameter {parameter}. Specify a valid parameter value."
    return AzureError(400, "InvalidParameterValue", words)


def install(arm: Arm) -> None:
    """Hooks of servers, their administrators and their parameters."""

    @arm.before_put(SERVER)
    def server(put: Put) -> None:
        properties = put.properties
        password = properties.pop("administratorLoginPassword", None)
        if put.old is None:
            _check_creation(put.resource, properties, password)
        _check_storage(properties, put.old)
        days = (properties.get("backup") or {}).get("backupRetentionDays", 7)
        if days not in BACKUP_DAYS:
            raise invalid("BackupRetentionDays")
        _check_network(properties)
        properties["fullyQualifiedDomainName"] = f"{put.resource['name']}.postgres.database.azure.com"
        properties["state"] = "Ready"

    @arm.before_put(f"{SERVER}/administrators")
    def administrator(put: Put) -> None:
        name = put.resource["name"]
        if not re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", name.lower()):
            raise invalid("objectId")
        held = arm.get(put.resource["id"].rpartition("/administrators/")[0])
        if (held["properties"].get("authConfig") or {}).get("activeDirectoryAuth") != "Enabled":
            raise NotEmulated(f"an administrator of {held['name']} without Microsoft Entra authentication")
        put.properties["objectId"] = name

    @arm.before_put(f"{SERVER}/configurations")
    def configuration(put: Put) -> None:
        name, value = put.resource["name"], put.properties.get("value")
        if name not in PARAMETERS:
            raise NotEmulated(f"the parameter {name} of PostgreSQL servers (known: {', '.join(PARAMETERS)})")
        default, kind, allowed = PARAMETERS[name]
        if value is None:
            put.properties["value"] = default
        elif str(value).lower() not in [one.lower() for one in allowed]:
            raise invalid(name)
        facts = {
            "defaultValue": default,
            "dataType": kind,
            "allowedValues": ",".join(allowed),
            "isDynamicConfig": True,
            "isReadOnly": False,
            "isConfigPendingRestart": False,
        }
        put.properties.update(facts)


def _check_creation(resource: dict[str, Any], properties: dict[str, Any], password: Any) -> None:
    with_passwords = (properties.get("authConfig") or {}).get("passwordAuth", "Enabled") == "Enabled"
    if with_passwords and not properties.get("administratorLogin"):
        raise invalid("AdministratorLogin")
    if with_passwords and not password:
        raise invalid("AdministratorLoginPassword")
    sku = resource.get("sku") or {}
    series = TIERS.get(str(sku.get("tier")))
    if series is None:
        raise invalid("Tier")
    if not str(sku.get("name", "")).startswith(f"Standard_{series}"):
        raise invalid("Sku")


def _check_storage(properties: dict[str, Any], old: dict[str, Any] | None) -> None:
    size = (properties.get("storage") or {}).get("storageSizeGB")
    if size is None:
        raise AzureError(
            500, "InternalServerError", "An unexpected error occured while processing the request."
        )
    before = ((old or {}).get("properties", {}).get("storage") or {}).get("storageSizeGB", 0)
    if size not in SIZES_GB or size < before:
        raise invalid("StorageSizeGB")


def _check_network(properties: dict[str, Any]) -> None:
    network = properties.setdefault("network", {})
    inside = bool(network.get("delegatedSubnetResourceId"))
    if inside and network.get("publicNetworkAccess") == "Enabled":
        raise AzureError(
            400,
            "ConflictingPublicNetworkAccessAndVirtualNetworkConfiguration",
            "Conflicting configuration is detected between Public Network Access and Virtual Network "
            "arguments. Public Network Access is not supported along with Virtual Network feature.",
        )
    network.setdefault("publicNetworkAccess", "Disabled" if inside else "Enabled")
