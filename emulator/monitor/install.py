"""Azure Monitor: Application Insights, Log Analytics, diagnostic settings, and the ingestion of telemetry."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from emulator.arm.service import Arm
from emulator.errors import NotEmulated
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.monitor import activity, budgets, diagnostics, rules, workspaces
from emulator.monitor.alerts import install as alerts
from emulator.monitor.alerts.evaluator import Evaluator
from emulator.monitor.components import Components
from emulator.monitor.database import Database
from emulator.monitor.ingestion import Ingestion
from emulator.monitor.logs.access import Logs
from emulator.monitor.logs.endpoint import HOSTS, Queries
from emulator.monitor.logs.written import Written
from emulator.monitor.metrics import endpoint as metrics
from emulator.monitor.metrics.book import Book
from emulator.monitor.metrics.query import Metrics
from emulator.monitor.purge import Purges
from emulator.monitor.retention import Retention
from emulator.monitor.scopes import Scopes
from emulator.network.reach import Reach
from emulator.refusals import Refusals


def install(
    arm: Arm,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    telemetry: Database,
    book: Book,
    reach: Reach,
    refusals: Refusals,
    lag_s: Callable[[], float],
) -> Evaluator:
    """Register the hooks, the ingestion endpoint and those of queries. lag_s: see `Queries`."""
    components = Components(arm)
    components.install()
    workspaces.install(arm)
    activity.install(arm, identity)
    rules.install(arm, partial(Written, arm.store, telemetry))
    budgets.install(arm)
    diagnostics.install(arm)
    retention = Retention(arm, telemetry)
    retention.install()
    lifetime.on_start(retention.settle)
    scopes = Scopes(arm.store, reach)
    ingestion = Ingestion(components, telemetry, identity, scopes)
    logs = Logs(arm.store, identity, scopes)
    purges = Purges(arm, telemetry, identity)
    purges.install()
    queries = Queries(logs, telemetry, lag_s, before=purges.settle)
    for host in HOSTS:
        hosts.route(host, queries.handle)
    measured = Metrics(book, telemetry)
    metrics.install(arm, hosts, identity, measured)
    hosts.route("*.in.applicationinsights.azure.com", ingestion.handle)
    hosts.route("*.livediagnostics.monitor.azure.com", _refuse_live_metrics)
    return alerts.install(arm, hosts, lifetime, identity, logs, queries, measured, refusals)


def _refuse_live_metrics(request: Request) -> Response:
    raise NotEmulated(f"live metrics ({request.describe()}): switch them off with enable_live_metrics=False")
