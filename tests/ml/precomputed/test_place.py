"""Where the database is, who asks, and what the commands show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.outputs import Predictions
from ml.azure.clients import IDENTITY_VARIABLE
from ml.commands.precomputed import COMMANDS
from ml.errors import MlopsError
from ml.precomputed.place import address_of, for_readers, members_of, open_store
from ml.precomputed.schema import ERASER, READER, WRITER
from ml.terminal.subjects import app
from scoring.precomputed.address import File, Server, parse

PREDICTIONS = Predictions(
    host="psql-a.postgres.database.azure.com",
    port=5432,
    database="predictions",
    administrators="ML engineers",
    writer="id-training",
    writer_object_id="00000000-0000-4000-8000-000000000001",
    reader="id scoring",
    reader_object_id="00000000-0000-4000-8000-000000000002",
)

GROUP = {"eraser": "Data protection", "eraser_object_id": "00000000-0000-4000-8000-000000000003"}


def estate(predictions: Predictions | None = PREDICTIONS) -> Any:
    return SimpleNamespace(
        environment="stage", predictions=predictions, training_identity_client_id="client-of-training"
    )


def test_people_sign_in_as_administrators_and_jobs_as_their_identity() -> None:
    def user(**environment: str) -> str:
        found = address_of(estate(), None, environment)
        assert isinstance(found, Server)
        assert (found.host, found.database) == (PREDICTIONS.host, "predictions")
        return found.user

    assert user() == user(AZURE_CLIENT_ID="another") == "ML engineers"
    assert user(AZURE_CLIENT_ID="client-of-training") == "id-training"
    job = {IDENTITY_VARIABLE: "client-of-training"}
    assert user(**job) == user(**job, AZURE_CLIENT_ID="another") == "id-training"
    of_another_job = {IDENTITY_VARIABLE: "another", "AZURE_CLIENT_ID": "client-of-training"}
    assert user(**of_another_job) == "ML engineers"


def test_a_database_may_be_named_and_has_to_be_where_the_estate_has_none() -> None:
    assert address_of(estate(None), "sqlite:///p.db", {}) == File("/p.db")
    with pytest.raises(MlopsError, match="stage has no database of predictions"):
        address_of(estate(None), None, {})
    with pytest.raises(MlopsError, match="--database is no address") as refused:
        address_of(estate(), "postgresql://u:hunter2@h/d", {})
    assert "hunter2" not in str(refused.value)


def test_the_service_is_told_an_address_that_it_reads() -> None:
    found = for_readers(estate())
    assert found is not None
    assert parse(found) == Server("id scoring", PREDICTIONS.host, 5432, "predictions")
    assert for_readers(estate(None)) is None


def test_the_training_identity_writes_and_the_scoring_identity_reads() -> None:
    assert [(one.role, one.group) for one in members_of(estate())] == [
        ("id-training", WRITER),
        ("id scoring", READER),
    ]
    assert members_of(estate(None)) == []


@pytest.mark.parametrize(
    ("member_of", "opened"),
    [
        (("Data protection", "ML engineers"), ("Data protection", ERASER)),
        (("ML engineers",), ("ML engineers", WRITER)),
        ((), None),
    ],
    ids=["both", "an administrator alone", "neither"],
)
def test_who_erases_need_not_know_which_of_the_groups_they_are_in(
    monkeypatch: pytest.MonkeyPatch, member_of: tuple[str, ...], opened: tuple[str, str] | None
) -> None:
    class Opened:
        def __init__(self, server: Server, token: Any, role: str) -> None:
            if server.user not in member_of:
                raise MlopsError(f"no member of {server.user}.", "Sign in as one.")
            self.found = (server.user, role)

    monkeypatch.setattr("ml.precomputed.postgres.ServerStore", Opened)
    azure: Any = SimpleNamespace(estate=estate(PREDICTIONS.model_copy(update=GROUP)), credential=None)
    if opened is None:
        with pytest.raises(MlopsError) as refused:
            open_store(azure, None, erasing=True)
        said = f"{refused.value.problem} {refused.value.remedy}"
        assert "As Data protection: no member of Data protection." in said
        assert "As ML engineers: no member of ML engineers." in said and "--database" in said
    else:
        store: Any = open_store(azure, None, erasing=True)
        assert store.found == opened


def test_who_erases_signs_in_as_its_group_where_the_server_knows_one() -> None:
    known = estate(PREDICTIONS.model_copy(update=GROUP))

    def user(of: Any, *, erasing: bool, **environment: str) -> str:
        found = address_of(of, None, environment, erasing=erasing)
        assert isinstance(found, Server)
        return found.user

    assert user(known, erasing=True) == "Data protection"
    assert user(known, erasing=False) == user(estate(), erasing=True) == "ML engineers"
    assert user(known, erasing=True, AZURE_CLIENT_ID="client-of-training") == "id-training"
    (*_, eraser) = members_of(known)
    assert (eraser.role, eraser.object_id, eraser.group, eraser.kind) == (*GROUP.values(), ERASER, "group")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_json_and_an_environment(command: str) -> None:
    said = CliRunner().invoke(app, ["precomputed", command, "--help"], env={"COLUMNS": "120"}).output
    assert "--json" in said and "--env" in said
