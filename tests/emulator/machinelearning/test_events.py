"""What a workspace tells Event Grid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Told = list[tuple[str, str, str, dict[str, Any]]]


@pytest.fixture
def told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Source, type without its prefix, subject and data of all that is published."""
    found: Told = []

    def publish(source: str, kind: str, subject: str, data: dict[str, Any], version: str = "") -> int:
        assert version == ""
        found.append((source, kind.removeprefix("Microsoft.MachineLearningServices."), subject, data))
        return 1

    publisher = lab.emulator.publisher
    monkeypatch.setattr(publisher, "watched", lambda source: source == estate.WORKSPACE)
    monkeypatch.setattr(publisher, "publish", publish)
    return found


def test_a_new_version_of_a_model_is_told_once(lab: Lab, told: Told) -> None:
    place = lab.emulator.arm.get(estate.WORKSPACE)["properties"]["workspaceId"]
    lab.emulator.blobs.write(estate.ACCOUNT_NAME, f"azureml-blobstore-{place}", "m/model.bin", b"x")
    uri = "azureml://datastores/workspaceblobstore/paths/m"
    body: dict[str, Any] = {"properties": {"modelUri": uri, "tags": {"auc": "0.78"}}}
    lab.write(f"{estate.WORKSPACE}/models/credit/versions/7", body)
    body["properties"]["tags"] = {"auc": "0.79"}
    lab.write(f"{estate.WORKSPACE}/models/credit/versions/7", body)
    (one,) = told
    data = {
        "ModelName": "credit",
        "ModelVersion": "7",
        "ModelTags": {"auc": "0.78"},
        "ModelProperties": {},
    }
    assert one == (estate.WORKSPACE, "ModelRegistered", "models/credit:7", data)


def test_a_job_is_followed_to_its_end(lab: Lab, told: Told) -> None:
    for name, command in (("good", "true"), ("bad", "false")):
        lab.command(name, command, tags={"mlops.started_by": "data"})
        lab.until(name)
    ends = {data["runId"]: data["runStatus"] for _, kind, _, data in told if kind == "RunStatusChanged"}
    assert ends == {"good": "completed", "bad": "failed"}  # the last of each
    (completed,) = [one for one in told if one[1] == "RunCompleted"]
    _, _, subject, data = completed
    assert (data["runId"], data["experimentName"]) == ("good", "tests")
    assert data["runTags"] == {"mlops.started_by": "data"}
    assert subject == f"experiments/{data['experimentId']}/runs/good"
