"""What Microsoft.MachineLearningServices computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import Facts, Table
from emulator.identity.directory import TENANT_ID

SERVICE: Final = "Microsoft.MachineLearningServices"
WORKSPACE: Final = f"{SERVICE}/workspaces"
REGISTRY: Final = f"{SERVICE}/registries"
CONTAINERS: Final = ("codes", "components", "data", "environments", "models")


def _versions(facts: Facts) -> list[str]:
    return [one["name"] for one in facts.children("versions")]


def _latest(facts: Facts) -> str | None:
    found = _versions(facts)
    return found[-1] if found else None


def _next(facts: Facts) -> str:
    numbers = [int(name) for name in _versions(facts) if name.isdigit()]
    return str(max(numbers, default=0) + 1)


CONTAINED: Final[dict[str, Any]] = {"properties.latestVersion": _latest, "properties.nextVersion": _next}
COMPUTED: Final[Table] = {
    WORKSPACE: {
        "properties.notebookInfo": {
            "fqdn": "ml-{name}-{location}-{uuid}.{location}.notebooks.azure.net",
            "isPrivateLinkEnabled": False,
            "resourceId": "{long}",
        },
        "properties.privateLinkCount": lambda facts: len(
            facts.properties.get("privateEndpointConnections") or ()
        ),
        "properties.tenantId": TENANT_ID,
    },
    f"{WORKSPACE}/computes": {
        "properties.createdOn": "{created}",
        "properties.modifiedOn": "{changed}",
        "properties.properties.allocationStateTransitionTime": "{changed}",
        "properties.properties.errors": [],
    },
    f"{REGISTRY}/models": CONTAINED,
    f"{REGISTRY}/environments": CONTAINED,
    f"{REGISTRY}/environments/versions": {"properties.environmentType": "UserCreated"},
}
ABSENT: Final[dict[str, dict[str, str]]] = {
    WORKSPACE: {"serviceProvisionedResourceGroup": "only where Azure made the resources that it uses"},
    f"{WORKSPACE}/computes": {"properties.provisioningErrors": "only after a failed creation"},
    f"{WORKSPACE}/batchEndpoints": {
        "properties.swaggerUri": "a batch endpoint serves no description of itself (from memory)"
    },
    f"{WORKSPACE}/outboundRules": {
        "properties.errorInformation": "only of a rule that failed",
        "properties.parentRuleNames": "only of a rule that others need",
    },
    **{
        kind: {"properties.latestVersion": "only once there is a version"}
        for kind in (
            *(f"{WORKSPACE}/{name}" for name in CONTAINERS),
            f"{REGISTRY}/models",
            f"{REGISTRY}/environments",
        )
    },
}
