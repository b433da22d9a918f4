"""Microsoft.ContainerRegistry/registries and their agent pools: validation and what Azure computes."""

from __future__ import annotations

import secrets
from typing import Any

from emulator import times
from emulator.arm import firewalls
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.images.store import Images

REGISTRY = "Microsoft.ContainerRegistry/registries"
AGENT_POOL = f"{REGISTRY}/agentPools"
SKUS = ("Basic", "Standard", "Premium")
PASSWORDS = "registry-passwords"

# What a registry has when its creator does not say.
DEFAULTS: dict[str, Any] = {
    "adminUserEnabled": False,
    "anonymousPullEnabled": False,
    "dataEndpointEnabled": False,
    "encryption": {"status": "disabled"},
    "networkRuleBypassOptions": "AzureServices",
    "privateEndpointConnections": [],
    "publicNetworkAccess": "Enabled",
    "zoneRedundancy": "Disabled",
}
# Settings that only the Premium tier has: property -> the value that needs it.
PREMIUM = {
    "dataEndpointEnabled": True,
    "publicNetworkAccess": "Disabled",
    "zoneRedundancy": "Enabled",
}
AGENT_POOL_TIERS = ("S1", "S2", "S3", "I6")
# "Configure public IP network rules" of Container Registry, read 2026-11
MOST_IP_RULES = 100
# Azure's own list, in the error that Azure/bicep-registry-modules issue 5039 quotes (2025-04)
AGENT_POOL_REGIONS = (
    "eastus",
    "westeurope",
    "westus2",
    "southcentralus",
    "australiaeast",
    "canadacentral",
    "centralus",
    "eastasia",
    "eastus2",
    "northeurope",
    "francecentral",
    "switzerlandnorth",
)


def login_server(name: str) -> str:
    return f"{name.lower()}.azurecr.io"


def private(properties: dict[str, Any]) -> str:
    """Why a registry is closed to a build that runs outside of its network; "" when it is open."""
    if str(properties.get("publicNetworkAccess", "Enabled")).lower() == "disabled":
        return "publicNetworkAccess is 'Disabled'"
    if str((properties.get("networkRuleSet") or {}).get("defaultAction", "Allow")).lower() == "deny":
        return "networkRuleSet.defaultAction is 'Deny'"
    return ""


def install(arm: Arm, store: Store, images: Images) -> None:
    """Register the hooks."""

    @arm.before_put(REGISTRY)
    def validate(put: Put) -> None:
        properties, name = put.properties, put.resource["name"]
        sku = str((put.resource.get("sku") or {}).get("name", ""))
        if sku not in SKUS:
            raise AzureError(
                400,
                "InvalidRequestContent",
                f"Registry '{name}': sku.name is '{sku}'; it must be one of {', '.join(SKUS)}.",
            )
        put.resource["sku"] = {"name": sku, "tier": sku}
        for key, value in DEFAULTS.items():
            properties.setdefault(key, value)
        if sku != "Premium":
            _refuse_premium(name, sku, properties)
        _check_export_policy(name, properties)
        _check_firewall(name, properties.get("networkRuleSet"))
        server = login_server(name)
        old = (put.old or {}).get("properties", {})
        location = put.resource.get("location", "")
        properties["loginServer"] = server
        properties["creationDate"] = old.get("creationDate") or times.now()
        properties["privateEndpointConnections"] = old.get("privateEndpointConnections", [])
        properties["dataEndpointHostNames"] = (
            [f"{name.lower()}.{location}.data.azurecr.io"] if properties["dataEndpointEnabled"] else []
        )

    @arm.with_delete(REGISTRY)
    def forget(resource: dict[str, Any]) -> None:
        store.delete_document(PASSWORDS, resource["id"].lower())

    @arm.after_delete(REGISTRY)
    def drop(resource: dict[str, Any]) -> None:
        images.forget(login_server(resource["name"]))

    @arm.before_put(AGENT_POOL)
    def validate_pool(put: Put) -> None:
        registry = store.get(put.id.rsplit("/", 2)[0]) or {}
        if registry.get("sku", {}).get("name") != "Premium":
            raise AzureError(
                400,
                "SkuNotSupported",
                f"Registry '{registry.get('name')}': agent pools need the SKU Premium.",
            )
        location = put.resource.get("location") or registry.get("location", "")
        if location not in AGENT_POOL_REGIONS:
            raise AzureError(
                400,
                "LocationNotAvailableForResourceType",
                f"The provided location '{location}' is not available for resource type '{AGENT_POOL}'. "
                f"List of available regions for the resource type is '{','.join(AGENT_POOL_REGIONS)}'.",
            )
        properties = put.properties
        properties.setdefault("count", 1)
        properties.setdefault("tier", "S1")
        properties.setdefault("os", "Linux")
        if properties["tier"] not in AGENT_POOL_TIERS:
            raise AzureError(
                400,
                "InvalidAgentPoolTier",
                f"Agent pool '{put.resource['name']}': tier is '{properties['tier']}'; it must be one of"
                f" {', '.join(AGENT_POOL_TIERS)}.",
            )

    @arm.action(REGISTRY, "listCredentials")
    def credentials(action: Action) -> dict[str, Any]:
        return _credentials(store, _admin(arm, action.id))

    @arm.action(REGISTRY, "regenerateCredential")
    def regenerate(action: Action) -> dict[str, Any]:
        name = str(action.body.get("name", ""))
        if name not in ("password", "password2"):
            raise AzureError(
                400, "InvalidRequestContent", f"name is '{name}': expected password or password2."
            )
        return _credentials(store, _admin(arm, action.id), renew=name)


