"""Answers as the gateway makes them by itself, and header fields as it hands them on."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from emulator.apimanagement.policies.context import Body, Headers, Response

# Reasons that .NET words otherwise than Python.
REASONS: Final = {413: "Request Entity Too Large", 414: "Request-URI Too Long", 422: "Unprocessable Entity"}


def phrase(status: int) -> str:
    """The usual reason of a status."""
    if status in REASONS:
        return REASONS[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """An answer with the usual reason of its status."""
    return Response(status, phrase(status), Headers((headers or {}).items()), Body(body))


def texts(headers: Headers) -> dict[str, str]:
    """One text for each name, in lower case, as a receiver reads several values (RFC 9110, 5.3)."""
    return {name.lower(): headers.first(name) for name in headers}
