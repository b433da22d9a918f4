"""A fleet's way to production and back: proven, approved, promoted as one; then with a member exchanged."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import World, production_world
from tests.e2e.desks import desk
from tests.e2e.production import CI, RUNNERS, SETTINGS, approve
from tests.e2e.test_fleet import DECLARATION

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = production_world
Json = dict[str, Any]
FLEET = "credit-by-education"
MORE = "\n[tuning]\ntrials = 1\n[production.judged]\nat_10_percent = 300\nat_50_percent = 300\n"
MEMBERS = ("0", "1", "2", "3", "4", "5", "6")


def settings(seed: int) -> str:
    """What stands over ml/settings.toml."""
    return (SETTINGS / "first.toml").read_text() + MORE + f"[training]\nseed = {seed}\n"


@pytest.fixture
def mlops(world: World, tmp_path: Path) -> Callable[..., Json]:
    """A command's answer; seed: of the trainings, in place of the settings'."""

    def run(*argv: str, who: tuple[str, ...] = (), env: str = "stage", seed: int = 1) -> Json:
        over = tmp_path / f"seed-{seed}.toml"
        over.write_text(settings(seed))
        said = world.emulator(
            "run", *who, "--", "mlops", *argv, "--env", env, "--json", "--quiet", MLOPS_SETTINGS=str(over)
        )  # fmt: skip
        return json.loads(said.stdout)

    return run


def test_a_fleet_is_released_as_one_and_goes_back_as_one(
    world: World, tmp_path: Path, mlops: Callable[..., Json]
) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(DECLARATION)

    def to_production(version: str) -> tuple[str, Json]:
        """Deploy it, prove it, have a person approve it, promote it while callers ask: release and record."""
        deployed = mlops("deploy", "--model", f"{FLEET}:{version}")
        assert "members by their own models" in deployed["smoke_tests"]
        release = deployed["release"]
        proven = mlops("release", "test", release)
        assert proven["green"], proven["evidence"]["checks"]
        members = next(one for one in proven["evidence"]["checks"] if one["name"] == "members")
        assert members["figures"]["members"] == len(MEMBERS)
        approve(world, release)
        with desk(world, "caller.py", *RUNNERS, log=tmp_path / "caller.log") as caller:
            promoted = mlops("promote", release, who=CI, env="prod")
            answers = json.loads(caller.end())
        assert promoted["serving"]["release"] == release
        assert set(answers) == {"200"}, answers
        return release, mlops("release", "show", release)["record"]

    def answering() -> dict[str, Json]:
        """Which model answers for each member in production, by its digest and that of the fleet."""
        argv = ("run", *RUNNERS, "--", "python", "tests/e2e/programs/members.py", *MEMBERS)
        models = json.loads(world.emulator(*argv, PYTHONPATH=".").stdout)
        return {key: {"fleet": one["fleet"], "digest": one["digest"]} for key, one in models.items()}

    def stated(record: Json) -> dict[str, Json]:
        known = record["evidence"]
        return {
            key: {"fleet": known["artifact_digest"], "digest": digest}
            for key, digest in known["members"].items()
        }

    first = mlops("fleet", "train", str(file))
    release, whole = to_production(first["version"])
    assert answering() == stated(whole)

    second = mlops("fleet", "train", str(file), seed=7)
    key = sorted(set(MEMBERS) - set(first["fallbacks"]) - set(second["fallbacks"]))[0]
    version = second["version"]
    exchanged = mlops("fleet", "release", f"{FLEET}:{first['version']}", "--member", f"{key}={version}")
    later, changed = to_production(exchanged["fleet"].partition(":")[2])
    assert later == exchanged["release"]
    differ = {one for one in MEMBERS if stated(changed)[one]["digest"] != stated(whole)[one]["digest"]}
    assert differ == {key}
    assert answering() == stated(changed)
    chain = {one["what"]: one for one in mlops("release", "lineage", later)["chain"]}
    assert chain["member"]["name"] == f"{key} as in {FLEET}:{version}"

    back = mlops("rollback", "--reason", f"the member {key} is worse", who=CI, env="prod")
    assert back["serving"]["release"] == release
    assert answering() == stated(whole)
