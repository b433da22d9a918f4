"""Errors of the HTTP interface as problem details (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error; its URI is `urn:scoring:problem:NAME`."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        return f"urn:scoring:problem:{self.name}"


INVALID_JSON = ProblemType("invalid-json", 400, "The body is not JSON")
MALFORMED = ProblemType("malformed-request", 400, "This is not HTTP")
INVALID_ARROW = ProblemType("invalid-arrow", 400, "The body is not an Arrow IPC stream that is taken")
UNAUTHORIZED = ProblemType("unauthorized", 401, "The key is missing or wrong")
NOT_FOUND = ProblemType("not-found", 404, "There is no such path")
NO_PREDICTION = ProblemType("no-prediction", 404, "There is no prediction for this key")
UNKNOWN_MEMBER = ProblemType("unknown-member", 404, "The fleet has no such member")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The path does not take this method")
REQUEST_TIMEOUT = ProblemType("request-timeout", 408, "The body did not arrive in time")
TOO_LARGE = ProblemType("too-large", 413, "The request is too large")
TARGET_TOO_LONG = ProblemType("uri-too-long", 414, "The request's path and query are too long")
UNSUPPORTED_TYPE = ProblemType("unsupported-media-type", 415, "The body's type is not taken")
CONTRACT = ProblemType("input-contract", 422, "The rows break the input contract")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 429, "Too many requests are in flight")
HEAD_TOO_LARGE = ProblemType("head-too-large", 431, "The request's head is too large")
INTERNAL = ProblemType("internal", 500, "The request could not be answered")
UNAVAILABLE = ProblemType("unavailable", 503, "The service is not ready for requests")
OVERLOADED = ProblemType("overloaded", 503, "The service has too much to do")

ALL = (
    INVALID_JSON,
    INVALID_ARROW,
    MALFORMED,
    UNAUTHORIZED,
    NOT_FOUND,
    NO_PREDICTION,
    METHOD_NOT_ALLOWED,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    TARGET_TOO_LONG,
    UNSUPPORTED_TYPE,
    CONTRACT,
    TOO_MANY_REQUESTS,
    HEAD_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
    OVERLOADED,
)


@dataclass
class Problem(Exception):
    """Raised anywhere below the HTTP interface, which turns it into the answer."""

    kind: ProblemType
    detail: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    more: dict[str, Any] = field(default_factory=dict[str, Any])

    def body(self, request_id: str) -> bytes:
        return orjson.dumps(
            {
                "type": self.kind.uri,
                "title": self.kind.title,
                "status": self.kind.status,
                "detail": self.detail,
                "instance": f"urn:scoring:request:{request_id}",
                "request_id": request_id,
                **self.more,
            }
        )


def too_many(requests: int) -> Problem:
    detail = f"{requests} requests are being answered; come again"
    return Problem(TOO_MANY_REQUESTS, detail, {"retry-after": "1"})
