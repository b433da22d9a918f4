"""Envelopes of the ingestion protocol (the "Breeze" schema) as rows of the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from emulator import jsonbody
from emulator.monitor.database import Row

Json = dict[str, Any]
DURATION = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")
SEVERITIES = {"verbose": 0, "information": 1, "warning": 2, "error": 3, "critical": 4}
TAGS = {
    "ai.operation.id": "OperationId",
    "ai.operation.name": "OperationName",
    "ai.operation.parentId": "ParentId",
    "ai.operation.syntheticSource": "SyntheticSource",
    "ai.cloud.role": "AppRoleName",
    "ai.cloud.roleInstance": "AppRoleInstance",
    "ai.application.ver": "AppVersion",
    "ai.internal.sdkVersion": "SDKVersion",
    "ai.session.id": "SessionId",
    "ai.user.id": "UserId",
    "ai.location.ip": "ClientIP",
}


class InvalidEnvelope(Exception):
    """An item that ingestion refuses; the text says which field, and what it was."""


def parse(body: bytes) -> list[Any]:
    """The items of a body: a JSON array, one object, or one object a line. ValueError for anything else."""
    try:
        found = jsonbody.read(body)
    except json.JSONDecodeError:
        return [jsonbody.read(line) for line in body.splitlines() if line.strip()]
    return found if isinstance(found, list) else [found]


def rows(envelope: Json) -> list[tuple[str, Row]]:
    """The rows (table, columns) of one envelope, without what the receiver knows; InvalidEnvelope."""
    data = envelope.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("baseData"), dict):
        raise InvalidEnvelope("data.baseData: an object is needed")
    kind, base = str(data.get("baseType")), data["baseData"]
    convert = KINDS.get(kind)
    if convert is None:
        raise InvalidEnvelope(f"data.baseType is {kind!r}; known are {', '.join(KINDS)}")
    tags = envelope.get("tags") or {}
    common: Row = {
        "TimeGenerated": _time(envelope.get("time")),
        **{column: str(tags[tag]) for tag, column in TAGS.items() if tags.get(tag) is not None},
        "Properties": base.get("properties") or {},
        "Measurements": base.get("measurements") or {},
        "ItemCount": _item_count(envelope.get("sampleRate")),
    }
    return [(table, {**common, **row}) for table, row in convert(base)]


def _request(base: Json) -> list[tuple[str, Row]]:
    return [
        (
            "AppRequests",
            {
                "Id": _text(base, "id"),
                "Name": base.get("name"),
                "Url": base.get("url"),
                "Source": base.get("source"),
                "Success": int(bool(base.get("success"))),
                "ResultCode": str(base.get("responseCode", "")),
                "DurationMs": _duration(base),
            },
        )
    ]


def _dependency(base: Json) -> list[tuple[str, Row]]:
    return [
        (
            "AppDependencies",
            {
                "Id": base.get("id"),
                "Name": _text(base, "name"),
                "Target": base.get("target"),
                "DependencyType": base.get("type"),
                "Data": base.get("data"),
                "Success": int(bool(base.get("success", True))),
                "ResultCode": str(base.get("resultCode", "")),
                "DurationMs": _duration(base),
            },
        )
    ]


def _message(base: Json) -> list[tuple[str, Row]]:
    return [("AppTraces", {"Message": _text(base, "message"), "SeverityLevel": _severity(base)})]


def _exception(base: Json) -> list[tuple[str, Row]]:
    exceptions = base.get("exceptions")
    if not isinstance(exceptions, list) or not exceptions:
        raise InvalidEnvelope("exceptions: a list with one at least is needed")
    outer = exceptions[0]
    return [
        (
            "AppExceptions",
            {
                "ProblemId": base.get("problemId") or outer.get("typeName"),
                "ExceptionType": outer.get("typeName"),
                "OuterMessage": outer.get("message"),
                "Details": exceptions,
                "SeverityLevel": _severity(base),
            },
        )
    ]


def _metric(base: Json) -> list[tuple[str, Row]]:
    points = base.get("metrics")
    if not isinstance(points, list) or not points:
        raise InvalidEnvelope("metrics: a list with one at least is needed")
    found: list[tuple[str, Row]] = []
    for point in points:
        name, value = _text(point, "name"), point.get("value")
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise InvalidEnvelope(f"value of metric {name} is {value!r}; a number is needed")
        count = point.get("count") or 1
        low, high = point.get("min"), point.get("max")
        row: Row = {
            "Name": name,
            "Namespace": point.get("ns"),
            "Sum": value,
            "Min": value if low is None else low,
            "Max": value if high is None else high,
            "ItemCount": count,
        }
        found.append(("AppMetrics", row))
    return found


def _event(base: Json) -> list[tuple[str, Row]]:
    return [("AppEvents", {"Name": _text(base, "name")})]


def _availability(base: Json) -> list[tuple[str, Row]]:
    row: Row = {
        "Id": _text(base, "id"),
        "Name": _text(base, "name"),
        "Location": base.get("runLocation"),
        "Success": int(bool(base.get("success"))),
        "Message": base.get("message"),
        "DurationMs": _duration(base),
    }
    return [("AppAvailabilityResults", row)]


KINDS: dict[str, Callable[[Json], list[tuple[str, Row]]]] = {
    "RequestData": _request,
    "RemoteDependencyData": _dependency,
    "MessageData": _message,
    "ExceptionData": _exception,
    "MetricData": _metric,
    "EventData": _event,
    "AvailabilityData": _availability,
}


def _text(base: Json, field: str) -> str:
    value = base.get(field)
    if not isinstance(value, str) or not value:
        raise InvalidEnvelope(f"{field} is {value!r}; a text is needed")
    return value


def _time(text: object) -> str:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InvalidEnvelope(f"time is {text!r}; ISO 8601 is needed") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _duration(base: Json) -> float:
    """Milliseconds of ``[days.]hh:mm:ss[.fraction]``."""
    text = str(base.get("duration") or "00:00:00")
    match = DURATION.fullmatch(text)
    if not match:
        raise InvalidEnvelope(f"duration is {text!r}; [d.]hh:mm:ss[.fraction] is needed")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
    return ((days * 24 + hours) * 60 + minutes) * 60_000 + float(f"{seconds}.{match[5] or 0}") * 1000


def _severity(base: Json) -> int | None:
    level = base.get("severityLevel")
    if level is None:
        return None
    if isinstance(level, int):
        return level
    if str(level).lower() not in SEVERITIES:
        raise InvalidEnvelope(f"severityLevel is {level!r}; one of {', '.join(SEVERITIES)} is needed")
    return SEVERITIES[str(level).lower()]


def _item_count(sample_rate: object) -> int:
    if isinstance(sample_rate, int | float) and 0 < sample_rate <= 100:
        return round(100 / sample_rate)
    return 1
