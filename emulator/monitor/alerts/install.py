"""The evaluation of rules, put together."""

from __future__ import annotations

from typing import Final

from emulator.arm.service import Arm
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.monitor.alerts import endpoint
from emulator.monitor.alerts.evaluator import Evaluator
from emulator.monitor.alerts.metrics import MetricRules
from emulator.monitor.alerts.notices import Notices
from emulator.monitor.alerts.queries import QueryRules
from emulator.monitor.alerts.states import States
from emulator.monitor.logs.access import Logs
from emulator.monitor.logs.endpoint import Queries
from emulator.monitor.metrics.query import Metrics
from emulator.monitor.rules import METRIC_RULE, QUERY_RULE
from emulator.principal import Principal
from emulator.refusals import Refusals

# "Azure AzNS AAD Webhook", as which action groups call secure webhooks: one application in all tenants. Its
# object in this tenant's directory has an id of the example's own.
MONITOR: Final = Principal(
    "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0b461",
    "461e8683-5575-4561-ac7f-899cc907d62a",
    "ServicePrincipal",
    (),
    "Azure AzNS AAD Webhook",
)


def install(
    arm: Arm,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    logs: Logs,
    queries: Queries,
    metrics: Metrics,
    refusals: Refusals,
) -> Evaluator:
    """Register the paths of alerts; rules are evaluated while the emulator answers."""
    states = States(arm.store)
    evaluator = Evaluator(
        arm.store,
        QueryRules(logs, queries),
        MetricRules(arm.store, metrics),
        states,
        Notices(
            arm.store,
            hosts.handler,
            refusals,
            token=lambda audience: identity.tokens.issue(MONITOR, audience)[0],
        ),
        refusals,
    )
    endpoint.install(arm, identity, states)
    for kind in (QUERY_RULE, METRIC_RULE):
        arm.with_delete(kind)(lambda rule: states.forget(rule["id"]))
    lifetime.on_start(evaluator.start)
    lifetime.on_stop(evaluator.stop)
    return evaluator
