"""A JSON text as tokens, as Newtonsoft reads it."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.apimanagement.policies.expressions import clock
from emulator.apimanagement.policies.expressions.tokens import MAX_DEPTH, JArray, JObject, JToken, JValue
from emulator.apimanagement.policies.expressions.values import Long, Thrown

# What Newtonsoft takes for a date while it reads.
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)?")


def read(text: str | None) -> JToken:
    """A JSON text as a token. JsonReaderException for what is none."""
    if text is None:
        raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: s")
    try:
        return _token(json.loads(text), 0)
    except (ValueError, RecursionError) as error:
        read_on = isinstance(error, json.JSONDecodeError)
        place = f" Path '', line {error.lineno}, position {error.colno}." if read_on else ""
        raise Thrown(
            "Newtonsoft.Json.JsonReaderException", f"Error reading JToken from JsonReader.{place}"
        ) from error


def _token(value: Any, depth: int) -> JToken:
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, dict):
        made = JObject()
        for name, one in value.items():
            made.set(str(name), _token(one, depth + 1))
        return made
    if isinstance(value, list):
        array = JArray()
        for one in value:
            array.add(_token(one, depth + 1))
        return array
    if isinstance(value, int) and not isinstance(value, bool):
        return JValue(Long(value))
    if isinstance(value, str) and _DATE.fullmatch(value):
        found = clock.read(value)
        if found:
            moment, offset = found
            utc = value.endswith("Z")
            return JValue(clock.DateTime(moment.ticks - (offset or 0), utc or offset is not None))
    return JValue(value)
