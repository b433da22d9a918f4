"""Which member a request is about: a field beside the rows, or a header, which Arrow streams need."""

from __future__ import annotations

from typing import Final, cast

from scoring.fleet.stored import KEY, is_key
from scoring.http.asgi import Headers
from scoring.model.defects import ContractError, FieldError

FIELD: Final = "member"  # of a request's JSON, beside "records" or "columns"
HEADER: Final = b"x-fleet-member"
POINTER: Final = f"#/{FIELD}"


def split(headers: Headers, payload: object) -> tuple[object, str | None]:
    """The payload without the member, and the member; None where the request names none.

    Raises ContractError for what cannot name a member, and where field and header differ.
    """
    named = headers.get(HEADER)
    key = None if named is None else _checked(named.decode("latin-1"), "the header x-fleet-member")
    if type(payload) is not dict or FIELD not in payload:
        return payload, key
    members = cast("dict[str, object]", payload)
    field = _checked(members[FIELD], "the field")
    if key is not None and key != field:
        raise _error(f"the field names {field}, the header x-fleet-member {key}")
    return {name: value for name, value in members.items() if name != FIELD}, field


def _checked(value: object, where: str) -> str:
    if type(value) is str and is_key(value):
        return value
    raise _error(f"{where} names no member: expected text like {KEY}")


def _error(detail: str) -> ContractError:
    return ContractError([FieldError(POINTER, "wrong_type", detail)])
