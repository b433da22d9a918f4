"""Who may do what: tokens, roles, inheritance."""

from __future__ import annotations

import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.app import Emulator
from emulator.http import Request
from emulator.identity.directory import ENGINEERS, SIGNED_IN
from emulator.identity.roles import ROLES
from emulator.identity.tokens import ISSUER

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
BLOB_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
READ = "Microsoft.Resources/subscriptions/resourceGroups/read"


def role_id(name: str) -> str:
    return f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{name}"


def assignment(scope: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"


def body(principal: str, role: str, **more: str) -> dict[str, Any]:
    return {"properties": {"principalId": principal, "roleDefinitionId": role_id(role), **more}}


def test_an_identity_may_do_nothing_until_a_role_says_so(client: Client) -> None:
    someone = client.identity()
    other = Client(client.emulator, someone)
    status, code, message = other.refused("GET", GROUP)
    assert (status, code) == (403, "AuthorizationFailed")
    for word in (someone.object_id, READ, GROUP):
        assert word in message
    client.ok("PUT", assignment(SUBSCRIPTION), body(someone.object_id, READER))
    other.ok("GET", GROUP)
    assert other.refused("PUT", GROUP, {"location": LOCATION})[1] == "AuthorizationFailed"


def test_contributors_give_no_roles(client: Client) -> None:
    someone = client.identity()
    client.ok("PUT", assignment(GROUP), body(someone.object_id, CONTRIBUTOR))
    other = Client(client.emulator, someone)
    other.ok("PUT", GROUP, {"location": LOCATION})
    assert (
        other.refused("PUT", assignment(GROUP), body(someone.object_id, READER))[1] == "AuthorizationFailed"
    )


def test_a_grant_ends_with_its_assignment(client: Client) -> None:
    someone = client.identity()
    path = assignment(GROUP)
    client.ok("PUT", path, body(someone.object_id, READER))
    allowed = client.emulator.identity.allowed
    assert allowed(someone, READ, GROUP)
    client.ok("DELETE", path)
    assert not allowed(someone, READ, GROUP)


def test_groups_pass_their_roles_on_and_data_is_apart(client: Client) -> None:
    client.group()
    allowed = client.emulator.identity.allowed
    assert not allowed(SIGNED_IN, BLOB_READ, GROUP, data=True)  # owners have no data actions
    client.ok("PUT", assignment(GROUP), body(ENGINEERS, BLOB_READER, principalType="Group"))
    assert allowed(SIGNED_IN, BLOB_READ, f"{GROUP}/providers/x/y/z", data=True)
    assert not allowed(SIGNED_IN, BLOB_READ.replace("read", "write"), GROUP, data=True)


def test_assignments_are_checked(client: Client) -> None:
    someone = client.identity()
    nobody, unknown = str(uuid.uuid4()), str(uuid.uuid4())
    path = assignment(GROUP)
    assert client.refused("PUT", path, body(nobody, READER))[1] == "PrincipalNotFound"
    assert client.refused("PUT", path, body(someone.object_id, unknown))[1] == "RoleDefinitionDoesNotExist"
    wrong = body(someone.object_id, READER, principalType="Group")
    assert client.refused("PUT", path, wrong)[1] == "UnmatchedPrincipalType"
    client.ok("PUT", path, body(someone.object_id, READER))
    client.ok("PUT", path, body(someone.object_id, READER))
    again = client.refused("PUT", assignment(GROUP), body(someone.object_id, READER))
    assert again[:2] == (409, "RoleAssignmentExists")
    assert (
        client.refused("PUT", path, body(someone.object_id, CONTRIBUTOR))[1]
        == "RoleAssignmentUpdateNotPermitted"
    )
    assert client.refused("PUT", f"{path}x", body(someone.object_id, READER))[1] == "InvalidResourceName"


def test_conditions_are_refused_since_ignoring_them_would_allow_more(client: Client) -> None:
    someone = client.identity()
    limited = body(
        someone.object_id, READER, condition="@Resource[x] StringEquals 'y'", conditionVersion="2.0"
    )
    assert client.refused("PUT", assignment(GROUP), limited)[:2] == (501, "NotEmulated")
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{uuid.uuid4()}"
    permissions = [{"actions": ["*/read"], "condition": "x", "conditionVersion": "2.0"}]
    properties = {"roleName": "Limited", "permissions": permissions, "assignableScopes": [SUBSCRIPTION]}
    assert client.refused("PUT", definition, {"properties": properties})[1] == "NotEmulated"


def test_custom_roles(client: Client) -> None:
    someone = client.identity()
    name = str(uuid.uuid4())
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{name}"
    permissions = [{"actions": ["Microsoft.Resources/*/read"], "notActions": [], "dataActions": []}]
    client.ok(
        "PUT",
        definition,
        {
            "properties": {
                "roleName": "Onlooker",
                "permissions": permissions,
                "assignableScopes": [SUBSCRIPTION],
            }
        },
    )
    path = assignment(GROUP)
    client.ok("PUT", path, body(someone.object_id, name))
    Client(client.emulator, someone).ok("GET", GROUP)
    assert client.refused("DELETE", definition)[1] == "RoleDefinitionHasAssignments"
    client.ok("DELETE", path)
    client.ok("DELETE", definition)


def test_built_in_roles_can_be_found_by_name(client: Client) -> None:
    found = client.ok(
        "GET",
        f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName eq 'AcrPull'",
    )["value"]
    assert [one["name"] for one in found] == ["7f951dda-4ed3-4680-a7ca-43fe172d538d"]
    assert client.ok("GET", role_id(READER))["properties"]["roleName"] == "Reader"


def test_pointing_at_an_identity_takes_a_right_over_it(client: Client) -> None:
    someone, given = client.identity("someone"), client.identity("given")
    client.ok("PUT", f"{GROUP}2", {"location": LOCATION})
    client.ok("PUT", assignment(f"{GROUP}2"), body(someone.object_id, CONTRIBUTOR))
    path = f"{GROUP}2/providers/Microsoft.ContainerRegistry/registries/registry1"
    registry = {
        "location": LOCATION,
        "sku": {"name": "Premium"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {given.resource_id: {}}},
        "properties": {},
    }
    other = Client(client.emulator, someone)
    status, code, message = other.refused("PUT", path, registry)
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert given.resource_id in message


def test_letting_a_subnet_of_others_in_takes_one_right_on_it(client: Client) -> None:
    """As where production's subnet is let in by whoever deploys stage's data lake: docs/loop.md."""
    someone = client.identity("someone")
    client.ok("PUT", f"{GROUP}2", {"location": LOCATION})
    client.ok("PUT", assignment(f"{GROUP}2"), body(someone.object_id, CONTRIBUTOR))
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/24"]}}
    client.ok("PUT", network, {"location": LOCATION, "properties": space})
    subnet = f"{network}/subnets/training"
    reaches = {"addressPrefix": "10.0.0.0/28", "serviceEndpoints": [{"service": "Microsoft.Storage"}]}
    client.ok("PUT", subnet, {"properties": reaches})
    account = {
        "location": LOCATION,
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": {
            "networkAcls": {
                "defaultAction": "Deny",
                "virtualNetworkRules": [{"id": subnet, "action": "Allow"}],
            }
        },
    }
    path = f"{GROUP}2/providers/Microsoft.Storage/storageAccounts/stagelake"
    other = Client(client.emulator, someone)
    action = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
    status, code, message = other.refused("PUT", path, account)
    assert (status, code) == (403, "LinkedAuthorizationFailed") and action in message

    name = str(uuid.uuid4())
    role = {
        "roleName": "Subnet user",
        "permissions": [{"actions": [action]}],
        "assignableScopes": [SUBSCRIPTION],
    }
    client.ok("PUT", role_id(name), {"properties": role})
    client.ok("PUT", assignment(subnet), body(someone.object_id, name))
    other.ok("PUT", path, account)


