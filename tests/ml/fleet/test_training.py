"""From rows to a fleet that answers: fifty members; one fails, one is killed, some are too small."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.azure import models
from ml.azure.models import ModelVersion
from ml.commands.fleet import release, status
from ml.fleet import parallel, versions
from ml.fleet.compose import Version, compose, parse
from ml.fleet.declaration import Declaration
from ml.fleet.gather import main as gather
from ml.fleet.member import CARD, MODEL, OUTCOME, Outcome, made, settings_of, traced
from ml.fleet.members import main as members
from ml.fleet.parallel import KILLED, each
from ml.fleet.plan import Planned, keys_of
from ml.fleet.registered import FAILED, card_of, registered
from ml.steps.bounds import Bound
from ml.steps.errors import StepError
from ml.steps.files import TEST, TRAIN, Table, write_json, write_table
from ml.steps.prepare import UNKNOWN
from ml.steps.registry import ARTIFACT_TAG, EVALUATION_PROPERTY, RegisteredModel
from ml.steps.train.settings import Settings
from ml.steps.validate import REPORT
from scoring.assembly import assemble
from scoring.fleet.service import FleetService
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from scoring.settings import Settings as Service
from tests.ml.features.test_commands import words
from tests.scoring.conftest import served
from tests.scoring.fleet.fleets import varied
from tests.scoring.trained import Small, data_set, small

AGES = tuple(str(age) for age in range(21, 71))
FAILS, DIES = "33", "41"
FLEET = Declaration("by-age", "risk", ("age",), AGES, minimum_rows=150, shards=2, most_failed=0.1)
ORIGIN = {"data_asset": "d:1", "data_sha256": "ab", "code_commit": "c", "environment": "e:1"}
COSTS = {"false_negative_cost": 5.0, "false_positive_cost": 1.0}


class Registry:
    """Keeps what is registered in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, list[RegisteredModel]()

    def versions(self, name: str) -> list[RegisteredModel]:
        return [one for one in reversed(self.made) if one.name == name]

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel:
        model = RegisteredModel(name, str(len(self.made) + 1), tags, properties)
        shutil.copytree(directory, self.folder / model.version)
        self.made.append(model)
        return model


@pytest.fixture(scope="module")
def model() -> Small:
    return small()


