"""Azure Monitor: Application Insights, Log Analytics, diagnostic settings, and the ingestion of telemetry."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.errors import NotEmulated
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.monitor import activity, budgets, rules, workspaces
from emulator.monitor.components import Components
from emulator.monitor.database import Database
from emulator.monitor.ingestion import Ingestion
from emulator.monitor.retention import Retention
from emulator.monitor.scopes import Scopes
from emulator.network.reach import Reach


def install(
    arm: Arm, hosts: Hosts, lifetime: Lifetime, identity: Identity, telemetry: Database, reach: Reach
) -> None:
    """Register the hooks and the ingestion endpoint."""
    components = Components(arm)
    components.install()
    workspaces.install(arm)
    activity.install(arm, identity)
    rules.install(arm)
    budgets.install(arm)
    retention = Retention(arm, telemetry)
    retention.install()
    lifetime.on_start(retention.settle)
    ingestion = Ingestion(components, telemetry, identity, Scopes(arm.store, reach))
    hosts.route("*.in.applicationinsights.azure.com", ingestion.handle)
    hosts.route("*.livediagnostics.monitor.azure.com", _refuse_live_metrics)


def _refuse_live_metrics(request: Request) -> Response:
    raise NotEmulated(f"live metrics ({request.describe()}): switch them off with enable_live_metrics=False")
