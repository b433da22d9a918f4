"""Three scenarios of settings: what the stack files have, every switch on, and a private estate by the least.

The unit tests record each; the end-to-end test brings each up on Azure of its own, and down again. Whoever
adds a switch turns it on in `max`.
"""

from typing import Any, Final

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
    "protectData": True,
}
"""Over stage's settings: every switch on."""

LEAST: Final = ("dataLake", "registry", "kubernetes", "gateway", "alerts", "budget", "tags")
"""Out of production's settings: what an estate can do without."""


def defaults() -> tuple[str, dict[str, Any]]:
    """Stage as its stack file has it: the stack's name and its `config`."""
    return "stage", stack_file("stage")


def maximal() -> tuple[str, dict[str, Any]]:
    """Stage with every switch on."""
    return "stage", {**stack_file("stage"), **{f"{NAMESPACE}{key}": value for key, value in MAX.items()}}


def private() -> tuple[str, dict[str, Any]]:
    """Production without what can be left out, but for its way in for telemetry."""
    config = stack_file("prod")
    for section in LEAST:
        del config[f"{NAMESPACE}{section}"]
    for subnet in ("gateway", "buildAgents", "kubernetes"):
        del config[f"{NAMESPACE}network"]["subnets"][subnet]
    return "prod", config


SCENARIOS: Final = {"defaults": defaults, "max": maximal, "private": private}