@pytest.fixture(scope="module")
def inputs(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validated tables of the whole data set, and a pooled model."""
    folder = tmp_path_factory.mktemp("inputs")
    rows = data_set()
    write_table(rows.iloc[5_000:], folder / "validated" / TRAIN)
    write_table(rows.iloc[:5_000], folder / "validated" / TEST)
    model.trained.artifact.save(folder / "pooled")
    return folder


def quick(model: Small, shift: float = 0.0) -> Any:
    """In place of a training: the pooled model with other leaves; two members do not come that far."""

    def make(key: str, rows: int, tables: Any, pooled: Artifact, *rest: Any) -> Outcome:
        out = rest[-1]
        if key == FAILS:
            raise RuntimeError("no model of these rows")
        if key == DIES:
            os._exit(9)
        found = varied(pooled, 1.0 + int(key) / 200.0 + shift, model.test_matrix)
        found.save(out / MODEL)
        write_json({"member": key}, out / CARD)
        outcome = Outcome(key, rows, "trained", "", found.digest, {"roc_auc": 0.7}, {"roc_auc": 0.6})
        write_json(outcome.to_json(), out / OUTCOME)
        return outcome

    return make


def trained(inputs: Path, out: Path, declared: Declaration = FLEET) -> list[Path]:
    settings = settings_of(declared, 1, COSTS)
    shards = [out / str(number) for number in range(1, declared.shards + 1)]
    for number, shard in enumerate(shards, start=1):
        members.run(
            declared, inputs / "validated", inputs / "pooled", number, settings, ORIGIN, shard, workers=2
        )
    return shards


@pytest.fixture(scope="module")
def gathered(model: Small, inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The registry with one version, the step's result, and the folders of the shards."""
    folder = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(members, "made", quick(model))
        shards = trained(inputs, folder / "shards")
    registry = Registry(folder)
    result = gather.run(
        FLEET, inputs / "validated", inputs / "pooled", shards, ORIGIN, folder / "said", lambda: registry
    )
    yield registry, result, shards


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


def test_rows_that_were_named_by_their_place_are_told_by_what_was_read(tmp_path: Path) -> None:
    write_json({"origin": {"sha256": "cd", "bytes": 1}}, tmp_path / REPORT)
    assert traced({**ORIGIN, "data_sha256": UNKNOWN}, tmp_path) == {**ORIGIN, "data_sha256": "cd"}
    assert traced(ORIGIN, tmp_path) == ORIGIN
    write_json({}, tmp_path / REPORT)
    assert traced({"data_sha256": UNKNOWN}, tmp_path) == {"data_sha256": UNKNOWN}


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


def test_a_member_is_trained_judged_and_has_a_card(model: Small, tmp_path: Path) -> None:
    """The real training, once; with a bound that its model cannot hold."""
    declared = Declaration("by-sex", "risk", ("sex",), bounds=(Bound("minimum_roc_auc", 0.99),))
    settings: Settings = settings_of(declared, 1, COSTS)
    own = [_rows_of(table, "female") for table in (model.rows, model.test)]
    pooled = model.trained.artifact
    found = made("female", 7, (own[0], own[1]), pooled, declared, settings, ORIGIN, tmp_path)
    artifact = artifacts.load(tmp_path / MODEL)
    card = json.loads((tmp_path / CARD).read_text())
    assert (found.status, found.digest) == ("outside", artifact.digest)
    assert found.reason.startswith("outside its bounds: minimum_roc_auc is 0.")
    assert artifact.lineage["member"] == "female"
    assert card["data"]["train_rows"] == len(own[0])
    assert card["metrics"]["test_rows"] == card["pooled_metrics"]["test_rows"] == len(own[1])
    assert card["metrics"]["roc_auc"] != card["pooled_metrics"]["roc_auc"]
    assert card["lineage"]["data_sha256"] == "ab"
    assert Outcome(**json.loads((tmp_path / OUTCOME).read_text())) == found


def _rows_of(table: Table, key: str) -> Table:
    return table.loc[[one == key for one in keys_of(table, ("sex",))], :]


def test_a_task_that_ends_its_process_fails_alone() -> None:
    def task(name: str) -> None:
        if name == "dies":
            os._exit(1)
        if name == "fails":
            raise ValueError("so it is")

    found = dict(each(["a", "dies", "b", "fails", "c"], task, workers=2))
    assert found == {"a": "", "b": "", "c": "", "dies": KILLED, "fails": "ValueError: so it is"}


def test_what_ends_its_process_at_once_fails_alone_too() -> None:
    """The pool is broken before it has been given all names."""

    def work(name: str) -> None:
        if name == "0":
            os._exit(1)

    names = [str(number) for number in range(3000)]
    assert dict(each(names, work, workers=2)) == {name: KILLED if name == "0" else "" for name in names}


def test_who_had_not_begun_when_a_process_was_killed_is_trained_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pooled, workers = parallel._pooled, list[int]()

    def seen(names: Any, work: Any, count: int) -> Any:
        workers.append(count)
        return pooled(names, work, count)

    def work(name: str) -> None:
        time.sleep(0.02)
        if name in ("3", "30"):
            os._exit(1)

    monkeypatch.setattr(parallel, "_pooled", seen)
    names = [str(number) for number in range(60)]
    found = dict(each(names, work, workers=2))
    assert found == {name: KILLED if name in ("3", "30") else "" for name in names}
    assert workers.count(2) >= 2
    assert workers.count(1) <= 2 * (2 * 2 + 1)


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
