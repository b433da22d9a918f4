"""Kill anything at any time: after `emulator up` the same command ends in the same estate.

``KILLS``: how many kills the long form makes. ``KILL_SEED``: which ones; a failure names both, and
``KILL_SEED=… pytest tests/e2e/test_kill.py -k 'kills and NUMBER'`` makes the same kill again.
"""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e import endstate
from tests.e2e.canaries import Search
from tests.e2e.conftest import World
from tests.e2e.disturbed import PHASES, Line, Plan, closed, interrupt, mend, plan

pytestmark = pytest.mark.e2e
SEED = int(os.environ.get("KILL_SEED", "4"))
READ_KEY = """
import sys
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
client = SecretClient(sys.argv[1], DefaultAzureCredential())
print(client.get_secret(next(iter(client.list_properties_of_secrets())).name).value)
"""
KEYS = ("pulumi/passphrase", "run/client-secret", "run/control")
SHORT_S = 8.0  # of the undisturbed phase: a kill comes within them
KILLS = int(os.environ.get("KILLS", "50"))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    made = Line(tmp_path_factory.mktemp("line"))
    try:
        made.lay()
        yield made
    finally:
        made.world.emulator("down")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(KILLS))
def test_kills(line: Line, number: int) -> None:
    kill = plan(SEED, number)
    print(f"KILL_SEED={SEED}, kill {number}: {kill}")
    problems = line.disturb(kill)
    said = "\n".join(problems)
    assert not problems, f"KILL_SEED={SEED}, kill {number}: {kill}\n{said}"


@pytest.mark.slow
def test_the_line_leaves_no_secret_in_clear(line: Line) -> None:
    """The callers' key, which `mlops deploy` made, and the emulator's own, while the service runs."""
    line.restore("score")
    line.world.emulator("up")
    vault = json.loads(line.world.pulumi("stack output", "stage", "--json").stdout)["key_vault_uri"]
    key = line.world.run(sys.executable, "-c", READ_KEY, vault).stdout.strip()
    line.world.run(*PHASES[-1].argv)
    canaries = {name: (line.home / name).read_text() for name in (*KEYS, "emulator.key")}
    search = Search({**canaries, "the callers' key": key})
    assert len(key) > 40
    assert search.files(line.home, *KEYS, "emulator.key") == []
    assert search.processes(line.home) == []
    line.world.emulator("down")


def doubled(end: endstate.EndState) -> list[str]:
    """Assets with more than one version, and grants that stand twice."""
    assets = Counter(
        one.rsplit("/versions/")[0]
        for one in end.resources.elements()
        if "/versions/" in one and "azureml_anonymous" not in one
    )
    return [f"{name} x{count}" for name, count in assets.items() if count > 1]


def test_the_estate_survives_three_kills(tmp_path: Path) -> None:
    """Pulumi while the estate goes up; all of the machine, then the emulator, while a model is trained."""
    world, chance = World(tmp_path / "home"), random.Random(SEED)
    up, train = PHASES[0], replace(PHASES[1], argv=(*PHASES[1].argv, "--trials", "1"))
    world.emulator("up")
    try:
        assert interrupt(world, Plan(up, "command", chance.uniform(0.3, 1)), SHORT_S)
        assert mend(world, up) == []
        assert interrupt(world, Plan(train, "everything", chance.uniform(0.3, 1)), SHORT_S)
        assert interrupt(world, Plan(train, "daemon", chance.uniform(0.3, 1)), SHORT_S)
        assert mend(world, train) == []
    finally:
        world.emulator("down")
    end = endstate.read(world.home)
    assert [*closed(world, end), *doubled(end)] == []
    assert len(end.models) == 1
