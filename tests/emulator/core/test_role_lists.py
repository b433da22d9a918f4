"""Lists of roles and of assignments: what a filter asks for, and nothing else; conditions are refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.authorization.filters import ASSIGNMENTS, DEFINITIONS, read
from emulator.errors import AzureError
from emulator.identity.directory import ENGINEERS, SIGNED_IN

from .conftest import GROUP, SUBSCRIPTION, Client

AUTHORIZATION = "providers/Microsoft.Authorization"
READER = f"/{AUTHORIZATION}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
INNER = f"{GROUP}/providers/Microsoft.Network/routeTables/routes"


def listed(client: Client, scope: str, what: str, asked: str) -> list[dict[str, Any]]:
    return client.ok("GET", f"{scope}/{AUTHORIZATION}/{what}?$filter={quote(asked)}")["value"]


def define(client: Client, name: str, scope: str) -> None:
    properties = {"roleName": name, "assignableScopes": [scope], "permissions": [{"actions": ["*/read"]}]}
    client.ok("PUT", f"{scope}/{AUTHORIZATION}/roleDefinitions/{uuid4()}", {"properties": properties})


def assign(client: Client, scope: str, principal: str) -> None:
    properties = {"principalId": principal, "roleDefinitionId": READER}
    client.ok("PUT", f"{scope}/{AUTHORIZATION}/roleAssignments/{uuid4()}", {"properties": properties})


def test_role_definitions(client: Client) -> None:
    client.group()
    client.ok("PUT", f"{GROUP}2", {"location": "westeurope"})
    for name, scope in (("wide", SUBSCRIPTION), ("one's own", GROUP), ("other", f"{GROUP}2")):
        define(client, name, scope)

    def names(scope: str, asked: str) -> list[str]:
        return sorted(
            one["properties"]["roleName"] for one in listed(client, scope, "roleDefinitions", asked)
        )

    assert names(GROUP, "roleName eq 'Reader'") == ["Reader"]
    assert names(GROUP, "type eq 'CustomRole'") == ["one's own", "wide"]
    assert names(SUBSCRIPTION, "type eq 'CustomRole'") == ["wide"]
    assert names(SUBSCRIPTION, "atScopeAndBelow() and type eq 'CustomRole'") == ["one's own", "other", "wide"]
    assert names(GROUP, "roleName eq 'ONE''S OWN' and type eq 'CustomRole'") == ["one's own"]
    assert names(GROUP, "roleName eq 'Reader' and type eq 'CustomRole'") == []
    assert "wide" not in names(GROUP, "type eq 'BuiltInRole'")
    assert len(names(GROUP, "")) == len(names(GROUP, "type eq 'BuiltInRole'")) + 2


def test_role_assignments(client: Client) -> None:
    client.group()
    client.ok("PUT", INNER, {"location": "westeurope"})
    other = client.identity().object_id
    for scope, principal in ((SUBSCRIPTION, ENGINEERS), (GROUP, other), (INNER, SIGNED_IN.object_id)):
        assign(client, scope, principal)

    def holders(asked: str, scope: str = GROUP) -> set[str]:
        return {one["properties"]["principalId"] for one in listed(client, scope, "roleAssignments", asked)}

    everyone = {ENGINEERS, other, SIGNED_IN.object_id}
    assert holders("") == everyone
    assert holders("atScope()") == {ENGINEERS, other}
    assert holders("atScope()", INNER) == everyone
    assert holders(f"principalId eq '{SIGNED_IN.object_id}'") == {SIGNED_IN.object_id}
    assert holders(f"atScope() and principalId eq '{SIGNED_IN.object_id}'") == set()
    assert holders(f"assignedTo('{SIGNED_IN.object_id}')") == {ENGINEERS, SIGNED_IN.object_id}
    assert holders(f"atScope() and assignedTo('{SIGNED_IN.object_id}')") == {ENGINEERS}
    assert holders(f"principalId eq '{uuid4()}'") == set()


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("roleDefinitions", "roleName ne 'Reader'"),
        ("roleDefinitions", "roleName eq 'a' or roleName eq 'b'"),
        ("roleDefinitions", "principalId eq 'x'"),
        ("roleAssignments", "roleName eq 'Reader'"),
        ("roleAssignments", "principalId eq x"),
        ("roleAssignments", "atScope() and atScope()"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(client: Client, what: str, asked: str) -> None:
    client.group()
    path = f"{GROUP}/{AUTHORIZATION}/{what}?$filter={quote(asked)}"
    status, code, message = client.refused("GET", path)
    assert (status, code) == (400, "UnsupportedFilterExpression")
    assert asked in message


@given(st.text(max_size=30), st.sampled_from((ASSIGNMENTS, DEFINITIONS)))
def test_any_text_is_read_or_refused(text: str, known: tuple[str, ...]) -> None:
    try:
        found = read(text, known)
    except AzureError as error:
        assert error.status == 400
    else:
        assert found.keys() <= set(known)


@given(st.text(alphabet="ab '", min_size=1, max_size=8))
def test_a_name_with_quotes_and_words_is_kept_whole(name: str) -> None:
    quoted = name.replace("'", "''")
    assert read(f"roleName eq '{quoted} and x' and type eq 'CustomRole'", DEFINITIONS) == {
        "name": f"{name} and x".lower(),
        "type": "customrole",
    }


def test_conditions_are_refused_by_name_and_nothing_is_kept(client: Client) -> None:
    client.group()
    condition = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a'"
    body = {"principalId": ENGINEERS, "roleDefinitionId": READER, "condition": condition}
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignments/{uuid4()}"
    refused = client.refused("PUT", path, {"properties": {**body, "conditionVersion": "2.0"}})
    assert refused[:2] == (501, "NotEmulated") and "conditions of role assignments" in refused[2]
    assert client("GET", path).status == 404
    role = {"roleName": "r", "assignableScopes": [GROUP], "permissions": [{"condition": condition}]}
    path = f"{GROUP}/{AUTHORIZATION}/roleDefinitions/{uuid4()}"
    refused = client.refused("PUT", path, {"properties": role})
    assert refused[:2] == (501, "NotEmulated") and "conditions in role definitions" in refused[2]


def test_an_identity_hands_out_the_roles_of_its_condition_and_no_others(client: Client) -> None:
    deploy, other = client.identity("deploy"), client.identity("other")
    reader, pull = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    administrator = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
    action = "Microsoft.Authorization/roleAssignments"
    condition = " AND ".join(
        f"((!(ActionMatches{{'{action}/{verb}'}})) OR "
        f"(@{place}[{action}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{pull}}}))"
        for verb, place in (("write", "Request"), ("delete", "Resource"))
    )

    def assignment(role: str, principal: str, **more: str) -> dict[str, Any]:
        definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
        return {"properties": {"roleDefinitionId": definition, "principalId": principal, **more}}

    def path() -> str:
        return f"{GROUP}/providers/{action}/{uuid4()}"

    given = assignment(administrator, deploy.object_id, condition=condition, conditionVersion="2.0")
    client.ok("PUT", path(), given)
    limited = Client(client.emulator, deploy)
    limited.ok("PUT", path(), assignment(pull, other.object_id))
    answer = limited.refused("PUT", path(), assignment(reader, other.object_id))
    assert answer[:2] == (403, "AuthorizationFailed")
    assert "does not have authorization or an ABAC condition not fulfilled" in answer[2]
