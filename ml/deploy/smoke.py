"""Smoke tests: what a deployed service must answer before its release is recorded."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from scoring.model.artifact import Artifact

PROBLEM = "application/problem+json"
MOST_MEMBERS = 50  # of a fleet, that are asked for
LONGEST_BODY = 300  # characters of an answer that an error shows


@dataclass(frozen=True, slots=True)
class Expectation:
    """`tolerance`: the greatest absolute difference of a number from the recorded one.

    image_digest: "" where no image answers.
    fleet: of many models its digest, "" of one; members: by member the digest of the model that answers.
    """

    model_name: str
    model_version: str
    image_digest: str
    artifact: Artifact
    tolerance: float
    fleet: str = ""
    members: Mapping[str, str] = field(default_factory=dict[str, str])


class SmokeTestError(Exception):
    """A test failed; the text says what was asked, what came, and what was expected."""


def differences(expected: Any, found: Any, tolerance: float, path: str = "") -> list[str]:
    """Where `found` differs from `expected`: numbers by more than the tolerance, everything else in any way.

    Keys that only `found` has are no difference: an answer may say more than was recorded.
    """
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return [f"{path or 'answer'}: {found!r} is no object"]
        return [
            line
            for key, value in expected.items()
            for line in (
                differences(value, found[key], tolerance, f"{path}.{key}".lstrip("."))
                if key in found
                else [f"{path}.{key}".lstrip(".") + " is missing"]
            )
        ]
    if isinstance(expected, list | tuple):
        if not isinstance(found, list | tuple) or len(found) != len(expected):
            return [f"{path or 'answer'}: expected {len(expected)} values"]
        pairs = enumerate(zip(expected, found, strict=True))
        return [
            line for i, (left, right) in pairs for line in differences(left, right, tolerance, f"{path}[{i}]")
        ]
    number = isinstance(expected, int | float) and not isinstance(expected, bool)
    if number and isinstance(found, int | float) and not isinstance(found, bool):
        same = math.isclose(expected, found, rel_tol=0.0, abs_tol=tolerance)
    else:
        same = type(expected) is type(found) and expected == found
    return [] if same else [f"{path or 'answer'}: {found!r}, expected {expected!r}"]


def some(members: Iterable[str], most: int = MOST_MEMBERS) -> list[str]:
    """All members of a fleet, or of more than `most` some that are spread over the whole list."""
    known = list(members)
    return known[:: max(1, -(-len(known) // most))]


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise SmokeTestError(what)


def _status(path: str, answer: Any, *allowed: int) -> None:
    _expect(
        answer.status_code in allowed,
        f"{path} gives {answer.status_code}, expected {' or '.join(map(str, allowed))}: "
        f"{answer.text[:LONGEST_BODY]}",
    )


def _problem(path: str, answer: Any, *allowed: int) -> None:
    _status(path, answer, *allowed)
    kind = answer.headers.get("content-type", "").split(";")[0]
    _expect(kind == PROBLEM, f"{path} gives {answer.status_code} as {kind!r}, expected {PROBLEM}")


class Visit:
    """One round of tests. None of its rows counts for drift, even when the service answers without a key."""

    def __init__(self, endpoint: Endpoint, expected: Expectation) -> None:
        self.endpoint, self.expected = endpoint, expected

    def _score(self, body: Any, key: str | None = None) -> Any:
        return self.endpoint.score(body, key, synthetic=True)

    @cached_property
    def samples_answer(self) -> Any:
        answer = self._score(dict(self.expected.artifact.samples.request))
        _status("POST /score with the samples", answer, 200)
        return answer.json()

    def health(self) -> None:
        if self.endpoint.gateway:  # probes are the container group's own, and asked from there
            return
        _status("GET /healthz", self.endpoint.get("/healthz"), 200)

    def readiness(self) -> None:
        path = self.endpoint.ready_path
        _status(f"GET {path}", self.endpoint.get(path), 200)

    def openapi(self) -> None:
        answer = self.endpoint.get("/openapi.json")
        _status("GET /openapi.json", answer, 200)
        _expect("/score" in answer.json().get("paths", {}), "GET /openapi.json does not describe /score")

    def key(self) -> None:
        request = dict(self.expected.artifact.samples.request)
        _problem("POST /score without a key", self._score(request, key=""), 401)
        _problem("POST /score with a wrong key", self._score(request, key="wrong"), 401)

    def predictions(self) -> None:
        samples = self.expected.artifact.samples
        stated = {
            "predictions": [dict(item) for item in samples.predictions],
            "outliers": [dict(item) for item in samples.outliers],
        }
        found = differences(stated, self.samples_answer, self.expected.tolerance)
        _expect(not found, f"{len(found)} value(s) differ from the recorded: {'; '.join(found[:3])}")

    def identity(self) -> None:
        expected = self.expected
        model = {
            "name": expected.model_name,
            "version": expected.model_version,
            "digest": expected.artifact.digest,
            **({"image": expected.image_digest} if expected.image_digest else {}),
            **({"fleet": expected.fleet} if expected.fleet else {}),
        }
        found = differences({"model": model}, self.samples_answer, 0.0)
        _expect(not found, f"another model answers: {'; '.join(found)}")

    def own_models(self) -> None:
        """Each member, or of very many some all over the list, is answered for by its own model."""
        members = self.expected.members
        record = {"records": [self.expected.artifact.samples.request["records"][0]]}
        for key in some(members):
            digest = members[key]
            answer = self._score({**record, "member": key})
            _status(f"POST /score for the member {key}", answer, 200)
            found = differences({"member": key, "digest": digest}, answer.json()["model"], 0.0)
            _expect(not found, f"another model answers for the member {key}: {'; '.join(found)}")

    def bad_input(self) -> None:
        _problem("POST /score without rows", self._score({}), 400, 422)
        name = self.expected.artifact.schema.names[0]
        record = {**self.expected.artifact.samples.request["records"][0], name: "not a value"}
        answer = self._score({"records": [record]})
        _problem(f"POST /score with a {name} that is no value", answer, 400, 422)


TESTS: dict[str, Callable[[Visit], None]] = {
    "health": Visit.health,
    "readiness": Visit.readiness,
    "openapi": Visit.openapi,
    "no answer without the key": Visit.key,
    "recorded predictions": Visit.predictions,
    "model and image as released": Visit.identity,
    "bad input is refused": Visit.bad_input,
}

OF_FLEETS: dict[str, Callable[[Visit], None]] = {"members by their own models": Visit.own_models}


def failed(visit: Visit, tests: Mapping[str, Callable[[Visit], None]]) -> list[str]:
    """Run the tests; what failed, each by its name and why."""
    import httpx

    failures: list[str] = []
    for name, test in tests.items():
        try:
            test(visit)
        except SmokeTestError as error:
            failures.append(f"{name}: {error}")
        except (httpx.HTTPError, ValueError) as error:
            failures.append(f"{name}: {type(error).__name__}: {error}")
    return failures


def run(endpoint: Endpoint, expected: Expectation) -> list[str]:
    """Run every test; returns their names. Raises MlopsError naming each that failed and why."""
    visit = Visit(endpoint, expected)
    tests = {**TESTS, **OF_FLEETS} if expected.members else TESTS
    if failures := failed(visit, tests):
        raise MlopsError(
            f"{len(failures)} of {len(tests)} smoke tests failed against {endpoint.address}.",
            "The release is not recorded. Deploy again without the cause, or an earlier model version.",
            failures,
        )
    return list(tests)
