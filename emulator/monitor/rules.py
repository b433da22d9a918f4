"""What Azure refuses of alert rules before it keeps them. `alerts` evaluates them.

Words of operators and windows are those of the rules' REST references; codes are from memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.ids import fold, parse
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.monitor import actiongroups
from emulator.monitor.kql import engine
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.scope import Source
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.metrics import definitions

QUERY_RULE: Final = "Microsoft.Insights/scheduledQueryRules"
METRIC_RULE: Final = "Microsoft.Insights/metricAlerts"
# ARM's words; the SDK's enum has "gt", "eq" and others, which only look right.
OPERATORS: Final = (
    "Equals",
    "GreaterThan",
    "GreaterThanOrEqual",
    "LessThan",
    "LessThanOrEqual",
    "GreaterOrLessThan",
)
CRITERIA: Final = tuple(
    f"Microsoft.Azure.Monitor.{name}"
    for name in (
        "SingleResourceMultipleMetricCriteria",
        "MultipleResourceMultipleMetricCriteria",
        "WebtestLocationAvailabilityCriteria",
    )
)
# "Scheduled Query Rules" and "Metric Alerts" of the REST reference, as azurerm checks them (read 2026-11).
_HOURS: Final = "PT1H PT2H PT3H PT4H PT5H PT6H"
EVERY: Final = {
    QUERY_RULE: f"PT1M PT5M PT10M PT15M PT30M PT45M {_HOURS} P1D".split(),
    METRIC_RULE: ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"],
}
WINDOWS: Final = {
    QUERY_RULE: f"PT1M PT5M PT10M PT15M PT30M PT45M {_HOURS} P1D P2D".split(),
    METRIC_RULE: ["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"],
}
SEVERITIES: Final = range(5)
DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")

Json = dict[str, Any]


def install(arm: Arm, tables: Callable[[list[str]], Source]) -> None:
    """Check the rules. tables: those that queries over some scopes know."""

    actiongroups.install(arm)

    @arm.before_put(QUERY_RULE)
    def query_rule(put: Put) -> None:
        conditions: list[Json] = (put.properties.get("criteria") or {}).get("allOf") or []
        if not conditions:
            raise _refused("The property 'criteria.allOf' must hold one condition at least.")
        for one in conditions:
            if one.get("operator") not in (None, *OPERATORS):
                raise _refused(
                    f"The value '{one['operator']}' of the property 'operator' is not valid. Allowed values "
                    f"are {', '.join(OPERATORS)}."
                )
        _check_window(QUERY_RULE, put.properties)
        _check_muting(put.properties)
        if put.properties.get("skipQueryValidation") is not True:
            known = tables(put.properties.get("scopes") or [])
            for one in conditions:
                _check_query(str(one.get("query") or ""), known)

    @arm.before_put(METRIC_RULE)
    def metric_rule(put: Put) -> None:
        criteria: Json = put.properties.get("criteria") or {}
        kind = criteria.get("odata.type")
        if kind not in CRITERIA:
            raise _refused(
                f"The property 'criteria' has the 'odata.type' {kind!r}; it must be one of "
                f"{', '.join(CRITERIA)}."
            )
        _check_window(METRIC_RULE, put.properties)
        for one in criteria.get("allOf") or []:
            _check_metric(put.properties, one)


def _check_query(text: str, known: Source) -> None:
    """The query over the tables' columns. One that names a table of the user's own is not looked at, and what
    is not known here is told when it is evaluated."""
    try:
        engine.run(text, known, ticks_of(datetime.now(UTC)))
    except Unsupported:
        return
    except QueryFault as fault:
        if not fault.token.endswith("_CL"):
            raise _refused(
                f"The query of the rule is not valid: {fault.message or f'at {fault.token!r}'}"
            ) from fault


def _check_muting(properties: Json) -> None:
    """In the words of Azure/azure-powershell#22583 and Azure/azure-cli#26581."""
    muted, every = properties.get("muteActionsDuration"), properties.get("evaluationFrequency")
    if not muted:
        return
    if properties.get("autoMitigate"):
        raise _refused("Auto mitigation must be disabled when action suppression is set")
    if every and _minutes(str(every)) > _minutes(str(muted)):
        raise _refused("EvaluationFrequency cannot be greater than MuteActionsDuration")


def _check_metric(properties: Json, criterion: Json) -> None:
    """The name, of a type whose metrics are all known; as in hashicorp/terraform-provider-azurerm#22210."""
    scopes = [one for scope in properties.get("scopes") or [] if (one := parse(str(scope)))]
    own = scopes[0].type if scopes else ""
    known = definitions.names(str(criterion.get("metricNamespace") or own))
    name = str(criterion.get("metricName"))
    if known and not criterion.get("skipMetricValidation") and fold(name) not in map(fold, known):
        raise _refused(f"Couldn't find a metric named {name}. Make sure the name is correct.")


def _check_window(kind: str, properties: Json) -> None:
    severity = properties.get("severity")
    if severity is not None and severity not in SEVERITIES:
        raise _refused(f"The property 'severity' is {severity!r}; it is one of 0, 1, 2, 3, 4.")
    for key, allowed in (("evaluationFrequency", EVERY[kind]), ("windowSize", WINDOWS[kind])):
        value = properties.get(key)
        if value and _minutes(str(value)) not in map(_minutes, allowed):
            raise _refused(f"The property '{key}' is {value}. Supported values are {', '.join(allowed)}.")
    every, window = properties.get("evaluationFrequency"), properties.get("windowSize")
    if every and window and _minutes(str(window)) < _minutes(str(every)):
        raise _refused(
            f"The property 'windowSize' ({window}) must be equal to or greater than 'evaluationFrequency' "
            f"({every})."
        )


def _minutes(duration: str) -> int:
    match = DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise _refused(f"'{duration}' is no ISO 8601 duration of days, hours and minutes.")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes


def _refused(message: str) -> AzureError:
    return AzureError(400, "BadRequest", message)
