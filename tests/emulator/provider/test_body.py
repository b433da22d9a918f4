"""Bodies as Azure's type definitions want them; every one here was checked against those."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.arm import catalog
from emulator.provider import schema_cache
from emulator.provider.body import BodyMapper

RG = {"resourceGroupName": "rg"}


def mapper(token: str) -> BodyMapper:
    row = catalog.find_token(token)
    assert row is not None
    return BodyMapper(schema_cache.resource(f"azure-native:{token}"), row)


BODIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "network:VirtualNetwork",
        {
            **RG,
            "virtualNetworkName": "v",
            "location": "westeurope",
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {
                    "name": "s",
                    "addressPrefix": "10.0.0.0/24",
                    "networkSecurityGroup": {"id": "/nsg"},
                    "natGateway": {"id": "/nat"},
                    "delegations": [{"name": "d", "serviceName": "Microsoft.Web/serverFarms"}],
                }
            ],
        },
        {
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [
                    {
                        "name": "s",
                        "properties": {
                            "addressPrefix": "10.0.0.0/24",
                            "networkSecurityGroup": {"id": "/nsg"},
                            "natGateway": {"id": "/nat"},
                            "delegations": [
                                {"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
                            ],
                        },
                    }
                ],
            },
        },
    ),
    (
        "network:PrivateEndpoint",
        {
            **RG,
            "privateEndpointName": "p",
            "subnet": {"id": "/subnet"},
            "privateLinkServiceConnections": [
                {"name": "c", "privateLinkServiceId": "/account", "groupIds": ["blob"]}
            ],
        },
        {
            "properties": {
                "subnet": {"id": "/subnet"},
                "privateLinkServiceConnections": [
                    {"name": "c", "properties": {"privateLinkServiceId": "/account", "groupIds": ["blob"]}}
                ],
            }
        },
    ),
    (
        "storage:StorageAccount",
        {
            **RG,
            "accountName": "a",
            "location": "westeurope",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "enableHttpsTrafficOnly": True,
            "networkRuleSet": {
                "defaultAction": "Deny",
                "ipRules": [{"iPAddressOrRange": "1.2.3.4"}],
                "virtualNetworkRules": [{"virtualNetworkResourceId": "/subnet"}],
            },
            "encryption": {"keySource": "Microsoft.Keyvault", "keyVaultProperties": {"keyName": "k"}},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": ["/identity"]},
        },
        {
            "location": "westeurope",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/identity": {}}},
            "properties": {
                "supportsHttpsTrafficOnly": True,
                "networkAcls": {
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "1.2.3.4"}],
                    "virtualNetworkRules": [{"id": "/subnet"}],
                },
                "encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": {"keyname": "k"}},
            },
        },
    ),
    (
        "containerinstance:ContainerGroup",
        {
            **RG,
            "containerGroupName": "g",
            "osType": "Linux",
            "sku": "Standard",
            "zones": ["1"],
            "containers": [
                {
                    "name": "c",
                    "image": "i",
                    "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
                    "environmentVariables": [{"name": "A", "secureValue": "x"}],
                }
            ],
        },
        {
            "zones": ["1"],
            "properties": {
                "osType": "Linux",
                "sku": "Standard",
                "containers": [
                    {
                        "name": "c",
                        "properties": {
                            "image": "i",
                            "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
                            "environmentVariables": [{"name": "A", "secureValue": "x"}],
                        },
                    }
                ],
            },
        },
    ),
    (
        "applicationinsights:Component",
        {**RG, "resourceName": "i", "kind": "web", "applicationType": "web", "workspaceResourceId": "/w"},
        {"kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": "/w"}},
    ),
    (
        "machinelearningservices:Compute",
        {
            **RG,
            "workspaceName": "w",
            "computeName": "c",
            "location": "westeurope",
            "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}},
        },
        {
            "location": "westeurope",
            "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}},
        },
    ),
    (
        "monitor:MetricAlert",
        {
            **RG,
            "ruleName": "r",
            "location": "global",
            "criteria": {
                "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [{"name": "m", "criterionType": "StaticThresholdCriterion"}],
            },
        },
        {
            "location": "global",
            "properties": {
                "criteria": {
                    "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                    "allOf": [{"name": "m", "criterionType": "StaticThresholdCriterion"}],
                }
            },
        },
    ),
    (
        "authorization:RoleAssignment",
        {"scope": "/s", "roleAssignmentName": "n", "principalId": "p", "roleDefinitionId": "r"},
        {"properties": {"principalId": "p", "roleDefinitionId": "r"}},
    ),
    (
        "operationalinsights:Workspace",
        {**RG, "workspaceName": "w", "sku": {"name": "PerGB2018"}},
        {"properties": {"sku": {"name": "PerGB2018"}}},
    ),
    (
        "containerservice:ManagedCluster",
        {**RG, "resourceName": "c", "sku": {"name": "Base"}, "autoScalerProfile": {"scanInterval": "10s"}},
        {"sku": {"name": "Base"}, "properties": {"autoScalerProfile": {"scan-interval": "10s"}}},
    ),
    (
        "apimanagement:Backend",
        {
            **RG,
            "serviceName": "s",
            "backendId": "b",
            "url": "http://x",
            "properties": {"serviceFabricCluster": {"managementEndpoints": ["x"]}},
        },
        {
            "properties": {
                "url": "http://x",
                "properties": {"serviceFabricCluster": {"managementEndpoints": ["x"]}},
            }
        },
    ),
    (
        "eventgrid:SystemTopicEventSubscription",
        {
            **RG,
            "systemTopicName": "t",
            "eventSubscriptionName": "s",
            "deliveryWithResourceIdentity": {
                "identity": {"type": "UserAssigned", "userAssignedIdentity": "/id"},
                "destination": {"endpointType": "StorageQueue", "resourceId": "/st", "queueName": "events"},
            },
        },
        {
            "properties": {
                "deliveryWithResourceIdentity": {
                    "identity": {"type": "UserAssigned", "userAssignedIdentity": "/id"},
                    "destination": {
                        "endpointType": "StorageQueue",
                        "properties": {"resourceId": "/st", "queueName": "events"},
                    },
                }
            }
        },
    ),
    (
        "resources:ResourceGroup",
        {**RG, "location": "x", "tags": {"a": "b"}},
        {"location": "x", "tags": {"a": "b"}},
    ),
]


@pytest.mark.parametrize(("token", "inputs", "body"), BODIES, ids=[token for token, _, _ in BODIES])
def test_a_body_and_back(token: str, inputs: dict[str, Any], body: dict[str, Any]) -> None:
    mapping = mapper(token)
    assert mapping.to_arm(inputs) == body
    parameters = {name: value for name, value in inputs.items() if mapping.is_parameter(name)}
    inline = {name for name in inputs if name in mapping.row.inline}
    expected = {name: value for name, value in inputs.items() if name not in inline}
    assert mapping.inputs({**body, "id": "/id", "name": "n", "type": "t"}, parameters) == expected


def test_query_parameters_absent_values_and_markers_stay_out() -> None:
    inputs = {
        **RG,
        "workspaceName": "w",
        "name": "d",
        "skipValidation": True,
        "__createBeforeDelete": True,
        "properties": {"datastoreType": "AzureBlob", "description": None},
    }
    assert mapper("machinelearningservices:Datastore").to_arm(inputs) == {
        "properties": {"datastoreType": "AzureBlob"}
    }


def test_outputs_are_lifted_out_of_properties_at_every_depth() -> None:
    body = {
        "id": "/v",
        "name": "v",
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westeurope",
        "properties": {
            "provisioningState": "Succeeded",
            "subnets": [
                {
                    "id": "/v/subnets/s",
                    "name": "s",
                    "properties": {"addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded"},
                }
            ],
        },
    }
    found = mapper("network:VirtualNetwork").outputs(body)
    assert found["name"] == "v"
    assert found["provisioningState"] == "Succeeded"
    assert found["azureApiVersion"] == "2024-05-01"
    assert found["subnets"] == [
        {"id": "/v/subnets/s", "name": "s", "addressPrefix": "10.0.0.0/24", "provisioningState": "Succeeded"}
    ]
    assert "id" not in found


def test_outputs_are_found_in_any_spelling() -> None:
    body = {"properties": {"ConnectionString": "c", "InstrumentationKey": "k", "Application_Type": "web"}}
    found = mapper("applicationinsights:Component").outputs(body)
    assert (found["connectionString"], found["instrumentationKey"], found["applicationType"]) == (
        "c",
        "k",
        "web",
    )


def test_identities_come_out_as_a_map_and_are_imported_as_a_list() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/i": {"principalId": "p"}}}
    mapping = mapper("storage:StorageAccount")
    assert mapping.outputs({"identity": identity})["identity"] == identity
    assert mapping.inputs({"identity": identity}, {})["identity"]["userAssignedIdentities"] == ["/i"]
