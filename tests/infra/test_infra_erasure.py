"""Who may erase people's rows: nobody unless the settings say, and then no more than that takes."""

from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.roles import ROLES
from infra.stack_file import raw_settings as raw_settings_of
from tests.infra.recording import Graph, record, stack_file
from tests.infra.scenarios import central

GROUP = "7d3c2b1a-0000-4000-8000-0000000000e1"


NAMED = {"groupId": GROUP, "groupName": "Data protection"}
DATABASE = {"administrators": "ML engineers"}


def config_of(stack: str, group: str = GROUP) -> dict[str, Any]:
    return {**stack_file(stack), "mlops-estate:erasure": {"groupId": group}}


def assigned(graph: Graph) -> set[tuple[str, str]]:
    """The roles of the group, and on what."""
    names = {id_: role for role, id_ in ROLES.items()}
    return {
        (names[one.inputs["roleDefinitionId"].rpartition("/")[2]], one.inputs["scope"])
        for one in graph.all("authorization:RoleAssignment")
        if one.inputs["principalId"] == GROUP
    }


def test_nobody_may_purge_unless_the_settings_say_who(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        roles = [one.inputs["roleDefinitionId"] for one in graph.all("authorization:RoleAssignment")]
        assert not [one for one in roles if one.endswith(ROLES["Data Purger"])]


def test_the_group_writes_the_lake_reads_what_was_trained_on_and_purges_the_logs() -> None:
    graph = record("stage", config_of("stage"))
    writer = "Storage Blob Data Contributor"
    assert assigned(graph) == {
        ("Data Purger", "id of telemetry-logs"),
        *((writer, f"id of lake-{one}") for one in ("landing", "tables", "predictions", "answers")),
        ("Storage Blob Data Reader", "id of storage-data"),
        ("Reader", "id of workspace"),
    }
    people = [one for one in graph.all("authorization:RoleAssignment") if one.inputs["principalId"] == GROUP]
    assert {one.inputs["principalType"] for one in people} == {"Group"}


def test_a_workspace_of_others_gets_no_role_from_here() -> None:
    stack, config = central()
    lake = stack_file("prod")["mlops-estate:dataLake"]
    asked = {**config, "mlops-estate:erasure": {"groupId": GROUP}, "mlops-estate:dataLake": lake}
    assert "Data Purger" not in {role for role, _ in assigned(record(stack, asked))}


def test_the_database_is_told_the_group_by_name() -> None:
    asked = {
        **config_of("stage"),
        "mlops-estate:erasure": NAMED,
        "mlops-estate:predictionsDatabase": DATABASE,
    }
    told = record("stage", asked).outputs["predictions"]
    assert (told["eraser"], told["eraser_object_id"]) == ("Data protection", GROUP)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mlops-estate:erasure": {"groupId": "everybody"}}, "erasure.groupId"),
        ({"mlops-estate:erasure": {}}, "erasure.groupId is not set"),
        ({"mlops-estate:engineersGroupId": GROUP}, "make a group of those who may erase"),
        ({"mlops-estate:dataLake": None}, "set dataLake, or leave erasure out"),
        ({"mlops-estate:predictionsDatabase": DATABASE}, "erasure.groupName is not set"),
        ({"mlops-estate:erasure": NAMED}, "there is no database to sign in to"),
        (
            {
                "mlops-estate:predictionsDatabase": DATABASE,
                "mlops-estate:erasure": {**NAMED, "groupName": DATABASE["administrators"]},
            },
            "that is predictionsDatabase.administrators",
        ),
    ],
)
def test_wrong_settings_are_named(change: dict[str, Any], words: str) -> None:
    config = {name: value for name, value in (config_of("stage") | change).items() if value is not None}
    with pytest.raises(ConfigError) as refused:
        load(raw_settings_of(config), "stage")
    assert words in str(refused.value)
