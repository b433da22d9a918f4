"""The members that every resource may have, and of which JSON type each is."""

from __future__ import annotations

from typing import Any, Final, cast

from emulator.errors import AzureError

Json = dict[str, Any]
TYPES: Final[dict[str, type]] = {
    "id": str,
    "name": str,
    "type": str,
    "location": str,
    "kind": str,
    "etag": str,
    "managedBy": str,
    "properties": dict,
    "tags": dict,
    "sku": dict,
    "identity": dict,
    "plan": dict,
    "extendedLocation": dict,
    "systemData": dict,
    "zones": list,
}
# Members of members that are read of every resource: (member, its member) -> type; "*": each of them.
INNER: Final[dict[tuple[str, str], type]] = {
    ("tags", "*"): str,
    ("sku", "name"): str,
    ("sku", "tier"): str,
    ("identity", "type"): str,
    ("identity", "principalId"): str,
    ("identity", "userAssignedIdentities"): dict,
}
WORDS: Final[dict[type, str]] = {
    str: "a text",
    dict: "an object",
    list: "a list",
    bool: "true or false",
    type(None): "null",
}


def check(resource: Json) -> None:
    """400 InvalidRequestContent for a member of another type; one that is null is as good as left out."""
    for name, wanted in TYPES.items():
        if name in resource and resource[name] is None:
            del resource[name]
        elif name in resource:
            _require(name, resource[name], wanted)
    for (name, inner), wanted in INNER.items():
        outer = cast(Json, resource.get(name) or {})
        for key in outer if inner == "*" else (inner,):
            if outer.get(key) is not None:
                _require(f"{name}.{key}", outer[key], wanted)


def _require(name: str, value: Any, wanted: type) -> None:
    if not isinstance(value, wanted):
        raise wrong(name, WORDS[wanted], value)


def wrong(place: str, wanted: str, value: Any) -> AzureError:
    """What is answered to a member of another type: its place, what it has to be, and what it is."""
    found = WORDS.get(type(value), "a number")
    if isinstance(value, str | int | float) and "number" in wanted:
        found = repr(value)[:40]
    words = f"The request content was invalid: {place} must be {wanted}, not {found}."
    return AzureError(400, "InvalidRequestContent", words)
