"""Three scenarios of settings: what the stack files have, every switch on, and a private estate by the least.

The unit tests record each; the end-to-end test brings each up on Azure of its own, and down again. Whoever
adds a switch turns it on in `max`. Two more, for unit tests, name what others made: `central` and
`existing_network`.
"""

from typing import Any, Final

from infra.private_link import LINKS, zones_of
from tests.infra.recording import stack_file

NAMESPACE: Final = "mlops-estate:"
SERVICES: Final = ("storage", "dataLake", "keyVault", "learningVault", "registry")

MAX: Final[dict[str, Any]] = {
    "privateLink": {"services": list(SERVICES), "monitor": True},
    "moreClusters": {
        "gpu": {"vmSize": "Standard_NC4as_T4_v3", "maxNodes": 1},
        "spot": {"vmSize": "Standard_D4ds_v5", "maxNodes": 4, "priority": "LowPriority"},
    },
    "kubernetes": {
        "systemNodes": {"vmSize": "Standard_D2ds_v5", "minNodes": 1, "maxNodes": 2},
        "userNodes": {"vmSize": "Standard_D4ds_v5", "minNodes": 1, "maxNodes": 2},
    },
    "outbound": {"mode": "natGateway", "nextHopIp": "10.0.1.4", "subnets": {"ciRunners": False}},
    "retraining": {
        "schedule": "0 0 4 * * Mon",
        "application": {
            "clientId": "7d3c2b1a-0000-4000-8000-0000000000a1",
            "objectId": "7d3c2b1a-0000-4000-8000-0000000000a2",
        },
        "data": "azureml:credit-default@latest",
    },
    "scoringFunction": {"maxInstances": 60},
    "runners": {
        "repository": "example-org/mlops-estate",
        "app": "Iv23liRunners",
        "installation": "4100",
        "key": "github-runners",
        "sshKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKpQh0m0bB5v1mH1nI5c0kq3cR2YBf1vPZbJYp0T7d3K operator",
        "count": 2,
    },
    "protectData": True,
    "predictionsDatabase": {"administrators": "ML engineers", "zoneRedundant": True},
    "erasure": {"groupId": "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a003", "groupName": "mlops-data-protection"},
}
"""Over stage's settings: every switch on."""

MORE_SUBNETS: Final = {"scoringFunction": "10.20.3.192/27"}
"""Beside stage's: those of parts that no stack file has."""

LEAST: Final = ("dataLake", "registry", "kubernetes", "gateway", "alerts", "budget", "tags")
"""Out of production's settings: what an estate can do without."""


def defaults() -> tuple[str, dict[str, Any]]:
    """Stage as its stack file has it: the stack's name and its `config`."""
    return "stage", stack_file("stage")


def maximal() -> tuple[str, dict[str, Any]]:
    """Stage with every switch on."""
    config = stack_file("stage")
    config[f"{NAMESPACE}network"]["subnets"] |= MORE_SUBNETS
    return "stage", {**config, **{f"{NAMESPACE}{key}": value for key, value in MAX.items()}}


def private() -> tuple[str, dict[str, Any]]:
    """Production without what can be left out, but for its way in for telemetry."""
    config = stack_file("prod")
    for section in LEAST:
        del config[f"{NAMESPACE}{section}"]
    for subnet in ("gateway", "buildAgents", "kubernetes", "functions"):
        del config[f"{NAMESPACE}network"]["subnets"][subnet]
    return "prod", config


# Of a subscription that is not the estate's own: stage's, which the emulator knows.
_CONNECTIVITY: Final = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups"
HUB: Final = f"{_CONNECTIVITY}/rg-hub/providers/Microsoft.Network/virtualNetworks/vnet-hub"
ZONES: Final = f"{_CONNECTIVITY}/rg-dns"
LOGS: Final = f"{_CONNECTIVITY}/rg-logs/providers/Microsoft.OperationalInsights/workspaces/log-central"
SCOPE: Final = f"{_CONNECTIVITY}/rg-logs/providers/Microsoft.Insights/privateLinkScopes/ampls-central"
EXISTING: Final[dict[str, dict[str, Any]]] = {
    HUB: {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "location": "westeurope"},
    LOGS: {"location": "West Europe"},
    SCOPE: {},
    **{f"{ZONES}/providers/Microsoft.Network/privateDnsZones/{zone}": {} for zone in zones_of(LINKS)},
}
"""What is found where `central` looks."""


def central() -> tuple[str, dict[str, Any]]:
    """A private estate whose hub, DNS zones, Log Analytics and scope of Azure Monitor are others'."""
    stack, config = private()
    config[f"{NAMESPACE}network"] |= {
        "hub": {"virtualNetworkId": HUB, "useGateway": True, "dnsServers": ["10.0.0.4", "10.0.0.5"]},
        "centralZones": {"resourceGroupId": ZONES},
    }
    config[f"{NAMESPACE}telemetry"] = {"workspaceId": LOGS}
    config[f"{NAMESPACE}privateLink"] = {"monitorScopeId": SCOPE}
    config[f"{NAMESPACE}outbound"] |= {"nextHopIp": "10.0.1.4", "subnets": {"ciRunners": False}}
    config[f"{NAMESPACE}alerts"] = {"emails": ["mlops-engineers@example.com"]}
    return stack, config


def existing_network() -> tuple[str, dict[str, Any], dict[str, dict[str, Any]]]:
    """A private estate in a network of others, and what is found of it: one subnet of theirs, one of ours."""
    stack, config = private()
    own = f"/subscriptions/{config['azure-native:subscriptionId']}"
    id_ = (
        f"{own}/resourceGroups/rg-landing-zone/providers/Microsoft.Network/virtualNetworks/vnet-landing-zone"
    )
    config[f"{NAMESPACE}network"]["existing"] = {"virtualNetworkId": id_}
    subnets = [
        {"name": "GatewaySubnet", "addressPrefix": "10.31.0.0/27"},
        {"name": "snet-mlops-prod-training", "addressPrefix": "10.30.0.0/23"},
    ]
    space = {"addressPrefixes": ["10.30.0.0/15"]}
    return stack, config, {id_: {"location": "westeurope", "addressSpace": space, "subnets": subnets}}


SCENARIOS: Final = {"defaults": defaults, "max": maximal, "private": private}
