"""Before a new revision gets anybody's request: is it the release, does it answer, and is it warm?"""

from typing import TYPE_CHECKING, Any, Final

from ml.deploy.endpoint import Endpoint
from ml.deploy.smoke import some
from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.release import Record

REQUESTS: Final = 40
"""Enough that each process of a pod has scored: the first scores of a process take longer. Those of a fleet
are for members that are spread over it."""


def check(endpoint: Endpoint, record: "Record") -> None:
    """Raises MlopsError naming what is not as it should be. No row of it counts for drift."""
    import httpx

    release = record.release
    try:
        for path in ("/healthz", "/readyz"):
            _expect(endpoint.get(path).status_code == 200, f"GET {path} is not 200")
        unsigned = endpoint.score({}, key="", synthetic=True).status_code
        _expect(unsigned == 401, f"POST /score without a key gives {unsigned}, expected 401")
        rows = _rows(endpoint.get("/openapi.json").json())
        members = record.evidence.members
        asked = [None, *some(members, REQUESTS - 1)]
        for number in range(REQUESTS):
            key = asked[number % len(asked)]
            body = {"records": rows} if key is None else {"records": rows, "member": key}
            answer = endpoint.score(body, synthetic=True)
            _expect(answer.status_code == 200, f"POST /score gives {answer.status_code}: {answer.text[:300]}")
            model: dict[str, Any] = answer.json()["model"]
            wanted = {
                "name": release.model_name,
                "version": release.model_version,
                "fleet" if members else "digest": record.evidence.artifact_digest,
                "image": release.image_digest,
                **({} if key is None else {"member": key, "digest": members[key]}),
            }
            found = {name: model.get(name) for name in wanted}
            _expect(found == wanted, f"another model answers: {found}, expected {wanted}")
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise _failed(endpoint, f"{type(error).__name__}: {error}") from error
    except _NotAsExpected as error:
        raise _failed(endpoint, str(error)) from error


def _rows(openapi: dict[str, Any]) -> list[dict[str, Any]]:
    """A row by the service's own description: each field's first allowed value, or its least, or 0."""
    record: dict[str, Any] = openapi["components"]["schemas"]["Record"]
    properties: dict[str, dict[str, Any]] = record["properties"]
    return [{name: _value(field) for name, field in properties.items()}]


def _value(field: dict[str, Any]) -> Any:
    if field.get("enum"):
        return field["enum"][0]
    for one in field.get("anyOf") or ():
        if one.get("type") != "null":
            return _value(one)
    kind = field.get("type")
    if kind == "string":
        return ""
    least = field.get("minimum", field.get("exclusiveMinimum", 0))
    return int(least) if kind == "integer" else float(least)


class _NotAsExpected(Exception):
    pass


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise _NotAsExpected(what)


def _failed(endpoint: Endpoint, what: str) -> MlopsError:
    return MlopsError(
        f"The new revision at {endpoint.address} does not answer as it should: {what}.",
        "It got no caller's request. Correct what is named, and run the command again.",
    )
