"""A request's body: its type, its size, its JSON."""

from __future__ import annotations

import orjson

from scoring.http import problems
from scoring.http.problems import Problem
from scoring.http.requests import Request

MEDIA_TYPE = b"application/json"


def media_type(request: Request) -> bytes:
    """The content-type without its parameters."""
    return request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()


async def read(request: Request, limit: int, types: tuple[bytes, ...] = (MEDIA_TYPE,)) -> bytes:
    """The whole body, at most `limit` bytes of one of the media types. Raises Problem."""
    headers = request.headers
    if headers.get(b"content-type") not in types and (found := media_type(request)) not in types:
        shown = found.decode("latin-1") or "no content-type"
        expected = " or ".join(one.decode() for one in types)
        raise Problem(problems.UNSUPPORTED_TYPE, f"found {shown[:100]!r}, expected {expected}")
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
