"""A fleet behind real HTTP: whose model answers, and how the answer says it."""

import json
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

from scoring.fleet.stored import Fleet, model_dir
from scoring.http.problems import UNKNOWN_MEMBER
from scoring.model import artifact as artifacts
from tests.scoring.fleet.asking import OWN, SMALL, STREAM, Start, asked, direct, of
from tests.scoring.fleet.fleets import fleet_of
from tests.scoring.trained import Small, as_stated


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
