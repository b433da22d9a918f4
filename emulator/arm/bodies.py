"""Bodies of resources are held to the types that Azure's own SDK gives their members.

So what reads a body further on finds each member of the type that it has in Azure, or does not find it.
`body_types.json` is made from the SDK by ``python -m tools.body_types``. A shape is one of

    "text", "integer", "number", "boolean"
    "#NAME"                 the shape that stands under `parts`
    [SHAPE]                 a list of such; []: of anything
    {"MEMBER": SHAPE, ...}  an object; further members may be of any type, unless "*" tells theirs
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from emulator.arm import catalog
from emulator.arm.members import WORDS, wrong
from emulator.errors import AzureError

TABLE: Final = Path(__file__).with_name("body_types.json")
LARGEST: Final = (1 << 63) - 1  # of a number without a fraction, in Azure's services
NUMBER: Final = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?")  # one that came as a text
WHOLE: Final = re.compile(r"-?[0-9]+")
NEEDED: Final = {
    "text": WORDS[str],
    "integer": "a whole number of 64 bits",
    "number": "a number",
    "boolean": WORDS[bool],
}

# Providers that refuse such a body with another code than InvalidRequestContent.
CODES: Final = {"microsoft.network": "InvalidRequestFormat"}

Json = dict[str, Any]
Shape = Any


def check(arm_type: str, resource: Json) -> None:
    """400 that names a member of another type than the SDK's, at any depth; its code is the provider's own.

    In place, as the readers of Azure's services do: what is null is as good as left out, and goes; among
    texts, numbers and booleans, one that can be read as the type that is needed is (azure-ai-ml sends numbers
    in a map of texts).
    """
    shape = shape_of(arm_type)
    if shape is None:
        return
    try:
        _members(shape, resource, "")
    except AzureError as error:
        code = CODES.get(arm_type.partition("/")[0].lower(), error.code)
        raise AzureError(error.status, code, error.message) from error


def shape_of(arm_type: str) -> dict[str, Shape] | None:
    """The shape of a type's bodies; None for a type that the SDK does not have."""
    types = _table()["types"]
    kind = arm_type.lower()
    if kind not in types and (found := catalog.find(kind)) is not None:
        kind = found.arm_type.lower()  # a type whose last segment varies
    return types.get(kind)


def part(shape: Shape) -> Shape:
    """The shape itself where it is told by its name."""
    if isinstance(shape, str) and shape.startswith("#"):
        return _table()["parts"][shape[1:]]
    return shape


def _members(shape: dict[str, Shape], value: Json, place: str) -> None:
    each = shape.get("*")
    for name in list(value):
        inner = shape.get(name, each)
        if inner is None:
            continue
        if value[name] is None:
            del value[name]
        else:
            value[name] = _checked(inner, value[name], f"{place}.{name}" if place else name)


def _checked(shape: Shape, value: Any, place: str) -> Any:
    shape = part(shape)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise wrong(place, WORDS[dict], value)
        _members(cast(dict[str, Shape], shape), cast(Json, value), place)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise wrong(place, WORDS[list], value)
        items = cast(list[Any], value)
        for inner in cast(list[Shape], shape):
            items[:] = [_checked(inner, item, f"{place}[{index}]") for index, item in enumerate(items)]
    else:
        return _scalar(shape, value, place)
    return value


def _scalar(kind: str, value: Any, place: str) -> Any:
    if isinstance(value, dict | list) or value is None:
        raise wrong(place, NEEDED[kind], value)
    try:
        return CONVERTED[kind](value)
    except ValueError as error:
        raise wrong(place, NEEDED[kind], value) from error


def _text(value: str | float | bool) -> str:
    return value if isinstance(value, str) else str(value)


def _number(value: str | float | bool) -> float | int:
    if isinstance(value, bool) or (isinstance(value, str) and not NUMBER.fullmatch(value)):
        raise ValueError(value)
    number = float(value) if isinstance(value, float) or not WHOLE.fullmatch(str(value)) else int(value)
    if isinstance(number, int) and abs(number) > LARGEST:
        raise ValueError(value)
    return number


def _integer(value: str | float | bool) -> int:
    number = _number(value)
    if number != int(number) or abs(number) > LARGEST:
        raise ValueError(value)
    return int(number)


def _boolean(value: str | float | bool) -> bool:
    if value is True or value is False:
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(value)


CONVERTED: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}


@cache
def _table() -> dict[str, dict[str, Shape]]:
    return json.loads(TABLE.read_text(encoding="utf-8"))
