"""Azure Monitor: Application Insights, Log Analytics, diagnostic settings, and the ingestion of telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import NotEmulated
from emulator.http import Request, Response
from emulator.monitor import workspaces
from emulator.monitor.components import Components
from emulator.monitor.database import Database
from emulator.monitor.ingestion import Ingestion
from emulator.monitor.retention import Retention

if TYPE_CHECKING:
    from emulator.app import Emulator


def install(emulator: Emulator) -> None:
    """Register the hooks and the ingestion endpoint; set ``emulator.telemetry``."""
    components = Components(emulator.arm)
    components.install()
    workspaces.install(emulator.arm)
    emulator.telemetry = database = Database(emulator.home.telemetry)
    retention = Retention(emulator.arm, database)
    retention.install()
    emulator.on_start(retention.settle)
    ingestion = Ingestion(components, database, emulator.identity)
    emulator.route("*.in.applicationinsights.azure.com", ingestion.handle)
    emulator.route("*.livediagnostics.monitor.azure.com", _refuse_live_metrics)


def _refuse_live_metrics(request: Request) -> Response:
    raise NotEmulated(f"live metrics ({request.describe()}): switch them off with enable_live_metrics=False")
