"""Custom events that came in parts, as one: a long property is sent in several events, which say so.

A part says in its properties `event_id`, `part` and `parts`; each of its JSON properties is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from emulator.monitor.database import Database, Row

OWN: Final = ("part", "parts")  # what only parts have


def newest(database: Database, limit: int) -> list[Row]:
    """The events of the newest rows of AppEvents, newest first. One that lacks a part stays in parts."""
    rows = database.latest("AppEvents", limit)
    wanted = {_id(row): row for row in rows if _is_part(row)}
    if not wanted:
        return rows
    marks = ", ".join("?" * len(wanted))
    found = database.query(
        f"SELECT * FROM AppEvents WHERE json_extract(Properties, '$.event_id') IN ({marks})",  # noqa: S608
        *wanted,
    )
    whole: dict[str, Row] = {}
    for event_id, row in wanted.items():
        parts = [one["Properties"] for one in found if _id(one) == event_id]
        if len({part["part"] for part in parts}) == int(row["Properties"]["parts"]):
            whole[event_id] = {**row, "Properties": joined(parts)}
    shown: list[Row] = []
    seen: set[str] = set()
    for row in rows:
        if not _is_part(row) or _id(row) not in whole:
            shown.append(row)
        elif _id(row) not in seen:
            seen.add(_id(row))
            shown.append(whole[_id(row)])
    return shown


def joined(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The properties of an event from those of all its parts, in any order.

    Objects of several parts are merged, lists follow one another, and so do other texts, with commas between.
    Raises ValueError when a part is missing.
    """
    ordered = sorted(parts, key=lambda part: int(part["part"]))
    numbers, wanted = [int(part["part"]) for part in ordered], int(ordered[0]["parts"])
    if numbers != list(range(1, wanted + 1)):
        raise ValueError(f"event {ordered[0]['event_id']} has {wanted} parts, found are {numbers}")
    names = dict.fromkeys(name for part in ordered for name in part if name not in OWN)
    return {name: _together([part[name] for part in ordered if name in part]) for name in names}


def _together(texts: list[str]) -> str:
    if len(set(texts)) == 1:
        return texts[0]
    values = [_json(text) for text in texts]
    if all(isinstance(value, dict) for value in values):
        merged: dict[str, Any] = {}
        for value in values:
            _merge(merged, cast("dict[str, Any]", value))
        return json.dumps(merged)
    if all(isinstance(value, list) for value in values):
        return json.dumps([entry for value in values for entry in cast("list[Any]", value)])
    return ",".join(texts)


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], cast("dict[str, Any]", value))
        else:
            into[name] = value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None  # a text that is none


def _is_part(row: Row) -> bool:
    return str(row["Properties"].get("parts", "1")) != "1"


def _id(row: Row) -> str:
    return str(row["Properties"].get("event_id"))
