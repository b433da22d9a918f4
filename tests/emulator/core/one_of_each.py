"""One resource of each emulated type: its path, and a body that is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm import catalog, catalog_types
from emulator.arm.catalog_types import ResourceType
from emulator.errors import AzureError
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.provider.body import BodyMapper
from emulator.provider.kinds import Kind
from emulator.provider.schema import Properties, Resource, Type

GROUP = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}/resourceGroups/group"
LOCATION = "westeurope"
NAME = "name1"
NAMES = {  # where Azure takes no such name
    "namespaceName": "namespace1",
    "privateZoneName": "name1.example",
    "zoneName": "name1.example",
    "roleAssignmentName": SIGNED_IN.object_id,
    "roleDefinitionId": SIGNED_IN.object_id,
    "immutabilityPolicyName": "default",
    "recordType": "A",
    "objectId": "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a0f",
    "configurationName": "log_connections",
    "subscriptionId": GROUP.split("/")[2],
}
UUID = "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a0f"
Json = dict[str, Any]
ROWS = [row for row in catalog.ROWS if row.plane == "arm" and row.tokens and row.path != catalog_types.GROUP]
# types whose resources begin something, and the tests that read all of one
ELSEWHERE = {
    "Microsoft.ContainerInstance/containerGroups": "containerinstance/test_groups.py",
    "Microsoft.MachineLearningServices/workspaces/jobs": "machinelearning/test_jobs.py",
    "Microsoft.MachineLearningServices/workspaces/schedules": "machinelearning/test_schedules.py",
    "Microsoft.MachineLearningServices/workspaces/codes/versions": "machinelearning/test_assets.py",
    "Microsoft.MachineLearningServices/workspaces/components/versions": "machinelearning/test_components.py",
    "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments": (
        "machinelearning/test_batch_endpoints.py"
    ),
    "Microsoft.MachineLearningServices/workspaces/data/versions": "machinelearning/test_assets.py",
    "Microsoft.MachineLearningServices/workspaces/models/versions": "machinelearning/test_assets.py",
}
NET = f"{GROUP}/providers/Microsoft.Network"
GATEWAY = "Microsoft.ApiManagement/service"
SINGLE = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
MORE: dict[str, Json] = {  # beside right_bodies.json
    "Microsoft.Authorization/locks": {"properties": {"level": "CanNotDelete"}},
    "Microsoft.ContainerRegistry/registries/cacheRules": {
        "properties": {"sourceRepository": "mcr.microsoft.com/one", "targetRepository": "one"}
    },
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": {
        "properties": {"virtualNetwork": {"id": f"{NET}/virtualNetworks/{NAME}"}}
    },
    "Microsoft.MachineLearningServices/workspaces/batchEndpoints": {"properties": {"authMode": "AADToken"}},
    f"{GATEWAY}/backends": {"properties": {"url": "https://scoring.example", "protocol": "http"}},
    f"{GATEWAY}/namedValues": {"properties": {"displayName": NAME, "value": "one"}},
    f"{GATEWAY}/subscriptions": {"properties": {"displayName": NAME, "scope": "/apis"}},
    f"{GATEWAY}/policyFragments": {"properties": {"value": "<fragment />"}},
    **{
        f"{GATEWAY}/{path}policies": {"properties": {"value": "<policies />"}}
        for path in ("", "apis/", "apis/operations/", "products/")
    },
    "Microsoft.Compute/virtualMachineScaleSets": {
        "sku": {"name": "Standard_D2ds_v5", "capacity": 0},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": {
                    "computerNamePrefix": "one",
                    "adminUsername": "operator",
                    "linuxConfiguration": {
                        "disablePasswordAuthentication": True,
                        "ssh": {
                            "publicKeys": [
                                {
                                    "path": "/home/operator/.ssh/authorized_keys",
                                    "keyData": "ssh-ed25519 AAAA operator",
                                }
                            ]
                        },
                    },
                },
                "networkProfile": {"networkInterfaceConfigurations": []},
            },
        },
    },
    "Microsoft.Consumption/budgets": {
        "properties": {
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": f"{datetime.now(UTC):%Y-%m}-01T00:00:00Z"},
        }
    },
    "Microsoft.Insights/metricAlerts": {
        "properties": {
            "criteria": {"odata.type": SINGLE, "allOf": []},
            "evaluationFrequency": "PT5M",
            "windowSize": "PT5M",
        }
    },
    "Microsoft.Insights/scheduledQueryRules": {
        "properties": {
            "criteria": {
                "allOf": [
                    {
                        "query": "Heartbeat",
                        "operator": "GreaterThan",
                        "threshold": 1,
                        "timeAggregation": "Count",
                    }
                ]
            }
        }
    },
    "Microsoft.Insights/diagnosticSettings": {
        "properties": {"workspaceId": f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{NAME}"}
    },
    "Microsoft.KeyVault/vaults/keys": {"properties": {"kty": "RSA", "keySize": 2048}},
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": {
        "properties": {"immutabilityPeriodSinceCreationInDays": 1}
    },
    "Microsoft.DBforPostgreSQL/flexibleServers": {
        "sku": {"name": "Standard_B2s", "tier": "Burstable"},
        "properties": {
            "storage": {"storageSizeGB": 32},
            "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"},
        },
    },
    "Microsoft.EventGrid/systemTopics": {
        "properties": {
            "source": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/hostileacct",
            "topicType": "Microsoft.Storage.StorageAccounts",
        }
    },
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": {
        "properties": {
            "destination": {
                "endpointType": "StorageQueue",
                "properties": {
                    "resourceId": f"{GROUP}/providers/Microsoft.Storage/storageAccounts/hostileacct",
                    "queueName": NAME,
                },
            }
        }
    },
    "Microsoft.Network/virtualNetworkGateways": {},
    "Microsoft.Network/connections": {
        "properties": {"virtualNetworkGateway1": {"id": f"{NET}/virtualNetworkGateways/{NAME}"}}
    },
}


def paths() -> dict[str, str]:
    """Each emulated type, and the path of one of it in the group."""
    return {
        row.arm_type: path_of(row)
        for row in catalog.ROWS
        if row.plane == "arm" and row.path != catalog_types.GROUP
    }


def path_of(row: ResourceType) -> str:
    """The path of one of a type in the group."""
    path = re.sub(r"^.*/resourceGroups/\{resourceGroupName\}|^/\{\w+\}", GROUP, row.path)
    path = path.replace("workbooks/{resourceName}", f"workbooks/{UUID}")
    return re.sub(r"\{(\w+)\}", lambda match: NAMES.get(match[1], NAME), path)


def right_bodies() -> dict[str, Json]:
    """Bodies that are taken, of the types that have checks of their own."""
    text = Path(__file__).with_name("right_bodies.json").read_text()
    values = {"group": GROUP, "subscription": GROUP.split("/resourceGroups/")[0]}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


def least_body(schema: Resource, row: ResourceType, more: Mapping[str, Any]) -> Json:
    """What the SDK has to be given at least, as Azure's body, with what ``more`` says beside it."""
    inputs = {
        name: _value(schema, item.type, item.constant, name)
        for name, item in schema.inputs.items()
        if item.required or name == "location"
    }
    body = BodyMapper(schema, row).to_arm(
        {**inputs, **({"location": LOCATION} if "location" in inputs else {})}
    )
    given = more.get("properties", {})
    return {**body, **more, "properties": {**body.get("properties", {}), **given}}


