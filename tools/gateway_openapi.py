"""Writes infra/gateway/openapi.json from the scoring service's own description: `make docs`.

The service describes the model that it has loaded; the gateway's description holds for every model, so a row
is any object there, and how callers sign in is the gateway's matter.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from scoring.http.openapi import document
from scoring.model.artifact import Artifact
from scoring.settings import Limits

FILE: Final = Path(__file__).resolve().parents[1] / "infra/gateway/openapi.json"
PATHS: Final = ("/score", "/explain", "/predictions/{key}", "/drift", "/openapi.json")
"""What callers ask for; probes are the network's matter."""
ROW: Final = {
    "type": "object",
    "description": "One row: the features that /openapi.json of the service lists.",
}


def described() -> dict[str, Any]:
    """OpenAPI, with no word that depends on a model."""
    thresholds = SimpleNamespace(decision=0.0, outlier=0.0, outlier_share=0.0)
    schema = SimpleNamespace(features=(), names=())
    model = SimpleNamespace(schema=schema, digest="sha256:", thresholds=thresholds)
    found = document(cast(Artifact, model), Limits())
    schemas = found["components"]["schemas"]
    schemas["Record"] = ROW
    schemas["Columns"] = {"type": "object", "additionalProperties": {"type": "array"}}
    del schemas["Prediction"]["properties"]["label"]["description"]
    del schemas["Outlier"]["properties"]["flag"]["description"]
    del found["components"]["securitySchemes"]
    found["info"]["version"] = "1"
    found["paths"] = {path: _open(found["paths"][path]) for path in PATHS}
    _loosen(schemas)
    return found


def _open(path: dict[str, Any]) -> dict[str, Any]:
    for operation in path.values():
        operation.pop("security", None)
    return path


def _loosen(value: Any) -> None:
    """An object of the features of a model has none here: it is any object of its kind."""
    if isinstance(value, dict):
        if value.get("properties") == {}:
            for key in ("properties", "required", "additionalProperties"):
                value.pop(key, None)
        for inner in value.values():
            _loosen(inner)
    elif isinstance(value, list):
        for inner in value:
            _loosen(inner)


def written() -> str:
    return json.dumps(described(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())
