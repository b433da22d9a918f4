"""What the OpenAPI document of a fleet says beyond that of one model."""

from __future__ import annotations

from typing import Any

from scoring.fleet import asked
from scoring.fleet.stored import KEY, Fleet
from scoring.http import openapi, problems
from scoring.http.openapi_operations import keyed, refused
from scoring.model.artifact import Artifact
from scoring.settings import Limits

Json = dict[str, Any]


def document(pooled: Artifact, limits: Limits, fleet: Fleet) -> Json:
    """That of the pooled model, with the member in requests and answers. It has the fleet's digest."""
    found = openapi.document(pooled, limits)
    found["info"]["version"] = fleet.digest.removeprefix("sha256:")[:12]
    found["info"]["description"] += f" By the model of a member of {fleet.name}."
    schemas, paths = found["components"]["schemas"], found["paths"]
    key = {"type": "string", "pattern": f"^{KEY}$", "description": _who(fleet)}
    for name in ("ScoreRequest", "ExplainRequest"):
        for one in schemas[name]["oneOf"]:
            one["properties"] |= {asked.FIELD: key}
    for path in ("/score", "/explain"):
        operation = paths[path]["post"]
        header = {"name": asked.HEADER.decode(), "in": "header", "required": False, "schema": key}
        operation["parameters"] = [*operation["parameters"], header]
        operation["responses"] |= refused(problems.UNKNOWN_MEMBER)
    kinds = schemas["Problem"]["properties"]["type"]
    kinds["enum"] = [*kinds["enum"], problems.UNKNOWN_MEMBER.uri]
    model = schemas["Model"]
    more: Json = {
        "fleet": {"type": "string", "description": "SHA-256 of which model answers for which member."},
        "member": {"type": ["string", "null"], "description": "For whom the request asked."},
        "fallback": {"type": "boolean", "description": "The pooled model answered for the member."},
    }
    model["properties"] |= more
    model["required"] = [*model["required"], *more]
    paths["/fleet"] = {"get": keyed("Which model answers for which member", "fleet")}
    return found


def _who(fleet: Fleet) -> str:
    unknown = {"pooled": "the pooled model answers", "refuse": "404"}[fleet.unknown]
    by = ", ".join(fleet.split)
    return (
        f"The member, by {by}, values joined by a slash. One that is none: {unknown}. "
        "Without it: the pooled model answers."
    )
