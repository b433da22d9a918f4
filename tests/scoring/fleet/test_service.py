"""A fleet behind real HTTP: who answers, what leaves memory, and what a broken member does to others."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from scoring.assembly import assemble
from scoring.fleet.members import OBJECT_BYTES
from scoring.fleet.service import FleetService
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.fleet.watch import Watch
from scoring.http.direct import Ask
from scoring.http.problems import UNKNOWN_MEMBER
from scoring.http.requests import begun
from scoring.logs import SELF_TEST_PASSED
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact, ArtifactError, Samples
from scoring.monitor import Pace
from scoring.settings import FleetSettings, Limits, ModelIdentity, Settings, TelemetrySettings
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import Telemetry
from scoring.worker import STATUS, Place
from tests.scoring.conftest import served
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import Small, as_stated

OWN = ("20/female", "20/male", "30/female", "30/male")
SMALL = "90/male"
STREAM = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def directory(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("fleet")
    fleet_of(place, model.trained.artifact, model.test_matrix, OWN, [SMALL])
    return place


@pytest.fixture(scope="module")
def fleet(directory: Path) -> Fleet:
    return load(directory)


Start = Callable[..., tuple[FleetService, httpx.Client]]


@pytest.fixture
def start(directory: Path) -> Iterator[Start]:
    ends: list[Callable[[], None]] = []

    def begin(place: Path = directory, **fleet: Any) -> tuple[FleetService, httpx.Client]:
        settings = Settings(
            model_dir=place,
            identity=ModelIdentity("by-age", "7", "sha256:" + "0" * 64),
            fleet=replace(FleetSettings(), **fleet),
        )
        service = assembled(settings)
        client, end = served(service)
        ends.append(end)
        until_ready(client)
        return service, client

    yield begin
    for end in ends:
        end()


def assembled(settings: Settings, place: Place | None = None) -> FleetService:
    service = assemble(settings, place)
    assert isinstance(service, FleetService)
    return service


def until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 20
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < deadline, "it is not ready"
        time.sleep(0.01)


def of(directory: Path, fleet: Fleet, key: str) -> Artifact:
    return artifacts.load(model_dir(directory, fleet.members[key].model))


def asked(client: httpx.Client, artifact: Artifact, **more: Any) -> httpx.Response:
    return client.post("/score", json={**artifact.samples.request, **more})


def test_each_member_is_answered_by_its_own_model_and_the_answer_says_which(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    _, client = start()
    for key in OWN:
        artifact = of(directory, fleet, key)
        answer = asked(client, artifact, member=key).json()
        assert as_stated(answer["predictions"], artifact.samples.predictions)
        assert answer["model"] == {
            "name": "by-age",
            "version": "7",
            "digest": artifact.digest,
            "image": "sha256:" + "0" * 64,
            "fleet": fleet.digest,
            "member": key,
            "fallback": False,
        }
    assert len({one.model for one in fleet.members.values()}) == len(OWN) + 1


def test_a_small_member_and_a_request_without_one_are_answered_by_the_pooled_model(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    _, client = start()
    pooled = artifacts.load(model_dir(directory, fleet.pooled))
    for more, member, fallback in (({"member": SMALL}, SMALL, True), ({}, None, False)):
        answer = asked(client, pooled, **more).json()
        assert as_stated(answer["predictions"], pooled.samples.predictions)
        said = answer["model"]
        assert (said["digest"], said["member"], said["fallback"]) == (fleet.pooled, member, fallback)


def test_who_is_no_member_is_refused_or_answered_by_the_pooled_model(
    start: Start, model: Small, tmp_path: Path, directory: Path, fleet: Fleet
) -> None:
    artifact = of(directory, fleet, OWN[0])
    _, client = start()
    refused = asked(client, artifact, member="50/male")
    assert (refused.status_code, refused.json()["type"]) == (404, UNKNOWN_MEMBER.uri)
    fleet_of(tmp_path, model.trained.artifact, model.test_matrix, OWN[:1], unknown="pooled")
    _, client = start(tmp_path)
    said = asked(client, artifact, member="50/male").json()["model"]
    assert (said["digest"], said["member"], said["fallback"]) == (fleet.pooled, "50/male", True)


@pytest.mark.parametrize("member", [7, "", "a b", None, ["20/male"], "x" * 65])
def test_what_cannot_name_a_member_is_a_defect_of_the_request(
    start: Start, directory: Path, fleet: Fleet, member: object
) -> None:
    _, client = start(preload=False)
    answer = asked(client, of(directory, fleet, OWN[0]), member=member)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/member"


def test_a_header_names_the_member_of_a_stream_and_has_to_agree_with_the_field(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    _, client = start()
    artifact = of(directory, fleet, OWN[1])
    table = pa.Table.from_pylist(list(artifact.samples.request["records"]))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    headers = {"content-type": STREAM, "accept": STREAM, "x-fleet-member": OWN[1]}
    answer = client.post("/score", content=sink.getvalue().to_pybytes(), headers=headers)
    scores = pa.ipc.open_stream(answer.content).read_all()
    found = scores.column("probability").to_pylist()
    assert found == pytest.approx([one["probability"] for one in artifact.samples.predictions], abs=1e-6)
    assert json.loads(scores.schema.metadata[b"model"])["member"] == OWN[1]
    differs = client.post(
        "/score", json={**artifact.samples.request, "member": OWN[0]}, headers={"x-fleet-member": OWN[1]}
    )
    assert differs.status_code == 422


def test_the_least_recently_used_model_leaves_memory_and_comes_back(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    size = 2 * (OBJECT_BYTES + 250_000)
    service, client = start(memory_bytes=size, preload=False)
    resident = service.members.resident
    for _ in range(2):
        for key in OWN:
            artifact = of(directory, fleet, key)
            answer = asked(client, artifact, member=key).json()
            assert as_stated(answer["predictions"], artifact.samples.predictions)
            assert key in resident
            assert resident.bytes <= size
    assert 0 < len(resident) < len(OWN)
    assert set(service.members.monitors) == set(resident.keys())
    told = client.get("/fleet").json()
    assert told["resident"]["models"] == len(resident)
    assert [key for key, one in told["members"].items() if one["resident"]] == sorted(
        resident.keys(), key=list(fleet.members).index
    )


def test_a_members_window_outlives_its_models_stay(start: Start, directory: Path, fleet: Fleet) -> None:
    service, client = start(memory_bytes=OBJECT_BYTES + 250_000, preload=False)
    artifact = of(directory, fleet, OWN[0])
    rows = len(artifact.samples.predictions)
    asked(client, artifact, member=OWN[0])
    asked(client, artifact, member=OWN[1])
    assert OWN[0] not in service.members.resident
    asked(client, artifact, member=OWN[0])
    scorer = service.members.resident.get(OWN[0])
    assert scorer is not None
    assert scorer.monitor.snapshot().rows == 2 * rows


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


@pytest.mark.parametrize("preload", [True, False])
def test_the_log_says_that_models_passed_their_tests_as_a_deployment_waits_for_it(
    start: Start, caplog: pytest.LogCaptureFixture, preload: bool
) -> None:
    caplog.set_level(logging.INFO, "scoring")
    start(preload=preload)
    (line,) = [one for one in caplog.records if one.message == SELF_TEST_PASSED]
    assert line.__dict__["models"] == (len(OWN) if preload else 0)


def test_drift_of_a_member_is_told_once_though_its_model_leaves_memory_and_comes_back(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one_model = replace(FleetSettings(), memory_bytes=OBJECT_BYTES + 250_000)
    members = assembled(Settings(model_dir=directory, fleet=one_model)).members
    watch = Watch(members.monitors, Pace(rows=1, seconds=0.0))

    def read(key: str) -> None:
        members.keep(key, members.load(key))

    read(OWN[0])
    members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    assert watch.look(0.0) == 1
    drifted = members.monitors[OWN[0]].report.drifted
    assert drifted
    read(OWN[1])
    assert list(members.monitors) == [OWN[1]]
    read(OWN[0])
    assert members.monitors[OWN[0]].report.drifted == drifted
    assert watch.look(1.0) == 1
    told = [line.__dict__["member"] for line in caplog.records if line.message == "drift changed"]
    assert told == [OWN[0]]


def test_a_change_is_told_once_by_all_workers_together(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each has a watch of its own over the same rows."""
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    services = [assembled(Settings(model_dir=directory), Place(n, 3, -1, memory, -1)) for n in range(3)]
    for service in services[1:]:  # the first worker does not hold this model
        service.members.keep(OWN[0], service.members.load(OWN[0]))
    services[1].members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    services[1].members.pooled.monitor.observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    for service in services:
        service.members.pooled.monitor.evaluate()
        service._watch.look(0.0)
    found = [line.__dict__ for line in caplog.records if line.message == "drift changed"]
    assert [one.get("member") for one in found] == [None, OWN[0]]
    assert {service.members.monitors[OWN[0]].report.status for service in services[1:]} == {"drifted"}
    os.close(memory)


