"""The function app that scores, by the real commands: up, with a release, and answering as the service.

In production the gate is that of `mlops promote`, and what is refused there has changed nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.e2e import homes
from tests.e2e.conftest import ROOT, World, production_world
from tests.e2e.production import CI, SETTINGS, UP, promoters, recorded, settings_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = production_world
PROGRAMS: Final = Path(__file__).parent / "programs"
RANGES: Final = {"stage": "10.20.3.192/27", "prod": "10.30.3.192/27"}
FIRST: Final = {"MLOPS_SETTINGS": str(SETTINGS / "first.toml")}


@dataclass(frozen=True)
class Case:
    """release: the first one, approved for production."""

    world: World
    release: str

    def mlops(self, *argv: str, who: tuple[str, ...] = (), check: bool = True) -> Any:
        done = self.world.emulator("run", *who, "--", "mlops", *argv, "--json", check=check, **FIRST)
        return json.loads(done.stdout) if check else (done.returncode, done.stdout + done.stderr)


def up(world: World, stack: str, **more: Any) -> str:
    """Bring the function app up. What Pulumi said."""
    promoter = promoters(world)["prod"]
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    subnets = {**config["mlops-estate:network"]["subnets"], "scoringFunction": RANGES[stack]}
    return world.pulumi(
        "up", stack, *UP,
        *settings_of(stack, "releases", promoterId=promoter),
        *settings_of(stack, "network", subnets=subnets),
        "--config", "mlops-estate:scoringFunction.memoryMb=2048",
    ).stdout  # fmt: skip


@pytest.fixture(scope="module")
def case(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    first = json.loads((homes.released(tmp_path_factory) / homes.FIRST).read_text())
    yield Case(world, first["release"])


def test_it_answers_as_the_service_does(case: Case) -> None:
    up(case.world, "stage")
    put = case.mlops("functions", "deploy", case.release, "--env", "stage")
    assert put["release"] == case.release and put["code_of_the_image"]
    assert "recorded predictions" in put["smoke_tests"]
    both = json.loads(case.world.run(sys.executable, str(PROGRAMS / "both.py"), "100").stdout)
    service, function = both["service"], both["function"]
    assert len(function["predictions"]) == 100
    for part in ("predictions", "outliers"):
        assert function[part] == service[part]
    for name in ("name", "version", "digest"):
        assert function["model"][name] == service["model"][name]


def test_pulumi_up_undoes_no_release(case: Case) -> None:
    assert "unchanged" in up(case.world, "stage")
    both = json.loads(case.world.run(sys.executable, str(PROGRAMS / "both.py"), "2").stdout)
    assert both["function"]["predictions"] == both["service"]["predictions"]


def test_production_takes_an_approved_release_and_no_other(case: Case, tmp_path: Path) -> None:
    up(case.world, "prod")
    model = tmp_path / "model"
    case.mlops("functions", "model", case.release, "--env", "stage", "--to", str(model))
    other = recorded(case.world, "second.toml")
    asked = ("--env", "prod", "--model", str(model))
    code, said = case.mlops("functions", "deploy", other, *asked, who=CI, check=False)
    assert code == 1 and f"{other}" in said
    assert "not approved" in said or "Nothing was found out about" in said
    code, said = case.mlops("functions", "deploy", case.release, *asked, check=False)
    assert code == 1  # an engineer: outside of the network, and without a role on the app
    put = case.mlops("functions", "deploy", case.release, *asked, who=CI)
    assert put["digest"] and put["approved_by"].startswith("approver")
