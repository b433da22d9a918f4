"""Where a token stands in its document, and which tokens stand on a JSONPath."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emulator.apimanagement.policies.expressions.tokens import JArray, JObject, JProperty, JToken
from emulator.apimanagement.policies.expressions.values import Thrown

_STEP = re.compile(r"\.?([^.\[\]()?@*]+)|\.?(\*)|\[(\d+)\]|\['([^']*)'\]|\[(\*)\]|(\.\.)")


def path(value: JToken) -> str:
    """Where a token stands in its document."""
    parts: list[str] = []
    one: JToken | None = value
    while one is not None:
        holder = one.parent
        if isinstance(one, JProperty):
            parts.append(f".{one.name}")
        elif isinstance(holder, JArray):
            index = next(index for index, other in enumerate(holder.items) if other is one)
            parts.append(f"[{index}]")
        one = holder
    return "".join(reversed(parts)).lstrip(".")


def selected(value: JToken, route: str) -> list[JToken]:
    """The tokens on a JSONPath of names, indices, `*` and `..`; filters are not emulated."""
    rest = route.removeprefix("$")
    found, deep, at = [value], False, 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise Thrown("Newtonsoft.Json.JsonException", f"not emulated: the path '{route}' of SelectToken")
        at = match.end()
        if match[6]:
            deep = True
            continue
        if deep:
            found = [one for start in found for one in _everything(start)]
            deep = False
        name = match[1] if match[1] is not None else match[4]
        found = [next_ for one in found for next_ in _step(one, name, match[3])]
    return found


def _everything(value: JToken) -> Iterator[JToken]:
    yield value
    for one in value.children():
        inner = one.value if isinstance(one, JProperty) else one
        yield from _everything(inner)


def _step(value: JToken, name: str | None, index: str | None) -> list[JToken]:
    if name is not None:
        found = value.get(name) if isinstance(value, JObject) else None
        return [found] if found is not None else []
    if index is not None:
        number = int(index)
        return [value.items[number]] if isinstance(value, JArray) and number < len(value.items) else []
    return [one.value if isinstance(one, JProperty) else one for one in value.children()]
