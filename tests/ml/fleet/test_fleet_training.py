"""From rows to a fleet that answers, and which fleets are not registered."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.azure import models
from ml.azure.models import ModelVersion
from ml.commands.fleet import status
from ml.fleet.declaration import Declaration
from ml.fleet.gather import main as gather
from ml.fleet.parallel import KILLED
from ml.fleet.registered import FAILED, card_of, registered
from ml.steps.bounds import Bound
from ml.steps.errors import StepError
from ml.steps.registry import ARTIFACT_TAG
from scoring.assembly import assemble
from scoring.fleet.service import FleetService
from scoring.fleet.stored import load
from scoring.settings import Settings as Service
from tests.ml.features.test_commands import words
from tests.ml.fleet.trainings import AGES, DIES, FAILS, FLEET, ORIGIN, Registry
from tests.scoring.conftest import served
from tests.scoring.trained import Small


def test_fifty_members_are_trained_and_a_broken_one_harms_no_other(gathered: Any) -> None:
    registry, result, _ = gathered
    fleet = load(registry.folder / "1")
    assert tuple(fleet.members) == AGES
    assert set(result["failed"]) == {FAILS, DIES}
    assert result["failed"][FAILS] == "RuntimeError: no model of these rows"
    assert result["failed"][DIES] == KILLED
    small_ones = {key for key, one in fleet.members.items() if "are needed" in one.reason}
    assert {key for key, one in fleet.members.items() if one.falls_back} == small_ones | {FAILS, DIES}
    assert 3 < len(small_ones) < 20
    assert len(fleet.models) == len(AGES) - len(small_ones) - 2 + 1
    assert registry.made[0].tags[ARTIFACT_TAG] == fleet.digest == result["digest"]
    assert registry.made[0].tags["fall_back"] == str(len(small_ones) + 2)
    assert set(fleet.failed) == {FAILS, DIES}
    assert fleet.lineage["data_sha256"] == "ab"
    assert card_of(registry.folder / "1", None).exists()
    assert len(list((registry.folder / "1" / "cards").iterdir())) == len(fleet.models)


def test_one_service_answers_for_all_of_them(gathered: Any, model: Small) -> None:
    registry, _, _ = gathered
    fleet = load(registry.folder / "1")
    service = assemble(Service(model_dir=registry.folder / "1"))
    assert isinstance(service, FleetService)
    client, end = served(service)
    try:
        row = model.trained.artifact.samples.request["records"][0]
        for key, one in fleet.members.items():
            said = client.post("/score", json={"records": [row], "member": key}).json()["model"]
            assert (said["member"], said["digest"], said["fallback"]) == (key, one.model, one.falls_back)
    finally:
        end()


def test_the_same_fleet_is_registered_once(gathered: Any, inputs: Path, tmp_path: Path) -> None:
    registry, result, shards = gathered
    again = gather.run(
        FLEET, inputs / "validated", inputs / "pooled", shards, ORIGIN, tmp_path, lambda: registry
    )
    assert again["version"] == result["version"] == "1"
    assert json.loads((tmp_path / "registration.json").read_text())["members"] == 50


def test_members_that_fail_are_another_version_though_it_answers_alike(gathered: Any, tmp_path: Path) -> None:
    """Else a training by a schedule, of which a member failed, would be told nowhere."""
    registry, _, _ = gathered
    fleet, others = load(registry.folder / "1"), Registry(tmp_path)
    by_rule = {key: replace(one, failed=False) for key, one in fleet.members.items()}
    for one in (replace(fleet, members=by_rule), fleet, fleet):
        registered(others, one, registry.folder / "1", {})
    assert [one.tags[ARTIFACT_TAG] for one in others.made] == [fleet.digest] * 2
    assert [one.tags[FAILED] for one in others.made] == ["0", "2"]


@pytest.mark.parametrize("whole", [False, True])
def test_the_status_names_the_members_that_failed(
    gathered: Any, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    registry, _, _ = gathered
    there = [ModelVersion(one.name, one.version, one.tags, one.properties) for one in registry.made]
    there.append(ModelVersion("by-age", "0", {"kind": "fleet"}, {}))  # it was not kept then

    def download(_azure: Any, version: ModelVersion, place: Path) -> None:
        shutil.copytree(registry.folder / version.version, place)

    monkeypatch.setattr(models, "newest", lambda *_: there)
    monkeypatch.setattr(models, "get", lambda *_: there[0])
    monkeypatch.setattr(models, "download", download)
    stage = SimpleNamespace(environment="stage")
    azure: Any = SimpleNamespace(estate=stage, granted=lambda act, _what: act())
    answer = status.status(azure, "by-age", members=whole)
    assert [one["failed"] for one in answer["versions"]] == [
        {"count": 2, "members": f"{FAILS}, {DIES}"},
        None,
    ]
    said = words(status.render(answer))
    assert f"failed in version 1: {FAILS}, {DIES}" in said
    assert ("failed: RuntimeError: no model of these rows" in said) == whole
    assert ("--members says why" in said) != whole


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        (replace(FLEET, most_failed=0.01), "2 of 50 members failed, at most 1% may: 33: RuntimeError"),
        (replace(FLEET, bounds=(Bound("minimum_roc_auc", 0.99),)), "the pooled model is outside its bounds"),
    ],
)
def test_a_fleet_that_must_not_be_is_not_registered(
    gathered: Any, inputs: Path, tmp_path: Path, declared: Declaration, said: str
) -> None:
    registry, _, shards = gathered
    with pytest.raises(StepError, match=said):
        gather.run(
            declared, inputs / "validated", inputs / "pooled", shards, ORIGIN, tmp_path, lambda: registry
        )
    assert len(registry.made) == 1
