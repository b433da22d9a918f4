"""The OpenAPI document of a service, with the schema of the model that it serves."""

from __future__ import annotations

from typing import Any

from scoring import arrow
from scoring.http import problems
from scoring.http.problems import ProblemType
from scoring.kept import keys
from scoring.model.artifact import Artifact
from scoring.model.defects import MAX_ERRORS
from scoring.model.schema import CategoryFeature, Feature
from scoring.precomputed import answer as precomputed
from scoring.settings import Limits

Json = dict[str, Any]
NUMBER, INTEGER, STRING, FLAG = ({"type": kind} for kind in ("number", "integer", "string", "boolean"))
UNIT_INTERVAL = {"type": "number", "minimum": 0, "maximum": 1}


def document(artifact: Artifact, limits: Limits) -> Json:
    """OpenAPI 3.1."""
    schemas = {
        "Record": _closed({feature.name: _value(feature) for feature in artifact.schema.features}),
        "Columns": _closed(
            {
                feature.name: {
                    "type": "array",
                    "items": _value(feature),
                    "minItems": 1,
                    "maxItems": limits.rows,
                }
                for feature in artifact.schema.features
            }
        ),
        "ScoreRequest": _rows_request(limits, limits.rows, _keys(limits)),
        "ExplainRequest": _rows_request(limits, limits.explain_rows, {}),
        **_answers(artifact),
        "Problem": _problem(),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scoring",
            "version": artifact.digest.removeprefix("sha256:")[:12],
            "description": "Probability, outlier flag and feature drift of rows, in one answer.",
        },
        "paths": {
            "/score": {"post": _score()},
            "/explain": {"post": _explain()},
            precomputed.PATH: {"get": _prediction()},
            "/drift": {"get": _drift()},
            "/healthz": {"get": _open("The process answers.", _closed({"status": STRING}))},
            "/readyz": {"get": _readyz()},
            "/openapi.json": {"get": _open("This document.", {"type": "object"})},
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _value(feature: Feature) -> Json:
    if isinstance(feature, CategoryFeature):
        return {"enum": list(feature.categories), "description": feature.description}
    return {
        "type": "integer" if feature.integer else "number",
        "minimum": feature.minimum,
        "maximum": feature.maximum,
        "description": feature.description,
    }


def _closed(properties: Json) -> Json:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _keys(limits: Limits) -> Json:
    """What may stand beside the rows of a score."""
    key = {"type": ["string", "null"], "pattern": f"^{keys.PATTERN}$"}
    return {
        keys.MEMBER: {
            "type": "array",
            "items": key,
            "maxItems": limits.rows,
            "description": "Where answers are kept: of whom each row is, by a pseudonym that the caller can "
            "find again, never a name or an address. One for each row, in their order, or null. Rows are "
            "found by it when a label comes, and when a person's rows are to be erased.",
        }
    }


def _rows_request(limits: Limits, rows: int, more: Json) -> Json:
    """`more`: members that may be there."""
    records = {"type": "array", "items": _reference("Record"), "minItems": 1, "maxItems": rows}
    both = [_closed({"records": records}), _closed({"columns": _reference("Columns")})]
    for one in both:
        one["properties"] |= more
    return {
        "description": f"At most {rows} rows, as records or as columns of equal length, "
        f"in at most {limits.body_bytes} bytes.",
        "oneOf": both,
    }


def _answers(artifact: Artifact) -> Json:
    thresholds = artifact.thresholds
    drift = _closed(
        {
            "status": {
                "enum": ["collecting", "stable", "drifted"],
                "description": "collecting: fewer rows than least_rows; nothing is said about features.",
            },
            "window_size": {**INTEGER, "description": "Rows that the rolling window holds at most."},
            "window_rows": {**INTEGER, "description": "Rows that this evaluation covers."},
            "least_rows": {**INTEGER, "description": "Rows below which nothing is said."},
            "evaluated_at": {"type": ["string", "null"], "format": "date-time"},
            "drifted": {**_array(STRING), "description": "Names of the features that have drifted."},
            "features": {"type": "object", "additionalProperties": _reference("FeatureDrift")},
        }
    )
    return {
        "Prediction": _closed(
            {
                "probability": UNIT_INTERVAL,
                "label": {
                    "enum": [0, 1],
                    "description": f"1 when the probability is at least {thresholds.decision:.6g}.",
                },
            }
        ),
        "Outlier": _closed(
            {
                "score": UNIT_INTERVAL,
                "flag": {
                    **FLAG,
                    "description": f"True above {thresholds.outlier:.6g}, the score that "
                    f"{thresholds.outlier_share:.2%} of held-out rows exceeded.",
                },
            }
        ),
        "FeatureDrift": _closed(
            {
                "psi": {**NUMBER, "description": "Population stability index against the training rows."},
                "p_value": {
                    **UNIT_INTERVAL,
                    "description": "Chi-squared; of numbers twice the smaller of it and Kolmogorov-Smirnov.",
                },
                "p_adjusted": {
                    **UNIT_INTERVAL,
                    "description": "Adjusted for all features, Benjamini-Hochberg.",
                },
                "drifted": FLAG,
            }
        ),
        "Drift": drift,
        "Model": _closed(
            {
                "name": STRING,
                "version": STRING,
                "digest": {**STRING, "description": "SHA-256 of what the model does."},
                "image": {"type": ["string", "null"], "description": "Digest of the container image."},
            }
        ),
        "Evaluator": _closed(
            {
                "name": {"enum": ["machine code", "ONNX Runtime"], "description": "What runs the model."},
                "level": {"type": ["string", "null"], "description": "Of processors, for machine code."},
                "digest": {"type": ["string", "null"], "description": "SHA-256 of the machine code."},
                "reason": {"type": ["string", "null"], "description": "Why it is not machine code."},
            }
        ),
        "Explanation": _closed(
            {
                "probability": UNIT_INTERVAL,
                "margin": {**NUMBER, "description": "The logarithm of the odds, before the sigmoid."},
                "base": {**NUMBER, "description": "The mean margin of the background rows."},
                "contributions": {
                    **_closed(dict.fromkeys(artifact.schema.names, NUMBER)),
                    "description": "Shapley values: with the base they add up to the margin.",
                },
            }
        ),
        "ExplainResponse": _closed(
            {
                "explanations": _array(_reference("Explanation")),
                "model": _reference("Model"),
                "request_id": STRING,
            }
        ),
        "ScoreResponse": _closed(
            {
                "predictions": _array(_reference("Prediction")),
                "outliers": _array(_reference("Outlier")),
                "drift": _reference("Drift"),
                "model": _reference("Model"),
                "request_id": STRING,
            }
        ),
        "PrecomputedResponse": _closed(
            {
                "key": STRING,
                "prediction": _reference("Prediction"),
                "outlier": _reference("Outlier"),
                "model": _closed(
                    {
                        "name": STRING,
                        "version": STRING,
                        "digest": {**STRING, "description": "SHA-256 of what the model does."},
                    }
                ),
                "release": {**STRING, "description": "Whose model the batch was scored by."},
                "run": {**STRING, "description": "The run of batch scoring."},
                "scored_at": {**STRING, "format": "date-time"},
                "age_seconds": {
                    "type": "number",
                    "minimum": 0,
                    "description": "Since the run was scored, at the moment of this answer.",
                },
                "request_id": STRING,
            }
        ),
        "DriftResponse": _closed(
            {
                "report": _reference("Drift"),
                "window": _closed(
                    {"rows": INTEGER, "counts": {"type": "object", "additionalProperties": _array(INTEGER)}}
                ),
                "model": _reference("Model"),
            }
        ),
    }


def _problem() -> Json:
    error = _closed(
        {
            "pointer": {**STRING, "description": "JSON pointer of the value, as a URI fragment."},
            "code": STRING,
            "detail": STRING,
        }
    )
    return {
        "type": "object",
        "description": "RFC 9457 problem details.",
        "properties": {
            "type": {"enum": [kind.uri for kind in problems.ALL]},
            "title": STRING,
            "status": INTEGER,
            "detail": STRING,
            "instance": STRING,
            "request_id": STRING,
            "errors": {**_array(error), "maxItems": MAX_ERRORS},
            "more_errors": {**FLAG, "description": "There are more errors than are listed."},
        },
        "required": ["type", "title", "status", "detail", "instance", "request_id"],
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


def _problems(*kinds: ProblemType) -> Json:
    by_status: dict[str, list[str]] = {}
    for kind in kinds:
        by_status.setdefault(str(kind.status), []).append(kind.title)
    retried = {"retry-after": {"schema": INTEGER, "description": "Seconds to wait."}}
    return {
        status: {
            "description": "; ".join(titles),
            "headers": {**_headers(), **(retried if status in ("429", "503") else {})},
            "content": {problems.CONTENT_TYPE: {"schema": _reference("Problem")}},
        }
        for status, titles in by_status.items()
    }


def _parameters() -> list[Json]:
    return [
        {"name": name, "in": "header", "required": False, "schema": STRING}
        for name in ("x-request-id", "traceparent", "x-synthetic")
    ]


HEAD_REFUSED = (
    problems.MALFORMED,
    problems.TARGET_TOO_LONG,
    problems.HEAD_TOO_LARGE,
)  # whatever is asked for
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
    body: Json = {"required": True, "content": {"application/json": {"schema": _reference(request)}}}
    return {
        "summary": summary,
        "operationId": name,
        "security": [{"key": []}],
        "parameters": _parameters(),
        "requestBody": body,
        "responses": {
            "200": _answered(answered, _reference(response)),
            **_problems(*HEAD_REFUSED, *ROWS_REFUSED),
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
            "200": _answered("The report and the counts.", _reference("DriftResponse")),
            **_problems(*HEAD_REFUSED, problems.UNAUTHORIZED, problems.INTERNAL),
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
            "200": _answered("The prediction.", _reference("PrecomputedResponse")),
            **_problems(
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


def refused(*kinds: ProblemType) -> Json:
    """Answers with these problems, by status."""
    return _problems(*kinds)


def keyed(summary: str, name: str) -> Json:
    """An operation that takes nothing but the key and answers with an object."""
    return {
        "summary": summary,
        "operationId": name,
        "security": [{"key": []}],
        "parameters": _parameters(),
        "responses": {
            "200": _answered(f"{summary}.", {"type": "object"}),
            **_problems(*HEAD_REFUSED, problems.UNAUTHORIZED, problems.INTERNAL),
        },
    }


def _readyz() -> Json:
    description = "The service takes requests."
    ready = _closed({"status": STRING, "model": _reference("Model"), "evaluator": _reference("Evaluator")})
    return {
        **_open(description, ready),
        "responses": {
            "200": _answered(description, ready),
            **_problems(*HEAD_REFUSED, problems.UNAVAILABLE),
        },
    }


def _open(description: str, schema: Json) -> Json:
    """An operation without a key."""
    return {
        "summary": description,
        "parameters": _parameters(),
        "responses": {"200": _answered(description, schema), **_problems(*HEAD_REFUSED)},
    }
