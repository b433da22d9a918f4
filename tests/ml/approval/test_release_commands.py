"""`mlops release …` over a store of releases in which things happened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from emulator.identity.directory import SIGNED_IN
from ml.approval import envelope, keys
from ml.approval.approve import approve
from ml.commands.release import COMMANDS, lineage, list_, show, verify
from ml.errors import MlopsError
from ml.release import lineage as links
from ml.release.requests import query_of, release_of
from ml.terminal.subjects import app
from tests.emulator.monitor.test_logs import received
from tests.emulator.storage import estate
from tests.ml.approval.world import APPROVER, ENGINEER, World

LOG_READER = "73c42c96-874c-492b-b04d-ab87d138a893"


def text(renderable: Any) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


@pytest.fixture
def stage(world: World) -> World:
    """Seen from stage, where releases are recorded."""
    world.outputs["environment"] = "stage"
    return world


def prod(world: World) -> World:
    world.outputs["environment"] = "prod"
    return world


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_help_and_json(command: str) -> None:
    said = CliRunner().invoke(app, ["release", command, "--help"], env={"COLUMNS": "120"}).output
    assert "--json" in said
    assert ("--env" in said) == (command != "verify")


def test_the_chain_goes_from_data_to_the_revision(world: World) -> None:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "the canary of march", "72h")
    world.outputs["environment"] = "stage"
    answer = links.lineage(world.azure(ENGINEER), release.id, ("prod",))
    found = {link["what"]: (link["name"], link["detail"]) for link in answer["chain"]}
    assert list(found) == [
        *(
            "data",
            "code",
            "job",
            "started by",
            "model",
            "image",
            "release",
            "evidence",
            "approval",
            "revision",
        ),
    ]
    assert found["data"][1] == "sha256:" + "d" * 64
    assert found["job"][0] == "train-1" and found["code"][0] == "abc"
    assert found["started by"] == ("data e-1", "a new file")
    assert found["model"] == ("credit:1", "sha256:" + "b" * 64)
    assert found["release"][1].endswith(SIGNED_IN.object_id)
    assert found["evidence"][1].startswith("green")
    assert found["approval"][0] == f"for prod by {APPROVER.object_id}"
    assert "the canary of march" in found["approval"][1]
    assert found["revision"] == (f"rev-{release.id[2:]}", "")
    assert all(name in text(lineage.render(answer)) for name in found)
    assert "the canary of march" in text(show.render(answer))


def test_a_chain_says_what_is_missing(stage: World) -> None:
    release = stage.release(green=None)
    answer = links.lineage(stage.azure(ENGINEER), release.id, ("prod",))
    found = {link["what"]: (link["name"], link["detail"]) for link in answer["chain"]}
    assert found["evidence"][0] == "none" and "mlops release test" in found["evidence"][1]
    assert found["approval"][0] == "none" and found["revision"][1] == "not approved"


def test_what_cannot_be_read_is_not_said_to_be_missing(stage: World) -> None:
    release = stage.release()
    answer = links.lineage(stage.azure(ENGINEER), release.id, ("nowhere",))
    found = {link["what"]: (link["name"], link["detail"]) for link in answer["chain"]}
    assert found["approval"][0] == "for nowhere unknown"
    assert found["revision"][1] == "unknown whether approved"


def test_an_approval_that_is_none_is_shown_as_such(world: World) -> None:
    release = world.release()
    forged = b'{"approved": true}'
    world.container("approvals-prod", APPROVER).upload_blob(f"{release.id}/x.json", forged)
    world.outputs["environment"] = "stage"
    answer = links.lineage(world.azure(ENGINEER), release.id, ("prod",))
    assert "no DSSE envelope" in answer["approvals"][0]["holds"]
    assert answer["chain"][-1]["detail"] == "not approved"


def test_the_list_has_the_newest_first_with_their_evidence(stage: World) -> None:
    first = stage.release()
    second = stage.release(green=False, model_version="2")
    found = links.listed(stage.azure(ENGINEER), 20)
    assert [(one["release"], one["green"]) for one in found] == [(second.id, False), (first.id, True)]
    assert found[0]["recorded_by"] == SIGNED_IN.object_id
    shown = text(list_.render({"environment": "stage", "releases": found}))
    assert second.id in shown and "green" in shown and "red" in shown


def test_a_signature_is_verified_without_a_network(world: World, tmp_path: Path) -> None:
    release = world.release()
    approve(world.azure(APPROVER), world.root, release.id, "fine", "72h")
    (content,) = world.records().values()
    record, key = tmp_path / "approval.json", tmp_path / "key.pem"
    record.write_bytes(content)
    key.write_bytes(keys.pem(keys.public(world.azure(SIGNED_IN), "prod")))
    arguments = ["release", "verify", str(record), "--key", str(key), "--json"]
    said = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert said.exit_code == 0
    answer = json.loads(said.stdout)
    assert (answer["release"], answer["approver"]) == (release.id, APPROVER.object_id)
    payload, key_id, signature = envelope.opened(content)
    changed = payload.replace(b'"environment":"prod"', b'"environment":"live"')
    record.write_bytes(envelope.sealed(changed, key_id, signature))
    said = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert said.exit_code == 1
    assert "either of them was changed" in json.loads(said.stdout)["error"]["problem"]
    with pytest.raises(MlopsError, match=r"FILE .*: No such file"):
        verify.verify(tmp_path / "none", key)
    key.write_text("no key")
    with pytest.raises(MlopsError, match="holds no public key"):
        verify.verify(record, key)


def test_an_answer_leads_back_to_its_release(stage: World) -> None:
    release = stage.release()
    held = estate.resource(stage.emulator, "Microsoft.OperationalInsights/workspaces/logs")
    estate.grant(stage.emulator, ENGINEER.object_id, LOG_READER, held["id"])
    stage.outputs["log_analytics_id"] = held["id"]
    at = datetime.now(UTC) - timedelta(minutes=1)
    row = {
        **received(stage.emulator, at),
        "ResultCode": "200",
        "Properties": {"request_id": "abc-1", "release": release.id, "environment": "stage"},
    }
    stage.emulator.telemetry.add([("AppRequests", row)])
    told = release_of(stage.azure(ENGINEER), "abc-1")
    assert (told["release"], told["environment"]) == (release.id, "stage")
    with pytest.raises(MlopsError, match="knows no request other"):
        release_of(stage.azure(ENGINEER), "other")


@pytest.mark.parametrize("given", ['x" or true', "", "a" * 65, "a\nb"])
def test_what_is_no_id_does_not_come_into_a_query(given: str) -> None:
    with pytest.raises(MlopsError, match="is no id of a request"):
        query_of(given)


def test_training_and_scoring_cannot_write_releases() -> None:
    """They are identities of the estate, and nobody of the estate has a role there."""
    from infra.bootstrap.roles import GRANTS

    writing = {g.who for g in GRANTS if g.scope == "releases" and g.role == "Storage Blob Data Contributor"}
    assert writing == {"deploy", "engineers"}
