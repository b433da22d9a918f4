"""What an update would change, and whether Azure can do it in place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from emulator.arm.catalog_types import ResourceType
from emulator.provider import traits_table
from emulator.provider.values import UNKNOWN, unwrap

Keys = tuple[str | int, ...]
Action = Literal["add", "delete", "update"]
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Change:
    """keys: names and list positions from the top; replace: whether a new resource is needed for it."""

    keys: Keys
    action: Action
    replace: bool

    @property
    def path(self) -> str:
        """As Pulumi writes property paths: `a.b[0]["c.d"]`."""
        return render(self.keys)


def render(keys: Sequence[str | int]) -> str:
    """A property path from its keys."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f'["{key}"]'
    return text


def compare(
    row: ResourceType, old: dict[str, Any], new: dict[str, Any], ignored: Sequence[str]
) -> list[Change]:
    """The changes from old to new inputs; unknown values count as changed, ignored paths do not."""
    forcing = {("location",), *((name.lower(),) for name in row.parameters)}
    forcing |= {
        tuple(path.lower().replace("[]", ".[]").split(".")) for path in traits_table.of(row).force_new
    }
    skipped = [_parse(path) for path in ignored]
    return [
        Change(keys, action, _forces(keys, value, forcing))
        for name in sorted(old.keys() | new.keys())
        if not name.startswith("__")
        for keys, action, value in _walk(old.get(name), new.get(name), (name,))
        if not any(_covers(pattern, keys) for pattern in skipped)
    ]


def _walk(old: Any, new: Any, keys: Keys) -> Iterator[tuple[Keys, Action, Any]]:
    old, new = unwrap(old), unwrap(new)
    if old is None or new is None:
        if old is not new:
            yield keys, "add" if old is None else "delete", new if old is None else old
    elif isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _walk(old.get(name), new.get(name), (*keys, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            yield from _walk(before, new[index] if index < len(new) else None, (*keys, index))
    elif not same(old, new, str(keys[-1])):
        yield keys, "update", new


def same(old: Any, new: Any, name: str = "") -> bool:
    """Whether two scalars mean the same to Azure: `West Europe` is `westeurope`."""
    if old is UNKNOWN or new is UNKNOWN or isinstance(old, bool) != isinstance(new, bool):
        return False
    if name == "location" and isinstance(old, str) and isinstance(new, str):
        return old.replace(" ", "").lower() == new.replace(" ", "").lower()
    return bool(old == new)


def _forces(keys: Keys, value: Any, forcing: set[tuple[str, ...]]) -> bool:
    generic = tuple("[]" if isinstance(key, int) else key.lower() for key in keys)
    return any(
        generic[: len(path)] == path
        or (path[: len(generic)] == generic and _holds(value, path[len(generic) :]))
        for path in forcing
    )


def _holds(value: Any, path: tuple[str, ...]) -> bool:
    """Whether a value that came or went as a whole has something at the path."""
    value = unwrap(value)
    if not path or value is UNKNOWN:
        return value is not None
    if isinstance(value, list):
        return path[0] == "[]" and any(_holds(item, path[1:]) for item in value)
    if isinstance(value, dict):
        return any(name.lower() == path[0] and _holds(item, path[1:]) for name, item in value.items())
    return False


def _parse(path: str) -> tuple[str, ...]:
    """The keys of an ignoreChanges path; `*` stands for any."""
    found = re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)', path)
    return tuple(quoted or index or name for quoted, index, name in found)


def _covers(pattern: tuple[str, ...], keys: Keys) -> bool:
    return len(pattern) <= len(keys) and all(
        wanted in ("*", str(key)) for wanted, key in zip(pattern, keys, strict=False)
    )
