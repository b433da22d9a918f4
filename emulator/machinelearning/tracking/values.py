"""Checks metrics, parameters and tags against MLflow's limits as they come in."""

from __future__ import annotations

import math
import re
import time
from typing import Any, Final

from emulator.machinelearning.tracking.errors import invalid

Json = dict[str, Any]

MOST_METRICS, MOST_PARAMS, MOST_TAGS, MOST_TOGETHER = 1000, 100, 100, 1000
MOST_BYTES: Final = 1_000_000  # of one batch of metrics, parameters and tags
LONGEST_KEY, LONGEST_PARAM, LONGEST_TAG = 250, 6000, 8000
NAME: Final = re.compile(r"[/\w.\- :]+")


def now_ms() -> int:
    """Milliseconds since the epoch, as MLflow counts."""
    return int(time.time() * 1000)


def whole(body: Json, field: str, default: int = 0) -> int:
    """An integer; JSON of protobuf spells 64-bit ones as text too."""
    value = body.get(field, default)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid(f"{field} is {value!r}: a whole number is needed.") from error


def text(body: Json, field: str) -> str:
    """A text that must be there."""
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise invalid(f"Missing value for required parameter '{field}'.")
    return value


def key(body: Json, what: str) -> str:
    """The name of a metric, parameter or tag."""
    found = text(body, "key")
    if len(found) > LONGEST_KEY:
        raise invalid(f"The {what} name {found[:40]!r}... has {len(found)} characters; {LONGEST_KEY} may be.")
    if not NAME.fullmatch(found) or found.startswith("/") or ".." in found.split("/"):
        raise invalid(
            f"Invalid {what} name: {found!r}. Names may only contain alphanumerics, underscores (_), dashes "
            "(-), periods (.), spaces ( ), colon (:) and slashes (/)."
        )
    return found


def metric(body: Json) -> Json:
    """One measurement: key, value, timestamp (ms), step."""
    name, value = key(body, "metric"), body.get("value")
    try:
        number = float("" if value is None or isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid(f"Got invalid value {value!r} for metric {name!r}. A number is needed.") from error
    return {
        "key": name,
        "value": number,
        "timestamp": whole(body, "timestamp", now_ms()),
        "step": whole(body, "step"),
    }


def param(body: Json) -> tuple[str, str]:
    """A parameter's name and value."""
    return _pair(body, "parameter", LONGEST_PARAM)


def tag(body: Json) -> tuple[str, str]:
    """A tag's name and value."""
    return _pair(body, "tag", LONGEST_TAG)


def _pair(body: Json, what: str, longest: int) -> tuple[str, str]:
    name, value = key(body, what), body.get("value", "")
    if not isinstance(value, str):
        raise invalid(f"Got invalid value {value!r} for {what} {name!r}. A string is needed.")
    if len(value) > longest:
        raise invalid(f"The value of {what} {name!r} has {len(value)} characters; {longest} may be.")
    return name, value


def check_batch(metrics: list[Any], params: list[Any], tags: list[Any], size: int) -> None:
    """The limits of one log-batch. ``size``: bytes of the request."""
    for what, entries, most in (
        ("metrics", metrics, MOST_METRICS),
        ("params", params, MOST_PARAMS),
        ("tags", tags, MOST_TAGS),
    ):
        if len(entries) > most:
            raise invalid(
                f"A batch logging request can contain at most {most} {what}. Got {len(entries)} {what}. "
                f"Please split up {what} across multiple requests and try again."
            )
    together = len(metrics) + len(params) + len(tags)
    if together > MOST_TOGETHER:
        raise invalid(
            f"A batch logging request can contain at most {MOST_TOGETHER} metrics, params and tags together. "
            f"Got {together}. Please split them up across multiple requests and try again."
        )
    if size > MOST_BYTES:
        raise invalid(f"Batched logging API requests must be at most {MOST_BYTES} bytes, got {size} bytes.")


def shown_metric(found: Json) -> Json:
    """A metric as JSON: for what is no number there, protobuf's words ("NaN", "Infinity")."""
    value = found["value"]
    if math.isfinite(value):
        return found
    return {**found, "value": "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")}
