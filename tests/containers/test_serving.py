"""The declared group serves: ready, right, and gone when it is told to go."""

from __future__ import annotations

import json

import httpx

from ml.deploy import smoke
from ml.settings import settings
from scoring.model.artifact import Artifact
from tests.containers.conftest import Start
from tests.containers.group import DIGEST, GRACE_S
from tests.scoring.trained import as_stated


def test_is_ready_and_passes_the_smoke_tests_of_a_release(start: Start, artifact: Artifact) -> None:
    container = start()
    assert container.ready(30), container.logs()
    chosen = settings()
    expected = smoke.Expectation(chosen.training.model_name, "1", DIGEST, artifact, chosen.scoring.tolerance)
    assert "recorded predictions" in smoke.run(container.endpoint, expected)


def test_scores_the_samples_of_its_artifact(start: Start, artifact: Artifact) -> None:
    container = start()
    assert container.ready(30), container.logs()
    headers = {"authorization": f"Bearer {container.endpoint.key}"}
    with httpx.Client(base_url=container.endpoint.address, headers=headers, trust_env=False) as client:
        answer = client.post("/score", json=artifact.samples.request).json()
    assert as_stated(answer["predictions"], artifact.samples.predictions)
    assert as_stated(answer["outliers"], artifact.samples.outliers)
    # What is recorded is the reference's answer, and machine code answers: equal as far as is stated.
    recorded = json.loads(container.python("print(open('model/samples.json').read())"))["response"]
    assert as_stated(answer["predictions"], recorded["predictions"])
    assert as_stated(answer["outliers"], recorded["outliers"])


def test_sigterm_stops_it_within_the_grace(start: Start) -> None:
    container = start()
    assert container.ready(30), container.logs()
    container.engine("stop", "--time", str(GRACE_S), container.id)
    assert container.state("ExitCode") == "0"  # 137 had it been killed at the end of the grace
    assert "Finished server process" in container.logs()


def test_a_wrong_setting_ends_it_with_its_reason(start: Start) -> None:
    container = start("env", "PORT=x", "python", "-m", "scoring")
    assert container.wait() == 1
    assert "PORT is 'x'" in container.logs()
