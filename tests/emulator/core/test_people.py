"""People sign in by azure-identity, and everybody can tell them from applications."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import UsernamePasswordCredential

from emulator import environment
from emulator.app import Emulator
from emulator.http import Request
from emulator.identity.directory import APPROVERS, ENGINEERS, SIGNED_IN, TENANT_ID, USERS
from emulator.identity.users import COMMAND_LINE, password
from emulator.principal import Principal
from tests.emulator.storage import estate
from tests.emulator.storage.transport import transport

APPROVER = USERS[0]
SCOPE = "https://storage.azure.com/.default"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    made = estate.start(tmp_path)
    yield made
    made.close()


def credential(emulator: Emulator, given: str) -> UsernamePasswordCredential:
    return UsernamePasswordCredential(
        COMMAND_LINE, APPROVER.name, given, tenant_id=TENANT_ID, transport=transport(emulator), retry_total=0
    )


def test_a_person_gets_a_token_that_is_not_an_applications(emulator: Emulator) -> None:
    token = credential(emulator, password(emulator.home, APPROVER)).get_token(SCOPE).token
    claims = emulator.identity.tokens.claims(token)
    assert (claims["oid"], claims["upn"], claims["aud"]) == (
        APPROVER.object_id,
        APPROVER.name,
        "https://storage.azure.com",
    )
    assert claims["scp"] == "user_impersonation" and claims["appid"] == COMMAND_LINE
    assert "idtyp" not in claims
    of_an_application = jwt.decode(
        emulator.identity.tokens.issue(SIGNED_IN, SCOPE)[0], options={"verify_signature": False}
    )
    assert of_an_application["idtyp"] == "app" and "scp" not in of_an_application


def test_a_wrong_password_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
        credential(emulator, "wrong").get_token(SCOPE)


def test_roles_of_a_group_are_those_of_its_people(emulator: Emulator) -> None:
    scope = estate.account(emulator)
    estate.grant(emulator, APPROVERS, estate.READER, scope)
    action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    allowed = {user.name: emulator.identity.allowed(user, action, scope, data=True) for user in USERS}
    assert allowed == {user.name: APPROVERS in user.groups for user in USERS}


def test_the_directory_tells_people_from_applications(emulator: Emulator) -> None:
    token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://graph.microsoft.com")

    def status(object_id: str) -> int:
        path = f"/v1.0/users/{object_id}"
        headers = {"authorization": f"Bearer {token}"}
        answer = emulator.answer(Request("GET", "graph.microsoft.com", path, path, {}, headers))
        if answer.status == 200:
            assert json.loads(answer.body)["userPrincipalName"] == APPROVER.name
        return answer.status

    assert status(APPROVER.object_id) == 200
    assert status(SIGNED_IN.object_id) == status(APPROVERS) == 404


def test_the_environment_of_a_person_has_no_secret_of_an_application(emulator: Emulator) -> None:
    emulator.home.ports.write_text(json.dumps({"proxy": 1}))
    base = {"AZURE_CLIENT_SECRET": "of another", "AZURE_USERNAME": "other"}
    made = environment.applied(emulator.home, base, user="Approver@mlops.example")
    assert (made["AZURE_CLIENT_ID"], made["AZURE_USERNAME"]) == (COMMAND_LINE, APPROVER.name)
    assert "AZURE_CLIENT_SECRET" not in made
    assert environment.outside(made) == base
    with pytest.raises(ValueError, match="no person nobody"):
        environment.applied(emulator.home, {}, user="nobody")


def test_a_managed_identity_has_the_roles_of_its_groups(emulator: Emulator) -> None:
    """As CI's identity that deploys is made an engineer: docs/azure.md."""
    robot = estate.identity(emulator, "robot")

    def graph(method: str, path: str, who: Principal = SIGNED_IN, body: object = None) -> tuple[int, Any]:
        token = emulator.identity.tokens.issue(who, "https://graph.microsoft.com/.default")[0]
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        place = f"/v1.0/{path}"
        request = Request(method, "graph.microsoft.com", place, place, {}, headers, content)
        answer = emulator.answer(request)
        return answer.status, json.loads(answer.body) if answer.body else None

    members = f"groups/{ENGINEERS}/members"
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{robot.object_id}"}
    assert graph("POST", f"{members}/$ref", robot, reference)[0] == 403
    assert graph("POST", f"{members}/$ref", body=reference) == (204, None)
    status, told = graph("POST", f"{members}/$ref", body=reference)
    assert (status, told["error"]["code"]) == (400, "Request_BadRequest")
    assert ENGINEERS in emulator.identity.directory.find(robot.object_id).groups
    names = {one["displayName"] for one in graph("GET", members)[1]["value"]}
    assert {"robot", "mlops-engineer", "engineer"} <= names
    estate.identity(emulator, "robot")  # written again, it stays a member
    assert graph("DELETE", f"{members}/{robot.object_id}/$ref") == (204, None)
    assert emulator.identity.directory.find(robot.object_id).groups == ()
    assert graph("DELETE", f"{members}/{robot.object_id}/$ref")[0] == 404
    assert graph("POST", "groups/no-such-group/members/$ref", body=reference)[0] == 404
