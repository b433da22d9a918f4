"""The OpenAPI operations of a service: for each path what it takes, what it answers and what it refuses."""

from __future__ import annotations

from scoring import arrow
from scoring.http import problems
from scoring.http.openapi_schemas import INTEGER, STRING, Json, closed, reference
from scoring.http.problems import ProblemType
from scoring.kept import keys
from scoring.precomputed import answer as precomputed


def paths() -> Json:
    """The operations, by path and method."""
    return {
        "/score": {"post": _score()},
        "/explain": {"post": _explain()},
        precomputed.PATH: {"get": _prediction()},
        "/drift": {"get": _drift()},
        "/healthz": {"get": _open("The process answers.", closed({"status": STRING}))},
        "/readyz": {"get": _readyz()},
        "/openapi.json": {"get": _open("This document.", {"type": "object"})},
    }


def _headers() -> Json:
    return {
        "x-request-id": {"schema": STRING, "description": "The caller's, or a new one."},
        "traceparent": {"schema": STRING, "description": "W3C trace context of the request's span."},
        "traceresponse": {
            "schema": STRING,
            "description": "The same, under its name in Trace Context Level 2.",
        },
    }


def _answered(description: str, schema: Json) -> Json:
    content = {"application/json": {"schema": schema}}
    return {"description": description, "headers": _headers(), "content": content}


def refused(*kinds: ProblemType) -> Json:
    """Answers with these problems, by status."""
    by_status: dict[str, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(str(kind.status), []).append(kind.title)
    retried = {"retry-after": {"schema": INTEGER, "description": "Seconds to wait."}}
    return {
        status: {
            "description": "; ".join(titles),
            "headers": {**_headers(), **(retried if status in ("429", "503") else {})},
            "content": {problems.CONTENT_TYPE: {"schema": reference("Problem")}},
        }
        for status, titles in by_status.items()
    }


def _parameters() -> list[Json]:
    return [
        {"name": name, "in": "header", "required": False, "schema": STRING}
        for name in ("x-request-id", "traceparent", "x-synthetic")
    ]


# Whatever is asked for.
HEAD_REFUSED = (problems.MALFORMED, problems.TARGET_TOO_LONG, problems.HEAD_TOO_LARGE)
ROWS_REFUSED = (
    problems.INVALID_JSON,
    problems.UNAUTHORIZED,
    problems.REQUEST_TIMEOUT,
    problems.TOO_LARGE,
    problems.UNSUPPORTED_TYPE,
    problems.CONTRACT,
    problems.TOO_MANY_REQUESTS,
    problems.INTERNAL,
    problems.UNAVAILABLE,
    problems.OVERLOADED,
)
ARROW_REQUEST = (
    "An Arrow IPC stream without compression, with a column for each feature: numbers of any width, or "
    "strings; the members, limits and errors of `columns` hold for it as well. Keys are a column `key` of "
    "strings, unless a feature has that name."
)
ARROW_ANSWER = (
    "An Arrow IPC stream, for callers that accept it by name: probability float64, label int8, outlier_score "
    "float64, outlier_flag bool; the schema's metadata has drift and model, as JSON, and request_id."
)


def _rows_operation(summary: str, name: str, answered: str, request: str, response: str) -> Json:
    """An operation on rows, with a key."""
    body: Json = {"required": True, "content": {"application/json": {"schema": reference(request)}}}
    return {
        "summary": summary,
        "operationId": name,
        "security": [{"key": []}],
        "parameters": _parameters(),
        "requestBody": body,
        "responses": {
            "200": _answered(answered, reference(response)),
            **refused(*HEAD_REFUSED, *ROWS_REFUSED),
        },
    }


def _score() -> Json:
    answered = "The rows' scores, in their order."
    found = _rows_operation("Score rows", "score", answered, "ScoreRequest", "ScoreResponse")
    streams = (
        (found["requestBody"]["content"], ARROW_REQUEST),
        (found["responses"]["200"]["content"], ARROW_ANSWER),
    )
    for content, description in streams:
        content[arrow.MEDIA_TYPE.decode()] = {"schema": {**STRING, "description": description}}
    _add_title(found["responses"], problems.INVALID_ARROW)
    return found


def _add_title(responses: Json, kind: ProblemType) -> None:
    responses[str(kind.status)]["description"] += f"; {kind.title}"


def _explain() -> Json:
    summary = "Say how much each feature moves each row's margin; drift does not notice"
    answered = "The rows' explanations, in their order."
    return _rows_operation(summary, "explain", answered, "ExplainRequest", "ExplainResponse")


def _drift() -> Json:
    return {
        "summary": "The latest drift report, and the window's counts, which add up over replicas",
        "operationId": "drift",
        "security": [{"key": []}],
        "parameters": _parameters(),
        "responses": {
            "200": _answered("The report and the counts.", reference("DriftResponse")),
            **refused(*HEAD_REFUSED, problems.UNAUTHORIZED, problems.INTERNAL),
        },
    }


def _prediction() -> Json:
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{keys.PATTERN}$"},
        "description": "The batch's key of a row.",
    }
    return {
        "summary": "What the latest batch has predicted for a key",
        "description": "Without a model: an answer is as old as its run, and says so. Where there is none "
        "(404, 503), the row's features can be sent to /score.",
        "operationId": "prediction",
        "security": [{"key": []}],
        "parameters": [key, *_parameters()],
        "responses": {
            "200": _answered("The prediction.", reference("PrecomputedResponse")),
            **refused(
                *HEAD_REFUSED,
                problems.UNAUTHORIZED,
                problems.NOT_FOUND,
                problems.NO_PREDICTION,
                problems.TOO_MANY_REQUESTS,
                problems.INTERNAL,
                problems.UNAVAILABLE,
            ),
        },
    }


def keyed(summary: str, name: str) -> Json:
    """An operation that takes nothing but the key and answers with an object."""
    return {
        "summary": summary,
        "operationId": name,
        "security": [{"key": []}],
        "parameters": _parameters(),
        "responses": {
            "200": _answered(f"{summary}.", {"type": "object"}),
            **refused(*HEAD_REFUSED, problems.UNAUTHORIZED, problems.INTERNAL),
        },
    }


def _readyz() -> Json:
    description = "The service takes requests."
    ready = closed({"status": STRING, "model": reference("Model"), "evaluator": reference("Evaluator")})
    return {
        **_open(description, ready),
        "responses": {
            "200": _answered(description, ready),
            **refused(*HEAD_REFUSED, problems.UNAVAILABLE),
        },
    }


def _open(description: str, schema: Json) -> Json:
    """An operation without a key."""
    return {
        "summary": description,
        "parameters": _parameters(),
        "responses": {"200": _answered(description, schema), **refused(*HEAD_REFUSED)},
    }
