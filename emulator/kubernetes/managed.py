"""Who manages which field of an object: ``metadata.managedFields``, and server-side apply.

The rules are those of structured-merge-diff's `merge.Updater` and of apimachinery's `managedfields`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from emulator.kubernetes import fieldsets
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.fieldsets import MISSING, NONE, Fields, Path
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.schema import Field, root, struct

MOST_UPDATERS: Final = 10
ANCIENT: Final = "ancient-changes"
BEFORE: Final = "before-first-apply"
# what nobody manages
REPLICAS: Final[Path] = ("f:spec", "f:replicas")
STRIPPED: Final[Fields] = frozenset(
    {
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    }
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One manager's fields. operation: Apply or Update. time: of its last write, "" for none."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    fields: Fields
    time: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells entries apart: who applies does so in any version."""
        version = "" if self.operation == "Apply" else self.api_version
        return self.manager, self.operation, version, self.subresource

    @property
    def shown(self) -> str:
        """As a conflict names it."""
        text = json.dumps(self.manager)
        if self.subresource:
            text += f" with subresource {json.dumps(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


def entries(value: Json | None) -> list[Entry]:
    """Of an object as it is kept."""
    found: list[Json] = ((value or {}).get("metadata") or {}).get("managedFields") or []
    return [
        Entry(
            str(one.get("manager", "")),
            str(one.get("operation", "")),
            str(one.get("apiVersion", "")),
            str(one.get("subresource", "")),
            fieldsets.decode(one.get("fieldsV1")),
            str(one.get("time", "")),
        )
        for one in found
    ]


def written(found: Iterable[Entry]) -> list[Json]:
    """As an object has them, in the API server's order."""
    order = sorted(
        (one for one in found if one.fields),
        key=lambda one: (one.operation, one.time, one.manager, one.api_version, one.subresource),
    )
    return [
        {
            "manager": one.manager,
            "operation": one.operation,
            "apiVersion": one.api_version,
            **({"time": one.time} if one.time else {}),
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldsets.encode(one.fields),
            **({"subresource": one.subresource} if one.subresource else {}),
        }
        for one in order
    ]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def blank(of: Field) -> Any:
    """An object of a type before anything is said of it: the values that are there all the same."""
    if not of.struct:
        return of.default
    of_type = struct(of.type)
    made: Json = dict.fromkeys(of_type.required)
    for name, one in of_type.fields.items():
        if one.default is not None and one.default in ("", 0, False, {}):
            made[name] = blank(one)
    return made


def _ignored(subresource: str, path: Path) -> bool:
    """What a write of a whole object, or of its status, cannot change, and so does not manage."""
    if subresource == "status":
        return path[0] != "f:status"
    return path[0] == "f:status"


def _left(kind: Kind, subresource: str, fields: Iterable[Path]) -> Fields:
    split = kind.status or subresource == "status"
    return frozenset(path for path in fields if path and not (split and _ignored(subresource, path)))


def updated(kind: Kind, before: Json | None, now_is: Json, manager: str, subresource: str) -> list[Json]:
    """The managedFields after a write that is no apply."""
    of = root(kind.schema)
    result = fieldsets.compare(of, _bare(before) if before else blank(of), _bare(now_is))
    found = entries(before)
    if before is not None and not found:
        return []  # nobody has been asked for since it was made
    if subresource == "scale" and not any(REPLICAS in one.fields for one in found):
        return written(found)  # a scale knows the managers of its one field alone
    taken = _left(kind, subresource, result.modified | result.added)
    removed = _left(kind, subresource, result.removed)
    found = [replace(one, fields=one.fields - taken - removed) for one in found]
    own = taken - STRIPPED
    if own:
        mine = Entry(manager, "Update", kind.api_version, subresource, own, now())
        for one in found:
            if one.identity == mine.identity:
                mine = replace(mine, fields=mine.fields | one.fields)
        found = [*(one for one in found if one.identity != mine.identity), mine]
    return written(_capped([one for one in found if one.fields]))


def _capped(found: list[Entry]) -> list[Entry]:
    """At most so many that update: the oldest become one."""
    updaters = sorted((one for one in found if one.operation == "Update"), key=lambda one: one.time)
    if len(updaters) <= MOST_UPDATERS:
        return found
    old = updaters[: len(updaters) - MOST_UPDATERS + 1]
    joined: dict[str, Entry] = {}
    for one in old:
        held = joined.get(one.api_version)
        fields = one.fields | (held.fields if held else NONE)
        joined[one.api_version] = Entry(ANCIENT, "Update", one.api_version, "", fields, one.time)
    return [*(one for one in found if one not in old), *joined.values()]