def people(emulator: Emulator) -> None:
    """Put one of each type that is only kept, and what they lean on."""
    arm, right = emulator.arm, {**right_bodies(), **MORE}
    arm.put(GROUP, {"location": LOCATION})
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/hostileacct"
    arm.put(account, {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"})
    arm.put(f"{account}/blobServices/default/containers/data", {})
    arm.put(f"{account}/queueServices/default/queues/{NAME}", {})
    space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}
    arm.put(f"{NET}/virtualNetworks/other", {"location": LOCATION, "properties": space})
    order = list(right)
    for row in sorted(
        ROWS,
        key=lambda row: (
            "/locks/" in row.path,
            row.arm_type.count("/"),
            order.index(row.arm_type) if row.arm_type in order else len(order),
        ),
    ):
        path = path_of(row)
        if row.arm_type in arm.refused() or row.arm_type in ELSEWHERE or arm.find(path) is not None:
            continue  # some come with others
        schema = Kind(f"azure-native:{row.tokens[0]}").schema
        try:
            arm.put(path, least_body(schema, row, right.get(row.arm_type, {})), principal=SIGNED_IN)
        except AzureError as error:
            pytest.fail(f"give {row.arm_type} a body that is taken, in MORE of this file: {error}")


def _value(schema: Resource, of: Type, constant: str | None, name: str) -> Any:
    if constant is not None:
        return constant
    match of.kind:
        case "enum":
            return of.values[0]
        case "string":
            return f"/{name}" if name.lower().endswith("id") else "x"
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "list":
            return [_value(schema, of.item, None, name)] if of.item else []
        case "object":
            return _object(schema, schema.properties(of))
        case "union":
            return _value(schema, of.options[0], None, name)
        case _:
            return {}


def _object(schema: Resource, declared: Properties) -> Json:
    return {
        name: _value(schema, item.type, item.constant, name)
        for name, item in declared.items()
        if item.required
    }
