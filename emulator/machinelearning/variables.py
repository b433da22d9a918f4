"""The environment variables that Azure ML gives to a job's command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.arm.service import Arm
from emulator.machinelearning.computes import identities, identity, place
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.orders import Order
from emulator.workplaces import Workplaces

Json = dict[str, Any]


def job_variables(
    arm: Arm,
    workplaces: Workplaces,
    workspace: Workspace,
    compute: Json,
    order: Order,
    inputs: Mapping[str, str],
    outputs: Mapping[str, Path],
) -> dict[str, str]:
    """Who the job is, where its workspace is, and how it gets tokens of its compute's identity."""
    resource = arm.get(workspace.id)
    properties = resource["properties"]
    service = properties["discoveryUrl"].removesuffix("/discovery")
    given = identities(compute) or (
        [compute["id"]] if (compute.get("identity") or {}).get("principalId") else []
    )
    acting = identity(arm, compute, order.step.identity.name)
    client_id = acting["properties"].get("clientId", "") if acting else ""
    return {
        **workplaces.admit(order.workload, given, place(compute)),
        **workplaces.msi(order.workload, client_id),
        "AZUREML_RUN_ID": order.name,
        "AZUREML_ROOT_RUN_ID": order.root,
        "AZUREML_EXPERIMENT_NAME": order.experiment,
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription,
        "AZUREML_ARM_RESOURCEGROUP": workspace.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": order.experiment,
        "AZUREML_WORKSPACE_ID": properties["workspaceId"],
        "AZUREML_WORKSPACE_SCOPE": workspace.id,
        "AZUREML_SERVICE_ENDPOINT": service,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": properties["discoveryUrl"],
        "MLFLOW_TRACKING_URI": properties["mlFlowTrackingUri"],
        "MLFLOW_RUN_ID": order.name,
        "MLFLOW_EXPERIMENT_NAME": order.experiment,
        "PYTHONUNBUFFERED": "1",
        **{f"AZURE_ML_INPUT_{name}": value for name, value in inputs.items()},
        **{f"AZURE_ML_OUTPUT_{name}": str(path) for name, path in outputs.items()},
    }
