from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.home import REPOSITORY
from emulator.provider import schema_cache
from emulator.provider.schema import Resource


def test_a_schema_survives_the_disk() -> None:
    schema = schema_cache.resource("azure-native:network:VirtualNetwork")
    assert Resource.load(json.loads(json.dumps(schema.dump()))) == schema


def test_what_introspection_finds() -> None:
    schema = schema_cache.resource("azure-native:storage:StorageAccount")
    assert schema.api_version == "2024-01-01"
    assert {name for name, item in schema.inputs.items() if item.required} == {
        "kind",
        "resourceGroupName",
        "sku",
    }
    assert schema.inputs["kind"].type.open
    rules = schema.properties(schema.inputs["networkRuleSet"].type)
    assert rules["defaultAction"].type.values == ("Allow", "Deny")
    assert not rules["defaultAction"].type.open
    assert schema.outputs["primaryEndpoints"].type.kind == "object"
    compute = schema_cache.resource("azure-native:machinelearningservices:Compute")
    cluster = compute.types["AmlComputeArgs"]["computeType"]
    assert cluster.constant == "AmlCompute"
    assert "AmlComputeResponse" in {option.name for option in compute.outputs["properties"].type.options}


def test_types_that_take_init_args_are_understood() -> None:
    schema = schema_cache.resource("azure-native:network:PublicIPAddress")
    assert "publicIpAddressName" in schema.inputs


def test_a_name_that_the_sdk_lacks_is_remembered_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_cache, "ROWS", ())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        with pytest.raises(schema_cache.UnknownResource, match="has no resource 'NoSuchThing'"):
            schema_cache.resource("azure-native:storage:NoSuchThing")
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_a_start_with_a_warm_cache_imports_neither_the_sdk_nor_pulumi() -> None:
    schema_cache.warm()
    code = (
        "import sys\n"
        "from emulator.provider import lean_imports\n"
        "lean_imports.install()\n"
        "from emulator.provider import server, schema_cache\n"
        "schema_cache.resource('azure-native:network:VirtualNetwork')\n"
        "print([name for name in sys.modules if name.startswith(('pulumi_azure_native', 'pulumi.output'))])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
