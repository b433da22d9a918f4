"""What Azure refuses of alert rules before it keeps them. `alerts` evaluates them.

Words of operators and windows are those of the rules' REST references; codes are from memory.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.monitor.kql import engine
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs.rows import Declared

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
DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Check the rules."""

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
        _check_window(put.properties)
        if put.properties.get("skipQueryValidation") is not True:
            for one in conditions:
                _check_query(str(one.get("query") or ""))

    @arm.before_put(METRIC_RULE)
    def metric_rule(put: Put) -> None:
        criteria: Json = put.properties.get("criteria") or {}
        kind = criteria.get("odata.type")
        if kind not in CRITERIA:
            raise _refused(
                f"The property 'criteria' has the 'odata.type' {kind!r}; it must be one of "
                f"{', '.join(CRITERIA)}."
            )
        _check_window(put.properties)


def _check_query(text: str) -> None:
    """The query over the tables' columns. One that names a table of the user's own is not looked at, and what
    is not known here is told when it is evaluated."""
    try:
        engine.run(text, Declared(), ticks_of(datetime.now(UTC)))
    except Unsupported:
        return
    except QueryFault as fault:
        if not fault.token.endswith("_CL"):
            raise _refused(
                f"The query of the rule is not valid: {fault.message or f'at {fault.token!r}'}"
            ) from fault


def _check_window(properties: Json) -> None:
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
