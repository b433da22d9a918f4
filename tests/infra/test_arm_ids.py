"""The forms of ids: one for each type of the program, and those that Azure has."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.arm import catalog
from emulator.provider import resource_ids
from infra.arm_ids import FORMS, GROUP, PREFIX, UNKNOWN, id_of
from infra.narrow_imports import SDK
from tests.infra.golden import FOLDER, GOLDEN
from tests.infra.recording import ROOT

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"


def resources() -> list[dict[str, Any]]:
    found = [json.loads((FOLDER / f"{name}.json").read_text())["resources"] for name in GOLDEN]
    return [one for some in found for one in some if one["type"].startswith(PREFIX)]


def made() -> Iterator[str]:
    """The types of all resources that the code of infra/ makes, whatever the settings: `network:Subnet`."""
    for file in sorted((ROOT / "infra").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        imports = (one for one in nodes if isinstance(one, ast.ImportFrom) and one.module == SDK)
        modules = {name.asname or name.name: name.name for one in imports for name in one.names}
        for node in nodes:
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=alias), attr=name)) if alias in modules:
                    if catalog.find_token(f"{PREFIX}{modules[alias]}:{name}"):
                        yield f"{modules[alias]}:{name}"
                case _:
                    pass


def test_each_type_of_the_program_has_a_form() -> None:
    types = {one["type"].removeprefix(PREFIX) for one in resources()} | set(made())
    assert len(types) > 65
    assert sorted(types - FORMS.keys()) == []


@pytest.mark.parametrize("key", sorted(FORMS))
def test_a_form_is_azures(key: str) -> None:
    row = catalog.find_token(PREFIX + key)
    assert row is not None
    form = FORMS[key]
    whole = form if form.startswith(("/", "{")) else f"{GROUP}/providers/{form}"
    assert "/" + whole.lstrip("/") == row.path


def test_ids_are_those_that_the_provider_builds() -> None:
    built = 0
    for one in resources():
        row = catalog.find_token(one["type"])
        assert row is not None
        try:
            expected = resource_ids.build(row, SUBSCRIPTION, one["inputs"])
        except resource_ids.IdError:
            assert id_of(one["type"], one["inputs"], SUBSCRIPTION) is None
            continue
        assert id_of(one["type"], one["inputs"], SUBSCRIPTION) == expected
        built += 1
    assert built > 300


def test_what_pulumi_does_not_know_yet_gives_no_id() -> None:
    inputs = {"resourceGroupName": UNKNOWN, "virtualNetworkName": "net", "subnetName": "all"}
    assert id_of("azure-native:network:Subnet", inputs, SUBSCRIPTION) is None
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    assert id_of("azure-native:network:Subnet", {**inputs, "resourceGroupName": "rg"}, SUBSCRIPTION) == (
        f"{group}/providers/Microsoft.Network/virtualNetworks/net/subnets/all"
    )


def test_a_type_without_a_form_is_named_with_the_table() -> None:
    with pytest.raises(LookupError, match=r"infra/arm_ids.py has no form .* azure-native:network:Firewall"):
        id_of("azure-native:network:Firewall", {}, SUBSCRIPTION)
