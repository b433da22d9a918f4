"""The smoke tests against a service in memory that can be wrong in one way at a time."""

import json
from types import SimpleNamespace as Named
from typing import Any

import httpx
import pytest

from ml.deploy import smoke
from ml.errors import MlopsError
from scoring.model.artifact import Samples

SAMPLES = Samples(
    request={"records": [{"age": 30}, {"age": 99}]},
    predictions=({"probability": 0.25, "label": 0}, {"probability": 0.75, "label": 1}),
    outliers=({"score": 0.4, "flag": False}, {"score": 0.9, "flag": True}),
)
ARTIFACT: Any = Named(samples=SAMPLES, schema=Named(names=("age",)), digest="sha256:model")
EXPECTED = smoke.Expectation("credit", "2", "sha256:image", ARTIFACT, 1e-5)


def problem(status: int, kind: str = smoke.PROBLEM) -> httpx.Response:
    return httpx.Response(status, json={"status": status}, headers={"content-type": kind})


class Service:
    """A service as it should be, but for the fault named."""

    address = "http://service"
    gateway = False
    ready_path = "/readyz"

    def __init__(self, fault: str = "") -> None:
        self.fault, self.scored = fault, 0

    def get(self, path: str) -> httpx.Response:
        if self.fault == path:
            return problem(503)
        return httpx.Response(200, json={"paths": {"/score": {}}})

    def score(self, body: Any, key: str | None = None, synthetic: bool = False) -> httpx.Response:
        if self.fault == "silent":
            raise httpx.ConnectError("refused")
        if key is not None and self.fault != "open":
            return problem(401, "text/plain" if self.fault == "plain 401" else smoke.PROBLEM)
        if body != SAMPLES.request and self.fault != "takes anything":
            return problem(422)
        assert synthetic or (key, body) != (None, SAMPLES.request), "rows of a test must not count for drift"
        self.scored += 1
        answer = {
            "predictions": [dict(item) for item in SAMPLES.predictions],
            "outliers": [dict(item) for item in SAMPLES.outliers],
            "model": {"name": "credit", "version": "2", "digest": "sha256:model", "image": "sha256:image"},
        }
        if self.fault == "other numbers":
            answer["predictions"][0]["probability"] += 1e-3
        if self.fault == "no outliers":
            answer["outliers"][1]["flag"] = False
        if self.fault == "other image":
            answer["model"]["image"] = "sha256:old"
        return httpx.Response(200, content=json.dumps(answer))


def test_a_good_service_passes_and_scores_the_samples_once():
    service: Any = Service()
    assert smoke.run(service, EXPECTED) == list(smoke.TESTS)
    assert service.scored == 1


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        ("/healthz", "health"),
        ("/readyz", "readiness"),
        ("/openapi.json", "openapi"),
        ("open", "no answer without the key"),
        ("plain 401", "no answer without the key"),
        ("other numbers", "recorded predictions"),
        ("no outliers", "recorded predictions"),
        ("other image", "model and image as released"),
        ("takes anything", "bad input is refused"),
    ],
)
def test_each_fault_fails_its_test_only(fault: str, failed: str):
    service: Any = Service(fault)
    with pytest.raises(MlopsError, match="1 of 7 smoke tests") as caught:
        smoke.run(service, EXPECTED)
    assert caught.value.details[0].startswith(f"{failed}: ")


def test_a_service_that_does_not_answer_is_named_with_the_error():
    service: Any = Service("silent")
    with pytest.raises(MlopsError) as caught:
        smoke.run(service, EXPECTED)
    assert any("ConnectError: refused" in line for line in caught.value.details)
