"""Lists in parts: ``limit`` and ``continue``. A list that was begun goes on as it was when it began."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections import OrderedDict
from typing import Any, Final

from emulator.kubernetes.errors import bad_request, expired
from emulator.kubernetes.requests import quoted

MOST: Final = 64  # lists that wait for their next part
TOO_OLD: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter."
)

Json = dict[str, Any]


def _why(token: str) -> str:
    """What is wrong with a token that cannot be read, as Go's reader says it."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return "illegal base64 data"
    text = data.decode("latin-1")
    return f"invalid character {quoted(text[0])} looking for beginning of value" if text else "it is empty"


class Pages:
    """Thread-safe; the list that has waited longest is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, tuple[list[Json], int]] = OrderedDict()

    def part(self, items: list[Json], revision: int, limit: int | None) -> tuple[list[Json], Json]:
        """The first items of a list, and what the list's metadata says of the rest."""
        meta: Json = {"resourceVersion": str(revision)}
        if not limit or len(items) <= limit:
            return items, meta
        mark = secrets.token_urlsafe(12)
        with self._lock:
            self._waiting[mark] = items[limit:], revision
            while len(self._waiting) > MOST:
                self._waiting.popitem(last=False)
        token = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": mark}, separators=(",", ":"))
        meta["continue"] = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        meta["remainingItemCount"] = len(items) - limit
        return items[:limit], meta

    def next(self, token: str, limit: int | None) -> tuple[list[Json], Json]:
        """The part that a token stands for; 410 for one of a list that is forgotten."""
        try:
            found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            mark = str(found["start"])
        except (ValueError, KeyError, TypeError) as error:
            raise bad_request(f"invalid continue token: continue key is not valid: {_why(token)}") from error
        with self._lock:
            held = self._waiting.get(mark)
        if held is None:
            raise expired(TOO_OLD)
        return self.part(*held, limit)
