"""Requests and responses as the handlers of the emulator see them; no framework's types beyond the server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from emulator import jsonbody
from emulator.errors import AzureError
from emulator.places import OUTSIDE, Place


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``host`` is lower case without port; keys of ``query`` and ``headers`` are lower case."""

    method: str
    host: str
    path: str  # percent-decoded
    raw_path: str  # as sent, without the query
    query: dict[str, str] = field(default_factory=dict[str, str])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    scheme: str = "https"
    port: int = 443  # the port the client asked for
    raw_query: str = ""
    place: Place = OUTSIDE  # of the caller

    def json(self) -> Any:
        """The body as JSON, ``{}`` when it is empty; 400 InvalidRequestContent when it is no JSON that
        ``jsonbody`` takes."""
        if not self.body.strip():
            return {}
        try:
            return jsonbody.read(self.body)
        except ValueError as error:
            raise AzureError(
                400,
                "InvalidRequestContent",
                f"The request content was invalid and could not be read: {error}.",
            ) from error

    def object(self, *required: str) -> dict[str, Any]:
        """The body as a JSON object that has the required members; 400 InvalidRequestContent otherwise."""
        found: Any = self.json()
        if not isinstance(found, dict):
            raise AzureError(400, "InvalidRequestContent", "The request content must be a JSON object.")
        body = cast(dict[str, Any], found)
        if missing := [name for name in required if name not in body]:
            words = f"The request content lacks {', '.join(missing)}."
            raise AzureError(400, "InvalidRequestContent", words)
        return body

    def describe(self) -> str:
        """The call in one line, for refusals: method, host, path, api-version."""
        version = self.query.get("api-version")
        return f"{self.method} {self.host}{self.path}" + (f" (api-version {version})" if version else "")


@dataclass(slots=True)
class Response:
    """One answer. stream: of one that goes on, what makes its parts, in the server's event loop; it takes the
    place of the body, and its end is the answer's."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    stream: Callable[[], AsyncGenerator[bytes]] | None = None

    @staticmethod
    def json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """An answer whose body is ``value`` as JSON."""
        return Response(
            status,
            {"content-type": "application/json; charset=utf-8", **(headers or {})},
            json.dumps(value, separators=(",", ":")).encode(),
        )

    @staticmethod
    def text(value: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """An answer whose body is plain text."""
        return Response(
            status, {"content-type": "text/plain; charset=utf-8", **(headers or {})}, value.encode()
        )


Handler = Callable[[Request], Response]
