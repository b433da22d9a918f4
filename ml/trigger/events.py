"""What reaches the function app, as events that ask for a training: Event Grid's, alerts, the timer."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ml.trigger.state import Event, Part

CREATED: Final = "Microsoft.Storage.BlobCreated"
REGISTERED: Final = "Microsoft.MachineLearningServices.ModelRegistered"
COMPLETE: Final = frozenset({"FlushWithClose", "PutBlob", "PutBlockList", "CopyBlob"})
"""The calls after which a file is complete ("Azure Blob Storage as an Event Grid source", read 2026-11). In
an account with folders `CreateFile` tells of a file that is still empty."""
ERASURE: Final = "mlops-erasure-"
"""What the id of a client's request begins with that writes a file anew without a person's rows: an event has
it as `clientRequestId`. It is no new data, and what is older would be trained on in place of the newest."""
KIND: Final = ".parquet"  # all that the pipeline reads: csv is converted by `mlops train`, before it starts
BLOB: Final = re.compile(
    r"https://(?P<account>[a-z0-9]{3,24})\.(?:blob|dfs)\.core\.windows\.net/(?P<container>[^/?#]+)/(?P<path>[^?#]+)"
)
MODEL: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,254}", re.ASCII)
VERSION: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,29}", re.ASCII)
STARTED: Final = "lineage.started_by"  # a property of each model that the training pipeline registers
ALERT_SCHEMA: Final = "azureMonitorCommonAlertSchema"
LONGEST_WORDS: Final = 200


class Ignored(Part):
    """Something that asks for nothing. why: for the log."""

    why: str


class Registered(Part):
    """A model was registered. id: of the event."""

    id: str
    model: str
    version: str
    at: datetime

    @property
    def name(self) -> str:
        return f"{self.model}:{self.version}"


class Malformed(ValueError):
    """A message that is no event of the kind that it has to be: its sender is wrong, and a repeat is too."""


def from_event_grid(message: Mapping[str, Any], landing: str) -> Event | Registered | Ignored:
    """An event in Event Grid's own schema or as a CloudEvent. landing: URI that paths of landed files follow.

    Raises Malformed.
    """
    kind = _text(message, "eventType", "type")
    data = message.get("data")
    if not isinstance(data, Mapping):
        raise Malformed(f"an event of type {kind} has no data")
    id_, at = _text(message, "id"), _time(_text(message, "eventTime", "time"))
    if kind == REGISTERED:
        return _registered(id_, at, data)
    if kind != CREATED:
        return Ignored(why=f"an event of type {kind}")
    return _landed(id_, at, data, landing)


def from_alert(body: Mapping[str, Any]) -> Event | Ignored:
    """An alert in the common schema, of whichever rule. An alert that is told again has the same id.

    Raises Malformed.
    """
    if body.get("schemaId") != ALERT_SCHEMA:
        raise Malformed(f"schemaId is {body.get('schemaId')!r}, and has to be {ALERT_SCHEMA}")
    data = body.get("data")
    essentials = data.get("essentials") if isinstance(data, Mapping) else None
    if not isinstance(essentials, Mapping):
        raise Malformed("the alert has no data.essentials")
    rule, condition = _text(essentials, "alertRule"), _text(essentials, "monitorCondition")
    if condition != "Fired":
        return Ignored(why=f"the alert {rule} is {condition.lower()}")
    return Event(
        id=_id(_text(essentials, "alertId")),
        started_by="metric",
        words=_words(f"the alert {rule} fired"),
        at=_time(_text(essentials, "firedDateTime")),
    )


def from_timer(at: datetime) -> Event:
    """The schedule's time has come. at: of the call; two within a minute are one event."""
    minute = at.replace(second=0, microsecond=0)
    return Event(id=f"schedule-{minute.isoformat()}", started_by="schedule", words="the schedule", at=at)


def _registered(id_: str, at: datetime, data: Mapping[str, Any]) -> Registered | Ignored:
    """Azure's documentation has the version as a number in its example, and as a text in its table.

    It has the names as ModelName, and the tests of Azure's SDK have them as modelName.
    """
    name, number = _text(data, "ModelName", "modelName"), data.get("ModelVersion", data.get("modelVersion"))
    version = str(number) if isinstance(number, int) else _text(data, "ModelVersion", "modelVersion")
    if not MODEL.fullmatch(name) or not VERSION.fullmatch(version):
        raise Malformed(
            f"ModelName is {name!r} and ModelVersion {version!r}, which name no model of Azure ML"
        )
    properties = data.get("ModelProperties", data.get("modelProperties"))
    if not isinstance(properties, Mapping) or STARTED not in properties:
        return Ignored(why=f"{name}:{version} was not registered by the training pipeline")
    return Registered(id=id_, model=name, version=version, at=at)


def _landed(id_: str, at: datetime, data: Mapping[str, Any], landing: str) -> Event | Ignored:
    api, url = _text(data, "api"), _text(data, "url")
    place = BLOB.fullmatch(url)
    if place is None or not url.isprintable():
        raise Malformed(f"data.url is {url!r}, which is no file of Azure storage")
    path = place["path"]
    if api not in COMPLETE:
        return Ignored(why=f"{path} is not complete after {api}")
    if not path.lower().endswith(KIND):
        return Ignored(why=f"{path} is no {KIND} file")
    if data.get("contentLength") == 0:
        return Ignored(why=f"{path} is empty")
    if str(data.get("clientRequestId", "")).startswith(ERASURE):
        return Ignored(why=f"{path} was written anew without a person's rows")
    return Event(
        id=_id(id_), started_by="data", words=_words(f"{path} landed"), data=f"{landing}/{path}", at=at
    )


def _text(where: Mapping[str, Any], *names: str) -> str:
    """The first of these that there is."""
    for name in names:
        if isinstance(value := where.get(name), str) and value:
            return value
    raise Malformed(f"{' or '.join(names)} is missing")


def _time(text: str) -> datetime:
    """Azure writes up to seven decimals of a second, one more than Python reads."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError as error:
        raise Malformed(f"{text!r} is no time") from error
    if found.tzinfo is None:
        raise Malformed(f"{text!r} has no time zone")
    return found


def _id(text: str) -> str:
    """As it is, or its digest where it is too long to be recorded or cannot be printed."""
    if len(text) <= 500 and text.isprintable():
        return text
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()}"


def _words(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= LONGEST_WORDS else f"{shown[: LONGEST_WORDS - 1]}…"
