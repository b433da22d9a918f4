"""Workspaces are apart: no job borrows the compute, identity, folder or data of another workspace."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from emulator.errors import AzureError
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab, command_body

OTHER = f"{estate.WORKSPACE}-other"


@pytest.fixture
def other(lab: Lab) -> str:
    """A second workspace on the same account, with a cluster that has another identity."""
    lab.write(f"{estate.IDENTITY}-other", {"location": estate.REGION})
    lab.write(OTHER, estate.workspace_body())
    compute = estate.compute_body()
    compute["identity"]["userAssignedIdentities"] = {f"{estate.IDENTITY}-other": {}}
    lab.write(f"{OTHER}/computes/cpu", compute)
    plain = {"properties": {"image": "python:3.11", "condaFile": "dependencies: [python]\n"}}
    lab.write(f"{OTHER}/environments/plain/versions/1", plain)
    return OTHER


def refusal(lab: Lab, **properties: Any) -> str:
    with pytest.raises(AzureError) as caught:
        lab.command("borrower", "true", **properties)
    return caught.value.message


def test_the_compute_of_another_workspace_is_refused(lab: Lab, other: str) -> None:
    message = refusal(lab, computeId=f"{other}/computes/cpu")
    assert "properties.computeId" in message and "workspace 'mlw-tests'" in message


def test_assets_of_another_workspace_are_refused(lab: Lab, other: str) -> None:
    message = refusal(lab, environmentId=f"{other}/environments/plain/versions/1")
    assert "properties.environmentId" in message and "another workspace" in message


def test_a_datastore_path_means_the_workspace_that_it_names(lab: Lab, other: str) -> None:
    uri = f"azureml:/{other.lower()}/datastores/workspaceblobstore/paths/x".replace(
        "/providers/microsoft.machinelearningservices", ""
    )
    message = refusal(lab, inputs={"raw": {"jobInputType": "uri_folder", "uri": uri}})
    assert "properties.inputs.raw.uri" in message and "another workspace" in message


def test_jobs_of_the_same_name_share_neither_folder_nor_identity(
    lab: Lab, other: str, tmp_path: Path
) -> None:
    waits = f"touch {tmp_path}/$AZUREML_ARM_WORKSPACE_NAME; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    lab.command("twin", waits)
    lab.until("twin", "Running")
    environment = {
        "computeId": f"{other}/computes/cpu",
        "environmentId": f"{other}/environments/plain/versions/1",
    }
    lab.write(f"{other}/jobs/twin", command_body(waits, **environment))
    end = time.monotonic() + 20
    while len(list(tmp_path.glob("mlw-tests*"))) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    admitted = lab.emulator.store.documents("workload")
    given = sorted(tuple(one["identities"]) for one in admitted.values())
    (tmp_path / "go").touch()
    assert lab.until("twin") == "Completed"
    assert given == [(estate.IDENTITY,), (f"{estate.IDENTITY}-other",)]
    folders = [path for path in lab.home.jobs.iterdir() if path.name.startswith("twin")]
    assert len(folders) == 2


def test_a_job_cannot_take_the_name_of_a_container(lab: Lab) -> None:
    secret = lab.emulator.identity.workloads.admit("container-web-1", [])
    lab.command("container-web-1", "true")
    assert lab.until("container-web-1") == "Completed"
    assert lab.emulator.identity.workloads.check("container-web-1", secret)
