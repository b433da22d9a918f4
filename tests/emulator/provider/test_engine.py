"""The provider under the real Pulumi engine on the real emulator; each test goes on from the one before."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.home import REPOSITORY
from tests.emulator.engine import LIMIT_S, SUBSCRIPTION, Engine

pytestmark = pytest.mark.e2e

PROGRAMS = Path(__file__).parent / "programs"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-sample"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sampleaccount01"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/data"
SECURITY = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-sample"
STORAGE_API, NETWORK_API = "2024-01-01", "2024-05-01"
KEY = "a-caller-key-of-some-length"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(tmp_path_factory.mktemp("engine"), PROGRAMS)
    engine.emulator("up")
    yield engine
    engine.emulator("down")


Refused = dict[str, subprocess.Popen[str]]
PREVIEW = """
pulumi -C $1 stack init test && pulumi -C $1 preview --stack test --non-interactive --color never
"""


@pytest.fixture(scope="module")
def refused(engine: Engine) -> Refused:
    """Previews that are refused: with faults, and with a state elsewhere.

    They go on beside the tests until somebody asks, since Pulumi waits for 5 s after a refusal.
    """
    state = engine.folder / "other-state"
    state.mkdir()
    begun: Refused = {}
    for name, variables in (("faults", ""), ("elsewhere", f"export PULUMI_BACKEND_URL=file://{state}\n")):
        project = engine.folder / name
        shutil.copytree(PROGRAMS / "faults", project)
        (project / "Pulumi.test.yaml").write_text(
            f"config: {{azure-native:subscriptionId: {SUBSCRIPTION}}}\n"
        )
        run = (sys.executable, "-m", "emulator", "run", "--", "sh", "-c", variables + PREVIEW, "sh")
        begun[name] = subprocess.Popen(
            [*run, str(project)],
            cwd=REPOSITORY,
            env=engine.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return begun


@pytest.mark.usefixtures("refused")
def test_a_preview_creates_nothing_and_computes_nothing(engine: Engine) -> None:
    engine.pulumi("sample", "stack", "ls")
    engine.pulumi("sample", "config", "set", "--secret", "key", KEY)
    said = engine.pulumi("sample", "preview")
    assert "11 to create" in said
    assert "principal: [unknown]" in said
    assert engine.resources() == {}


def test_up_creates_the_estate(engine: Engine) -> None:
    said = engine.up()
    assert "11 created" in said
    assert 'blob     : "https://sampleaccount01.blob.core.windows.net/"' in said
    state = engine.state()
    identity = state["identity"]["outputs"]
    assert state["reader"]["inputs"]["principalId"] == identity["principalId"]
    assert state["identity"]["inputs"]["resourceName"].startswith("identity")
    assert state["subnet"]["outputs"]["delegations"][0]["serviceName"].endswith("containerGroups")
    assert state["network"]["inputs"]["location"] == "westeurope"


def test_secrets_are_encrypted_in_the_state(engine: Engine) -> None:
    state = engine.state()
    assert KEY not in json.dumps(state)
    assert "ciphertext" in state["secret"]["inputs"]["properties"]["value"]


def test_a_second_up_changes_nothing(engine: Engine) -> None:
    assert "11 unchanged" in engine.up("--expect-no-changes")


def test_a_change_is_an_update_in_place(engine: Engine) -> None:
    engine.pulumi("sample", "config", "set", "owner", "other")
    assert "2 updated" in engine.up()
    account = engine.arm().get(ACCOUNT, STORAGE_API)
    assert account is not None
    assert account["tags"] == {"owner": "other"}


def test_a_refresh_finds_what_was_changed_beside_pulumi_and_up_mends_it(engine: Engine) -> None:
    arm = engine.arm()
    account, security = arm.get(ACCOUNT, STORAGE_API), arm.get(SECURITY, NETWORK_API)
    assert account is not None
    assert security is not None
    account["properties"]["allowSharedKeyAccess"] = True
    account["tags"]["extra"] = "1"
    arm.put(ACCOUNT, STORAGE_API, account)
    security["properties"]["securityRules"][0]["properties"]["priority"] = 200
    arm.put(SECURITY, NETWORK_API, security)
    arm.delete(CONTAINER, STORAGE_API)
    said = engine.pulumi("sample", "refresh", "--yes", "--skip-preview", "--diff")
    assert "~ allowSharedKeyAccess: false => true" in said
    assert "~ priority: 100 => 200" in said
    assert "2 updated" in said
    assert "1 deleted" in said
    said = engine.up()
    assert "1 created" in said
    assert "2 updated" in said
    mended = arm.get(ACCOUNT, STORAGE_API)
    assert mended is not None
    assert mended["tags"] == {"owner": "other"}
    assert mended["properties"]["allowSharedKeyAccess"] is False
    assert arm.get(CONTAINER, STORAGE_API) is not None


def test_another_name_is_another_resource(engine: Engine) -> None:
    engine.pulumi("sample", "config", "set", "account", "sampleaccount02")
    said = engine.up()
    assert "3 replaced" in said
    assert engine.arm().get(ACCOUNT, STORAGE_API) is None


def test_an_import_takes_over_what_exists(engine: Engine) -> None:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-by-hand"
    space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}
    engine.arm().put(network, NETWORK_API, {"location": "westeurope", "properties": space})
    engine.pulumi(
        "sample",
        *("import", "--yes", "--generate-code=false", "--protect=false"),
        *("azure-native:network:VirtualNetwork", "by-hand", network),
    )
    imported = engine.state()["by-hand"]["inputs"]
    assert imported["addressSpace"] == space["addressSpace"]
    assert imported["virtualNetworkName"] == "vnet-by-hand"


def test_faults_are_refused_before_anything_happens(engine: Engine, refused: Refused) -> None:
    said, _ = refused["faults"].communicate(timeout=LIMIT_S)
    assert refused["faults"].returncode != 0
    for expected in (
        "accountName: 'Bad-Name' is not a valid name here",
        "sku.nam: is not a property here; did you mean 'name'?",
        "networkRuleSet.defaultAction: 'Deni' is not one of Allow, Deny; did you mean 'Deny'?",
        "isHnsEnabled: must be a boolean, got a secret",
    ):
        assert expected in said
    assert "topsecret" not in said


def test_another_state_is_not_served(refused: Refused) -> None:
    said, _ = refused["elsewhere"].communicate(timeout=LIMIT_S)
    assert refused["elsewhere"].returncode != 0
    assert "serves no other state" in said


def test_pulumi_keeps_no_log_beside_the_state(engine: Engine) -> None:
    """It would write down all that each command does: a megabyte a run, a sixth of what a preview takes."""
    assert list((engine.folder / "home" / "pulumi" / "home").rglob("*.log")) == []


def test_destroy_leaves_nothing(engine: Engine) -> None:
    engine.pulumi("sample", "destroy", "--yes", "--skip-preview")
    assert engine.resources() == {}
    status = json.loads(engine.emulator("status", "--json"))
    assert status["refused_hosts"] == []
    assert status["refused_calls"] == []


def test_a_wrong_setting_of_the_estate_is_told_once(engine: Engine) -> None:
    wrong = ("--config", "mlops-estate:environment=stagge", "--non-interactive", "--color", "never")
    argv = (sys.executable, "-m", "emulator", "run", "--", "pulumi", "preview", "-s", "stage", *wrong)
    said = engine.command(*argv, check=False)
    assert 'environment is "stagge": use 2 to 5 lower-case letters' in said
    assert "unhandled" not in said and "2 errors" not in said
