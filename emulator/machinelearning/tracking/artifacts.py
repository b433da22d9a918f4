"""The files of runs, in the artifact store: a folder for each run, beside the job's logs."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.http import Request
from emulator.machinelearning.joblogs import artifact_store
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.tracking.tracked import Tracked
from emulator.storage.service import Blobs

Json = dict[str, Any]
ORIGIN: Final = "ExperimentRun"
HOURS: Final = 1  # how long an address may be used
MOST: Final = 500  # files that one call may name
PATH: Final = re.compile(
    r"(?:experiments/[^/]+|experimentids/[^/]+)/runs/(?P<run>[^/]+)/artifacts(?:/(?P<part>.+))?"
)


class Artifacts:
    """Gives out addresses at which clients read and write; the bytes go between them and the storage."""

    def __init__(self, arm: Arm, blobs: Blobs, tracked: Tracked) -> None:
        self._arm = arm
        self._blobs = blobs
        self._tracked = tracked

    def handle(self, request: Request, workspace: Workspace, run: str, part: str) -> Json | None:
        """One call on the files of a run; None for one that is not known here."""
        self._tracked.run(workspace, run)
        path = request.query.get("path", "")
        match request.method, part:
            case "GET", "":
                return {"value": self._list(workspace, run, "")}
            case "GET", "path":
                return {"value": self._list(workspace, run, f"{path.rstrip('/')}/" if path else "")}
            case "GET", "prefix/contentinfo":
                found = self._list(workspace, run, path)
                return {"value": [self._content(workspace, run, one["path"], "r") for one in found]}
            case "GET", "metadata":
                return self._existing(workspace, run, path)
            case "GET", "contentinfo":
                self._existing(workspace, run, path)
                return self._content(workspace, run, path, "r")
            case "POST", "batch/metadata":
                return self._create(workspace, run, request.object("paths")["paths"])
            case _:
                return None

    def _create(self, workspace: Workspace, run: str, paths: Any) -> Json:
        given = cast("list[Any]", paths) if isinstance(paths, list) else []
        names = [str(cast("Json", one).get("path") or "") if isinstance(one, dict) else "" for one in given]
        if len(names) > MOST:
            raise AzureError(400, "UserError", f"{len(names)} artifacts in one call: at most {MOST} may be.")
        for name in names:
            parts = name.split("/")
            if "" in parts[:-1] or not parts[-1] or ".." in parts or "." in parts or "\\" in name:
                raise AzureError(
                    400, "UserError", f"{name!r} is no path of an artifact: it must be relative."
                )
        account, container = artifact_store(self._arm, workspace)
        taken = [name for name in names if self._blobs.exists(account, container, f"{_folder(run)}{name}")]
        names = [name for name in names if name not in taken]
        return {
            "artifacts": {name: _artifact(run, name) for name in names},
            "artifactContentInformation": {
                name: self._content(workspace, run, name, "rcw") for name in names
            },
            "errors": {name: _conflict(run, name) for name in taken},
        }

    def _list(self, workspace: Workspace, run: str, prefix: str) -> list[Json]:
        account, container = artifact_store(self._arm, workspace)
        folder = _folder(run)
        found = self._blobs.list(account, container, f"{folder}{prefix}")
        return [_artifact(run, blob.name.removeprefix(folder)) for blob in found]

    def _existing(self, workspace: Workspace, run: str, path: str) -> Json:
        account, container = artifact_store(self._arm, workspace)
        if not path or not self._blobs.exists(account, container, f"{_folder(run)}{path}"):
            raise AzureError(404, "UserError", f"Run {run!r} has no artifact {path!r}.")
        return _artifact(run, path)

    def _content(self, workspace: Workspace, run: str, path: str, permissions: str) -> Json:
        account, container = artifact_store(self._arm, workspace)
        address = self._blobs.sas_url(account, container, f"{_folder(run)}{path}", permissions, HOURS)
        return {"contentUri": address, "origin": ORIGIN, "container": f"dcid.{run}", "path": path, "tags": {}}


def _artifact(run: str, path: str) -> Json:
    return {
        "artifactId": f"{ORIGIN}/dcid.{run}/{path}",
        "origin": ORIGIN,
        "container": f"dcid.{run}",
        "path": path,
        "tags": {},
    }


def _conflict(run: str, path: str) -> Json:
    """As in Azure, an artifact is written once."""
    words = f"Resource Conflict: ArtifactId {ORIGIN}/dcid.{run}/{path} already exists."
    return {"error": {"code": "UserError", "message": words}}


def _folder(run: str) -> str:
    return f"{ORIGIN}/dcid.{run}/"
