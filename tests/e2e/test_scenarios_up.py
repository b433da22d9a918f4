"""Each scenario of settings goes up, changes nothing the second time, one thing the third, and goes down."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import World
from tests.infra.scenarios import NAMESPACE, SCENARIOS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]  # test_estate.py walks through the stack files themselves
QUIET = ("--yes", "--suppress-progress", "--suppress-outputs", "--color", "never")


class Scenario:
    """One scenario's stack in a world of its own."""

    def __init__(self, world: World, stack: str, config: dict[str, Any], folder: Path) -> None:
        self.world, self.stack, self.config = world, stack, config
        self.settings = folder / f"Pulumi.{stack}.yaml"

    def pulumi(self, verb: str, *argv: str, check: bool = True) -> str:
        """With the scenario's settings, and the salt of the stack's own copy."""
        copy = self.world.home / "pulumi" / "config" / f"Pulumi.{self.stack}.yaml"
        salt = yaml.safe_load(copy.read_text())["encryptionsalt"] if copy.exists() else None
        if salt is None:
            self.world.pulumi("stack", self.stack)  # makes the stack, and its copy
            return self.pulumi(verb, *argv, check=check)
        text = yaml.safe_dump({"config": self.config, "encryptionsalt": salt})
        self.settings.write_text(text)
        done = self.world.pulumi(verb, self.stack, "--config-file", str(self.settings), *argv, check=check)
        return done.stdout + done.stderr


@pytest.fixture
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scenario]:
    stack, config = SCENARIOS[request.param]()
    world = World(tmp_path / "home")
    world.emulator("up")
    yield Scenario(world, stack, config, tmp_path)
    world.emulator("down")


@pytest.mark.parametrize("scenario", SCENARIOS, indirect=True)
def test_it_goes_up_and_down_and_up_again(scenario: Scenario) -> None:
    scenario.pulumi("up", *QUIET, "--skip-preview")
    scenario.pulumi("up", *QUIET, "--expect-no-changes")
    scenario.pulumi("refresh", *QUIET, "--expect-no-changes")

    compute = scenario.config[f"{NAMESPACE}compute"]
    scenario.config[f"{NAMESPACE}compute"] = {**compute, "maxNodes": compute["maxNodes"] + 1}
    summary = json.loads(scenario.pulumi("preview", "--json"))["changeSummary"]
    assert {kind: count for kind, count in summary.items() if kind != "same"} == {"update": 1}
    scenario.pulumi("up", *QUIET, "--skip-preview")

    if scenario.config.get(f"{NAMESPACE}protectData"):
        assert "because it is protected" in scenario.pulumi("destroy", *QUIET, check=False)
        scenario.config[f"{NAMESPACE}protectData"] = False
        scenario.pulumi("up", *QUIET, "--skip-preview")
    scenario.world.run("mlops", "undeploy", "--env", scenario.stack, "--workspace", "--json")
    scenario.pulumi("destroy", *QUIET)
    assert scenario.world.resources() == 0

    kept = ["recoverKeyVault"]  # what Azure keeps of a deleted estate
    if scenario.config.get(f"{NAMESPACE}gateway"):
        kept.append("recoverGateway")
    scenario.config |= {f"{NAMESPACE}{name}": True for name in kept}
    scenario.pulumi("up", *QUIET, "--skip-preview")
    scenario.config |= {f"{NAMESPACE}{name}": False for name in kept}
    scenario.pulumi("up", *QUIET, "--expect-no-changes")
