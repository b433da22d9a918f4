"""Programs of the shapes that people write elsewhere, through the real engine, from preview to destroy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.engine import Engine

pytestmark = pytest.mark.e2e

PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Program:
    """change: configuration that changes it; secrets: what it needs to begin with; outputs: parts of them."""

    name: str
    change: tuple[str, str]
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    outputs: dict[str, str] = field(default_factory=dict[str, str])


PASSWORD = {"password": "Canary-2f9c-Password!"}
PROGRAMS = [
    Program("pages", ("title", "Other"), outputs={"site": ".z1.web.core.windows.net/"}),
    Program("machine", ("disk", "128"), PASSWORD, {"private": "10.0.1.4", "public": "198.18."}),
    Program("site", ("size", "B2"), PASSWORD, {"endpoint": ".azurewebsites.net"}),
    Program("functions", ("python", "3.12"), outputs={"endpoint": ".azurewebsites.net"}),
    Program("cluster", ("nodes", "3"), outputs={"fqdn": ".azmk8s.io"}),
    Program("databases", ("policy", "noeviction"), outputs={"endpoint": ".documents.azure.com"}),
    Program("datacenter", ("spokes", "5"), outputs={"firewall": "10.100.0.4"}),
    Program("containers", ("label", "other"), outputs={"address": "hello-from-the-programs."}),
]
USUAL = 2  # so many of them belong to the usual run


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("programs"), Path(__file__).parent)
    engine.emulator("up")
    yield engine
    engine.emulator("down")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(program, id=program.name, marks=[pytest.mark.slow] if index >= USUAL else [])
        for index, program in enumerate(PROGRAMS)
    ],
)
def test_a_program_lives_its_whole_life(engine: Engine, program: Program) -> None:
    name = program.name
    settings = [("--plaintext", "azure-native:location", "westeurope")]
    settings += [("--secret", key, value) for key, value in program.secrets.items()]
    engine.pulumi(name, "config", "set-all", *(f"{kind}={key}={value}" for kind, key, value in settings))

    before = engine.resources()
    assert "to create" in engine.pulumi(name, "preview")
    assert engine.resources() == before

    assert "created" in engine.up(program=name)
    exported = engine.deployed(name)
    state = exported["resources"]
    outputs = next(one["outputs"] for one in state if one["type"] == "pulumi:pulumi:Stack")
    for key, text in program.outputs.items():
        assert text in str(outputs[key]), outputs
    for value in program.secrets.values():
        assert value not in json.dumps(exported)
    _import_all(engine, name, state)

    engine.up("--refresh", "--expect-no-changes", program=name)

    engine.pulumi(name, "config", "set", *program.change)
    said = engine.up(program=name)
    assert "updated" in said or "created" in said or "replaced" in said
    engine.up("--refresh", "--expect-no-changes", program=name)

    engine.pulumi(name, "destroy", "--yes", "--skip-preview")
    assert engine.resources() == before
    status = json.loads(engine.emulator("status", "--json"))
    assert (status["refused_hosts"], status["refused_calls"]) == ([], [])


def _import_all(engine: Engine, name: str, state: list[dict[str, Any]]) -> None:
    """Import everything that the program made into another stack."""
    made = {one["urn"].rsplit("::", 1)[-1]: one for one in state}
    found: list[dict[str, Any]] = [
        {"type": one["type"], "name": key, "id": one["id"]}
        for key, one in made.items()
        if one.get("custom") and not one["type"].startswith(PROVIDER)
    ]
    listed = engine.folder / f"{name}-import.json"
    listed.write_text(json.dumps({"resources": found}))
    engine.init(name, "imported", "--no-select")
    engine.pulumi(
        name,
        *("import", "--yes", "--skip-preview", "--generate-code=false", "--protect=false"),
        *("--stack", "imported", "--file", str(listed)),
    )
    imported = {
        key: one["inputs"]
        for key, one in engine.state(name, "imported").items()
        if one.get("custom") and not one["type"].startswith(PROVIDER)
    }
    assert imported.keys() == {one["name"] for one in found}
    for key, inputs in imported.items():
        written = {one for one in made[key]["inputs"] if not one.startswith("__")}
        assert inputs.keys() & written, (key, inputs)


@pytest.mark.slow
def test_a_shaken_cloud_holds_what_the_program_says_after_a_second_run_at_most(engine: Engine) -> None:
    """A fifth of the answers is 429 or 503, one connection in four is cut, and grants come late."""
    name = "many"
    settings = ("--plaintext=azure-native:location=westeurope", "--plaintext=count=120")
    engine.pulumi(name, "config", "set-all", *settings)
    plan = ("--busy", "0.2", "--retry", "0", "--cut", "4", "--late", "2", "--seed", "7")
    engine.emulator("faults", *plan)
    try:
        for _ in range(2):
            engine.pulumi(name, "up", "--yes", "--skip-preview", check=None)
        happened = json.loads(engine.emulator("status", "--json"))["faults"]["happened"]
    finally:
        engine.emulator("faults")
    assert happened["throttled"] > 20 and happened["unavailable"] > 20 and happened["cut"] > 0
    engine.up("--expect-no-changes", program=name)
    assert engine.resources() == {
        "Microsoft.ManagedIdentity/userAssignedIdentities": 29,
        "Microsoft.Network/networkInterfaces": 29,
        "Microsoft.Network/publicIPAddresses": 29,
        "Microsoft.Network/virtualNetworks": 1,
        "Microsoft.Network/virtualNetworks/subnets": 1,
        "Microsoft.Resources/resourceGroups": 1,
        "Microsoft.Storage/storageAccounts": 2,
        "Microsoft.Storage/storageAccounts/blobServices": 2,
        "Microsoft.Storage/storageAccounts/blobServices/containers": 28,
        "Microsoft.Storage/storageAccounts/fileServices": 2,
        "Microsoft.Storage/storageAccounts/queueServices": 2,
        "Microsoft.Storage/storageAccounts/tableServices": 2,
    }
    engine.pulumi(name, "destroy", "--yes", "--skip-preview")
    assert engine.resources() == {}


@pytest.mark.slow
def test_500_resources_in_one_program(engine: Engine) -> None:
    name = "many"
    engine.pulumi(
        name, "config", "set-all", "--plaintext=azure-native:location=westeurope", "--plaintext=count=500"
    )
    assert "501 created" in engine.up(program=name)
    assert sum(engine.resources().values()) >= 500
    engine.up("--expect-no-changes", program=name)
    engine.pulumi(name, "destroy", "--yes", "--skip-preview")
    assert engine.resources() == {}
