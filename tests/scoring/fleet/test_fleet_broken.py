"""What a broken member does to others, and which fleets do not start."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scoring.assembly import assemble
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.model.artifact import Artifact, ArtifactError, Samples
from scoring.settings import Limits, Settings
from tests.scoring.conftest import served
from tests.scoring.fleet.asking import OWN, Start, asked, assembled, of, until_ready
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import Small


def test_one_broken_member_harms_no_other_and_is_named(start: Start, model: Small, tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, model.trained.artifact, model.test_matrix, OWN)
    (model_dir(tmp_path, fleet.members[OWN[2]].model) / "composite.onnx").write_bytes(b"no graph")
    service, client = start(tmp_path)
    assert set(service.members.resident.keys()) == set(OWN) - {OWN[2]}
    for key in OWN:
        said = asked(client, model.trained.artifact, member=key).json()["model"]
        assert said["fallback"] is (key == OWN[2])
        assert said["digest"] == (fleet.pooled if key == OWN[2] else fleet.members[key].model)
    assert client.get("/fleet").json()["members"][OWN[2]]["reason"] == "its model cannot be loaded"


def test_a_member_that_fails_as_no_artifact_should_harms_no_other(
    model: Small, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One has more samples than a request may have rows: its self-test ends by another error than others'."""
    fleet = fleet_of(tmp_path, model.trained.artifact, model.test_matrix, OWN[:2])
    most = len(model.trained.artifact.samples.predictions)
    large = _with_samples_twice(of(tmp_path, fleet, OWN[0]))
    large.save(model_dir(tmp_path, large.digest))
    stated = {**fleet.members, OWN[0]: replace(fleet.members[OWN[0]], model=large.digest)}
    replace(fleet, members=stated).save(tmp_path)
    service = assembled(Settings(model_dir=tmp_path, limits=Limits(rows=most)))
    client, end = served(service)
    try:
        until_ready(client)
        told = client.get("/fleet").json()["members"]
        assert {key: one["reason"] for key, one in told.items()} == {
            OWN[0]: "its model cannot be loaded",
            OWN[1]: "",
        }
        assert asked(client, model.trained.artifact, member=OWN[0]).json()["model"]["fallback"]
    finally:
        end()
    (line,) = [one for one in caplog.records if one.message == "the pooled model answers for a member"]
    assert line.exc_info, "nobody would know where it happened"


def _with_samples_twice(artifact: Artifact) -> Artifact:
    stated = artifact.samples
    records = [*stated.request["records"]] * 2
    return replace(
        artifact, samples=Samples({"records": records}, stated.predictions * 2, stated.outliers * 2)
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"digest": "sha256:" + "1" * 64}, "states"),
        ({"unknown": "guess"}, "expected one of pooled, refuse"),
        ({"format_version": 9}, "reads version 1"),
        ({"members": {}}, "at least one member"),
        ({"members": {"a b": {}}}, "cannot name a member"),
        ({"pooled": "../elsewhere"}, "is no digest"),
    ],
)
def test_a_fleet_that_is_none_does_not_start(
    directory: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    content = json.loads((directory / "fleet.json").read_text())
    (tmp_path / "fleet.json").write_text(json.dumps({**content, **change}))
    with pytest.raises(ArtifactError, match=said):
        load(tmp_path)


def test_a_fleet_from_before_failures_were_kept_is_the_same_fleet(
    directory: Path, fleet: Fleet, tmp_path: Path
) -> None:
    content = json.loads((directory / "fleet.json").read_text())
    for member in content["members"].values():
        del member["failed"]
    (tmp_path / "fleet.json").write_text(json.dumps(content))
    (tmp_path / "models").symlink_to(directory / "models")
    assert load(tmp_path) == fleet


def test_a_member_that_failed_and_answers_itself_is_none(directory: Path, tmp_path: Path) -> None:
    content = json.loads((directory / "fleet.json").read_text())
    content["members"][OWN[0]]["failed"] = True
    (tmp_path / "fleet.json").write_text(json.dumps(content))
    with pytest.raises(ArtifactError, match="no reason is given why the pooled model answers"):
        load(tmp_path)


def test_a_fleet_without_the_files_of_a_model_does_not_start(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_bytes((directory / "fleet.json").read_bytes())
    with pytest.raises(ArtifactError, match="are not there"):
        assemble(Settings(model_dir=tmp_path))
