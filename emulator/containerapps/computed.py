"""What Microsoft.App computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from emulator.arm.computed import Facts, Table
from emulator.arm.ids import fold

APP: Final = "Microsoft.App"
ENVIRONMENT: Final = f"{APP}/managedEnvironments"
CONTAINER_APP: Final = f"{APP}/containerApps"
OUTBOUND: Final = ["198.18.255.3"]
STREAM: Final = (
    "https://{location}.azurecontainerapps.dev/subscriptions/{subscription}/resourceGroups/{group}/"
)


def domain(environment: dict[str, Any]) -> str:
    """The domain under which an environment's apps have their names."""
    mark = hashlib.sha256(fold(environment["id"]).encode()).hexdigest()[:8]
    return f"calm-{mark}.{environment.get('location', '')}.azurecontainerapps.io"


def _environment(facts: Facts) -> dict[str, Any] | None:
    properties = facts.properties
    return facts.store.get(
        str(properties.get("managedEnvironmentId") or properties.get("environmentId") or "")
    )


def _is_internal(environment: dict[str, Any]) -> bool:
    return bool((environment["properties"].get("vnetConfiguration") or {}).get("internal"))


def _ingress(facts: Facts) -> dict[str, Any] | None:
    return (facts.properties.get("configuration") or {}).get("ingress")


def _host(facts: Facts, name: str) -> str | None:
    """`NAME.DOMAIN`, with `internal.` in between where only its environment may call it."""
    environment, ingress = _environment(facts), _ingress(facts)
    if environment is None or ingress is None:
        return None
    return f"{name}.{'' if ingress.get('external') else 'internal.'}{domain(environment)}"


def _revision(facts: Facts) -> str:
    """The name of the latest revision: a suffix of one's own, or one that follows from the template."""
    template = facts.properties.get("template") or {}
    digest = hashlib.sha256(repr(sorted(template.items(), key=str)).encode()).hexdigest()[:7]
    return f"{facts.text('name')}--{template.get('revisionSuffix') or digest}"


COMPUTED: Final[Table] = {
    ENVIRONMENT: {
        "properties.defaultDomain": lambda facts: domain(facts.resource),
        "properties.eventStreamEndpoint": STREAM + "managedEnvironments/{name}/eventstream",
        "properties.staticIp": lambda facts: None if _is_internal(facts.resource) else OUTBOUND[0],
    },
    CONTAINER_APP: {
        "properties.configuration.ingress.fqdn": lambda facts: _host(facts, facts.text("name")),
        "properties.customDomainVerificationId": lambda facts: (
            hashlib.sha256(facts.text("subscription").encode()).hexdigest().upper()
        ),
        "properties.eventStreamEndpoint": STREAM + "containerApps/{name}/eventstream",
        "properties.latestRevisionName": _revision,
        "properties.latestReadyRevisionName": _revision,
        "properties.latestRevisionFqdn": lambda facts: _host(facts, _revision(facts)),
        "properties.outboundIpAddresses": OUTBOUND,
        "properties.runningStatus": "Running",
    },
    f"{APP}/jobs": {
        "properties.eventStreamEndpoint": STREAM + "jobs/{name}/eventstream",
        "properties.outboundIpAddresses": OUTBOUND,
        "properties.runningState": "Ready",
    },
}
_FAILED: Final = {"deploymentErrors": "only after a failed deployment"}
ABSENT: Final = {
    ENVIRONMENT: {
        **_FAILED,
        "privateEndpointConnections": "only where a private endpoint leads to it",
        "privateLinkDefaultDomain": "only where a private endpoint leads to it",
        "staticIp": "of an internal environment it is an address of its subnet, which is not emulated",
    },
    CONTAINER_APP: {**_FAILED, "latestRevisionFqdn": "only with an ingress"},
}
