"""ARM types of Azure Machine Learning, and the ids inside one workspace."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.arm.ids import parse_resource

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
DATASTORE = f"{WORKSPACE}/datastores"
COMPUTE = f"{WORKSPACE}/computes"
JOB = f"{WORKSPACE}/jobs"
SCHEDULE = f"{WORKSPACE}/schedules"
BATCH_ENDPOINT = f"{WORKSPACE}/batchEndpoints"
BATCH_DEPLOYMENT = f"{BATCH_ENDPOINT}/deployments"

BLOB_STORE = "workspaceblobstore"
ARTIFACT_STORE = "workspaceartifactstore"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The names that lead to one workspace."""

    id: str
    subscription: str
    resource_group: str
    name: str

    @staticmethod
    def of(resource_id: str) -> Workspace:
        """The workspace that ``resource_id`` is or lies in; ValueError when it lies in none."""
        parsed = parse_resource(resource_id)
        if not parsed.type.lower().startswith(WORKSPACE.lower()):
            raise ValueError(f"not inside a workspace: {resource_id!r}")
        name = parsed.names[0]
        return Workspace(
            f"{parsed.scope}/providers/{WORKSPACE}/{name}", parsed.subscription, parsed.resource_group, name
        )

    def child(self, *path: str) -> str:
        """The id of a resource in the workspace: ``child("jobs", name)``."""
        return "/".join((self.id, *path))

    def datastore_uri(self, datastore: str, path: str) -> str:
        """The long form of a datastore path, the one that says its workspace."""
        return (
            f"azureml://subscriptions/{self.subscription}/resourcegroups/{self.resource_group}"
            f"/workspaces/{self.name}/datastores/{datastore}/paths/{path}"
        )
