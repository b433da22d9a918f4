"""A fleet behind real HTTP: who answers, what leaves memory, and what a broken member does to others."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from scoring.assembly import assemble
from scoring.fleet.members import OBJECT_BYTES
from scoring.fleet.service import FleetService
from scoring.fleet.stored import Fleet, load, model_dir
from scoring.http.problems import UNKNOWN_MEMBER
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact, ArtifactError
from scoring.settings import FleetSettings, ModelIdentity, Settings
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
        service = assemble(settings)
        assert isinstance(service, FleetService)
        client, end = served(service)
        ends.append(end)
        deadline = time.monotonic() + 20
        while client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.01)
        return service, client

    yield begin
    for end in ends:
        end()


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
    from scoring.http.requests import begun

    service, _ = start()
    keys = [OWN[0], OWN[1], OWN[0], SMALL, OWN[0]]
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    asks: list[Any] = []
    for key in keys:
        body = json.dumps({"records": [row], "member": key}).encode()
        headers = {b"content-type": b"application/json", b"content-length": b"%d" % len(body)}
        asks.append(service.ask(headers, body, begun("POST", "/score", headers, 0)))
    together = [json.loads(body) for body in service.bodies(asks)]
    alone = [json.loads(service.bodies([ask])[0]) for ask in asks]
    assert [one["model"]["member"] for one in together] == keys
    assert [one["predictions"] for one in together] == [one["predictions"] for one in alone]
    assert len({one["predictions"][0]["probability"] for one in together}) == 3


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


def test_a_fleet_without_the_files_of_a_model_does_not_start(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_bytes((directory / "fleet.json").read_bytes())
    with pytest.raises(ArtifactError, match="are not there"):
        assemble(Settings(model_dir=tmp_path))
