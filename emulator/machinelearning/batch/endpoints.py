"""Batch endpoints and their deployments in the ARM store: what Azure fills in, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from emulator.arm.ids import fold, parse_resource
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.names import BATCH_DEPLOYMENT, BATCH_ENDPOINT, Workspace
from emulator.machinelearning.plan import ComponentOf, asset
from emulator.machinelearning.settings import compute_id

Json = dict[str, Any]
HOST: Final = "{}.{}.inference.ml.azure.com"
AUTH: Final = "aadtoken"  # the one way in that batch endpoints have
# Setting of a deployment -> that of the pipeline jobs that it starts. Clients write them in snake case, as in
# azureml-examples, cli/endpoints/batch/deploy-pipelines (read 2026-11).
SETTINGS: Final = {
    "default_compute": "defaultCompute",
    "default_datastore": "defaultDatastore",
    "continue_on_step_failure": "continueOnStepFailure",
    "force_rerun": "forceRerun",
}
FLAGS: Final = frozenset({"continue_on_step_failure", "force_rerun"})
PREFIX: Final = "componentdeployment.settings."  # before the names, as older clients send them


def install(arm: Arm, component_of: ComponentOf) -> None:
    """Hook endpoints and deployments into the ARM store."""

    @arm.before_put(BATCH_ENDPOINT)
    def fill_endpoint(put: Put) -> None:
        _check_tags(put.resource)
        workspace = arm.get(Workspace.of(put.id).id)
        name, region = put.resource["name"], workspace["location"]
        _refuse_taken(arm, put.id, name, region)
        properties = put.properties
        mode = properties.get("authMode")
        if fold(str(mode)) != AUTH:
            raise AzureError(
                400, "UserError", f"Batch endpoint {name!r}: authMode is {mode!r}; it must be AADToken."
            )
        chosen = (properties.get("defaults") or {}).get("deploymentName")
        if chosen and arm.find(f"{put.id}/deployments/{chosen}") is None:
            raise AzureError(
                400,
                "UserError",
                f"Batch endpoint {name!r}: there is no deployment {chosen!r} to be its default.",
            )
        properties["authMode"] = "AADToken"
        properties["defaults"] = {"deploymentName": chosen} if chosen else None
        properties["properties"] = properties.get("properties") or {}
        properties["scoringUri"] = f"https://{HOST.format(name, region)}/jobs"
        properties["swaggerUri"] = None
        put.resource["location"] = region

    @arm.before_put(BATCH_DEPLOYMENT)
    def fill_deployment(put: Put) -> None:
        _check_tags(put.resource)
        fill_pipeline(arm, put, component_of)

    @arm.before_delete(BATCH_DEPLOYMENT)
    def refuse_default(deployment: Json) -> None:
        """Azure's own words for it are not known."""
        parent = parse_resource(deployment["id"]).parent
        itself = fold(arm.deletion_root) == fold(deployment["id"])
        if itself and fold(default_of(arm.get(parent)) or "") == fold(deployment["name"]):
            raise AzureError(
                409,
                "UserError",
                f"Deployment {deployment['name']!r} is the default of its endpoint; make another one the "
                "default first, or delete the endpoint.",
            )


def default_of(endpoint: Json) -> str | None:
    """The name of the deployment that answers where the caller names none."""
    return (endpoint["properties"].get("defaults") or {}).get("deploymentName")


def fill_pipeline(arm: Arm, put: Put, component_of: ComponentOf) -> None:
    """Check a deployment's component and settings, and fill what a client reads."""
    properties, name = put.properties, put.resource["name"]
    given: Json = properties.get("deploymentConfiguration") or {}
    kind = given.get("deploymentConfigurationType")
    if kind != "PipelineComponent":
        what = "with a model" if kind is None else f"of type {kind}"
        raise NotEmulated(
            f"batch deployments {what} (deployment {name!r}); deploy a pipeline component whose step scores"
        )
    reference = asset((given.get("componentId") or {}).get("assetId"))
    if not reference:
        missing = {"code": "RequestInvalid", "message": "The AssetId field is required."}
        raise AzureError(400, "UserError", "Request is invalid and/or missing fields.", [missing])
    spec = component_of(reference)
    if spec is None:
        raise AzureError(400, "UserError", f"Deployment {name!r}: there is no component {reference!r}.")
    if spec.get("type") != "pipeline":
        raise AzureError(
            400,
            "UserError",
            f"Deployment {name!r}: component {reference!r} is of type {spec.get('type') or 'command'!r}; "
            "it must be a pipeline.",
        )
    settings = {str(key): _text(value) for key, value in (given.get("settings") or {}).items()}
    job = job_settings(Workspace.of(put.id), settings)
    if (compute := job.get("defaultCompute")) and arm.find(compute) is None:
        wanted = settings.get("default_compute", compute)
        raise AzureError(
            400,
            "UserError",
            f"Deployment {name!r}: default_compute is {wanted!r}, and there is no such compute.",
        )
    properties["deploymentConfiguration"] = {
        **given,
        "componentId": {"assetId": reference, "referenceType": "Id"},
        "settings": settings,
        "tags": given.get("tags") or {},
    }
    properties["properties"] = properties.get("properties") or {}
    put.resource["location"] = arm.get(Workspace.of(put.id).id)["location"]


def job_settings(workspace: Workspace, settings: Mapping[str, str]) -> Json:
    """A deployment's settings as those of a pipeline job. 501 for one that is not known here."""
    found: Json = {}
    for key, value in settings.items():
        name = key.lower().removeprefix(PREFIX)
        target = SETTINGS.get(name) or next((one for one in SETTINGS.values() if one.lower() == name), None)
        if target is None:
            raise NotEmulated(f"the setting {key!r} of a deployment; known are {', '.join(SETTINGS)}")
        known = next(one for one, other in SETTINGS.items() if other == target)
        if known in FLAGS and value.lower() not in ("true", "false"):
            raise AzureError(400, "UserError", f"The setting {key} is {value!r}; it must be True or False.")
        if known in FLAGS:
            found[target] = value.lower() == "true"
        else:
            found[target] = compute_id(workspace, value) if known == "default_compute" else value
    return found


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | bool | int) else json.dumps(value)


def _check_tags(resource: Json) -> None:
    """400 in the words of Azure/azure-sdk-for-python#41586 for a tag without a value."""
    errors = [
        {
            "PropertyName": f"Tags.Values[{index}]",
            "ErrorMessage": "Tag values must not be null or empty.",
            "AttemptedValue": value,
            "ErrorCode": "PredicateValidator",
        }
        for index, value in enumerate((resource.get("tags") or {}).values())
        if not value
    ]
    if errors:
        raise AzureError(
            400,
            "UserError",
            "The Endpoint request provided has the following validation errors. Please resolve them and try "
            f"again. Errors: {json.dumps(errors)}",
        )


def _refuse_taken(arm: Arm, endpoint_id: str, name: str, region: str) -> None:
    """A name is a host name: one endpoint of a region has it."""
    for other in arm.store.by_type(BATCH_ENDPOINT):
        same = fold(other["name"]) == fold(name) and fold(other["location"]) == fold(region)
        if same and fold(other["id"]) != fold(endpoint_id):
            raise AzureError(
                400,
                "UserError",
                "There is already an endpoint with this name, endpoint names must be unique within a region.",
            )


def at(arm: Arm, name: str, region: str) -> Json | None:
    """The endpoint that a host names; None when there is none."""
    for endpoint in arm.store.by_type(BATCH_ENDPOINT):
        if fold(endpoint["name"]) == fold(name) and fold(endpoint["location"]) == fold(region):
            return endpoint
    return None
