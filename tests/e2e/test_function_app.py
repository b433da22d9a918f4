"""The function app that scores, by the real commands: up, with a release, and answering as the service.

The gate of production is that of `mlops promote` (test_production_line.py); what the command does before and
after it is in tests/ml/functions.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.e2e.conftest import ROOT, World, model_world
from tests.e2e.production import UP, settings_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = model_world
PROGRAM: Final = Path(__file__).parent / "programs" / "both.py"
RANGE: Final = "10.20.3.192/27"


@dataclass(frozen=True)
class Case:
    """release: the one that the service has."""

    world: World
    release: str

    def both(self, rows: int) -> dict[str, Any]:
        """What the service and the function app answer to the same rows."""
        return json.loads(self.world.run(sys.executable, str(PROGRAM), str(rows)).stdout)


def up(world: World) -> str:
    """Bring stage up with the function app. What Pulumi said."""
    config = yaml.safe_load((ROOT / "Pulumi.stage.yaml").read_text())["config"]
    subnets = {**config["mlops-estate:network"]["subnets"], "scoringFunction": RANGE}
    memory = ("--config", "mlops-estate:scoringFunction.memoryMb=2048")
    return world.pulumi("up", "stage", *UP, *settings_of("stage", "network", subnets=subnets), *memory).stdout


@pytest.fixture(scope="module")
def case(world: World) -> Iterator[Case]:
    up(world)
    made = json.loads(world.run("mlops", "deploy", "--env", "stage", "--json").stdout)
    yield Case(world, made["release"])


def test_it_answers_as_the_service_does(case: Case) -> None:
    asked = ("mlops", "functions", "deploy", case.release, "--env", "stage", "--json")
    put = json.loads(case.world.run(*asked).stdout)
    assert put["release"] == case.release and put["code_of_the_image"]
    assert "recorded predictions" in put["smoke_tests"]
    both = case.both(100)
    service, function = both["service"], both["function"]
    assert len(function["predictions"]) == 100
    for part in ("predictions", "outliers"):
        assert function[part] == service[part]
    for name in ("name", "version", "digest"):
        assert function["model"][name] == service["model"][name]


def test_pulumi_up_undoes_no_release(case: Case) -> None:
    assert re.search(r"Resources:\s+\d+ unchanged", up(case.world))
    both = case.both(2)
    assert both["function"]["predictions"] == both["service"]["predictions"]
