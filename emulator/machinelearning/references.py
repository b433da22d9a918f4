"""Finds the place in storage of what a job names: an asset, a datastore path, a job's output, an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from emulator.arm.ids import fold, parse, within
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.machinelearning import curated
from emulator.machinelearning.datastores import STORAGE_ACCOUNT
from emulator.machinelearning.names import Workspace

BLOB_SUFFIX = ".blob.core.windows.net"
ASSET_URIS = {"data": "dataUri", "models": "modelUri", "codes": "codeUri"}

DATASTORE_PATH = re.compile(
    r"azureml://(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/(?:providers/[^/]+/)?"
    r"workspaces/(?P<workspace>[^/]+)/)?"
    r"datastores/(?P<datastore>[^/]+)(?:/paths)?/(?P<path>.*)",
    re.IGNORECASE,
)
JOB_OUTPUT = re.compile(
    r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?", re.IGNORECASE
)
REGISTRY = re.compile(r"azureml://registries/", re.IGNORECASE)
SHORT_ASSET = re.compile(r"azureml:(?P<name>[^:/@]+)(?::(?P<version>[^:/@]+)|@(?P<label>latest))")
RUN_DOCUMENT = "ml-run"
OTHER_WORKSPACE = "it belongs to another workspace than {!r}; workspaces share nothing"


@dataclass(frozen=True, slots=True)
class Location:
    """A blob or a folder of blobs; ``datastore`` names what leads to it, "" for an address."""

    account: str
    container: str
    path: str  # without a leading slash; a folder with or without a trailing one
    datastore: str = ""

    @property
    def url(self) -> str:
        return f"https://{self.account}{BLOB_SUFFIX}/{self.container}/{self.path}"

    def join(self, path: str) -> Location:
        """The place of a path under this folder."""
        path = path.strip("/")
        joined = f"{self.path.rstrip('/')}/{path}" if path else self.path
        return Location(self.account, self.container, joined.lstrip("/"), self.datastore)


def unresolved(reference: str, why: str) -> AzureError:
    """400 for a reference that leads nowhere."""
    return AzureError(400, "UserError", f"{reference!r} cannot be resolved: {why}.")


class References:
    """Resolution of references inside one workspace; AzureError 400 tells what does not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def locate(self, workspace: Workspace, reference: str) -> Location:
        """The place of the bytes that ``reference`` names."""
        if match := DATASTORE_PATH.fullmatch(reference):
            own = (workspace.subscription, workspace.resource_group, workspace.name)
            named = match.group("subscription", "group", "workspace")
            if match["workspace"] and [fold(text) for text in named] != [fold(text) for text in own]:
                raise unresolved(reference, OTHER_WORKSPACE.format(workspace.name))
            return self.in_datastore(workspace, match["datastore"], match["path"])
        if match := JOB_OUTPUT.fullmatch(reference):
            uri = self.job_output(workspace, match["job"], match["output"])["uri"]
            return self.locate(workspace, uri).join(match["path"] or "")
        if reference.lower().startswith(("https://", "wasbs://")):
            return _address(reference)
        asset = self.asset(workspace, reference)
        kind = asset["type"].split("/")[-2]
        key = ASSET_URIS.get(kind)
        if key is None:
            raise unresolved(reference, f"it is one of the {kind}, which hold no data")
        return self.locate(Workspace.of(asset["id"]), asset["properties"][key])

    def in_datastore(self, workspace: Workspace, name: str, path: str) -> Location:
        """A path in a datastore of the workspace."""
        datastore = self._store.get(workspace.child("datastores", name))
        if datastore is None:
            raise unresolved(name, f"workspace {workspace.name!r} has no datastore of that name")
        properties = datastore["properties"]
        container = properties.get("containerName") or properties.get("filesystem")
        if not container:
            raise unresolved(
                name,
                f"datastore {name!r} is a file share, whose files are not emulated; use an AzureBlob "
                "datastore",
            )
        return Location(properties["accountName"], container, path.lstrip("/"), name)

    def require_account(self, reference: str, where: Location) -> None:
        """400 when the storage account is not there to which ``reference`` leads."""
        if where.account not in [item["name"] for item in self._store.by_type(STORAGE_ACCOUNT)]:
            way = f"datastore {where.datastore!r} leads" if where.datastore else "it leads"
            raise unresolved(
                reference,
                f"{way} to storage account {where.account!r}, which does not exist here; create it, or copy "
                "the data into an account that exists",
            )

    def asset(self, workspace: Workspace, reference: str, kind: str | None = None) -> dict[str, Any]:
        """The version of an asset that ``azureml:name:version``, ``azureml:name@latest`` or an id names."""
        text = reference.removeprefix("azureml:") if reference.startswith("azureml:/sub") else reference
        if text.startswith("/subscriptions/"):
            parsed = parse(text)
            found = self._store.get(text) if parsed and not parsed.is_collection else None
            if found is None:
                raise unresolved(reference, "there is no such resource")
            if not within(text, workspace.id):
                raise unresolved(reference, OTHER_WORKSPACE.format(workspace.name))
            return found
        match = SHORT_ASSET.fullmatch(text)
        wanted = curated.asked(reference) if kind == "environments" else None
        if wanted is not None and not (match and self._own(workspace, match)):
            try:
                return curated.environment(wanted)
            except ValueError as error:
                raise unresolved(reference, str(error)) from error
        if REGISTRY.match(text):
            raise unresolved(reference, "registries are not emulated; register it in the workspace")
        if match is None:
            raise unresolved(
                reference, "it is neither an asset, a datastore path, a job's output nor an address"
            )
        kinds = (kind,) if kind else tuple(ASSET_URIS)
        for candidate in kinds:
            version = match["version"] or self._latest(workspace, candidate, match["name"])
            found = (
                self._store.get(workspace.child(candidate, match["name"], "versions", version))
                if version
                else None
            )
            if found is not None:
                return found
        raise unresolved(
            reference, f"workspace {workspace.name!r} has none of that name among {', '.join(kinds)}"
        )

    def _own(self, workspace: Workspace, match: re.Match[str]) -> bool:
        """Whether the workspace has an environment of that name, even one that begins as Azure ML's do."""
        return self._store.get(workspace.child("environments", match["name"])) is not None

    def job_output(self, workspace: Workspace, job: str, output: str) -> dict[str, Any]:
        """The record of a job's named output: ``uri`` and ``type``; ``artifacts`` are the job's own files."""
        run = self._store.document(RUN_DOCUMENT, run_key(workspace.child("jobs", job)))
        if run is None:
            raise unresolved(f"azureml://jobs/{job}", f"workspace {workspace.name!r} has no such job")
        if output == "artifacts":
            return {
                "uri": f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{job}/",
                "type": "uri_folder",
            }
        found = run.get("outputs", {}).get(output)
        if found is None:
            known = ", ".join(run.get("outputs", {})) or "none"
            raise unresolved(f"azureml://jobs/{job}/outputs/{output}", f"the job's outputs are: {known}")
        return found

    def _latest(self, workspace: Workspace, kind: str, name: str) -> str | None:
        container = self._store.get(workspace.child(kind, name))
        return container["properties"].get("latestVersion") if container else None


def run_key(job_id: str) -> str:
    """The key under which the record of a job's run is kept."""
    return job_id.lower()


def _address(address: str) -> Location:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise unresolved(address, f"it is no URL: {error}") from error
    path = unquote(parts.path).lstrip("/")
    if parts.scheme == "wasbs":
        return Location(parts.hostname.split(".")[0] if parts.hostname else "", parts.username or "", path)
    host = parts.hostname or ""
    if not host.endswith(BLOB_SUFFIX):
        raise unresolved(
            address, f"only blob storage (*{BLOB_SUFFIX}) is reachable; fetch it and give its path"
        )
    container, _, blob = path.partition("/")
    return Location(host.removesuffix(BLOB_SUFFIX), container, blob)
