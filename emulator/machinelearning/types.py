"""The types of Microsoft.MachineLearningServices: workspaces and registries.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import LETTER_FIRST, WORD

WORKSPACE: Final = "Microsoft.MachineLearningServices/workspaces/{workspaceName}"
REGISTRY: Final = "Microsoft.MachineLearningServices/registries/{registryName}"
ASSET: Final = NameRule(1, 255, r"[A-Za-z0-9][\w-]*", "letters, digits, underscores and hyphens")
VERSION: Final = NameRule(1, 30, r"[A-Za-z0-9][\w.-]*", WORD)
ENDPOINT: Final = NameRule(
    3, 32, r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens, a letter first"
)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(WORKSPACE, "machinelearningservices:Workspace",
        name=NameRule(3, 33, r"[A-Za-z0-9][\w-]*", "letters, digits, hyphens and underscores")),
    Row(f"{WORKSPACE}/datastores/{{name}}", "machinelearningservices:Datastore",
        name=NameRule(1, 255, r"[A-Za-z0-9_]+", "letters, digits and underscores")),
    Row(f"{WORKSPACE}/computes/{{computeName}}", "machinelearningservices:Compute",
        name=NameRule(2, 32, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])", LETTER_FIRST)),
    Row(f"{WORKSPACE}/connections/{{connectionName}}", "machinelearningservices:WorkspaceConnection"),
    Row(f"{WORKSPACE}/outboundRules/{{ruleName}}", "machinelearningservices:ManagedNetworkSettingsRule"),
    Row(f"{WORKSPACE}/codes/{{name}}", "machinelearningservices:CodeContainer", name=ASSET,
        presence="with_child"),
    Row(f"{WORKSPACE}/codes/{{name}}/versions/{{version}}", "machinelearningservices:CodeVersion",
        name=VERSION),
    Row(f"{WORKSPACE}/components/{{name}}", "machinelearningservices:ComponentContainer", name=ASSET,
        presence="with_child"),
    Row(f"{WORKSPACE}/components/{{name}}/versions/{{version}}", "machinelearningservices:ComponentVersion"),
    Row(f"{WORKSPACE}/data/{{name}}", "machinelearningservices:DataContainer", name=ASSET,
        presence="with_child"),
    Row(f"{WORKSPACE}/data/{{name}}/versions/{{version}}", "machinelearningservices:DataVersion",
        name=VERSION),
    Row(f"{WORKSPACE}/environments/{{name}}", "machinelearningservices:EnvironmentContainer", name=ASSET,
        presence="with_child"),
    Row(f"{WORKSPACE}/environments/{{name}}/versions/{{version}}",
        "machinelearningservices:EnvironmentVersion"),
    Row(f"{WORKSPACE}/models/{{name}}", "machinelearningservices:ModelContainer", name=ASSET,
        presence="with_child"),
    Row(f"{WORKSPACE}/models/{{name}}/versions/{{version}}", "machinelearningservices:ModelVersion",
        name=VERSION),
    Row(f"{WORKSPACE}/jobs/{{id}}", "machinelearningservices:Job"),
    Row(f"{WORKSPACE}/schedules/{{name}}", "machinelearningservices:Schedule"),
    Row(f"{WORKSPACE}/onlineEndpoints/{{endpointName}}", "machinelearningservices:OnlineEndpoint",
        name=ENDPOINT),
    Row(f"{WORKSPACE}/onlineEndpoints/{{endpointName}}/deployments/{{deploymentName}}",
        "machinelearningservices:OnlineDeployment", name=ENDPOINT),
    Row(f"{WORKSPACE}/batchEndpoints/{{endpointName}}", "machinelearningservices:BatchEndpoint",
        name=ENDPOINT),
    Row(f"{WORKSPACE}/batchEndpoints/{{endpointName}}/deployments/{{deploymentName}}",
        "machinelearningservices:BatchDeployment", name=ENDPOINT),
    Row(REGISTRY, "machinelearningservices:Registry", name=NameRule(2, 32, r"[A-Za-z0-9][\w-]*", WORD)),
    Row(f"{REGISTRY}/models/{{modelName}}", "machinelearningservices:RegistryModelContainer",
        presence="with_child"),
    Row(f"{REGISTRY}/models/{{modelName}}/versions/{{version}}",
        "machinelearningservices:RegistryModelVersion"),
    Row(f"{REGISTRY}/environments/{{environmentName}}",
        "machinelearningservices:RegistryEnvironmentContainer", presence="with_child"),
    Row(f"{REGISTRY}/environments/{{environmentName}}/versions/{{version}}",
        "machinelearningservices:RegistryEnvironmentVersion"),
)
# fmt: on
