"""Planted secrets, searched for everywhere: none in clear but where this test names the place."""

from __future__ import annotations

import json
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, TENANT_ID
from tests.e2e.canaries import Search
from tests.e2e.conftest import World

pytestmark = pytest.mark.e2e
PROGRAM = Path(__file__).parent / "programs" / "canaries"
# the value comes by standard input, as from a person: a command line can be read by all
WRITE = """
import sys
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
client = SecretClient("https://kv-canaries.vault.azure.net", DefaultAzureCredential())
name, value = sys.argv[1], sys.stdin.read()
client.set_secret(name, value)
assert client.get_secret(name).value == value
"""
# files that are secrets themselves: read by the user alone
KEYS = (
    "emulator.key",
    "identity.pem",
    "pulumi/passphrase",
    "run/client-secret",
    "run/control",
    "tls/key.pem",
)


@dataclass(frozen=True)
class Planted:
    world: World
    project: Path
    canaries: dict[str, str]
    said: dict[str, str]  # what each command printed

    def pulumi(self, *argv: str, given: str = "", fails: bool = False) -> str:
        command = ("pulumi", "-C", str(self.project), "--non-interactive", *argv)
        return self.client(*command, given=given, fails=fails)

    def client(self, *argv: str, given: str = "", fails: bool = False) -> str:
        command = [sys.executable, "-m", "emulator", "run", "--", *argv]
        done = subprocess.run(
            command, env=self.world.environment, input=given, capture_output=True, text=True, check=False
        )
        said = f"{done.stdout}\n{done.stderr}"
        self.said[f"{len(self.said)} {' '.join(argv[3:])[:80]}"] = said
        if fails != bool(done.returncode):
            pytest.fail(f"{' '.join(argv)} exited with {done.returncode}\n{said[-4000:]}")
        return said if fails else done.stdout


@pytest.fixture(scope="module")
def planted(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    project = tmp_path_factory.mktemp("canaries") / "project"
    shutil.copytree(PROGRAM, project)
    names = ("the container's value", "the vault's password", "the written secret", "the callers' key")
    canaries = {name: f"Canary{number}{secrets.token_hex(16)}" for number, name in enumerate(names)}
    made = Planted(world, project, canaries, {})
    made.pulumi("stack", "init", "test")
    known = {
        "azure-native:subscriptionId": next(iter(SUBSCRIPTIONS)),
        "tenantId": TENANT_ID,
        "officerId": SIGNED_IN.object_id,
    }
    made.pulumi("config", "set-all", *(f"--plaintext={name}={value}" for name, value in known.items()))
    made.pulumi("config", "set", "--secret", "secure", given=canaries["the container's value"])
    made.pulumi("config", "set", "--secret", "password", given=canaries["the vault's password"])
    made.pulumi("preview", "--diff", "--save-plan", str(project / "plan.json"))
    made.pulumi("up", "--yes", "--skip-preview", "--diff")
    made.client(sys.executable, "-c", WRITE, "written", given=canaries["the written secret"])
    made.client(sys.executable, "-c", WRITE, "callers-key", given=canaries["the callers' key"])
    canaries["the dummy client secret"] = (world.home / "run" / "client-secret").read_text()
    canaries["the passphrase"] = (world.home / "pulumi" / "passphrase").read_text()
    canaries["the control token"] = (world.home / "run" / "control").read_text()
    canaries["the sealing key"] = (world.home / "emulator.key").read_text()
    yield made


@pytest.fixture(scope="module")
def search(planted: Planted) -> Search:
    return Search(planted.canaries)


def test_the_search_finds_what_stands_in_clear(planted: Planted, search: Search, tmp_path: Path) -> None:
    value = planted.canaries["the written secret"]
    (tmp_path / "log").write_text(f"the value is {value}\n")
    assert search.files(tmp_path) == ["the written secret in log"]


def test_no_file_of_the_home_holds_a_secret(planted: Planted, search: Search) -> None:
    assert search.files(planted.world.home, *KEYS) == []


def test_no_file_of_the_project_holds_a_secret(planted: Planted, search: Search) -> None:
    (planted.project / "state.json").write_text(planted.pulumi("stack", "export"))
    assert (planted.project / "plan.json").stat().st_size > 1000
    assert search.files(planted.project) == []


def test_no_process_but_the_container_holds_a_secret(planted: Planted, search: Search) -> None:
    assert search.processes(planted.world.home) == ["the container's value in SECURE of python in root"]


def test_no_command_prints_a_secret(planted: Planted, search: Search) -> None:
    for argv in (("status",), ("status", "--json"), ("telemetry", "--json")):
        planted.said[" ".join(argv)] = planted.world.emulator(*argv).stdout
    planted.pulumi("stack")
    planted.pulumi("config")
    planted.pulumi("stack", "output", "--json")
    findings = [one for command, said in planted.said.items() for one in search.text(command, said)]
    assert findings == []


@pytest.mark.parametrize("place", ["accountName", "kind"])
def test_no_refusal_quotes_a_secret(planted: Planted, place: str) -> None:
    """Neither the provider's check nor Azure's answer, which repeats what it was sent."""
    wrong = f"WRONG-{secrets.token_hex(16)}"
    planted.pulumi("config", "set", "--secret", "wrong", given=wrong)
    planted.pulumi("config", "set", "wrongPlace", place)
    said = planted.pulumi("up", "--yes", "--skip-preview", "--diff", fails=True)
    planted.pulumi("config", "rm", "wrong")
    search = Search({"the wrong setting": wrong})
    assert "account" in said
    assert search.text("the refusal", said) == []
    assert search.files(planted.world.home, *KEYS) == []


def test_env_prints_the_dummy_client_secret_alone(planted: Planted, search: Search) -> None:
    """A shell takes its variables from there."""
    said = json.loads(planted.world.emulator("env", "--json").stdout)
    found = [one for name, value in said.items() for one in search.text(name, value)]
    assert found == ["the dummy client secret in AZURE_CLIENT_SECRET"]


def test_the_home_is_its_user_s_alone(planted: Planted) -> None:
    home = planted.world.home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in (*KEYS, "emulator.db"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600, name


def test_nothing_is_left_in_clear_after_a_restart_and_a_change(planted: Planted, search: Search) -> None:
    planted.world.emulator("down")
    planted.world.emulator("up")
    planted.canaries["the container's value"] = planted.canaries["the container's value"][::-1] + "New"
    planted.pulumi("config", "set", "--secret", "secure", given=planted.canaries["the container's value"])
    planted.pulumi("up", "--yes", "--skip-preview", "--diff")
    planted.pulumi("destroy", "--yes")
    both = Search(planted.canaries)
    assert both.files(planted.world.home, *KEYS) == []
    assert search.files(planted.world.home, *KEYS) == []
    assert both.files(planted.project) == []