def _bare(value: Json) -> Json:
    meta = {key: one for key, one in (value.get("metadata") or {}).items() if key != "managedFields"}
    return {**value, "metadata": meta}


class Conflict(ApiError):
    """409: an apply sets fields that others manage."""

    def __init__(self, found: list[tuple[Entry, Path]]) -> None:
        self.paths = frozenset(path for _, path in found)
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {one.shown}",
                "field": fieldsets.shown(path),
            }
            for one, path in found
        ]
        super().__init__(409, f"Apply failed with {_told(found)}", details={"causes": causes})


def _told(found: list[tuple[Entry, Path]]) -> str:
    if len(found) == 1:
        entry, path = found[0]
        return f"1 conflict: conflict with {entry.shown}: {fieldsets.shown(path)}"
    lines: list[str] = []
    for who in dict.fromkeys(one.shown for one, _ in found):
        lines.append(f"conflicts with {who}:")
        lines += [f"- {fieldsets.shown(path)}" for one, path in found if one.shown == who]
    return f"{len(found)} conflicts: " + "\n".join(lines)


def applied(
    kind: Kind, live: Json | None, config: Json, manager: str, subresource: str, *, force: bool
) -> tuple[Json, list[Json]]:
    """What an apply makes of an object (None: there is none yet), and its managedFields then.

    Conflict where it sets what others manage to something else, unless it is forced. Duplicate where a list
    of the config has two items of one key.
    """
    of = root(kind.schema)
    found = entries(live)
    if live is not None and not found:
        everything = fieldsets.compare(of, blank(of), _bare(live))
        owned = _left(kind, subresource, everything.added | everything.modified) - STRIPPED
        found = [Entry(BEFORE, "Update", kind.api_version, "", owned)] if owned else []
    base = _bare(live) if live is not None else {"metadata": {}}
    try:
        result = _apply(kind, of, base, found, config, manager, subresource, force=force)
    except Conflict as conflict:
        allowed = _last_applied(of, live) if manager == "kubectl" and live is not None else NONE
        if conflict.paths - allowed:
            raise
        result = _apply(kind, of, base, found, config, manager, subresource, force=True)
    return result


def _last_applied(of: Field, live: Json) -> Fields:
    """The fields that ``kubectl apply`` without ``--server-side`` says in its annotation it has set."""
    notes: Json = live["metadata"].get("annotations") or {}
    text = notes.get("kubectl.kubernetes.io/last-applied-configuration")
    if not text:
        return NONE
    try:
        last = json.loads(text)
    except ValueError:
        return NONE
    return fieldsets.of_object(of, last)


def _apply(
    kind: Kind,
    of: Field,
    base: Json,
    found: list[Entry],
    config: Json,
    manager: str,
    subresource: str,
    *,
    force: bool,
) -> tuple[Json, list[Json]]:
    said = fieldsets.of_object(of, config)
    merged = fieldsets.merge(of, base, config)
    mine = Entry(manager, "Apply", kind.api_version, subresource, _left(kind, subresource, said))
    last = next((one for one in found if one.identity == mine.identity), None)
    others = [one for one in found if one.identity != mine.identity]
    if last is not None:
        merged = _pruned(of, merged, last.fields, [*others, mine])
    result = fieldsets.compare(of, base, merged)
    changed = _left(kind, subresource, result.modified | result.added)
    conflicts = [
        (one, path)
        for one in sorted(others, key=lambda one: one.manager)
        for path in sorted(one.fields & changed)
    ]
    if conflicts and not force:
        raise Conflict(conflicts)
    removed = _left(kind, subresource, result.removed)
    others = [replace(one, fields=one.fields - changed - removed) for one in others]
    same = not (result.added or result.modified or result.removed)
    time = (last.time if last is not None else "") if same else now()
    mine = replace(mine, fields=mine.fields - STRIPPED, time=time)
    return merged, written([*others, mine])


def _pruned(of: Field, merged: Json, last: Fields, claims: list[Entry]) -> Json:
    """Take away what the manager applied last time and not this time, unless somebody else manages it."""
    named = fieldsets.with_named
    pruned = fieldsets.without(of, merged, named(of, last))
    whole = named(of, fieldsets.of_object(of, merged))
    left = named(of, fieldsets.of_object(of, pruned)) if pruned is not MISSING else NONE
    claimed = named(of, frozenset[Path]().union(*(one.fields for one in claims)))
    kept = fieldsets.without(of, merged, whole - (left | claimed))
    left = named(of, fieldsets.of_object(of, kept)) if kept is not MISSING else NONE
    gone = (whole - left) & named(of, last)
    return cast(Json, fieldsets.without(of, merged, gone))
