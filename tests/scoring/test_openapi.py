"""The OpenAPI document against the service that it describes."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from scoring.http import problems
from scoring.http.openapi import document
from scoring.model.artifact import Artifact
from scoring.settings import Limits
from tests.scoring.conftest import Running
from tests.scoring.test_encode import FIELD_ERRORS


@pytest.fixture(scope="module")
def openapi(artifact: Artifact) -> dict[str, Any]:
    return document(artifact, Limits())


def validator(openapi: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": openapi["components"]})


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


def test_schemas_are_valid_and_references_resolve(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {name.removeprefix("#/components/schemas/") for name in references(openapi)} <= set(schemas)
    assert openapi["openapi"] == "3.1.0"


def test_every_operation_is_described(openapi: dict[str, Any]) -> None:
    operations = {(path, method) for path, methods in openapi["paths"].items() for method in methods}
    assert operations == {
        ("/score", "post"),
        ("/explain", "post"),
        ("/predictions/{key}", "get"),
        ("/drift", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/openapi.json", "get"),
    }
    for path in ("/score", "/explain"):
        described = set(openapi["paths"][path]["post"]["responses"])
        assert described == {"200", *map(str, (400, 401, 408, 413, 414, 415, 422, 429, 431, 500, 503))}
    assert set(openapi["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]) == {
        kind.uri for kind in problems.ALL
    }


def test_samples_keep_the_described_contract(openapi: dict[str, Any], artifact: Artifact) -> None:
    requests = validator(openapi, "ScoreRequest")
    requests.validate(artifact.samples.request)
    records = artifact.samples.request["records"]
    requests.validate({"columns": {name: [row[name] for row in records] for name in artifact.schema.names}})
    keys: list[str | None] = [None] * (len(records) - 1)
    requests.validate({"records": records, "keys": [*keys, "k-1"]})
    with pytest.raises(ValidationError):
        requests.validate({"records": records, "keys": [*keys, "Ann Example"]})
    with pytest.raises(ValidationError):
        validator(openapi, "ExplainRequest").validate({"records": records, "keys": [*keys, None]})


@pytest.mark.parametrize(("name", "found"), [(name, found) for name, found, _ in FIELD_ERRORS])
def test_what_the_service_refuses_the_document_refuses(
    openapi: dict[str, Any], artifact: Artifact, name: str, found: object
) -> None:
    bad = artifact.samples.request["records"][0] | {name: found}
    with pytest.raises(ValidationError):
        validator(openapi, "ScoreRequest").validate({"records": [bad]})


def test_real_answers_are_as_described(
    openapi: dict[str, Any], artifact: Artifact, serve: Callable[..., Running]
) -> None:
    client = serve().client
    answer = client.post("/score", json={"records": artifact.samples.request["records"] * 30})
    unlike = [error.message for error in validator(openapi, "ScoreResponse").iter_errors(answer.json())]
    assert not unlike, f"what Scorer.body writes is not what openapi_schemas.py describes: {unlike}"
    explained = client.post("/explain", json=artifact.samples.request)
    validator(openapi, "ExplainResponse").validate(explained.json())
    validator(openapi, "DriftResponse").validate(client.get("/drift").json())
    validator(openapi, "Problem").validate(client.post("/score", json={"records": [{}]}).json())
    validator(openapi, "Problem").validate(client.get("/nope").json())
    assert client.get("/openapi.json").json() == openapi