@pytest.mark.parametrize(("failed", "leader"), [(False, 0), (True, 1)])
def test_drift_is_published_by_the_first_worker_that_could_be_started(
    directory: Path, monkeypatch: pytest.MonkeyPatch, failed: bool, leader: int
) -> None:
    """Once for all, of a fleet and of a single model."""
    published: list[object] = []
    monkeypatch.setattr(Telemetry, "put_drift", lambda _, record: published.append(record))
    for where in (directory, model_dir(directory, load(directory).pooled)):
        memory = os.memfd_create("test")
        os.ftruncate(memory, STATUS)
        places = [Place(number, 2, -1, memory, -1) for number in range(2)]
        services: list[Any] = [assemble(Settings(model_dir=where), place) for place in places]
        if failed:
            places[1].say_failed(0)
        for number, service in list(enumerate(services))[int(failed) :]:
            scorer = service.members.pooled if where == directory else service._scorer
            scorer.monitor.evaluate()
            assert len(published) == (number == leader)
            published.clear()
        os.close(memory)


@pytest.mark.parametrize(("hidden", "shown"), [("sex", OWN[0]), ("age", "number 1")])
def test_logs_have_no_key_with_values_that_must_not_leave(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture, hidden: str, shown: str
) -> None:
    caplog.set_level(logging.INFO, "scoring")
    telemetry = replace(TelemetrySettings(), redact=frozenset({hidden}))
    service = assembled(Settings(model_dir=directory, telemetry=telemetry))
    members = service.members
    members.keep(OWN[0], members.load(OWN[0]))
    members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    service._watch.look(0.0)
    members.give_up(OWN[0], ArtifactError("it is broken"))
    told = {line.message: line.__dict__ for line in caplog.records}
    for message in ("drift changed", "the pooled model answers for a member"):
        assert told[message]["member"] == shown
    fallen = told["the fleet's pooled model passed its self-test"]["fall_back"]
    assert fallen == (
        [SMALL] if hidden == "sex" else [f"number {list(members.fleet.members).index(SMALL) + 1}"]
    )


