"""Keeps the logs of jobs as blobs where Azure ML does: in the artifact store, a folder for each job."""

from __future__ import annotations

from pathlib import Path

from emulator.arm.service import Arm
from emulator.machinelearning.names import ARTIFACT_STORE, Workspace
from emulator.storage.service import Blobs

ADDRESS_HOURS = 1


class JobLogs:
    """Reads and writes logs for the service itself."""

    def __init__(self, arm: Arm, blobs: Blobs) -> None:
        self._arm = arm
        self._blobs = blobs

    def write(self, workspace: Workspace, job: str, name: str, content: bytes | Path) -> None:
        """Replace one log of a job."""
        account, container = artifact_store(self._arm, workspace)
        data = content if isinstance(content, bytes) else content.read_bytes()
        self._blobs.write(account, container, f"{_folder(job)}{name}", data, "text/plain; charset=utf-8")

    def addresses(self, workspace: Workspace, job: str) -> dict[str, str]:
        """The logs of a job by their names, each as an address that may be read for an hour."""
        account, container = artifact_store(self._arm, workspace)
        folder = _folder(job)
        return {
            blob.name.removeprefix(folder): self._blobs.sas_url(
                account, container, blob.name, "r", ADDRESS_HOURS
            )
            for blob in self._blobs.list(account, container, folder)
        }


def artifact_store(arm: Arm, workspace: Workspace) -> tuple[str, str]:
    """Account and container of the datastore in which a workspace keeps what runs write."""
    datastore = arm.get(workspace.child("datastores", ARTIFACT_STORE))["properties"]
    return datastore["accountName"], datastore["containerName"]


def _folder(job: str) -> str:
    return f"ExperimentRun/dcid.{job}/"
