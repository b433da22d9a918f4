"""The image for a device: small, nothing in it but what scores, and the same answers."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from ml.deploy.image import EDGE
from scoring.model.artifact import Artifact
from tests.containers.context import CANARY, context_of
from tests.containers.group import limits
from tests.scoring.trained import as_stated
from tools.containers.build import build
from tools.containers.engine import Engine

KEY = "a-key-of-these-tests"
TAG = "localhost/mlops-estate/scoring-edge:test"
MOST_BYTES = 150_000_000


@pytest.fixture(scope="module")
def edge(engine: Engine, artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of the image."""
    return build(engine, context_of(artifact, tmp_path_factory.mktemp("edge"), EDGE)[1], TAG, CANARY)


@dataclass(frozen=True)
class Device:
    engine: Engine
    id: str
    address: str


@pytest.fixture(scope="module")
def device(engine: Engine, edge: str) -> Iterator[Device]:
    """A container of it with one core and 256 MB."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    variables = ["--env", f"API_KEY_SHA256={hashlib.sha256(KEY.encode()).hexdigest()}"]
    words = ["--detach", "--timeout=300", *limits(1.0, 0.25), f"--publish=127.0.0.1:{port}:8080", *variables]
    made = Device(engine, engine("run", *words, edge).splitlines()[-1], f"http://127.0.0.1:{port}")
    try:
        until = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{made.address}/readyz", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, engine.start("logs", made.id).stderr
            time.sleep(0.05)
        yield made
    finally:
        engine("rm", "--force", "--time", "0", made.id)


def test_it_answers_as_the_service(device: Device, artifact: Artifact) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=device.address, headers=headers, trust_env=False) as client:
        answer = client.post("/score", json=artifact.samples.request)
        ready = client.get("/readyz").json()
        refused = client.post("/score", json={}, headers={"authorization": "Bearer another"})
    assert answer.status_code == 200, answer.text
    assert as_stated(answer.json()["predictions"], artifact.samples.predictions)
    assert as_stated(answer.json()["outliers"], artifact.samples.outliers)
    assert ready["evaluator"]["name"] == "machine code" and ready["model"]["digest"] == artifact.digest
    assert refused.status_code == 401


def test_it_is_small_and_runs_as_nobody(engine: Engine, edge: str) -> None:
    told = json.loads(engine("image", "inspect", edge))[0]
    print(f"the edge image has {told['Size'] / 1e6:.0f} MB")
    assert told["Size"] <= MOST_BYTES
    assert told["Config"]["User"] == "10001:10001"
    assert not [word for word in told["Config"]["Env"] if "APPLICATIONINSIGHTS" in word]


@pytest.mark.parametrize("program", ["/bin/sh", "/usr/bin/env", "/bin/bash", "/usr/bin/dpkg"])
def test_there_is_no_shell_and_no_distribution(engine: Engine, edge: str, program: str) -> None:
    done = engine.start("run", "--rm", "--entrypoint", program, edge)
    assert done.returncode == 127, done.stdout


def test_what_is_not_there_cannot_be_imported(device: Device) -> None:
    names = ["onnxruntime", "azure", "opentelemetry", "pip", "tkinter"]
    program = f"from importlib.util import find_spec; print([n for n in {names} if find_spec(n)])"
    assert device.engine("exec", device.id, "/python", "-c", program) == "[]"


def test_without_a_key_it_does_not_start(engine: Engine, edge: str) -> None:
    done = engine.start("run", "--rm", *limits(1.0, 0.25), edge)
    assert done.returncode == 1 and "KEY_VAULT_URI is not set" in done.stdout + done.stderr
