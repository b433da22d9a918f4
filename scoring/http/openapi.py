"""The OpenAPI document of a service, with the schema of the model that it serves."""

from __future__ import annotations

from scoring.http.openapi_operations import paths
from scoring.http.openapi_schemas import Json, schemas
from scoring.model.artifact import Artifact
from scoring.settings import Limits


def document(artifact: Artifact, limits: Limits) -> Json:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scoring",
            "version": artifact.digest.removeprefix("sha256:")[:12],
            "description": "Probability, outlier flag and feature drift of rows, in one answer.",
        },
        "paths": paths(),
        "components": {
            "schemas": schemas(artifact, limits),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
