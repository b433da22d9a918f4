"""Lists in pages: ``$top`` is the size of a page, ``nextLink`` leads to the next one."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final
from urllib.parse import quote, urlencode

from emulator import jsonbody
from emulator.arm.ids import fold
from emulator.errors import AzureError
from emulator.http import Request

PAGE: Final = 1000
MARK: Final = "$skiptoken"

Json = dict[str, Any]


def page(items: list[Json], request: Request) -> Json:
    """The page of ``items`` that the request asks for, as ARM's ``{value, nextLink}``.

    The token names the last item of a page and when it was made, so that nothing is left out or given twice
    when items are deleted between two pages, as programs do that clean up.
    """
    text = request.query.get("$top") or str(PAGE)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise AzureError(
            400, "InvalidQueryStringParameter", f"$top is '{text[:40]}'; it must be a whole number > 0."
        )
    size = min(int(text), PAGE)
    start = _after(items, request.query[MARK]) if request.query.get(MARK) else 0
    shown = items[start : start + size]
    if start + size >= len(items):
        return {"value": shown}
    kept = {key: value for key, value in request.query.items() if key != MARK}
    query = urlencode({**kept, MARK: _token(shown[-1])}, safe="$", quote_via=quote)
    return {"value": shown, "nextLink": f"https://{request.host}{request.raw_path}?{query}"}


def _token(item: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps([item.get("id", ""), _made(item)]).encode()).decode()


def _made(item: Json) -> str:
    return str(item.get("systemData", {}).get("createdAt", ""))


def _after(items: list[Json], token: str) -> int:
    """The index of the first item behind the one that the token names."""
    try:
        last, made = (str(one) for one in jsonbody.read(base64.urlsafe_b64decode(token)))
    except (ValueError, TypeError, binascii.Error) as error:  # TypeError: it is no list
        raise AzureError(
            400, "InvalidSkipToken", f"The {MARK} '{token}' was not given by this list."
        ) from error
    for index, item in enumerate(items):
        if fold(item.get("id", "")) == fold(last):
            return index + 1
    return next((index for index, item in enumerate(items) if _made(item) > made), len(items))
