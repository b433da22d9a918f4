"""Keys: pseudonyms of whom rows are about, which callers may send beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias, cast

from scoring.model.defects import MAX_ERRORS, ContractError, FieldError

MEMBER: Final = "keys"  # of a request's JSON, beside "records" or "columns": one for each row, or null
COLUMN: Final = "key"  # of an Arrow stream
POINTER, COLUMN_POINTER = f"#/{MEMBER}", f"#/columns/{COLUMN}"
PATTERN: Final = r"[A-Za-z0-9._:-]{1,64}"  # no room for a name with a space or for an address with @
_KEY: Final = re.compile(PATTERN)
Keys: TypeAlias = list[str | None]


def split(payload: object) -> tuple[object, object]:
    """The payload without its keys, and the keys as they came; None when it has none."""
    if type(payload) is dict and MEMBER in payload:
        members = cast("dict[str, object]", payload)
        return {name: value for name, value in members.items() if name != MEMBER}, members[MEMBER]
    return payload, None


def from_columns(payload: object, features: Sequence[str]) -> tuple[object, object]:
    """The same for the columns of an Arrow stream, unless a feature of the model has the column's name."""
    columns = cast("dict[str, dict[str, object]]", payload)["columns"]
    if COLUMN in features or COLUMN not in columns:
        return payload, None
    return {"columns": {name: values for name, values in columns.items() if name != COLUMN}}, columns[COLUMN]


def checked(found: Any, rows: int, pointer: str = POINTER) -> Keys | None:
    """One key, or None, for each row. Raises ContractError, which shows no key."""
    if found is None:
        return None
    if type(found) is not list:
        raise ContractError([FieldError(pointer, "wrong_type", "expected an array of keys")])
    keys = cast("list[object]", found)
    if len(keys) != rows:
        raise ContractError([FieldError(pointer, "wrong_length", f"{len(keys)} keys for {rows} rows")])
    errors: list[FieldError] = []
    for row, key in enumerate(keys):
        if key is None or (type(key) is str and _KEY.fullmatch(key)):
            continue
        errors.append(FieldError(f"{pointer}/{row}", "wrong_type", f"expected null or text like {PATTERN}"))
        if len(errors) > MAX_ERRORS:
            break
    if errors:
        raise ContractError(errors)
    return cast("Keys", keys)
