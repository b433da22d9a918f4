"""With which status a change is answered: one that Azure's own clients take, by type and verb.

`client_statuses.json` is made from those clients by ``python -m tools.clientstatuses``. A status is chosen
that all of them take; where there are several, the first of the order that stands here. 202 says that the
change goes on: it is given where clients take no 200, with the headers by which they follow it
(`emulator.arm.operations`), although every change of the emulator has ended before its answer.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from emulator.arm import catalog

TABLE: Final = Path(__file__).with_name("client_statuses.json")
CREATED: Final = (201, 200, 202)
CHANGED: Final = (200, 201, 202)
DELETED: Final = (200, 202, 204, 201)  # 204 says that there was nothing
ACTED: Final = (200, 204, 202)
NO_CONTENT: Final = 204
NOT_FOUND: Final = 404


def of_write(arm_type: str, verb: Literal["PUT", "PATCH"], created: bool) -> int:
    """The status of a PUT or PATCH that went well."""
    return _first(CREATED if created else CHANGED, _row(arm_type, verb))


def of_delete(arm_type: str) -> int:
    """The status of a DELETE of what existed."""
    return _first(DELETED, _row(arm_type, "DELETE"))


def of_delete_of_nothing(arm_type: str) -> int:
    """The status of a DELETE of what does not exist: 204, and 404 where no client takes that."""
    row = _row(arm_type, "DELETE")
    known = {*row.get("all", ()), *row.get("some", ())}
    return NO_CONTENT if not known or NO_CONTENT in known else NOT_FOUND


def of_action(arm_type: str, action: str) -> int:
    """The status of a POST of an action that gives nothing back."""
    return _first(ACTED, _row(arm_type, f"POST {action.lower()}"))


def tells_what_was_deleted(arm_type: str) -> bool:
    """Whether clients read the deleted resource from the answer to its DELETE."""
    return bool(_row(arm_type, "DELETE").get("body"))


def _first(order: tuple[int, ...], row: dict[str, Any]) -> int:
    return next((status for status in order if status in row.get("all", order)), order[0])


def _row(arm_type: str, verb: str) -> dict[str, Any]:
    types = _types()
    kind = arm_type.lower()
    if kind not in types and (found := catalog.find(kind)) is not None:
        kind = found.arm_type.lower()  # a type whose last segment varies
    return types.get(kind, {}).get(verb, {})


@cache
def _types() -> dict[str, dict[str, dict[str, Any]]]:
    return json.loads(TABLE.read_text(encoding="utf-8"))["types"]
