"""POST /explain over real HTTP."""

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scoring.http.authentication import BearerKey
from scoring.model.artifact import Artifact, ExplanationFile
from scoring.settings import Limits
from tests.scoring.conftest import Running
from tests.scoring.test_http import KEY, problem, ready
from tests.scoring.trained import Small, as_stated

Serve = Callable[..., Running]


def test_contributions_and_base_add_up_to_the_margin(serve: Serve, artifact: Artifact) -> None:
    client = serve().client
    body = client.post("/explain", json=artifact.samples.request).json()
    assert len(body["explanations"]) == len(artifact.samples.predictions)
    for found, expected in zip(body["explanations"], artifact.samples.predictions, strict=True):
        assert as_stated([{"probability": found["probability"]}], [{"probability": expected["probability"]}])
        assert tuple(found["contributions"]) == artifact.schema.names
        total = found["base"] + sum(found["contributions"].values())
        assert math.isclose(total, found["margin"], abs_tol=1e-6)
        assert math.isclose(1 / (1 + math.exp(-found["margin"])), found["probability"], abs_tol=1e-5)
    assert body["model"]["digest"] == artifact.digest
    assert body["request_id"]


def test_rows_may_be_columns_and_do_not_count_for_drift(serve: Serve, model: Small) -> None:
    client = serve().client
    schema, rows = model.trained.artifact.schema, model.test_matrix[:9]
    records = client.post("/explain", json={"records": schema.records(rows)}).json()
    columns = client.post("/explain", json={"columns": schema.columns(rows)}).json()
    assert records["explanations"] == columns["explanations"]
    assert client.get("/drift").json()["window"]["rows"] == 0


def test_the_contract_is_that_of_scoring_with_fewer_rows(serve: Serve, artifact: Artifact) -> None:
    client = serve(BearerKey(lambda: "the-key"), limits=Limits(explain_rows=5)).client
    ready(client)
    record = artifact.samples.request["records"][0]
    problem(client.post("/explain", json={"records": [record]}), 401, "unauthorized")
    assert client.post("/explain", json={"records": [record]}, headers=KEY).status_code == 200
    many = client.post("/explain", json={"records": [record] * 6}, headers=KEY)
    assert "at most 5" in problem(many, 413, "too-large")["detail"]
    wrong = client.post("/explain", json={"records": [record | {"age": 7}]}, headers=KEY)
    assert problem(wrong, 422, "input-contract")["errors"][0]["pointer"] == "#/records/0/age"
    problem(client.get("/explain"), 405, "method-not-allowed")


def test_explanations_have_a_limit_of_their_own_and_do_not_stop_scoring(
    serve: Serve, artifact: Artifact, monkeypatch
) -> None:
    running = serve(limits=Limits(explain_in_flight=1))
    begun, release = threading.Event(), threading.Event()

    def slow(matrix: np.ndarray, request_id: str) -> bytes:
        begun.set()
        release.wait(10)
        return b"{}"

    monkeypatch.setattr(running.service._explaining, "body", slow)
    first = threading.Thread(target=lambda: running.client.post("/explain", json=artifact.samples.request))
    first.start()
    assert begun.wait(5)
    refused = running.client.post("/explain", json=artifact.samples.request)
    problem(refused, 429, "too-many-requests")
    assert refused.headers["retry-after"] == "1"
    for _ in range(20):
        assert running.client.post("/score", json=artifact.samples.request).status_code == 200
    release.set()
    first.join(5)


def test_an_explanation_that_takes_too_long_is_given_up(
    serve: Serve, artifact: Artifact, monkeypatch
) -> None:
    running = serve(limits=Limits(seconds=0.3))
    monkeypatch.setattr(running.service._explaining, "body", lambda matrix, request_id: time.sleep(1.0))
    answer = running.client.post("/explain", json=artifact.samples.request)
    problem(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "2"
    assert len(running.service.explaining) == 0


def test_an_explanation_that_is_no_longer_there_is_told(
    serve: Serve, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read when it is first asked for; the directory may hold another model by then."""
    gone = ExplanationFile(artifact.explanation_file.sha256, Path("nowhere") / "explanation.npz")
    monkeypatch.setitem(vars(artifact), "explanation_file", gone)
    client = serve().client
    answer = client.post("/explain", json=artifact.samples.request)
    assert answer.status_code == 503 and "no longer in its place" in answer.json()["detail"]
    assert "nowhere" not in answer.text
    assert client.post("/score", json=artifact.samples.request).status_code == 200
