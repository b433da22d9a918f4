"""ENDPOINT.REGION.inference.ml.azure.com/jobs: a call starts a pipeline job in the caller's name."""

from __future__ import annotations

import uuid
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.machinelearning.admission import admit
from emulator.machinelearning.batch import bodies, endpoints
from emulator.machinelearning.names import BATCH_DEPLOYMENT, BATCH_ENDPOINT, JOB, WORKSPACE, Workspace
from emulator.machinelearning.plan import ComponentOf
from emulator.machinelearning.runs import Runs
from emulator.network.reach import Reach
from emulator.principal import Principal

Json = dict[str, Any]
HOSTS: Final = "*.inference.ml.azure.com"
AUDIENCE: Final = "https://ml.azure.com"  # that of the control plane is refused here
DEPLOYMENT: Final = "azureml-model-deployment"  # a header
STARTED: Final = "ml-batch-job"  # documents: which deployment started a job, by the job's id
# "Authorization on batch endpoints", Configure RBAC (read 2026-11), without what hands out keys and secrets,
# and without what only the first version of the API asks for.
ON_ENDPOINT: Final = (
    f"{BATCH_ENDPOINT}/read",
    f"{BATCH_ENDPOINT}/jobs/write",
    f"{BATCH_DEPLOYMENT}/read",
    f"{BATCH_DEPLOYMENT}/jobs/write",
)
ON_WORKSPACE: Final = tuple(
    f"{WORKSPACE}/{action}"
    for action in (
        "read",
        "data/versions/write",
        "datastores/read",
        "computes/read",
        "environments/read",
        "experiments/read",
        "experiments/runs/read",
        "experiments/runs/submit/action",
        "experiments/runs/write",
    )
)


class Invocations:
    """Answers the hosts of batch endpoints, and lists the jobs that they started."""

    def __init__(
        self,
        arm: Arm,
        store: Store,
        identity: Identity,
        reach: Reach,
        runs: Runs,
        component_of: ComponentOf,
    ) -> None:
        self._arm = arm
        self._store = store
        self._identity = identity
        self._reach = reach
        self._runs = runs
        self._component_of = component_of

    def handle(self, request: Request) -> Response:
        """One request to an endpoint's host."""
        name, _, rest = request.host.partition(".")
        endpoint = endpoints.at(self._arm, name, rest.partition(".")[0])
        if endpoint is None:
            raise NotEmulated(
                f"{request.host} (no batch endpoint that exists, and online endpoints are not emulated); the "
                "scoring service runs in a container group"
            )
        workspace = Workspace.of(endpoint["id"])
        admit(self._reach, request, workspace)
        caller = self._identity.principal(request, AUDIENCE)
        path = request.path.rstrip("/")
        if path != "/jobs" and not path.startswith("/jobs/"):
            raise NotEmulated(request.describe())
        if request.method == "POST" and path == "/jobs":
            for action in ON_ENDPOINT:
                self._identity.require(caller, action, endpoint["id"])
            for action in ON_WORKSPACE:
                self._identity.require(caller, action, workspace.id)
            return Response.json(self._start(request, caller, endpoint), 201)
        if request.method == "GET":
            self._identity.require(caller, f"{BATCH_ENDPOINT}/read", endpoint["id"])
            if path == "/jobs":
                return Response.json({"value": self.started(endpoint)})
            wanted = fold(path.removeprefix("/jobs/"))
            shown = next((job for job in self.started(endpoint) if fold(job["name"]) == wanted), None)
            if shown is None:
                raise AzureError(
                    404, "UserError", f"Endpoint {endpoint['name']!r} started no job {wanted!r}."
                )
            return Response.json(shown)
        raise NotEmulated(request.describe())

    def started(self, endpoint: Json, deployment: str = "") -> list[Json]:
        """The jobs that an endpoint, or one deployment of it, has started, oldest first; those that exist."""
        workspace = Workspace.of(endpoint["id"])
        found: list[Json] = []
        for job in self._store.children(workspace.child("jobs")):
            kept = self._store.document(STARTED, fold(job["id"]))
            if kept is None or fold(kept["endpoint"]) != fold(endpoint["name"]):
                continue
            if not deployment or fold(kept["deployment"]) == fold(deployment):
                found.append(self._shown(endpoint, kept["deployment"], self._runs.shown(job)))
        return found

    def _start(self, request: Request, caller: Principal, endpoint: Json) -> Json:
        chosen = request.headers.get(DEPLOYMENT) or endpoints.default_of(endpoint)
        if not chosen:
            raise AzureError(
                400,
                "UserError",
                f"Endpoint {endpoint['name']!r} has no default deployment; name one in the header "
                f"{DEPLOYMENT}, or set defaults.deploymentName.",
            )
        deployment = self._arm.find(f"{endpoint['id']}/deployments/{chosen}")
        if deployment is None:
            raise AzureError(404, "UserError", f"Endpoint {endpoint['name']!r} has no deployment {chosen!r}.")
        configuration = deployment["properties"]["deploymentConfiguration"]
        component = configuration["componentId"]["assetId"]
        spec = self._component_of(component)
        if spec is None:
            raise AzureError(404, "UserError", f"The component {component!r} of {chosen!r} is gone.")
        call = bodies.read(request.json(), spec)
        workspace = Workspace.of(endpoint["id"])
        job_id = workspace.child("jobs", call.name or f"batchjob-{uuid.uuid4()}")
        job: Json = {
            "jobType": "Pipeline",
            "componentId": component,
            "displayName": configuration.get("description")
            or deployment["properties"].get("description")
            or deployment["name"],
            "experimentName": call.experiment or endpoint["name"],
            "inputs": call.inputs,
            "outputs": call.outputs,
            "settings": endpoints.job_settings(workspace, configuration["settings"]),
            "tags": configuration["tags"],
        }
        kept = {"endpoint": endpoint["name"], "deployment": deployment["name"]}

        def refuse(found: Json | None) -> None:
            """What Azure does with such a name is not known; nobody is served by a second job of it."""
            if found is not None:
                raise AzureError(
                    409,
                    "UserError",
                    f"A job with this name already exists: {found['name']!r}. If you are trying to create a "
                    "new job, use a different name.",
                )

        refuse(self._arm.find(job_id))
        self._store.put_document(STARTED, fold(job_id), kept)  # before the job, which is never without it
        self._arm.put(job_id, {"properties": job}, principal=caller, condition=refuse)
        return self._shown(endpoint, deployment["name"], self._runs.job(job_id))

    @staticmethod
    def _shown(endpoint: Json, deployment: str, job: Json) -> Json:
        properties = job["properties"]
        return {
            "id": f"{endpoint['id']}/jobs/{job['name']}",
            "name": job["name"],
            "type": f"{BATCH_DEPLOYMENT}/jobs",
            "properties": {
                "name": job["name"],
                "status": properties["status"],
                "provisioningState": "Succeeded",
                "deploymentName": deployment,
                "inputData": properties["inputs"],
                "interactionEndpoints": properties["services"],
            },
            "systemData": job.get("systemData"),
        }


def install(arm: Arm, store: Store, component_of: ComponentOf) -> None:
    """Hook endpoints, deployments, and the memory of who started a job."""
    endpoints.install(arm, component_of)

    @arm.with_delete(JOB)
    def forget(job: Json) -> None:
        store.delete_document(STARTED, fold(job["id"]))
