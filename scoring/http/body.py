"""A request's body: its type, its size, its JSON."""

from __future__ import annotations

import orjson

from scoring.http import problems
from scoring.http.problems import Problem
from scoring.http.requests import Request

MEDIA_TYPE = b"application/json"


async def read(request: Request, limit: int) -> bytes:
    """The whole body, at most `limit` bytes of `application/json`. Raises Problem."""
    headers = request.headers
    given = headers.get(b"content-type", b"")
    if given != MEDIA_TYPE and (found := given.partition(b";")[0].strip().lower()) != MEDIA_TYPE:
        shown = found.decode("latin-1") or "no content-type"
        raise Problem(problems.UNSUPPORTED_TYPE, f"found {shown[:100]!r}")
    stated = headers.get(b"content-length", b"0")
    if stated.isdigit() and int(stated) > limit:
        raise Problem(problems.TOO_LARGE, f"{int(stated)} bytes, at most {limit} are taken")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Problem(problems.REQUEST_TIMEOUT, "the connection was closed")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Problem(problems.TOO_LARGE, f"more than the {limit} bytes that are taken")
        chunks.append(chunk)
        if not message.get("more_body", False):
            request.complete = True
            return chunk if len(chunks) == 1 else b"".join(chunks)


def parsed(body: bytes) -> object:
    """The body's JSON. Raises Problem."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(problems.INVALID_JSON, str(error)) from error
