"""A fleet on its way to production: what is asked of it in stage, what is approved, what its lineage says."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ml.approval.digests import derive
from ml.batch import released
from ml.deploy import smoke
from ml.deploy.endpoint import Endpoint
from ml.deploy.image import BuildContext, scoring_context
from ml.deploy.prepare import known
from ml.errors import MlopsError
from ml.release import Record
from ml.release.evidence import StageEvidence
from ml.release.lineage import chain
from ml.release.stage import behaviour, contract, members
from ml.release.stage import run as stage
from scoring.assembly import assemble
from scoring.fleet.stored import Fleet, Member
from scoring.settings import KeyDigest, ModelIdentity, Settings
from tests.ml.approval.world import SETTINGS, found_out, made
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.scoring.conftest import served
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import Small, small

ROOT = Path(__file__).parents[3]
OWN, SMALL = ("20", "30", "40"), "90"
IMAGE = "sha256:" + "0" * 64
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def model() -> Small:
    return small()


@pytest.fixture(scope="module")
def directory(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fleet")
    fleet_of(place, model.trained.artifact, model.test_matrix, OWN, [SMALL])
    return place


@pytest.fixture(scope="module")
def context(directory: Path) -> BuildContext:
    return scoring_context(ROOT, directory)


@pytest.fixture(scope="module")
def fleet(context: BuildContext) -> Fleet:
    assert context.fleet is not None
    return context.fleet


@pytest.fixture(scope="module")
def endpoint(directory: Path) -> Iterator[Endpoint]:
    """The service of the fleet, as it would be deployed."""
    settings = Settings(
        model_dir=directory,
        identity=ModelIdentity("by-age", "1", IMAGE),
        key_source=KeyDigest(hashlib.sha256(b"k3y").hexdigest()),
    )
    client, end = served(assemble(settings))
    deadline = time.monotonic() + 20
    while client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    yield Endpoint(str(client.base_url).rstrip("/"), "k3y")
    end()


def expected(context: BuildContext, fleet: Fleet) -> smoke.Expectation:
    return smoke.Expectation("by-age", "1", IMAGE, context.model, TOLERANCE, fleet.digest, fleet.digests())


def test_a_deployed_fleet_passes_the_smoke_tests_and_all_checks_of_a_release(
    endpoint: Endpoint, context: BuildContext, fleet: Fleet
) -> None:
    assert "members by their own models" in smoke.run(endpoint, expected(context, fleet))
    found = [
        contract.check(endpoint, context.model.samples.request, context.model.schema.names[0]),
        behaviour.parity(endpoint, context.model, TOLERANCE),
        behaviour.outliers(endpoint, context.model),
        behaviour.drift(endpoint, context.model),
        members.check(endpoint, context, fleet, TOLERANCE),
    ]
    assert [(one.name, one.reason) for one in found if not one.passed] == []
    assert found[-1].figures == {"members": 4, "own_models": 3, "asked": 4, "wrong": 0}


def exchanged(fleet: Fleet) -> Fleet:
    """Two members with each other's models."""
    one, other = (fleet.members[key] for key in OWN[:2])
    return replace(fleet, members={**fleet.members, OWN[0]: other, OWN[1]: one})


def test_a_member_that_another_model_answers_for_is_evidence_against_a_release(
    endpoint: Endpoint, context: BuildContext, fleet: Fleet
) -> None:
    check = members.check(endpoint, context, exchanged(fleet), TOLERANCE)
    assert not check.passed and check.figures["wrong"] == 4  # the fleet's digest is another one for all
    assert check.reason.startswith("20: model.fleet: 'sha256:")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SimpleNamespace(status_code=503), "20: POST /score gives 503"),
        (SimpleNamespace(status_code=200, json=lambda: {"model": {}}), "20: model.fleet is missing"),
    ],
)
def test_what_a_member_gets_in_place_of_its_predictions_is_named(
    context: BuildContext, fleet: Fleet, answer: Any, said: str
) -> None:
    wrong: Any = SimpleNamespace(score=lambda *_, **__: answer)
    assert members.check(wrong, context, fleet, TOLERANCE).reason.startswith(said)


@pytest.mark.parametrize("count", [1, 49, 50, 51, 1000])
def test_of_many_members_some_all_over_the_fleet_are_asked(count: int) -> None:
    keys = [str(number) for number in range(count)]
    found = smoke.some(keys)
    assert len(found) == len(set(found)) <= smoke.MOST_MEMBERS and set(found) <= set(keys)
    assert len(found) > min(count, smoke.MOST_MEMBERS) / 2
    assert int(found[-1]) >= count - 1 - count / len(found)


