"""What leaves the process for Application Insights, received by an ingestion endpoint on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scoring.model.artifact import Artifact
from tests.scoring.conftest import free_port
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.ingestion import KEY, Ingestion
from tests.scoring.trained import Small

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
# Tokens are not sent over plain HTTP, so here the service has no identity.
WITHOUT_IDENTITY = """
import sys, scoring.identity
scoring.identity.credential = lambda client_id: None
from scoring.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    endpoint = Ingestion()
    yield endpoint
    endpoint.close()


def started(model_dir: Path, endpoint: str, **more: str) -> tuple[subprocess.Popen[str], httpx.Client]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_IDENTITY],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "OMP_NUM_THREADS": "1",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "MODEL_DIR": str(model_dir),
            "MODEL_NAME": "credit",
            "MODEL_VERSION": "4",
            "ESTATE_ENVIRONMENT": "stage",
            "SCORING_ALLOW_ANONYMOUS": "true",
            "SCORING_WORKERS": "1",
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint={endpoint}",
            **more,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if client.get("/readyz").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.05)
    return process, client


def ended(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 0, output
    return output


def test_traces_metrics_logs_and_events_arrive(
    model_dir: Path, artifact: Artifact, ingestion: Ingestion
) -> None:
    endpoint = f"http://127.0.0.1:{ingestion.server.server_port}"
    process, client = started(
        model_dir,
        endpoint,
        RELEASE_ID="r-0123456789abcdef",
        SCORING_REDACT_FEATURES="age",
        SCORING_HASH_FEATURES="sex",
        SCORING_HASH_KEY="k",
    )
    sent = {"traceparent": f"00-{TRACE}-{SPAN}-01", "x-request-id": "mine"}
    scored = client.post("/score", json=artifact.samples.request, headers=sent)
    client.post("/score", json={})
    output = ended(process)

    first, second = sorted(ingestion.data("RequestData"), key=lambda item: item["time"])
    assert first["tags"]["ai.operation.id"] == TRACE
    assert first["tags"]["ai.operation.parentId"] == SPAN
    assert first["tags"]["ai.cloud.role"] == "stage.scoring"
    assert scored.headers["traceparent"].split("-")[2] == first["data"]["baseData"]["id"]
    assert first["data"]["baseData"]["responseCode"] == "200"
    assert second["data"]["baseData"]["responseCode"] == "422"
    assert second["data"]["baseData"]["properties"]["problem"] == "input-contract"

    events = [
        item for item in ingestion.data("EventData") if item["data"]["baseData"]["name"] == "scoring.batch"
    ]
    assert len(events) == 1
    assert events[0]["tags"]["ai.operation.id"] == TRACE
    properties = events[0]["data"]["baseData"]["properties"]
    assert (properties["request_id"], properties["model_version"]) == ("mine", "4")
    assert "age" not in json.loads(properties["inputs"])
    assert "female" not in properties["inputs"]
    outputs = json.loads(properties["outputs"])
    stated = [item["probability"] for item in artifact.samples.predictions]
    assert outputs["probability"] == pytest.approx(stated, rel=0.0, abs=1e-6)

    metrics = {
        metric["name"]: metric["value"]
        for item in ingestion.data("MetricData")
        for metric in item["data"]["baseData"]["metrics"]
    }
    assert "scoring.rows" in metrics, (sorted(metrics), output)
    assert metrics["scoring.rows"] == len(artifact.samples.predictions)
    evaluated = [metrics.get(f"scoring.rows.{name}", 0) for name in ("machine_code", "onnx_runtime")]
    assert sorted(evaluated) == [0, metrics["scoring.rows"]]
    assert {"scoring.requests", "scoring.request.duration", "scoring.rows.outlier"} <= set(metrics)

    assert metrics["scoring.requests.by_outliers"] <= 1
    classes = {
        tuple(item["data"]["baseData"]["properties"].get(name) for name in ("release", "over_ms", "from"))
        for item in ingestion.data("MetricData")
        if item["data"]["baseData"]["metrics"][0]["name"].startswith("scoring.")
    }
    assert {release for release, _, _ in classes} == {"r-0123456789abcdef"}
    assert values(ingestion, "scoring.requests.by_duration") == 2  # the refused one took its time as well
    assert values(ingestion, "scoring.requests.by_probability") == pytest.approx(1)
    assert properties["release"] == "r-0123456789abcdef"

    messages = [item["data"]["baseData"]["message"] for item in ingestion.data("MessageData")]
    assert "the model passed its self-test" in messages
    assert "female" not in output


def test_what_a_fleet_tells_names_the_fleet_and_of_each_request_the_member(
    model: Small, tmp_path: Path, ingestion: Ingestion
) -> None:
    artifact, keys = model.trained.artifact, ["20/female", "90/male"]
    fleet = fleet_of(tmp_path, artifact, model.test_matrix, keys[:1], keys[1:])
    process, client = started(tmp_path, f"http://127.0.0.1:{ingestion.server.server_port}")
    for key in keys:
        scored = client.post("/score", json={**artifact.samples.request, "member": key})
        assert scored.status_code == 200
    ended(process)
    told = [
        item["data"]["baseData"]["properties"]
        for kind in ("EventData", "RequestData")
        for item in ingestion.data(kind)
    ]
    assert {properties["model_digest"] for properties in told} == {fleet.digest}
    named = [one["member"] for properties in told for one in json.loads(properties.get("requests", "[]"))]
    assert sorted(named) == keys


def test_a_dead_backend_is_not_noticed_by_callers(model_dir: Path, artifact: Artifact) -> None:
    process, client = started(model_dir, f"http://127.0.0.1:{free_port()}")
    began = time.monotonic()
    for _ in range(200):
        assert client.post("/score", json=artifact.samples.request).status_code == 200
    assert time.monotonic() - began < 10
    output = ended(process)
    assert output.count("azure.monitor") <= 3  # said, but not again and again


def values(ingestion: Ingestion, name: str) -> float:
    return sum(metric["value"] for metric in ingestion.metrics(name))


def test_metrics_count_all_requests_when_there_are_too_many_to_describe(
    model_dir: Path, artifact: Artifact, ingestion: Ingestion
) -> None:
    endpoint = f"http://127.0.0.1:{ingestion.server.server_port}"
    few = {"SCORING_TRACES_PER_SECOND": "1", "SCORING_EVENTS_PER_SECOND": "1"}
    process, client = started(model_dir, endpoint, **few)
    for _ in range(60):
        assert client.post("/score", json=artifact.samples.request).status_code == 200
    ended(process)
    traced = len(ingestion.data("RequestData"))
    assert 1 <= traced < 60
    assert values(ingestion, "scoring.telemetry.untraced") == 60 - traced
    events = [item["data"]["baseData"]["properties"] for item in ingestion.data("EventData")]
    told = sum(len(json.loads(event["requests"])) for event in events if "requests" in event)
    assert 1 <= told < 60
    assert values(ingestion, "scoring.telemetry.thinned") == 60 - told
    rows = 60 * len(artifact.samples.predictions)
    assert values(ingestion, "scoring.rows") == rows
    assert counts(ingestion, "scoring.request.duration") == values(ingestion, "scoring.requests")


def test_a_failing_probe_without_a_trace_is_counted(model_dir: Path, ingestion: Ingestion) -> None:
    endpoint = f"http://127.0.0.1:{ingestion.server.server_port}"
    process, client = started(model_dir, endpoint, SCORING_TRACES_PER_SECOND="0", SCORING_DRAIN_SECONDS="1")
    process.send_signal(signal.SIGTERM)
    while client.get("/readyz").status_code == 200:
        time.sleep(0.02)
    assert process.wait(40) == 0
    assert values(ingestion, "scoring.telemetry.untraced") == 1


def counts(ingestion: Ingestion, name: str) -> int:
    return sum(metric["count"] for metric in ingestion.metrics(name))


def test_what_was_refused_arrives_when_the_host_accepts_again(
    model_dir: Path, artifact: Artifact, ingestion: Ingestion
) -> None:
    ingestion.refusing = frozenset({"MetricData"})
    ingestion.answers.extend([402, 206, 439, 503])
    endpoint = f"http://127.0.0.1:{ingestion.server.server_port}"
    process, client = started(model_dir, endpoint, OTEL_METRIC_EXPORT_INTERVAL="100")
    sent = 0
    while ingestion.answers:
        assert client.post("/score", json=artifact.samples.request).status_code == 200
        sent += 1
    ended(process)
    assert values(ingestion, "scoring.rows") == sent * len(artifact.samples.predictions)
    assert counts(ingestion, "scoring.request.duration") == values(ingestion, "scoring.requests") >= sent
    assert values(ingestion, "scoring.telemetry.failed") == 4
    assert values(ingestion, "scoring.telemetry.lost") == 0


def test_a_host_that_accepts_and_never_answers_does_not_delay_the_end(
    model_dir: Path, artifact: Artifact
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)  # the kernel accepts; nobody reads
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process, client = started(model_dir, endpoint, OTEL_METRIC_EXPORT_INTERVAL="100")
        for _ in range(20):
            assert client.post("/score", json=artifact.samples.request).status_code == 200
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)  # platforms kill after 30
    assert process.returncode == 0, output
