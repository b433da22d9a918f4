"""Microsoft.Insights/components: what a component is given, and how ingestion finds it."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any

from emulator import times
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.monitor.workspaces import WORKSPACE

COMPONENT = "Microsoft.Insights/components"
DEFAULTS: dict[str, Any] = {
    "Flow_Type": "Bluefield",
    "Request_Source": "rest",
    "IngestionMode": "LogAnalytics",
    "RetentionInDays": 90,
    "DisableIpMasking": False,
    "DisableLocalAuth": False,
    "publicNetworkAccessForIngestion": "Enabled",
    "publicNetworkAccessForQuery": "Enabled",
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Component:
    """A component as ingestion sees it."""

    id: str
    instrumentation_key: str
    local_auth: bool
    workspace: str  # id
    tenant: str  # customerId of the workspace; "" when that does not exist
    public: bool  # whether it takes telemetry from public networks


class Components:
    """Finds components by instrumentation key."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._lock = threading.Lock()
        self._revision: tuple[int, int] | None = None
        self._known: dict[str, Component] = {}

    def find(self, instrumentation_key: str) -> Component | None:
        with self._lock:
            store = self._arm.store
            revision = store.revision(COMPONENT), store.revision(WORKSPACE)
            if revision != self._revision:
                found = [_component(store, item) for item in store.by_type(COMPONENT)]
                self._known = {component.instrumentation_key: component for component in found}
                self._revision = revision
            return self._known.get(instrumentation_key.lower())

    def install(self) -> None:
        """Register the hooks."""
        self._arm.before_put(COMPONENT)(_complete)


def _complete(put: Put) -> None:
    name, properties = put.resource["name"], put.properties
    if not properties.get("WorkspaceResourceId"):
        raise AzureError(
            400,
            "BadRequest",
            f"WorkspaceResourceId of component {name} is missing: classic components are retired; name a "
            "Log Analytics workspace.",
        )
    properties.setdefault("Application_Type", "web")
    for key, value in DEFAULTS.items():
        if properties.get(key) is None:
            properties[key] = value
    old = (put.old or {}).get("properties", {})
    key = old.get("InstrumentationKey") or str(uuid.uuid4())
    application = old.get("AppId") or str(uuid.uuid4())
    region = put.resource.get("location") or "global"
    properties.update(
        {
            "ApplicationId": name,
            "AppId": application,
            "Name": name,
            "InstrumentationKey": key,
            "ConnectionString": (
                f"InstrumentationKey={key};"
                f"IngestionEndpoint=https://{region}-0.in.applicationinsights.azure.com/;"
                f"LiveEndpoint=https://{region}.livediagnostics.monitor.azure.com/;"
                f"ApplicationId={application}"
            ),
            "CreationDate": old.get("CreationDate") or times.now(),
            "TenantId": put.id.split("/")[2],
            "Ver": "v2",
        }
    )


def _component(store: Store, resource: Json) -> Component:
    properties = resource["properties"]
    workspace = str(properties.get("WorkspaceResourceId", ""))
    found = store.get(workspace) or {"properties": {}}
    return Component(
        resource["id"],
        str(properties.get("InstrumentationKey", "")).lower(),
        not properties.get("DisableLocalAuth"),
        workspace,
        str(found["properties"].get("customerId", "")),
        properties.get("publicNetworkAccessForIngestion") != "Disabled",
    )
