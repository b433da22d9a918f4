"""The OpenAPI schemas of a service's requests and answers, from the model that it serves."""

from __future__ import annotations

from typing import Any

from scoring.http import problems
from scoring.kept import keys
from scoring.model.artifact import Artifact
from scoring.model.defects import MAX_ERRORS
from scoring.model.schema import CategoryFeature, Feature
from scoring.settings import Limits

Json = dict[str, Any]
NUMBER, INTEGER, STRING, FLAG = ({"type": kind} for kind in ("number", "integer", "string", "boolean"))
UNIT_INTERVAL = {"type": "number", "minimum": 0, "maximum": 1}


def schemas(artifact: Artifact, limits: Limits) -> Json:
    """The schemas that operations refer to, by name."""
    return {
        "Record": closed({feature.name: _value(feature) for feature in artifact.schema.features}),
        "Columns": closed(
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


def _value(feature: Feature) -> Json:
    if isinstance(feature, CategoryFeature):
        return {"enum": list(feature.categories), "description": feature.description}
    return {
        "type": "integer" if feature.integer else "number",
        "minimum": feature.minimum,
        "maximum": feature.maximum,
        "description": feature.description,
    }


def closed(properties: Json) -> Json:
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def reference(name: str) -> Json:
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
    records = {"type": "array", "items": reference("Record"), "minItems": 1, "maxItems": rows}
    both = [closed({"records": records}), closed({"columns": reference("Columns")})]
    for one in both:
        one["properties"] |= more
    return {
        "description": f"At most {rows} rows, as records or as columns of equal length, "
        f"in at most {limits.body_bytes} bytes.",
        "oneOf": both,
    }


def _answers(artifact: Artifact) -> Json:
    """What is answered, and the parts of it."""
    thresholds = artifact.thresholds
    drift = closed(
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
            "features": {"type": "object", "additionalProperties": reference("FeatureDrift")},
        }
    )
    return {
        "Prediction": closed(
            {
                "probability": UNIT_INTERVAL,
                "label": {
                    "enum": [0, 1],
                    "description": f"1 when the probability is at least {thresholds.decision:.6g}.",
                },
            }
        ),
        "Outlier": closed(
            {
                "score": UNIT_INTERVAL,
                "flag": {
                    **FLAG,
                    "description": f"True above {thresholds.outlier:.6g}, the score that "
                    f"{thresholds.outlier_share:.2%} of held-out rows exceeded.",
                },
            }
        ),
        "FeatureDrift": closed(
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
        "Model": closed(
            {
                "name": STRING,
                "version": STRING,
                "digest": {**STRING, "description": "SHA-256 of what the model does."},
                "image": {"type": ["string", "null"], "description": "Digest of the container image."},
            }
        ),
        "Evaluator": closed(
            {
                "name": {"enum": ["machine code", "ONNX Runtime"], "description": "What runs the model."},
                "level": {"type": ["string", "null"], "description": "Of processors, for machine code."},
                "digest": {"type": ["string", "null"], "description": "SHA-256 of the machine code."},
                "reason": {"type": ["string", "null"], "description": "Why it is not machine code."},
            }
        ),
        "Explanation": closed(
            {
                "probability": UNIT_INTERVAL,
                "margin": {**NUMBER, "description": "The logarithm of the odds, before the sigmoid."},
                "base": {**NUMBER, "description": "The mean margin of the background rows."},
                "contributions": {
                    **closed(dict.fromkeys(artifact.schema.names, NUMBER)),
                    "description": "Shapley values: with the base they add up to the margin.",
                },
            }
        ),
        "ExplainResponse": closed(
            {
                "explanations": _array(reference("Explanation")),
                "model": reference("Model"),
                "request_id": STRING,
            }
        ),
        "ScoreResponse": closed(
            {
                "predictions": _array(reference("Prediction")),
                "outliers": _array(reference("Outlier")),
                "drift": reference("Drift"),
                "model": reference("Model"),
                "request_id": STRING,
            }
        ),
        "PrecomputedResponse": closed(
            {
                "key": STRING,
                "prediction": reference("Prediction"),
                "outlier": reference("Outlier"),
                "model": closed(
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
        "DriftResponse": closed(
            {
                "report": reference("Drift"),
                "window": closed(
                    {"rows": INTEGER, "counts": {"type": "object", "additionalProperties": _array(INTEGER)}}
                ),
                "model": reference("Model"),
            }
        ),
    }


def _problem() -> Json:
    error = closed(
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
