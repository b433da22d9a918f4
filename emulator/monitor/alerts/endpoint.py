"""Microsoft.AlertsManagement/alerts: the alerts that were fired, listed, shown, acknowledged and closed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.arm.ids import fold, within
from emulator.arm.service import Arm
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.monitor.alerts.states import States
from emulator.principal import Principal

_SCOPE: Final = r"(?P<scope>/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?)"
ALERTS: Final = rf"{_SCOPE}/providers/Microsoft\.AlertsManagement/alerts"
RANGES: Final = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
NEW_STATES: Final = ("New", "Acknowledged", "Closed")
# parameter of the list -> what of an alert it is compared with
FILTERS: Final = {
    "alertrule": "rule",
    "monitorcondition": "monitorCondition",
    "severity": "severity",
    "alertstate": "alertState",
    "monitorservice": "monitorService",
}
OTHERS: Final = (
    "targetresource",
    "timerange",
    "api-version",
    "includecontext",
    "pagecount",
    "sortby",
    "sortorder",
)
Json = dict[str, Any]


def install(arm: Arm, identity: Identity, states: States) -> None:
    """Register the paths."""

    @arm.special("GET", ALERTS)
    def listed(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = match["scope"]
        identity.require(principal, "Microsoft.AlertsManagement/alerts/read", scope)
        unknown = set(request.query) - set(FILTERS) - set(OTHERS)
        if unknown:
            raise NotEmulated(f"the list of alerts by {', '.join(sorted(unknown))}")
        span = request.query.get("timerange", "1d")
        if span not in RANGES:
            raise AzureError(
                400, "BadRequest", f"timeRange is '{span}'; one of {', '.join(RANGES)} is needed."
            )
        since = datetime.now(UTC) - RANGES[span]
        found = [
            shown(one)
            for one in states.alerts()
            if any(within(str(target), scope) for target in one["targets"])
            and _chosen(one, request.query)
            and datetime.fromisoformat(one["lastModifiedDateTime"]) >= since
        ]
        return Response.json({"value": found})

    @arm.special("GET", f"{ALERTS}/(?P<id>[^/]+)")
    def one(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, "Microsoft.AlertsManagement/alerts/read", match["scope"])
        return Response.json(shown(_found(states, match)))

    @arm.special("POST", f"{ALERTS}/(?P<id>[^/]+)/changestate")
    def change(request: Request, match: re.Match[str], principal: Principal) -> Response:
        identity.require(principal, "Microsoft.AlertsManagement/alerts/changestate/action", match["scope"])
        state = request.query.get("newstate", "")
        if state not in NEW_STATES:
            raise AzureError(
                400, "BadRequest", f"newState is '{state}'; one of {', '.join(NEW_STATES)} is needed."
            )
        alert = _found(states, match)
        return Response.json(shown(states.change(alert, state, principal.name, datetime.now(UTC))))


def _found(states: States, match: re.Match[str]) -> Json:
    found = states.find(match["id"])
    if found is None:
        raise AzureError(404, "NotFound", f"The alert {match['id']} was not found.")
    return found


def _chosen(alert: Json, query: dict[str, str]) -> bool:
    target = query.get("targetresource")
    if target and fold(target) not in {fold(str(one)) for one in alert["targets"]}:
        return False
    return all(
        fold(str(alert[name])) == fold(query[parameter])
        or (name == "rule" and query[parameter] == alert["name"])
        for parameter, name in FILTERS.items()
        if query.get(parameter)
    )


def shown(alert: Json) -> Json:
    """An alert as the API writes it."""
    target = str(alert["targets"][0])
    parts = target.split("/")
    essentials: Json = {
        **{
            name: alert[name]
            for name in (
                "severity",
                "signalType",
                "alertState",
                "monitorCondition",
                "startDateTime",
                "lastModifiedDateTime",
                "lastModifiedUserName",
                "description",
            )
        },
        "monitorService": alert["monitorService"],
        "targetResource": target,
        "targetResourceName": parts[-1],
        "targetResourceGroup": parts[4] if len(parts) > 4 else "",
        "targetResourceType": "/".join(parts[6:8]) if len(parts) > 7 else "",
        "sourceCreatedId": alert["id"],
        "alertRule": alert["rule"],
    }
    if "monitorConditionResolvedDateTime" in alert:
        essentials["monitorConditionResolvedDateTime"] = alert["monitorConditionResolvedDateTime"]
    subscription = alert["rule"].split("/")[2]
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{alert['id']}",
        "type": "Microsoft.AlertsManagement/alerts",
        "name": alert["name"],
        "properties": {"essentials": essentials},
    }
