"""A fleet through the emulator: trained as a pipeline, looked at, released, one member of it taken back."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DECLARATION = """
name = "credit-by-education"
owner = "risk-models@mlops.example"
split = ["education"]
minimum_rows = 1000
shards = 2
[bounds]
minimum_roc_auc = 0.6
"""
SETTINGS = "[tuning]\ntrials = 1\n"


def test_a_fleet_from_its_declaration_to_a_release_of_one_member(
    estate_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = estate_world
    file, over = tmp_path / "fleet.toml", tmp_path / "settings.toml"
    file.write_text(DECLARATION)
    over.write_text(SETTINGS)
    monkeypatch.setitem(world.environment, "MLOPS_SETTINGS", str(over))

    def mlops(*arguments: str) -> dict[str, Any]:
        done = world.run("mlops", *arguments, "--env", "stage", "--json", "--quiet")
        return json.loads(done.stdout)

    first = mlops("fleet", "train", str(file))
    assert (first["version"], first["failed"], first["reused"]) == ("1", {}, False)
    own = {"1", "2", "3"} - set(first["fallbacks"])
    assert own
    assert first["fallbacks"]["0"] == "14 rows, 1000 are needed"
    assert mlops("fleet", "train", str(file))["reused"]

    released = mlops("fleet", "release", "credit-by-education")
    assert released["recorded"]
    shown = mlops("release", "show", released["release"])
    evidence = shown["record"]["evidence"]
    assert evidence["artifact_digest"] == first["digest"]
    assert set(evidence["members"]) == set(first["fallbacks"]) | own
    assert evidence["lineage"]["owner"] == "risk-models@mlops.example"

    # Another seed is another training: one of its members alone is taken over, and taken back.
    over.write_text(SETTINGS + "[training]\nseed = 7\n")
    second = mlops("fleet", "train", str(file))
    assert second["version"] == "2"
    key = sorted(own - set(second["fallbacks"]))[0]
    third = mlops("fleet", "release", "credit-by-education:1", "--member", f"{key}=2")
    assert third["fleet"] == "credit-by-education:3"
    changed = mlops("release", "show", third["release"])["record"]["evidence"]
    differ = {one for one, digest in changed["members"].items() if digest != evidence["members"][one]}
    assert differ == {key}
    assert changed["lineage"]["changed"] == f"{key} as in credit-by-education:2"
    back = mlops("fleet", "release", "credit-by-education:3", "--member", f"{key}=1")
    assert (back["fleet"], back["release"]) == ("credit-by-education:1", released["release"])

    status = mlops("fleet", "status", "credit-by-education", "--members")
    assert [one["version"] for one in status["versions"]] == ["3", "2", "1"]
    assert status["versions"][0]["tags"]["base"] == "credit-by-education:1"
    assert status["versions"][2]["release"] == released["release"]
    assert status["members"][key]["source"] == "credit-by-education:2"
