"""JSON from outside: read within bounds, and refused where no reader after this one could keep it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn, cast

DEPTH: Final = 64
"""How deep objects and lists may lie in one another, as in the readers that Azure's services are built on."""
_SURROGATE: Final = re.compile(r"\\u[dD][89abAB]")


def read(body: bytes | str) -> Any:
    """The value of a JSON text in UTF-8. ValueError, whose text says what is wrong, for anything else.

    Refused too: what lies too deep, numbers beyond a double's and the words NaN and Infinity, which are no
    JSON, and escapes of half a character.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig")
    try:
        value: Any = json.loads(text, parse_constant=_no_number, parse_float=_number, parse_int=_whole)
    except RecursionError:
        raise _too_deep() from None
    if _deeper(value):
        raise _too_deep()
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"it has an escape of half a character ({error.reason})") from error
    return value


def _deeper(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(DEPTH):
        level = [one for node in level for one in _children(node) if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return list(cast(dict[str, Any], node).values())
    return cast(list[Any], node) if isinstance(node, list) else []


def _too_deep() -> ValueError:
    return ValueError(f"The reader's MaxDepth of {DEPTH} has been exceeded")


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _whole(text: str) -> int:
    _number(text)
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is beyond what a double holds")
    return value
