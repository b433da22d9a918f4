from __future__ import annotations

import re
import subprocess
import sys

import pytest

from emulator.arm import catalog
from emulator.arm.catalog import ROWS
from emulator.arm.catalog_types import ResourceType, Row
from emulator.provider import schema_cache, traits_table
from emulator.provider.actions import ACTIONS
from emulator.provider.diff import compare
from emulator.provider.lifecycle import Lifecycle
from tests.emulator.provider.fake_azure import FakeAzure, client

TOKENS = [(row, token) for row in ROWS for token in row.tokens]


@pytest.mark.parametrize(("row", "token"), TOKENS, ids=[token for _, token in TOKENS])
def test_a_row_fits_the_sdk(row: ResourceType, token: str) -> None:
    schema = schema_cache.resource(f"azure-native:{token}")
    inputs, traits = {name.lower(): name for name in schema.inputs}, traits_table.of(row)
    assert bool(schema.api_version) == (row.plane == "arm")
    assert [name for name in row.parameters if name.lower() not in inputs] == []
    assert [name for name in (*traits.wire, *traits.query, *row.inline) if name not in schema.inputs] == []
    for path in traits.force_new:
        assert path.split(".")[0].removesuffix("[]") in schema.inputs, path


def test_every_type_and_token_has_one_row() -> None:
    tokens = [token for _, token in TOKENS]
    assert len(tokens) == len(set(tokens))
    types: dict[str, set[str]] = {}
    for row in ROWS:
        types.setdefault(row.arm_type.lower(), set()).add(row.path)
    shared = {arm_type for arm_type, paths in types.items() if len(paths) > 1}
    # One type, a token for each kind of scope, or for each of its two names.
    assert shared == {
        "microsoft.authorization/locks",
        "microsoft.web/sites/basicpublishingcredentialspolicies",
    }


def test_every_trait_is_of_a_catalogued_token() -> None:
    assert traits_table.TABLE.keys() - {token for _, token in TOKENS} == set()


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("storage", "emulator/storage/types.py"),
        ("applicationinsights", "emulator/monitor/types.py"),
        ("privatedns", "emulator/network/types.py"),
        ("search", "emulator/search/types.py"),  # no service has one of its types yet
    ],
)
def test_a_new_row_goes_to_the_service_that_has_the_other_types_of_its_module(module: str, file: str) -> None:
    assert catalog.home(module) == file


def test_the_catalog_imports_no_service() -> None:
    """The rows stand in the services' folders, but the provider reads them without loading a service."""
    found = subprocess.run(
        [sys.executable, "-c", "import sys, emulator.arm.catalog; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    allowed = {"emulator.arm.catalog", "emulator.arm.catalog_types", "emulator.arm.name_rules"}
    modules = {name for name in found if name.count(".") > 1 and name.startswith("emulator.")}
    assert {name for name in modules - allowed if not name.endswith(".types")} == set()


def test_every_function_acts_on_a_catalogued_type() -> None:
    assert [name for name, action in ACTIONS.items() if catalog.find_token(action.token) is None] == []


def test_types_are_found_in_any_case_and_with_varying_segments() -> None:
    found = catalog.find("microsoft.storage/STORAGEACCOUNTS")
    assert found is not None
    assert found.unique == "global"
    assert catalog.find("Microsoft.Network/privateDnsZones/AAAA") is not None
    assert catalog.find("Microsoft.Network/privateDnsZones/nothing") is None
    assert catalog.find("Microsoft.Nothing/things") is None


def test_the_type_of_an_id() -> None:
    group = "/subscriptions/s/resourceGroups/g"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/a"
    assert catalog.arm_type_of(group) == "Microsoft.Resources/resourceGroups"
    assert catalog.arm_type_of(f"{account}/blobServices/default/containers/c").endswith(
        "blobServices/containers"
    )
    lock = f"{account}/providers/Microsoft.Authorization/locks/l"
    assert catalog.arm_type_of(lock) == "Microsoft.Authorization/locks"
    assert catalog.arm_type_of("/nothing") == ""


@pytest.mark.parametrize(
    ("token", "good", "bad"),
    [
        ("storage:StorageAccount", "abc123", "ab"),
        ("storage:StorageAccount", "abc", "Abc"),
        ("keyvault:Vault", "kv-mlops-stage", "kv--mlops"),
        ("containerregistry:Registry", "crmlops", "cr-mlops"),
        ("machinelearningservices:Workspace", "mlw-stage", "-mlw"),
        ("machinelearningservices:Compute", "cpu-cluster", "1cluster"),
        ("network:Subnet", "private-endpoints", "ends-"),
        ("containerservice:AgentPool", "system", "System"),
        ("storage:BlobContainer", "data", "da--ta"),
        ("authorization:RoleAssignment", "0a7c1e5d-0000-4000-8000-00000000000a", "reader"),
    ],
)
def test_name_rules(token: str, good: str, bad: str) -> None:
    row = catalog.find_token(token)
    assert row is not None
    assert row.name is not None
    assert row.name.problem(good) is None
    assert bad in str(row.name.problem(bad))


def test_adding_a_type_is_adding_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that the refusal prints, with Azure's spelling of the path, is all that a new type needs."""
    refusal = catalog.missing_row("azure-native:search:Service", "2025-05-01", ("resourceGroupName",))
    assert "emulator/search/types.py" in refusal
    line = re.search(r"Row\(.*\),", refusal)
    assert line is not None
    row = Row("Microsoft.Search/searchServices/{searchServiceName}", "search:Service")
    monkeypatch.setattr(catalog, "find_token", {"azure-native:search:Service": row}.get)
    found = Lifecycle(client(FakeAzure())).kind("azure-native:search:Service").row
    assert found is row
    assert found.arm_type == "Microsoft.Search/searchServices"
    assert compare(found, {"searchServiceName": "a"}, {"searchServiceName": "b"}, ())[0].replace
