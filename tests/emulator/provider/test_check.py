from __future__ import annotations

from typing import Any

import pytest

from emulator.provider import schema_cache
from emulator.provider.check import check_inputs
from emulator.provider.values import UNKNOWN, Secret

ACCOUNT: dict[str, Any] = {
    "resourceGroupName": "rg",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
}


def errors(token: str, inputs: dict[str, Any]) -> list[str]:
    schema = schema_cache.resource(f"azure-native:{token}")
    return [str(finding) for finding in check_inputs(schema, inputs) if finding.error]


def warnings(token: str, inputs: dict[str, Any]) -> list[str]:
    schema = schema_cache.resource(f"azure-native:{token}")
    return [str(finding) for finding in check_inputs(schema, inputs) if not finding.error]


def test_good_inputs_are_good() -> None:
    assert errors("storage:StorageAccount", ACCOUNT) == []
    assert warnings("storage:StorageAccount", ACCOUNT) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kind": None}, "kind: is required"),
        ({"knd": "x"}, "knd: is not a property here; did you mean 'kind'?"),
        ({"allow_shared_key_access": True}, "did you mean 'allowSharedKeyAccess'?"),
        ({"isHnsEnabled": "true"}, "isHnsEnabled: must be a boolean, got the string 'true'"),
        ({"tags": {"a": 1}}, "tags.a: must be a string, got the number 1"),
        ({"tags": ["a"]}, "tags: must be an object, got an array"),
        ({"sku": {}}, "sku.name: is required"),
        ({"networkRuleSet": {"defaultAction": "Deni"}}, "networkRuleSet.defaultAction: 'Deni' is not one of"),
        (
            {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"ipAddress": "1.2.3.4"}]}},
            "networkRuleSet.ipRules[0].ipAddress: is not a property here",
        ),
    ],
)
def test_each_fault_is_named_with_its_path(change: dict[str, Any], expected: str) -> None:
    found = errors("storage:StorageAccount", {**ACCOUNT, **change})
    assert any(expected in text for text in found), found


def test_what_azure_documents_beside_the_sdk_is_no_warning() -> None:
    def rule(stream: str) -> dict[str, Any]:
        flow = {"streams": [stream], "destinations": ["logs"]}
        return {"resourceGroupName": "rg", "dataFlows": [flow]}

    assert warnings("monitor:DataCollectionRule", rule("Microsoft-ContainerInsights-Group-Default")) == []
    assert "is not one of" in warnings("monitor:DataCollectionRule", rule("Microsoft-None"))[0]


def test_a_closed_enum_is_an_error_and_an_open_one_a_warning() -> None:
    closed = errors("storage:StorageAccount", {**ACCOUNT, "networkRuleSet": {"defaultAction": "Den"}})
    assert "did you mean 'Deny'?" in closed[0]
    other_case = {**ACCOUNT, "networkRuleSet": {"defaultAction": "deny"}}
    assert errors("storage:StorageAccount", other_case) == []
    assert "did you mean 'Deny'?" in warnings("storage:StorageAccount", other_case)[0]
    opened = {**ACCOUNT, "kind": "StorageV3"}
    assert errors("storage:StorageAccount", opened) == []
    assert "did you mean 'StorageV2'?" in warnings("storage:StorageAccount", opened)[0]


def compute(properties: Any) -> list[str]:
    inputs = {"resourceGroupName": "rg", "workspaceName": "w", "properties": properties}
    return errors("machinelearningservices:Compute", inputs)


@pytest.mark.parametrize(("operator", "told"), [("GreaterThan", False), ("gt", True)])
def test_an_enum_that_the_sdk_has_wrong_is_azures(operator: str, told: bool) -> None:
    rule = {"query": "requests", "operator": operator, "threshold": 1, "timeAggregation": "Count"}
    inputs = {
        "resourceGroupName": "rg",
        "kind": "LogAlert",
        "location": "westeurope",
        "enabled": True,
        "criteria": {"allOf": [rule]},
    }
    found = list(check_inputs(schema_cache.resource("azure-native:monitor:ScheduledQueryRule"), inputs))
    assert bool([one for one in found if one.path == "criteria.allOf[0].operator"]) is told


def test_a_discriminator_decides_what_is_checked() -> None:
    cluster = {"computeType": "AmlCompute", "properties": {"vmSize": "Standard_DS3_v2"}}
    assert compute(cluster) == []
    assert compute({**cluster, "properties": {"vmSiz": "x"}}) == [
        "properties.properties.vmSiz: is not a property here; did you mean 'vmSize'?"
    ]
    assert compute({"computeType": "ComputeInstance", "properties": {"scaleSettings": {"maxNodeCount": 1}}})


def test_a_wrong_or_missing_discriminator_is_named() -> None:
    assert "did you mean 'AmlCompute'?" in compute({"computeType": "AmlComput"})[0]
    assert compute({"properties": {}})[0].startswith("properties.computeType: is required")


def test_what_a_preview_does_not_know_is_not_judged() -> None:
    assert compute({"computeType": UNKNOWN, "anything": 1}) == []
    assert compute(UNKNOWN) == []
    assert errors("storage:StorageAccount", {**ACCOUNT, "kind": UNKNOWN, "sku": {"name": UNKNOWN}}) == []


def test_secret_values_are_checked_and_never_shown() -> None:
    inputs = {
        **ACCOUNT,
        "isHnsEnabled": Secret("topsecret"),
        "networkRuleSet": {"defaultAction": Secret("topsecret")},
        "kind": Secret("topsecret"),
        "encryption": Secret(["topsecret"]),
        "tags": {"a": Secret(7)},
    }
    found = errors("storage:StorageAccount", inputs) + warnings("storage:StorageAccount", inputs)
    assert len(found) == 5
    assert "topsecret" not in "".join(found)


def test_own_markers_are_no_inputs() -> None:
    assert errors("storage:StorageAccount", {**ACCOUNT, "__createBeforeDelete": True}) == []