def test_a_release_test_asks_for_members_of_a_fleet_alone(
    monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint, context: BuildContext
) -> None:
    asked = dict.fromkeys(stage.CHECKS, lambda _: SimpleNamespace(name="other", passed=True, reason=""))
    monkeypatch.setattr(stage, "CHECKS", asked)
    monkeypatch.setattr(stage.load, "run", lambda *_: SimpleNamespace(rate=1.0))
    check = members.Check(name="load", passed=True, figures={}, reason="x")
    monkeypatch.setattr(stage.load, "judged", lambda *_: check)
    monkeypatch.setattr(stage.measured, "profile", lambda *_: (None, "there is none"))
    monkeypatch.setattr(stage.images, "checks", lambda *_: [])
    report = RecordingReport()
    settings = SimpleNamespace(
        scoring=SimpleNamespace(tolerance=TOLERANCE), release=SimpleNamespace(load_seconds=1, load_clients=1)
    )
    azure: Any = SimpleNamespace(report=report, settings=settings)
    record: Any = SimpleNamespace(evidence=SimpleNamespace(context_sha256="c"))
    for one, count in ((context, 1), (replace(context, fleet=None), 0)):
        checks, _ = stage.found_out(stage.Subject(azure, record, endpoint, one, "group"))
        assert [check.name for check in checks].count("members") == count
    assert not [line for line in report.lines if "FAILED" in line]


def recorded(fleet: Fleet, context: BuildContext) -> Record:
    """What is recorded of its release."""
    azure: Any = SimpleNamespace(estate=SimpleNamespace(environment="stage"))
    return Record(release=made(model_name="by-age"), evidence=known(azure, replace(context, fleet=fleet), []))


def test_a_batch_goes_on_with_the_model_when_a_fleet_is_released_after_it(
    monkeypatch: pytest.MonkeyPatch, context: BuildContext, fleet: Fleet
) -> None:
    """And so do the other shapes of one model, where no release is named."""
    later = recorded(fleet, context)
    model = Record(
        release=made(model_name="credit"), evidence=later.evidence.model_copy(update={"members": {}})
    )
    held = {one.release.id: one for one in (later, model)}

    def newest_first(*_: Any) -> Any:
        return SimpleNamespace(names=lambda prefix: [f"{prefix}{one}.json" for one in held])

    monkeypatch.setattr(released.store, "releases", newest_first)
    monkeypatch.setattr(released.records, "read", lambda _, name: held[name])
    azure: Any = SimpleNamespace(estate=SimpleNamespace(environment="stage"))
    assert released.named(azure, None).model == "credit"
    with pytest.raises(MlopsError, match="is one of a fleet"):
        released.named(azure, later.release.id)
    del held[model.release.id]
    with pytest.raises(MlopsError, match="No release of a single model is recorded in stage"):
        released.named(azure, None)


Change = Callable[[Fleet], Fleet]


@pytest.mark.parametrize(
    "change",
    [
        exchanged,
        lambda one: replace(one, unknown="pooled"),
        lambda one: replace(one, members={**one.members, "90": Member(one.members["20"].model)}),
    ],
    ids=["two members exchanged", "another rule for strangers", "one more own model"],
)
def test_an_approval_is_about_which_model_answers_for_whom(
    context: BuildContext, fleet: Fleet, tmp_path: Path, change: Change
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text(SETTINGS)

    def approved(one: Fleet) -> dict[str, str]:
        record = recorded(one, context)
        assert record.evidence.members == one.digests()
        evidence: StageEvidence = found_out(record.release)
        return derive(record, evidence, "prod", tmp_path).model_dump()

    before, after = approved(fleet), approved(change(fleet))
    assert before["model"] == fleet.digest
    assert {name for name in before if before[name] != after[name]} == {"model"}


def test_the_lineage_of_a_release_names_each_member_that_was_exchanged(
    context: BuildContext, fleet: Fleet
) -> None:
    changed = "20 as in by-age:2; 30 as in by-age:3"
    told = fleet.described({"base": "by-age:1", "changed": changed, "data_asset": "d:1"})
    links = chain(recorded(told, context), "somebody", None, [])
    found = [(one.name, one.detail) for one in links if one.what == "member"]
    assert found == [(one, "all others as in by-age:1") for one in changed.split("; ")]
    plain = fleet.described({"data_asset": "d:1"})
    assert [one for one in chain(recorded(plain, context), None, None, []) if one.what == "member"] == []
