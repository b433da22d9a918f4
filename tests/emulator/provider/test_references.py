"""What the SDK sets in a reference by itself is no word of the program."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from emulator.arm import catalog
from emulator.provider import schema_cache
from emulator.provider.body import BodyMapper
from emulator.provider.check import check_inputs
from emulator.provider.references import SET_BY_SDK

SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
TYPED = {  # SubnetArgs(id=SUBNET), as it reaches the provider
    "id": SUBNET,
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}


def bastion(subnet: dict[str, Any]) -> dict[str, Any]:
    return {"resourceGroupName": "rg", "ipConfigurations": [{"name": "a", "subnet": subnet}]}


def test_a_typed_subnet_is_a_reference_where_one_is_meant() -> None:
    schema, row = (
        schema_cache.resource("azure-native:network:BastionHost"),
        catalog.find_token("network:BastionHost"),
    )
    assert row is not None
    assert [str(one) for one in check_inputs(schema, bastion(TYPED))] == []
    [sent] = BodyMapper(schema, row).to_arm(bastion(TYPED))["properties"]["ipConfigurations"]
    assert sent["properties"]["subnet"] == {"id": SUBNET}


@pytest.mark.parametrize(
    "own", [{"addressPrefix": "10.0.0.0/24"}, {"privateEndpointNetworkPolicies": "Enabled"}]
)
def test_what_a_program_writes_into_a_reference_is_named(own: dict[str, Any]) -> None:
    schema = schema_cache.resource("azure-native:network:BastionHost")
    [found] = [str(one) for one in check_inputs(schema, bastion({**TYPED, **own}))]
    assert f"ipConfigurations[0].subnet.{next(iter(own))}: is not a property here" in found


def test_the_table_is_what_the_sdk_sets() -> None:
    spec = find_spec("pulumi_azure_native")
    assert spec is not None and spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / "network" / "_inputs.py").read_text()
    found: set[tuple[str, str | bool]] = set()
    for one in re.split(r"\n@pulumi\.input_type\n", text)[1:]:
        head, begin = one.split('"""', 1)[0], one.split("@_builtins.property", 1)[0]
        if not re.search(r"\n\s+id: pulumi\.Input", head):
            continue
        for name, value in re.findall(r"if (\w+) is None:\n\s+\1 = (.+)", begin):
            first, *rest = name.split("_")
            camel = first + "".join(word.capitalize() for word in rest)
            found.add((camel, value == "True" if value in ("True", "False") else value.strip("'")))
    assert found == SET_BY_SDK
