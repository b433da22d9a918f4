"""The Azure command line from PyPI, unmodified, through ``python -m emulator run -- az``.

Each command takes a second and more to start, so these are slow. `make azure-cli` installs it; so does the
first test.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, TENANT_ID

from .conftest import ROOT, World

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

STAGE, PROD = (
    next(id_ for id_, name in SUBSCRIPTIONS.items() if name == wanted) for wanted in ("stage", "prod")
)
GROUP = f"/subscriptions/{STAGE}/resourceGroups/g1"
VNET_TYPE = "Microsoft.Network/virtualNetworks"
Az = Callable[..., Any]


@pytest.fixture(scope="session")
def program() -> str:
    made = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "bootstrap" / "azure_cli.py")],
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


@pytest.fixture(scope="module")
def az(world: World, program: str) -> Az:
    """Runs a command, given as words; its answer from JSON, None for none."""

    def run(words: str, *more: str) -> Any:
        said = world.run(program, *words.split(), *more, "--output", "json")
        return json.loads(said) if said.strip() else None

    run("group create -n g1 -l westeurope --tags env=test")
    return run


def names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(one["name"] for one in found)


def test_it_is_signed_in_from_the_start(az: Az, world: World) -> None:
    assert names(az("account list")) == sorted(SUBSCRIPTIONS.values())
    shown = az("account show")
    assert (shown["id"], shown["tenantId"], shown["user"]["name"]) == (STAGE, TENANT_ID, SIGNED_IN.client_id)
    assert az("account get-access-token")["tokenType"] == "Bearer"
    assert "westeurope" in names(az("account list-locations"))
    assert not (world.folder / ".azure").exists()  # the user's own
    assert (
        world.folder / "home" / "azure-cli" / "service_principal_entries.json"
    ).stat().st_mode & 0o077 == 0


def test_signing_in_and_out_by_hand(world: World, program: str) -> None:
    world.run(program, "logout")
    process = world.start("run", "--", program, "account", "show")
    assert "az login" in process.communicate(timeout=60)[1]
    secret = f"@{world.folder / 'home' / 'run' / 'client-secret'}"
    login = ["login", "--service-principal", "-u", SIGNED_IN.client_id, "-p", secret, "--tenant", TENANT_ID]
    found = json.loads(world.run(program, *login, "-o", "json"))
    assert names(found) == sorted(SUBSCRIPTIONS.values())


def test_groups(az: Az) -> None:
    az("group create -n g2 -l westeurope")
    assert names(az("group list")) == ["g1", "g2"]
    assert names(az("group list --tag env=test")) == ["g1"]
    assert az("group update -n g2 --set tags.a=b")["tags"] == {"a": "b"}
    assert az("group show -n g2")["location"] == "westeurope"
    assert az("group exists -n g2") is True
    az("group delete -n g2 --yes")
    assert az("group exists -n g2") is False


def test_resources_of_any_type(az: Az) -> None:
    space = json.dumps({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
    one = ("-g", "g1", "-n", "net1", "--resource-type", VNET_TYPE)
    made = az("resource create -l westeurope", *one, "--properties", space)
    assert made["id"] == f"{GROUP}/providers/{VNET_TYPE}/net1"
    az("resource tag --tags k=v", *one)
    assert az("resource show", *one)["tags"] == {"k": "v"}
    assert az("resource update --set tags.z=1", *one)["tags"] == {"k": "v", "z": "1"}
    assert names(az(f"resource list --resource-type {VNET_TYPE}")) == ["net1"]
    assert names(az("resource list --tag k=v")) == ["net1"]
    assert az("resource list --tag k=other") == []
    assert az("network vnet list")[0]["addressSpace"]["addressPrefixes"] == ["10.0.0.0/16"]
    az("resource delete", *one)
    assert az(f"resource list --resource-type {VNET_TYPE}") == []


def test_blobs_with_the_signed_in_identity(az: Az, tmp_path: Path) -> None:
    az("storage account create -n azacct -g g1 --sku Standard_LRS --allow-shared-key-access false")
    assert az("storage account check-name -n azacct")["reason"] == "AlreadyExists"
    role = ("role", "assignment", "create", "--role", "Storage Blob Data Contributor")
    az(" ".join(role[:3]), *role[3:], "--assignee", SIGNED_IN.client_id, "--scope", GROUP)
    login = "--account-name azacct --auth-mode login"
    assert az(f"storage container create -n data {login}") == {"created": True}
    file, back = tmp_path / "file", tmp_path / "back"
    file.write_bytes(b"some bytes" * 1000)
    az(f"storage blob upload -c data -n a/b {login} --no-progress -f", str(file))
    assert names(az(f"storage blob list -c data {login}")) == ["a/b"]
    az(f"storage blob download -c data -n a/b {login} --no-progress -f", str(back))
    assert back.read_bytes() == file.read_bytes()
    assert az(f"storage blob exists -c data -n none {login}") == {"exists": False}
    assigned = az("role assignment list -g g1")
    assert [one["principalName"] for one in assigned] == [SIGNED_IN.client_id]


def test_vaults_and_secrets(az: Az) -> None:
    az("keyvault create -n azvault -g g1 -l westeurope")
    role = ("--role", "Key Vault Secrets Officer", "--assignee-object-id", SIGNED_IN.object_id)
    az("role assignment create --assignee-principal-type ServicePrincipal", *role, "--scope", GROUP)
    assert names(az("keyvault list")) == ["azvault"]
    az("keyvault secret set --vault-name azvault -n one --value first")
    az("keyvault secret set --vault-name azvault -n one --value second")
    assert az("keyvault secret show --vault-name azvault -n one")["value"] == "second"
    assert names(az("keyvault secret list --vault-name azvault")) == ["one"]
    az("keyvault secret delete --vault-name azvault -n one")
    assert names(az("keyvault secret list-deleted --vault-name azvault")) == ["one"]


def test_plain_requests(az: Az) -> None:
    found = az("rest --url /subscriptions?api-version=2022-12-01")
    assert [one["subscriptionId"] for one in found["value"]] == [STAGE, PROD]
    body = json.dumps({"tags": {"by": "rest"}})
    changed = az(f"rest --method patch --url {GROUP}?api-version=2024-03-01 --body", body)
    assert changed["tags"] == {"by": "rest"}


def test_template_deployments_are_refused_by_name(world: World, az: Az, program: str, tmp_path: Path) -> None:
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    template = tmp_path / "t.json"
    template.write_text(json.dumps({"$schema": schema, "contentVersion": "1.0.0.0", "resources": []}))
    words = ["deployment", "group", "create", "-g", "g1", "--template-file", str(template)]
    process = world.start("run", "--", program, *words)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode != 0
    assert "NotEmulated" in errors
    assert "Microsoft.Resources/deployments" in errors


def test_eight_at_once_share_one_sign_in(az: Az, world: World, program: str) -> None:
    began = [
        world.start("run", "--", program, "group", "create", "-n", f"many{number}", "-l", "westeurope")
        for number in range(8)
    ]
    ended = [(one, *one.communicate(timeout=240)) for one in began]
    assert [(one.returncode, errors) for one, _, errors in ended] == [(0, "")] * 8
    assert [name for name in names(az("group list")) if name.startswith("many")] == [
        f"many{number}" for number in range(8)
    ]