def _refuse_premium(name: str, sku: str, properties: dict[str, Any]) -> None:
    wanted = [key for key, value in PREMIUM.items() if properties.get(key) == value]
    if (properties.get("networkRuleSet") or {}).get("defaultAction") == "Deny":
        wanted.append("networkRuleSet")
    if ((properties.get("policies") or {}).get("retentionPolicy") or {}).get("status") == "enabled":
        wanted.append("policies.retentionPolicy")
    if wanted:
        raise AzureError(
            400,
            "SkuNotSupported",
            f"Registry '{name}': {', '.join(wanted)} not supported for the SKU {sku}; use Premium.",
        )


def _check_firewall(name: str, rules: Any) -> None:
    """400 for address rules that a registry does not take."""
    given = firewalls.values((rules or {}).get("ipRules"))
    if len(given) > MOST_IP_RULES:
        raise AzureError(
            400,
            "NetworkRuleSetLimitExceeded",
            f"Registry '{name}': networkRuleSet.ipRules has {len(given)} rules; "
            f"the limit is {MOST_IP_RULES}.",
        )
    for value in given:
        one = firewalls.parse(value)
        if one is None or firewalls.forbidden(one):
            raise AzureError(
                400,
                "InvalidNetworkRule",
                f"Registry '{name}': networkRuleSet.ipRules has '{value}', which is no public IPv4 address "
                "or range.",
            )


def _check_export_policy(name: str, properties: dict[str, Any]) -> None:
    policy = ((properties.get("policies") or {}).get("exportPolicy") or {}).get("status", "enabled")
    if policy == "disabled" and properties["publicNetworkAccess"] != "Disabled":
        raise AzureError(
            400,
            "InvalidExportPolicy",
            f"Registry '{name}': policies.exportPolicy.status is 'disabled', which needs publicNetworkAccess"
            f" 'Disabled'; it is '{properties['publicNetworkAccess']}'.",
        )


def _admin(arm: Arm, registry_id: str) -> dict[str, Any]:
    registry = arm.get(registry_id)
    if not registry["properties"].get("adminUserEnabled"):
        raise AzureError(
            400,
            "UnAuthorizedForCredentialOperations",
            f"Cannot perform credential operations for {registry['id']} as admin user is disabled.",
        )
    return registry


def _credentials(store: Store, registry: dict[str, Any], renew: str = "") -> dict[str, Any]:
    key = registry["id"].lower()
    passwords: dict[str, str] = store.document(PASSWORDS, key) or {}
    for name in ("password", "password2"):
        if name not in passwords or name == renew:
            passwords[name] = secrets.token_urlsafe(39)
    store.put_document(PASSWORDS, key, passwords, secret=True)
    return {
        "username": registry["name"],
        "passwords": [{"name": name, "value": value} for name, value in sorted(passwords.items())],
    }