def test_workers_share_the_memory_for_models(directory: Path) -> None:
    memory = os.memfd_create("test")
    os.ftruncate(memory, STATUS)
    settings = Settings(model_dir=directory, fleet=replace(FleetSettings(), memory_bytes=900))
    for workers in (1, 3):
        service = assembled(settings, Place(0, workers, -1, memory, -1))
        assert service.members.resident.most_bytes == 900 // workers
    os.close(memory)


def test_each_answer_is_as_the_fleets_own_document_says(start: Start, directory: Path, fleet: Fleet) -> None:
    _, client = start()
    document = client.get("/openapi.json").json()
    artifact = of(directory, fleet, OWN[0])

    def unlike(path: str, method: str, answer: httpx.Response) -> list[str]:
        stated = document["paths"][path][method]["responses"][str(answer.status_code)]
        kind = answer.headers["content-type"]
        schema = {**stated["content"][kind]["schema"], "components": document["components"]}
        return [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]

    record = {"records": [artifact.samples.request["records"][0]], "member": OWN[0]}
    request = {"$ref": "#/components/schemas/ScoreRequest", "components": document["components"]}
    assert Draft202012Validator(request).is_valid(record)
    assert not unlike("/score", "post", client.post("/score", json=record))
    assert not unlike("/score", "post", client.post("/score", json={**record, "member": "none"}))
    explained = client.post("/explain", json=record)
    assert not unlike("/explain", "post", explained)
    assert explained.json()["model"]["digest"] == artifact.digest
    assert not unlike("/fleet", "get", client.get("/fleet"))
    assert not unlike("/readyz", "get", client.get("/readyz"))


