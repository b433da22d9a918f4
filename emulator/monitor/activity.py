"""The activity log, as far as deletions go: what was deleted in the last 90 days, and when."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

Json = dict[str, Any]
KIND: Final = "activity"  # of the documents, by the time of the event
KEPT_S: Final = 90 * 86400  # "Azure Monitor activity log", retention period, read 2026-11
VALUES: Final = r"(?P<scope>/subscriptions/[^/]+)/providers/Microsoft\.Insights/eventtypes/management/values"
_SINCE: Final = re.compile(r"eventTimestamp\s+ge\s+'([^']+)'", re.IGNORECASE)
_RESOURCE: Final = re.compile(r"(?:resourceUri|resourceId)\s+eq\s+'([^']+)'", re.IGNORECASE)
_KNOWN: Final = "eventTimestamp ge 'TIME' and resourceUri eq 'ID'"


def install(arm: Arm, identity: Identity) -> None:
    """Keep an event of each deletion, and answer the list of them."""
    store = arm.store

    @arm.with_delete("*")
    def deleted(resource: Json) -> None:
        now = time.time()
        event = {"id": resource["id"], "type": resource["type"], "at": now}
        store.put_document(KIND, f"{now:017.6f} {fold(resource['id'])}", event)

    @arm.special("GET", VALUES)
    def values(request: Request, match: re.Match[str], principal: Principal) -> Response:
        scope = match["scope"]
        arm.get(scope)
        identity.require(principal, "Microsoft.Insights/eventtypes/values/read", scope)
        since, resource = read_filter(request.query.get("$filter", ""))
        oldest = max(since, time.time() - KEPT_S)
        found = [
            _event(one)
            for one in reversed(store.documents(KIND).values())
            if one["at"] >= oldest
            and fold(one["id"]).startswith(f"{fold(scope)}/")
            and (resource is None or fold(one["id"]) == fold(resource))
        ]
        return Response.json({"value": found})


def read_filter(text: str) -> tuple[float, str | None]:
    """The time from which events are asked for, and the resource that they are about (None: of any)."""
    since: float | None = None
    resource: str | None = None
    for clause in (part.strip() for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)):
        if match := _SINCE.fullmatch(clause):
            since = _seconds(match[1])
        elif match := _RESOURCE.fullmatch(clause):
            resource = match[1]
        else:
            raise AzureError(
                400, "BadRequest", f"$filter '{text}': '{clause}' is not understood here. Known: {_KNOWN}."
            )
    if since is None:
        raise AzureError(400, "BadRequest", f"$filter '{text}' names no begin of the time range: {_KNOWN}.")
    return since, resource


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise AzureError(400, "BadRequest", f"'{text}' is no time; write 2026-11-29T00:00:00Z.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _event(one: Json) -> Json:
    operation = f"{one['type']}/delete"
    return {
        "resourceId": one["id"],
        "resourceType": {"value": one["type"]},
        "operationName": {"value": operation, "localizedValue": operation},
        "status": {"value": "Succeeded"},
        "eventTimestamp": datetime.fromtimestamp(one["at"], UTC).isoformat().replace("+00:00", "Z"),
    }
