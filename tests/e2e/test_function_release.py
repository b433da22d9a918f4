"""Production's function app by the real commands, in order: an approved release, an unapproved one, and back.

What the command does with each refusal of its own is in tests/ml/functions.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.conftest import ROOT, World, production_world
from tests.e2e.desks import desk
from tests.e2e.jobs import PLACES
from tests.e2e.production import (
    APPROVER,
    CI,
    SETTINGS,
    UP,
    approve,
    promoters,
    recorded,
    settings,
    settings_of,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = production_world
PROGRAM: Final = Path(__file__).parent / "programs" / "function.py"
RANGE: Final = "10.30.3.192/27"
DEPLOYER: Final = ("--from", PLACES["estate-stage"], "--workflow", "id-mlops-boot-weu-deploy-stage")


@dataclass(frozen=True)
class Case:
    """checkout: of a commit, as the command asks. first: approved, and the one that the service has. second:
    of the same model and image, with other variables, approved by nobody. model: their folder."""

    world: World
    checkout: Path
    model: Path
    first: str
    second: str

    def functions(self, *words: str) -> tuple[int, str, dict[str, Any]]:
        """`mlops functions WORDS`, as CI's promoter inside the network: exit code, all words, its answer."""
        argv = ("run", *CI, "--", "mlops", "functions", *words, "--env", "prod", "--json")
        variables = {"PYTHONPATH": str(self.checkout), "MLOPS_SETTINGS": str(SETTINGS / "first.toml")}
        done = self.world.emulator(*argv, check=False, **variables)
        return done.returncode, done.stdout + done.stderr, json.loads(done.stdout or "{}")

    def deploy(self, release: str) -> tuple[int, str, dict[str, Any]]:
        return self.functions("deploy", release, "--model", str(self.model))

    def answers(self) -> dict[str, Any]:
        return json.loads(self.world.emulator("run", *CI, "--", sys.executable, str(PROGRAM)).stdout)


def committed(folder: Path) -> Path:
    """The files of this checkout that git tracks, as a commit of a repository of its own. The folder."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for words in (("init", "-q"), ("add", "-f", "."), (*who, "commit", "-q", "--no-verify", "-m", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def case(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("function")
    subnets = ("--config", f"mlops-estate:network.subnets.scoringFunction={RANGE}")
    section = (
        *settings_of("prod", "network"),
        *subnets,
        "--config",
        "mlops-estate:scoringFunction.memoryMb=2048",
    )
    world.pulumi("up", "prod", *UP, *settings(promoters(world)["prod"]), *section)
    listed = json.loads(world.run("mlops", "release", "list", "--env", "stage", "--json").stdout)
    first = listed["releases"][0]["release"]
    second = recorded(world, "second.toml", *DEPLOYER)
    with desk(world, "desk.py", log=folder / "engineer.log") as engineer:
        engineer.ask(do="prove", release=second, green=True)
    model = folder / "model"
    world.run("mlops", "functions", "model", first, "--env", "stage", "--to", str(model))
    yield Case(world, committed(folder / "checkout"), model, first, second)


def test_an_approved_release_is_taken(case: Case) -> None:
    code, said, put = case.deploy(case.first)
    assert code == 0, said
    assert put["release"] == case.first and "recorded predictions" in put["smoke_tests"]
    assert APPROVER in put["approved_by"]
    assert case.answers()["status"] == 200


def test_there_is_nothing_to_go_back_to_yet(case: Case) -> None:
    code, said, _ = case.functions("rollback", "--reason", "callers complain")
    assert code == 1
    assert "the function app served none before this one" in said


def test_one_that_nobody_approved_is_refused_and_nothing_is_changed(case: Case) -> None:
    before = case.answers()
    code, said, _ = case.deploy(case.second)
    assert code == 1
    assert f"The release {case.second} is not approved for prod" in said
    assert case.answers() == before


def test_another_release_of_the_same_model_is_another_package(case: Case) -> None:
    """The app is asked until that one answers: by the model alone it would be the one before."""
    before = case.answers()
    approve(case.world, case.second)
    code, said, put = case.deploy(case.second)
    assert code == 0, said
    after = case.answers()
    assert put["release"] == case.second and after["status"] == 200
    assert after["package"] not in (before["package"], None)


def test_going_back_takes_the_package_of_before_and_no_approval(case: Case) -> None:
    """The evidence of the first has become red since, so that it could not be deployed anew."""
    with desk(case.world, "desk.py", log=case.checkout.parent / "red.log") as engineer:
        engineer.ask(do="prove", release=case.first, green=False)
    served = case.answers()
    code, said, _ = case.deploy(case.first)
    assert code == 1 and f"The evidence of {case.first} in stage is red" in said
    assert case.answers() == served
    code, said, back = case.functions("rollback", "--reason", "callers complain")
    assert code == 0, said
    assert back["release"] == case.first and "recorded predictions" in back["smoke_tests"]
    assert case.answers()["package"] not in (served["package"], None)
    code, said, again = case.functions("rollback", "--reason", "was it done?")
    assert code == 0, said
    assert again["content"] == back["content"]
