"""Each scenario of settings goes up, changes nothing the second time, one thing the third, and goes down."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.scenario import QUIET, Scenario, standing
from tests.infra.scenarios import NAMESPACE, SCENARIOS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]  # test_estate.py walks through the stack files themselves


@pytest.fixture
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scenario]:
    with standing(tmp_path, request.param) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS, indirect=True)
def test_it_goes_up_and_down_and_up_again(scenario: Scenario) -> None:
    others = scenario.world.resources()
    scenario.up()
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
    assert scenario.world.resources() == others

    kept = ["recoverKeyVault"]  # what Azure keeps of a deleted estate
    if scenario.config.get(f"{NAMESPACE}gateway"):
        kept.append("recoverGateway")
    scenario.config |= {f"{NAMESPACE}{name}": True for name in kept}
    scenario.pulumi("up", *QUIET, "--skip-preview")
    scenario.config |= {f"{NAMESPACE}{name}": False for name in kept}
    scenario.pulumi("up", *QUIET, "--expect-no-changes")
