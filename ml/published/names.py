"""The names of the published pipeline in Azure ML: of its endpoint, versions, components and runs."""

import hashlib
from typing import Final

WORKSPACE: Final = (
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}"
)
PIPELINE: Final = "training"  # what names of components begin with
KEY_LENGTH: Final = 16  # hexadecimal digits of a content's key in a version


def endpoint(subscription_id: str, resource_group: str, workspace: str) -> str:
    """The batch endpoint's name: unique among all of a region, as Azure wants it, and known beforehand."""
    path = WORKSPACE.format(subscription_id, resource_group, workspace).lower()
    return f"{PIPELINE}-{hashlib.sha256(path.encode()).hexdigest()[:12]}"


def endpoint_url(endpoint_name: str, location: str) -> str:
    """Where the endpoint is called. location: Azure region, as in westeurope."""
    return f"https://{endpoint_name}.{location}.inference.ml.azure.com/jobs"


def version(key: str) -> str:
    """The version of the pipeline's components whose content has this key."""
    return key[:KEY_LENGTH]


def deployment(key: str) -> str:
    """The deployment of that version. A name has to begin with a letter and has 32 characters at most."""
    return f"v-{version(key)}"


def component(step: str = "") -> str:
    """The component of a step, or of the whole pipeline. A name has small letters, digits and underscores."""
    return f"{PIPELINE}_{step}" if step else PIPELINE


def tracking_url(subscription_id: str, resource_group: str, workspace: str, location: str) -> str:
    """The workspace's MLflow, where a run gets its tags."""
    path = WORKSPACE.format(subscription_id, resource_group, workspace)
    return f"https://{location}.api.azureml.ms/mlflow/v1.0{path}"


def data_asset(subscription_id: str, resource_group: str, workspace: str, asset: str) -> str:
    """The id of a data asset NAME:VERSION, as an endpoint's input takes it."""
    name, _, number = asset.rpartition(":")
    return f"{WORKSPACE.format(subscription_id, resource_group, workspace)}/data/{name}/versions/{number}"