def test_requests_of_one_moment_are_each_answered_by_their_own_member(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    """As the event loop answers them together: some of one member, some of others."""
    service, _ = start()
    keys = [OWN[0], OWN[1], OWN[0], SMALL, OWN[0]]
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    asks = [direct(service, row, key) for key in keys]
    together = [json.loads(body) for body in service.bodies(asks)]
    alone = [json.loads(service.bodies([ask])[0]) for ask in asks]
    assert [one["model"]["member"] for one in together] == keys
    assert [one["predictions"] for one in together] == [one["predictions"] for one in alone]
    assert len({one["predictions"][0]["probability"] for one in together}) == 3


def direct(service: FleetService, row: Any, key: str | None, **more: str) -> Ask:
    """A request as the event loop takes it, for a member whose model is in memory."""
    body = json.dumps({"records": [row], **({} if key is None else {"member": key})}).encode()
    headers = {b"content-type": b"application/json", b"content-length": b"%d" % len(body)}
    headers |= {name.replace("_", "-").encode(): value.encode() for name, value in more.items()}
    ask = service.ask(headers, body, begun("POST", "/score", headers, 0))
    assert ask is not None
    return ask


def test_rows_of_callers_count_for_the_drift_of_whose_model_answered(
    start: Start, directory: Path, fleet: Fleet
) -> None:
    service, _ = start()
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    service.bodies([direct(service, row, key) for key in (OWN[0], OWN[1], OWN[0], SMALL)])
    service.bodies([direct(service, row, key, x_synthetic="true") for key in (OWN[0], OWN[2], SMALL)])
    counted = {key: monitor.snapshot().rows for key, monitor in service.members.monitors.items()}
    assert counted == {OWN[0]: 2, OWN[1]: 1, OWN[2]: 0, OWN[3]: 0}
    assert service.members.pooled.monitor.snapshot().rows == 1


def test_records_name_the_member_in_whatever_form_it_is_answered(
    start: Start, directory: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models are not in memory, so each request goes the usual way."""
    put: list[RequestRecord] = []
    monkeypatch.setattr(Telemetry, "put", lambda self, records: put.extend(records))
    _, client = start(preload=False)
    for key, headers in ((OWN[0], {}), (OWN[1], {"accept": STREAM})):
        request = {**of(directory, fleet, key).samples.request, "member": key}
        assert client.post("/score", json=request, headers=headers).status_code == 200
    assert [one.member for one in put if one.route == "/score"] == [OWN[0], OWN[1]]


@pytest.mark.parametrize(("hidden", "named"), [("sex", True), ("age", False)])
@pytest.mark.parametrize("how", ["redact", "hashed"])
def test_a_record_names_the_member_unless_its_key_has_values_that_must_not_leave(
    directory: Path, fleet: Fleet, hidden: str, named: bool, how: str
) -> None:
    telemetry = replace(TelemetrySettings(), **{how: frozenset({hidden})})
    service = assembled(Settings(model_dir=directory, telemetry=telemetry))
    service.members.keep(OWN[0], service.members.load(OWN[0]))
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    asks = [direct(service, row, key) for key in (OWN[0], SMALL, None)]
    service.bodies(asks)
    assert [ask.record.member for ask in asks] == ([OWN[0], SMALL, None] if named else [None] * 3)


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
