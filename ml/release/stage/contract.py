"""Does the service keep the contract that it states? Each answer is held against its own OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.release.evidence import Check

if TYPE_CHECKING:
    import httpx

    from ml.deploy.endpoint import Endpoint

NAME: Final = "contract"
MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One request. expected: statuses that are right for it, all of which the document has to state."""

    what: str
    method: str
    path: str
    expected: tuple[int, ...]
    body: Any = None
    key: bool = True


def questions(samples: Mapping[str, Any], feature: str, gateway: bool = False) -> tuple[Question, ...]:
    """What is asked. samples: a body of POST /score that is right; feature: one that a record has.

    gateway: whether the service is asked through it.
    """
    record = dict(samples["records"][0])
    wrong = {"records": [{**record, feature: "no value"}]}
    own = (
        Question("health", "GET", "/healthz", (200,), key=False),
        Question("readiness", "GET", "/readyz", (200,), key=False),
        Question("drift without a key", "GET", "/drift", (401,), key=False),
        Question("scores without a key", "POST", "/score", (401,), dict(samples), key=False),
    )
    return (
        # Probes are the container group's own; whom the gateway refuses is a check of its own.
        *(() if gateway else own),
        Question("its own description", "GET", "/openapi.json", (200,), key=gateway),
        Question("drift", "GET", "/drift", (200,)),
        Question("scores", "POST", "/score", (200,), dict(samples)),
        Question("scores of one row", "POST", "/score", (200,), {"records": [record]}),
        Question("scores of nothing", "POST", "/score", (400, 422), {}),
        Question("scores of no rows", "POST", "/score", (400, 422), {"records": []}),
        Question("a wrong value", "POST", "/score", (400, 422), wrong),
        Question("an explanation", "POST", "/explain", (200,), {"records": [record]}),
        Question("explanations of nothing", "POST", "/explain", (400, 422), {}),
    )


def check(endpoint: "Endpoint", samples: Mapping[str, Any], feature: str) -> Check:
    """Ask everything; passed when each answer is one that the service's document describes."""
    import httpx

    asked = questions(samples, feature, endpoint.gateway)
    wrong: list[str] = []
    with httpx.Client(base_url=endpoint.address, timeout=60.0) as client:
        try:
            document: dict[str, Any] = endpoint.get("/openapi.json").raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            return Check(name=NAME, passed=False, figures={}, reason=f"GET /openapi.json: {error}")
        for question in asked:
            try:
                found = problems(document, question, _ask(client, endpoint, question))
            except httpx.HTTPError as error:
                found = [f"no answer ({type(error).__name__})"]
            wrong += [f"{question.what}: {problem}" for problem in found]
    return Check(
        name=NAME,
        passed=not wrong,
        figures={"questions": len(asked), "wrong": len(wrong)},
        reason="; ".join(wrong[:MOST_SHOWN]) or "each answer is as the service's OpenAPI says",
    )


def _ask(client: "httpx.Client", endpoint: "Endpoint", question: Question) -> "httpx.Response":
    headers = endpoint.headers(None if question.key else "", synthetic=True)
    body = {} if question.body is None else {"json": question.body}
    return client.request(question.method, question.path, headers=headers, **body)


def problems(document: Mapping[str, Any], question: Question, answer: "httpx.Response") -> list[str]:
    """What is not as the document says."""
    status = answer.status_code
    if status not in question.expected:
        return [f"{status}, expected {' or '.join(map(str, question.expected))}"]
    operation = document.get("paths", {}).get(question.path, {}).get(question.method.lower())
    if operation is None:
        return [f"{question.method} {question.path} is not described"]
    stated = operation.get("responses", {}).get(str(status))
    if stated is None:
        return [f"the status {status} is not described"]
    stated = _resolved(document, stated)
    kind = answer.headers.get("content-type", "").split(";")[0].strip()
    content: dict[str, Any] = stated.get("content", {})
    if kind not in content:
        return [f"{status} is {kind or 'of no type'}, described as {', '.join(content) or 'nothing'}"]
    schema = content[kind].get("schema")
    return _unlike(document, schema, answer) if schema else []


def _resolved(document: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """A response, or the one that it refers to."""
    reference = value.get("$ref", "")
    found: Any = document
    if not reference.startswith("#/"):
        return value
    for part in reference[2:].split("/"):
        found = found[part]
    return found


def _unlike(document: Mapping[str, Any], schema: dict[str, Any], answer: "httpx.Response") -> list[str]:
    from jsonschema import Draft202012Validator

    try:
        body = answer.json()
    except ValueError as error:
        return [f"no JSON: {error}"]
    whole = {**schema, "components": document.get("components", {})}  # where its references lead
    errors = sorted(Draft202012Validator(whole).iter_errors(body), key=lambda error: str(error.path))
    return [f"{'/'.join(map(str, error.path)) or 'body'}: {error.message[:120]}" for error in errors[:1]]
