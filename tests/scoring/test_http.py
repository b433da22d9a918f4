"""The service over real HTTP."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scoring.http.authentication import BearerKey
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.settings import Limits
from scoring.telemetry.queue import Telemetry
from tests.scoring.conftest import Running
from tests.scoring.test_telemetry import Collecting
from tests.scoring.trained import Small, as_stated

Serve = Callable[..., Running]
KEY = {"authorization": "Bearer the-key"}


def keyed() -> BearerKey:
    return BearerKey(lambda: "the-key")


def ready(client: httpx.Client) -> httpx.Response:
    deadline = time.monotonic() + 5
    while (answer := client.get("/readyz")).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:scoring:problem:{name}"
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def test_answers_what_the_artifact_says(serve: Serve, artifact: Artifact) -> None:
    answer = serve().client.post("/score", json=artifact.samples.request)
    assert answer.status_code == 200
    body = answer.json()
    assert as_stated(body["predictions"], artifact.samples.predictions)
    assert as_stated(body["outliers"], artifact.samples.outliers)
    assert body["model"] == {
        "name": "credit",
        "version": "3",
        "digest": artifact.digest,
        "image": "sha256:" + "0" * 64,
    }
    assert body["drift"]["status"] == "collecting"
    assert body["drift"]["window_size"] == 1_000
    assert body["request_id"] == answer.headers["x-request-id"]


def test_columns_are_answered_as_records(serve: Serve, artifact: Artifact) -> None:
    records = artifact.samples.request["records"]
    columns = {name: [record[name] for record in records] for name in artifact.schema.names}
    answer = serve().client.post("/score", json={"columns": columns}).json()
    assert as_stated(answer["predictions"], artifact.samples.predictions)


def test_identifiers_come_in_and_go_out(serve: Serve) -> None:
    client = serve().client
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = {"x-request-id": "abc-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = client.get("/healthz", headers=sent)
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.headers["traceparent"] == answer.headers["traceresponse"]
    assert re.fullmatch(f"00-{trace}-[0-9a-f]{{16}}-01", answer.headers["traceparent"])
    made = client.get("/healthz", headers={"x-request-id": "<script>", "traceparent": "junk"})
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert trace not in made.headers["traceparent"]


def test_key_is_needed_for_rows_only(serve: Serve, artifact: Artifact) -> None:
    client = serve(keyed()).client
    assert ready(client).json()["status"] == "ready"
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert client.get(path).status_code == 200
    for headers in ({}, {"authorization": "Bearer no"}):
        refused = client.post("/score", json=artifact.samples.request, headers=headers)
        problem(refused, 401, "unauthorized")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        problem(client.get("/drift", headers=headers), 401, "unauthorized")
    assert client.post("/score", json=artifact.samples.request, headers=KEY).status_code == 200


def test_not_ready_before_the_key_is_known(serve: Serve, artifact: Artifact) -> None:
    def fetch() -> str:
        raise PermissionError("the role assignment does not work yet")

    client = serve(BearerKey(fetch)).client
    assert client.get("/healthz").status_code == 200
    scored = client.post("/score", json=artifact.samples.request, headers=KEY)
    for refused in (client.get("/readyz"), scored):
        assert "Key Vault" in problem(refused, 503, "unavailable")["detail"]
        assert refused.headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("request_", "status", "name"),
    [
        (("GET", "/nope", {}), 404, "not-found"),
        (("GET", "/healthz/", {}), 404, "not-found"),
        (("GET", "/score", {}), 405, "method-not-allowed"),
        (("POST", "/readyz", {}), 405, "method-not-allowed"),
        (("POST", "/score", {"content": b"{}"}), 415, "unsupported-media-type"),
        (("POST", "/score", {"data": {"a": "b"}}), 415, "unsupported-media-type"),
        (("POST", "/score", {"json": {}}), 422, "input-contract"),
        (("POST", "/score", {"json": {"records": [{}] * 60}}), 413, "too-large"),
        (("POST", "/score", {"json": {"records": ["x" * 70_000]}}), 413, "too-large"),
    ],
)
def test_refusals(serve: Serve, request_: tuple[str, str, dict[str, Any]], status: int, name: str) -> None:
    method, path, more = request_
    client = serve(limits=Limits(rows=50, body_bytes=65_536)).client
    problem(client.request(method, path, **more), status, name)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"records": NaN}', b"[" * 5_000])
def test_what_is_not_json(serve: Serve, body: bytes) -> None:
    answer = serve().client.post("/score", content=body, headers={"content-type": "application/json"})
    problem(answer, 400, "invalid-json")


def test_a_body_without_length_is_limited_too(serve: Serve) -> None:
    client = serve(limits=Limits(body_bytes=2_048)).client
    chunks = (b"x" * 1_024 for _ in range(64))
    answer = client.post("/score", content=chunks, headers={"content-type": "application/json"})
    problem(answer, 413, "too-large")


def test_field_errors_have_pointers(serve: Serve, artifact: Artifact) -> None:
    bad = artifact.samples.request["records"][0] | {"age": 7, "sex": "?"}
    body = problem(serve().client.post("/score", json={"records": [bad]}), 422, "input-contract")
    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [
        ("#/records/0/sex", "unknown_category"),
        ("#/records/0/age", "out_of_range"),
    ]
    assert body["more_errors"] is False


def test_a_slow_body_is_given_up(serve: Serve) -> None:
    running = serve(limits=Limits(seconds=0.3))
    url = running.client.base_url
    with socket.create_connection((url.host, url.port), timeout=5) as connection:
        connection.sendall(
            b"POST /score HTTP/1.1\r\nhost: x\r\n"
            b"content-type: application/json\r\ncontent-length: 99\r\n\r\n{"
        )
        assert b" 408 " in connection.recv(4_096).split(b"\r\n")[0]
    assert len(running.service.scoring) == 0


def test_more_than_may_be_in_flight_is_told_to_come_again(serve: Serve, artifact: Artifact) -> None:
    running = serve(limits=Limits(in_flight=1, queued=1, seconds=5))
    url = running.client.base_url
    with socket.create_connection((url.host, url.port), timeout=5) as connection:
        connection.sendall(
            b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"
        )
        deadline = time.monotonic() + 5
        while len(running.service.scoring) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        refused = running.client.post("/score", json=artifact.samples.request)
        problem(refused, 429, "too-many-requests")
        assert refused.headers["retry-after"] == "1"
        connection.sendall(b'"a": 1}')
        assert connection.recv(4_096).startswith(b"HTTP/1.1 422")
    assert running.client.post("/score", json=artifact.samples.request).status_code == 200


def raw_answer(connection: socket.socket) -> tuple[bytes, dict[str, str], dict[str, Any]]:
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, dict(line.decode().split(": ", 1) for line in lines), json.loads(body)


def test_a_request_refused_from_its_bytes_is_refused_like_any_other(serve: Serve, artifact: Artifact) -> None:
    sink = Collecting()
    running = serve(limits=Limits(in_flight=1, queued=1, seconds=5), telemetry=Telemetry(lambda: sink))
    url = running.client.base_url
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    content = json.dumps(artifact.samples.request).encode()
    head = (
        f"POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-Id: mine\r\n"
        f"Traceparent: 00-{trace}-00f067aa0ba902b7-01\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode()
    with (
        socket.create_connection((url.host, url.port), timeout=5) as occupying,
        socket.create_connection((url.host, url.port), timeout=5) as client,
    ):
        occupying.sendall(head + content[:10])
        deadline = time.monotonic() + 5
        while len(running.service.scoring) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        found = []
        for parts in ((head + content,), (head, content)):  # in one read, and in two
            for part in parts:
                client.sendall(part)
                time.sleep(0.05)
            found.append(raw_answer(client))
        (status, headers, body), (usual_status, usual_headers, usual_body) = found
        assert status == usual_status == b"HTTP/1.1 429 Too Many Requests"
        assert set(headers) == set(usual_headers)
        for name in ("content-type", "retry-after", "x-request-id"):
            assert headers[name] == usual_headers[name]
        assert headers["traceparent"].startswith(f"00-{trace}-")
        assert body.keys() == usual_body.keys()
        assert body["request_id"] == "mine"
        occupying.sendall(content[10:])
        assert raw_answer(occupying)[0] == b"HTTP/1.1 200 OK"
        client.sendall(head + content)
        assert raw_answer(client)[0] == b"HTTP/1.1 200 OK"
    deadline = time.monotonic() + 5
    while len(sink.seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(record.status for record in sink.seen) == [200, 200, 429, 429]


def test_draining_answers_and_closes_connections(serve: Serve, artifact: Artifact) -> None:
    """Load balancers are told to send no more; what still comes is answered, and its connection ends."""
    running = serve()
    running.service.state.draining = True
    refused = running.client.get("/readyz")
    problem(refused, 503, "unavailable")
    assert refused.headers["retry-after"] == "1"
    scored = running.client.post("/score", json=artifact.samples.request)
    assert scored.status_code == 200
    for answer in (refused, scored, running.client.get("/healthz")):
        assert answer.headers["connection"] == "close"


def test_an_unforeseen_failure_shows_no_traceback(serve: Serve, artifact: Artifact, monkeypatch) -> None:
    running = serve()

    def fail(matrix: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(running.scorer, "judge", fail)
    answer = running.client.post("/score", json=artifact.samples.request)
    assert "secret detail" not in answer.text
    problem(answer, 500, "internal")


def test_large_batches_equal_small_ones(serve: Serve, model: Small) -> None:
    client = serve().client
    records = model.trained.artifact.schema.records(model.test_matrix)
    whole = client.post("/score", json={"records": records}).json()["predictions"]
    parts = [
        client.post("/score", json={"records": records[i : i + 100]}).json()
        for i in range(0, len(records), 100)
    ]
    assert whole == [prediction for part in parts for prediction in part["predictions"]]


def test_drift_is_answered_from_the_window(serve: Serve, model: Small) -> None:
    running = serve(rules=DriftRules(window_rows=300, least_rows=100))
    records = model.trained.artifact.schema.records(model.test_matrix[:200])
    for record in records:
        record["age"] = min(record["age"] + 15, 120)
    running.client.post("/score", json={"records": records})
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        drift = running.client.get("/drift").json()
        if drift["report"]["status"] != "collecting":
            break
        time.sleep(0.05)
    assert drift["report"]["features"]["age"]["drifted"] is True
    assert drift["report"]["window_rows"] == drift["window"]["rows"] == 200
    assert sum(drift["window"]["counts"]["age"]) == 200
    answer = running.client.post("/score", json={"records": records[:1]}).json()
    assert answer["drift"]["drifted"] == drift["report"]["drifted"]
    assert answer["drift"]["evaluated_at"].endswith("Z")


def test_synthetic_rows_are_scored_and_not_counted(serve: Serve, model: Small) -> None:
    client = serve().client
    records = model.trained.artifact.schema.records(model.test_matrix[:50])
    answer = client.post("/score", json={"records": records}, headers={"x-synthetic": "true"})
    assert len(answer.json()["predictions"]) == 50
    assert client.get("/drift").json()["window"]["rows"] == 0
    client.post("/score", json={"records": records})
    assert client.get("/drift").json()["window"]["rows"] == 50


def test_parallel_requests_get_their_own_answers(serve: Serve, model: Small) -> None:
    running = serve()
    records = model.trained.artifact.schema.records(model.test_matrix[:64])
    expected = running.client.post("/score", json={"records": records}).json()["predictions"]

    def one(index: int) -> tuple[dict[str, Any], str]:
        sent = {"x-request-id": f"r{index}"}
        answer = running.client.post("/score", json={"records": [records[index]]}, headers=sent).json()
        return answer["predictions"][0], answer["request_id"]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(one, range(64)))
    assert found == [(prediction, f"r{index}") for index, prediction in enumerate(expected)]


def test_each_request_leaves_a_record(serve: Serve, artifact: Artifact) -> None:
    sink = Collecting()
    running = serve(telemetry=Telemetry(lambda: sink))
    running.client.post("/score", json=artifact.samples.request, headers={"x-request-id": "seen"})
    running.client.post("/score", json={})
    running.client.get("/secret/path")
    deadline = time.monotonic() + 5
    while len(sink.seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    scored, refused, unknown = sink.seen
    assert (scored.request_id, scored.status, scored.route) == ("seen", 200, "/score")
    assert scored.batch is not None
    assert scored.batch.rows == len(artifact.samples.predictions)
    assert (refused.status, refused.problem, refused.batch) == (422, "input-contract", None)
    assert (unknown.status, unknown.route) == (404, "(unknown)")
    assert scored.duration_ns > 0


def test_a_stuck_telemetry_does_not_slow_requests(serve: Serve, artifact: Artifact) -> None:
    stuck = threading.Event()
    telemetry = Telemetry(lambda: Collecting(lambda: stuck.wait(20) and None), capacity=2)
    client = serve(telemetry=telemetry).client
    began = time.monotonic()
    for _ in range(30):
        assert client.post("/score", json=artifact.samples.request).status_code == 200
    assert time.monotonic() - began < 5
    assert telemetry.lost > 20
    stuck.set()


def test_keep_alive_serves_many_requests_on_one_connection(serve: Serve) -> None:
    url = serve().client.base_url
    with socket.create_connection((url.host, url.port), timeout=5) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")


def test_answers_are_compact_json(serve: Serve, artifact: Artifact) -> None:
    text = serve().client.post("/score", json=artifact.samples.request).text
    assert json.dumps(json.loads(text), separators=(",", ":")) == text


def test_key_refresh_runs_beside_requests(serve: Serve) -> None:
    def slow() -> str:
        time.sleep(0.5)
        return "the-key"

    client = serve(BearerKey(slow)).client
    began = time.monotonic()
    assert client.get("/healthz").status_code == 200
    assert time.monotonic() - began < 0.4


def test_a_vault_that_hangs_keeps_nobody_waiting(serve: Serve, artifact: Artifact) -> None:
    """Callers with a wrong key, however many, do not stand before those with the right one."""
    answers, gone = threading.Event(), threading.Event()
    reads: list[float] = []

    def fetch() -> str:
        reads.append(time.monotonic())
        if len(reads) > 1:
            answers.set()
            gone.wait(20)
        return "the-key"

    now = [1_000.0]
    running = serve(BearerKey(fetch, lambda: now[0]), limits=Limits(in_flight=8))
    ready(running.client)
    now[0] += 100.0
    body, wrong = artifact.samples.request, {"authorization": "Bearer another"}
    try:
        for _ in range(20):
            refused = running.client.post("/score", json=body, headers=wrong)
            problem(refused, 503, "unavailable")
            assert refused.headers["retry-after"] == "1"
        assert answers.wait(5)
        assert running.client.post("/score", json=body, headers=KEY).status_code == 200
        assert len(reads) == 2
    finally:
        gone.set()
    deadline = time.monotonic() + 5
    while running.client.post("/score", json=body, headers=wrong).status_code == 503:
        assert time.monotonic() < deadline
    problem(running.client.post("/score", json=body, headers=wrong), 401, "unauthorized")
