from __future__ import annotations

import pytest

from emulator.arm import catalog
from emulator.arm.catalog import ROWS
from emulator.arm.catalog_types import ResourceType
from emulator.provider.resource_ids import IdError, build, parse


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.arm_type)
def test_every_template_is_built_and_read_back(row: ResourceType) -> None:
    inputs = {name: f"v{index}" for index, name in enumerate(row.parameters)}
    for scope in ("scope", "resourceUri"):
        if scope in inputs:
            inputs[scope] = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"
    if "recordType" in inputs:
        inputs["recordType"] = "A"
    resource_id = build(row, "sub", inputs)
    assert parse(row, resource_id) == inputs
    assert parse(row, resource_id.replace("resourceGroups", "resourcegroups")) == {
        name: value.replace("resourceGroups", "resourcegroups") for name, value in inputs.items()
    }
    found = catalog.find(catalog.arm_type_of(resource_id))
    if row.plane != "arm":
        assert found is None
        return
    assert found is not None
    assert found.arm_type == row.arm_type


def test_what_is_missing_is_named() -> None:
    row = catalog.find_token("storage:StorageAccount")
    assert row is not None
    with pytest.raises(IdError, match="accountName"):
        build(row, "sub", {"resourceGroupName": "rg"})
    with pytest.raises(IdError, match=r"its form is .*storageAccounts/\{accountName\}"):
        parse(row, "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v")


def test_a_scope_without_its_slash_is_the_same_scope() -> None:
    row = catalog.find_token("authorization:RoleAssignment")
    assert row is not None
    for scope in ("/subscriptions/s", "subscriptions/s"):
        resource_id = build(row, "sub", {"scope": scope, "roleAssignmentName": "n"})
        assert resource_id == "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/n"
