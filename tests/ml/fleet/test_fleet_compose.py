"""A version of a fleet composed of others: one member differs, and its card and metrics go with it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.commands.fleet import release
from ml.fleet import versions
from ml.fleet.compose import Version, compose, parse
from ml.fleet.gather import main as gather
from ml.fleet.member import CARD, MODEL, OUTCOME, Outcome
from ml.fleet.members import main as members
from ml.fleet.plan import Planned
from ml.fleet.registered import card_of
from ml.steps.files import write_json
from ml.steps.registry import EVALUATION_PROPERTY
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.model import artifact as artifacts
from tests.ml.fleet.trainings import AGES, FLEET, ORIGIN, Registry
from tests.scoring.fleet.fleets import varied
from tests.scoring.trained import Small


def test_a_release_of_one_member_differs_in_it_alone_and_says_from_where_it_is(
    gathered: Any, model: Small, tmp_path: Path
) -> None:
    registry, _, _ = gathered
    base = load(registry.folder / "1")
    other = _retrained(base, registry.folder / "1", tmp_path / "2", model, ["30", "31"])
    old = Version("by-age:1", base, registry.folder / "1")
    new = Version("by-age:2", other, tmp_path / "2")
    made_ = compose(old, {"30": new}, tmp_path / "3")
    assert load(tmp_path / "3") == made_
    assert made_.digest not in (base.digest, other.digest)
    assert {key for key in AGES if made_.members[key] != base.members[key]} == {"30"}
    assert made_.members["30"].model == other.members["30"].model
    assert made_.members["30"].source == "by-age:2"
    assert (made_.lineage["base"], made_.lineage["changed"]) == ("by-age:1", "30 as in by-age:2")
    # And back: the member as it was is the fleet as it was.
    back = compose(Version("by-age:3", made_, tmp_path / "3"), {"30": old}, tmp_path / "4")
    assert back.digest == base.digest
    for digest in back.models:
        assert artifacts.load(model_dir(tmp_path / "4", digest)).digest == digest


def test_what_cannot_be_composed_is_refused_before_anything_is_written(gathered: Any, tmp_path: Path) -> None:
    from ml.errors import MlopsError

    registry, _, _ = gathered
    base = Version("by-age:1", load(registry.folder / "1"), registry.folder / "1")
    for changes, said in (({"99": base}, "has no member '99'"), ({"30": base}, "are the named ones already")):
        with pytest.raises(MlopsError, match=said):
            compose(base, changes, tmp_path / "new")
    with pytest.raises(MlopsError, match="expected KEY=VERSION"):
        parse("30")
    assert parse("2/male=7") == ("2/male", "7")
    assert not (tmp_path / "new").exists()


def _retrained(base: Fleet, source: Path, target: Path, model: Small, keys: list[str]) -> Fleet:
    shutil.copytree(source, target)
    changed = dict(base.members)
    for number, key in enumerate(keys):
        found = varied(model.trained.artifact, 0.5 + number / 10.0, model.test_matrix)
        found.save(model_dir(target, found.digest))
        changed[key] = replace(changed[key], model=found.digest)
    made_ = replace(base, members=changed)
    made_.save(target)
    return made_


DOTTED = ("pooled", "v1.0", "v1.1", "v1.1/a")


def test_each_card_is_its_own_members_whatever_its_key(
    model: Small, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "of_tables", lambda *_: [Planned(key, 500) for key in DOTTED])
    fleets = [_gathered(model, inputs, tmp_path / str(shift), shift) for shift in (0, 1)]
    for place, shift in zip(fleets, (0, 1), strict=True):
        assert _cards(place) == {key: {"member": key, "shift": shift} for key in DOTTED}
        assert "roc_auc" in json.loads(card_of(place, None).read_text())["metrics"]
    base, other = (Version(f"f:{at}", load(place), place) for at, place in enumerate(fleets, start=1))
    compose(base, {"v1.1": other}, tmp_path / "made")
    assert {key: card["shift"] for key, card in _cards(tmp_path / "made").items()} == {
        "pooled": 0,
        "v1.0": 0,
        "v1.1": 1,
        "v1.1/a": 0,
    }


def _gathered(model: Small, inputs: Path, folder: Path, shift: int) -> Path:
    """The directory of a registered fleet of these members, whose cards say from which training they are."""
    for number, key in enumerate(DOTTED):
        out = members.folder_of(folder / "shard", key)
        found = varied(model.trained.artifact, 0.5 + number / 10.0 + shift / 20.0, model.test_matrix)
        found.save(out / MODEL)
        write_json({"member": key, "shift": shift}, out / CARD)
        write_json(Outcome(key, 500, "trained", "", found.digest, {}, {}).to_json(), out / OUTCOME)
    registry = Registry(folder)
    places = inputs / "validated", inputs / "pooled", [folder / "shard"]
    gather.run(FLEET, *places, ORIGIN, folder / "said", lambda: registry)
    return folder / "1"


def _cards(place: Path) -> dict[str, Any]:
    return {key: json.loads(card_of(place, key).read_text()) for key in DOTTED}


@pytest.mark.parametrize("early", [False, True])
def test_a_composed_version_is_registered_with_the_pooled_models_metrics(
    gathered: Any, model: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    """A version from before the pooled model's card had its name can be composed all the same."""
    registry, result, _ = gathered
    shutil.copytree(registry.folder / "1", tmp_path / "1")
    if early:
        card_of(tmp_path / "1", None).rename(tmp_path / "1" / "cards" / "pooled.json")
    base = load(tmp_path / "1")
    _retrained(base, tmp_path / "1", tmp_path / "2", model, ["30"])
    there = {
        version: Version(f"by-age:{version}", load(tmp_path / version), tmp_path / version)
        for version in ("1", "2")
    }
    target = Registry(tmp_path / "registry")
    monkeypatch.setattr(versions, "download", lambda azure, name, version, place: there[version])
    monkeypatch.setattr(versions, "Workspace", lambda azure: target)
    azure: Any = None
    assert release.composed(azure, "by-age", "1", {"30": "2"}) == "1"
    stated = json.loads(target.made[0].properties[EVALUATION_PROPERTY])
    assert stated == ({} if early else result["metrics"])
