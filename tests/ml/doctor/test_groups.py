"""The groups of the settings, as the directory and the stack files know them."""

from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

from emulator.identity.directory import APPROVERS, DATA_PROTECTION, ENGINEERS, GROUPS, PROD_ENGINEERS
from infra.config import load
from infra.environments import PROVEN_IN, environments
from infra.stack_file import settings_of
from ml.azure.rest import Rest
from ml.doctor import checks, groups
from ml.doctor.findings import State
from ml.doctor.subject import Subject
from ml.errors import MlopsError
from tests.infra.settings import raw_settings

NOBODY = "11111111-0000-4000-8000-0000000000ff"


class Directory(Rest):
    """Answers as Microsoft Graph does. status: of every answer, in the place of it."""

    def __init__(self, status: int = 0) -> None:
        self._status = status

    def get(self, path: str, **query: str) -> dict[str, Any]:
        group = path.removeprefix("/v1.0/groups/")
        if status := self._status or (0 if group in GROUPS else 404):
            error = HttpResponseError(f"refused with {status}")
            error.status_code = status
            raise error
        return {"id": group, "displayName": GROUPS[group]}


class Credential(TokenCredential):
    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        raise AssertionError(f"a token for {scopes} was asked for")


def subject(stack: str, status: int = 0, **changes: Any) -> Subject:
    made = Subject(load({**raw_settings(stack), **changes}, stack), Credential())
    made.__dict__["directory"] = Directory(status)  # the cached property's own place
    return made


def told(made: Subject) -> list[tuple[State, str]]:
    return [(one.state, f"{one.said} -> {one.remedy}") for one in groups.check(made)]


def test_the_groups_of_the_stack_files_are_there_and_apart() -> None:
    for stack in environments():
        assert [state for state, _ in told(subject(stack))] == [State.OK]
    assert groups.TITLE in checks.ASKS_AZURE


def test_a_group_that_nobody_has_is_named_with_its_setting() -> None:
    ((state, said),) = told(subject("prod", engineersGroupId=NOBODY))
    assert state is State.FAILED
    assert f"engineersGroupId {NOBODY} is no group" in said and "Pulumi.prod.yaml" in said
    found = told(subject("stage", erasure={"groupId": NOBODY}))
    assert [state for state, _ in found] == [State.FAILED] and "erasure.groupId" in found[0][1]
    assert told(subject("stage", erasure={"groupId": DATA_PROTECTION}))[0][0] is State.OK


@pytest.mark.parametrize("status", [401, 403])
def test_a_directory_that_does_not_answer_is_told_with_the_right_that_is_missing(status: int) -> None:
    ((state, said),) = told(subject("prod", status))
    assert state is State.UNKNOWN and "Directory Readers" in said and f"({status})" in said


def test_what_else_the_directory_refuses_is_the_doctors_to_tell() -> None:
    with pytest.raises(HttpResponseError):
        groups.check(subject("prod", 500))


@pytest.mark.parametrize("kind", [ServiceRequestError, ServiceResponseError])
def test_a_directory_that_cannot_be_reached_leaves_the_other_findings(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def unreachable(*_: object, **__: str) -> dict[str, Any]:
        raise kind("no route to graph.microsoft.com")

    monkeypatch.setattr(Directory, "get", unreachable)
    (missing, apart) = told(subject("prod", engineersGroupId=ENGINEERS))
    assert missing[0] is State.UNKNOWN and "no route to graph.microsoft.com" in missing[1]
    assert "Let this machine out to https://graph.microsoft.com" in missing[1]
    assert apart[0] is State.WARNING


def test_who_releases_does_not_approve() -> None:
    ((state, said),) = told(subject("prod", engineersGroupId=APPROVERS))
    assert state is State.WARNING and "who releases approves" in said and "approversGroupId" in said


def test_productions_engineers_are_not_those_of_where_releases_are_proven() -> None:
    ((state, said),) = told(subject("prod", engineersGroupId=ENGINEERS.upper()))
    assert state is State.WARNING and "also stage's" in said
    stage = settings_of(PROVEN_IN)
    assert list(groups.judge(stage, None, None)) == []
    assert settings_of("prod").engineers_group_id == PROD_ENGINEERS


@pytest.mark.parametrize(
    "content",
    ["", "config: none\n", "config:\n  mlops-bootstrap:environments:\n    prod:\n      retentionDays: 7\n"],
)
def test_a_bootstrap_that_names_no_approvers_is_no_group(tmp_path: Path, content: str) -> None:
    assert groups.approvers("prod", tmp_path) is None
    folder = tmp_path / "infra" / "bootstrap"
    folder.mkdir(parents=True)
    (folder / "Pulumi.shared.yaml").write_text(content)
    assert groups.approvers("prod", tmp_path) is None


def test_a_bootstrap_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "infra" / "bootstrap"
    folder.mkdir(parents=True)
    (folder / "Pulumi.shared.yaml").write_text("config: [\n")
    with pytest.raises(MlopsError, match=r"Pulumi\.shared\.yaml is no YAML"):
        groups.approvers("prod", tmp_path)
