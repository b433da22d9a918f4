"""``If-Match`` and ``If-None-Match``: what a client says must, or must not, be there when it changes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from emulator.errors import AzureError

Json = dict[str, Any]
ETAGS = ("etag", "eTag")  # as services spell it in bodies


def etag(resource: Json) -> str:
    """The etag of a resource: of its content, whatever etags stand in that."""
    return f'"{hashlib.sha256(json.dumps(_bare(resource), sort_keys=True).encode()).hexdigest()[:32]}"'


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in ETAGS}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def of(headers: Mapping[str, str], resource_id: str) -> Callable[[Json | None], None] | None:
    """What the headers (lower case) ask of the resource as it is shown, None when it does not exist.

    412 when that does not hold. `If-Match: *` asks for nothing in particular: as Azure's services do, a
    PUT with it creates what is not there, and az's commands count on that. Call it under the lock under which
    the change is made.
    """
    wanted, unwanted = _tags(headers.get("if-match", "")), _tags(headers.get("if-none-match", ""))
    if not wanted and not unwanted:
        return None

    def check(current: Json | None) -> None:
        held = etag(current) if current is not None else ""
        if wanted and "*" not in wanted and held not in wanted:
            what = "If-Match"
        elif held and ("*" in unwanted or held in unwanted):
            what = "If-None-Match"
        else:
            return
        there = f"its etag is {held}" if held else "it does not exist"
        raise AzureError(
            412, "PreconditionFailed", f"The condition {what} on '{resource_id}' does not hold: {there}."
        )

    return check


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",") if tag.strip()}