SEGMENT = st.sampled_from(["a", "b", "ab"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(SEGMENT, max_size=3),
    asked=st.lists(SEGMENT, max_size=4),
    role=st.sampled_from(sorted(ROLES)),
    data=st.booleans(),
)
def test_a_role_holds_at_its_scope_and_below_only(
    emulator: Emulator, held: list[str], asked: list[str], role: str, data: bool
) -> None:
    def scope(names: list[str]) -> str:
        root = f"{SUBSCRIPTION}/resourceGroups/rg/providers/N.S"
        return "".join([root, *(f"/kind/{name}" for name in names)]) if names else SUBSCRIPTION

    holder = ENGINEERS
    store, access = emulator.store, emulator.identity.access
    before = access.allowed(SIGNED_IN, BLOB_READ, scope(asked), data=data)
    path = assignment(scope(held))
    store.put(path, {"type": "Microsoft.Authorization/roleAssignments", **body(holder, role)})
    wanted = before or (asked[: len(held)] == held and ROLES[role].allows(BLOB_READ, data=data))
    assert access.allowed(SIGNED_IN, BLOB_READ, scope(asked), data=data) == wanted
    store.delete(path)
    assert access.allowed(SIGNED_IN, BLOB_READ, scope(asked), data=data) == before


def ask(emulator: Emulator, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    request = Request(
        "GET", "management.azure.com", SUBSCRIPTION, SUBSCRIPTION, {"api-version": "2024-11-01"}, headers
    )
    return emulator.answer(request).status


def test_tokens_are_verified(emulator: Emulator) -> None:
    tokens = emulator.identity.tokens
    good, _ = tokens.issue(SIGNED_IN, "https://management.azure.com/.default")
    assert ask(emulator, good) == 200
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    bad = [
        "",
        "nonsense",
        good[:-6] + "AAAAAA",
        jwt.encode(claims, stranger, algorithm="RS256"),
        jwt.encode(claims, "x" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        tokens.sign({**claims, "exp": int(time.time()) - 1}),
        tokens.sign({**claims, "aud": "https://vault.azure.net"}),
        tokens.sign({**claims, "iss": f"{ISSUER}x"}),
        tokens.sign({**claims, "oid": str(uuid.uuid4())}),
    ]
    assert [ask(emulator, token) for token in bad] == [401] * len(bad)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_role_names_are_guids(role: str) -> None:
    assert str(uuid.UUID(role)) == role
