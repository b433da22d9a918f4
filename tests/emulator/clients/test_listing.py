"""What command lines and management clients ask of ARM beside single resources."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.app import Emulator
from emulator.http import Request
from emulator.identity.directory import ENGINEERS, SIGNED_IN
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
STORAGE = f"{SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability"
ACCOUNT = {"location": LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}


def tables(client: Client, *names: str) -> None:
    client.group()
    for name in names:
        body = {"location": LOCATION, "tags": {"Name": name, "team": "a"}}
        client.ok("PUT", f"{NETWORK}/routeTables/{name}", body)


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer["value"]]


def filtered(client: Client, text: str) -> list[str]:
    return names(client.ok("GET", f"{SUBSCRIPTION}/resources?$filter={text}"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("resourceType eq 'microsoft.network/ROUTETABLES'", ["one", "two"]),
        ("resourceType ne 'Microsoft.Network/routeTables'", ["net"]),
        ("resourceType eq 'Microsoft.Network/routeTables' and name eq 'two'", ["two"]),
        ("name eq 'one' or name eq 'net'", ["one", "net"]),
        ("(name eq 'one' or name eq 'net') and location eq 'westeurope'", ["one", "net"]),
        ("tagName eq 'name' and tagValue eq 'one'", ["one"]),
        ("tagname eq 'team'", ["one", "two"]),
        ("tagName eq 'name' and tagValue eq 'ONE'", []),  # values do not fold case
        ("substringof('n', name)", ["one", "net"]),
        ("startswith(name, 't')", ["two"]),
        ("resourceGroup eq 'RG'", ["one", "two", "net"]),
        ("name eq 'it''s'", []),
    ],
)
def test_resources_are_filtered(client: Client, text: str, found: list[str]) -> None:
    tables(client, "one", "two")
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    client.ok("PUT", f"{NETWORK}/virtualNetworks/net", {"location": LOCATION, "properties": space})
    assert filtered(client, text) == found


@pytest.mark.parametrize(
    "text",
    ["name", "name eq", "name eq one", "colour eq 'red'", "tagValue eq 'a'", "name eq 'a' or", "a ~ 'b'"],
)
def test_a_filter_that_is_not_understood_is_refused(client: Client, text: str) -> None:
    tables(client, "one")
    status, code, message = client.refused("GET", f"{SUBSCRIPTION}/resources?$filter={text}")
    assert (status, code) == (400, "InvalidFilterInQueryString")
    assert text in message


def test_groups_are_filtered_by_tag(client: Client) -> None:
    client.group()
    client.ok("PUT", f"{GROUP}2", {"location": LOCATION, "tags": {"env": "test"}})
    path = f"{SUBSCRIPTION}/resourceGroups?$filter=tagName eq 'env' and tagValue eq 'test'"
    assert names(client.ok("GET", path)) == ["rg2"]


def test_extensions_are_no_resources_of_a_group(client: Client) -> None:
    tables(client, "one")
    lock = f"{NETWORK}/routeTables/one/providers/Microsoft.Authorization/locks/keep"
    client.ok("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    assert names(client.ok("GET", f"{GROUP}/resources")) == ["one"]


def test_expanding_shows_times_and_states(client: Client) -> None:
    tables(client, "one")
    plain = client.ok("GET", f"{GROUP}/resources")["value"][0]
    more = client.ok("GET", f"{GROUP}/resources?$expand=createdTime,provisioningState")["value"][0]
    assert set(more) - set(plain) == {"createdTime", "provisioningState"}


def pages(client: Client, path: str, between: Any = None) -> list[list[str]]:
    found, address = [], path
    while address:
        answer = client.ok("GET", address)
        found.append(names(answer))
        parts = urlsplit(answer.get("nextLink", ""))
        address = f"{parts.path}?{parts.query}" if parts.path else ""
        if between:
            between(found[-1])
    return found


@pytest.mark.parametrize("path", [f"{GROUP}/resources", f"{NETWORK}/routeTables"])
def test_pages_give_everything_once(client: Client, path: str) -> None:
    tables(client, "a", "b", "c", "d", "e")
    assert pages(client, f"{path}?$top=2") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(client, f"{path}?$top=5") == [["a", "b", "c", "d", "e"]]
    assert client.refused("GET", f"{path}?$top=x")[0] == 400
    assert client.refused("GET", f"{path}?$skiptoken=x")[:2] == (400, "InvalidSkipToken")


def test_pages_leave_nothing_out_when_items_are_deleted_between_them(client: Client) -> None:
    tables(client, "a", "b", "c", "d", "e")

    def delete(found: list[str]) -> None:
        for name in found:
            client.ok("DELETE", f"{NETWORK}/routeTables/{name}")

    assert pages(client, f"{GROUP}/resources?$top=2", delete) == [["a", "b"], ["c", "d"], ["e"]]


def test_head_says_whether_there_is_one(client: Client) -> None:
    tables(client, "one")
    asked = [GROUP, f"{NETWORK}/routeTables/one", f"{GROUP}x", f"{NETWORK}/routeTables/two"]
    assert [client("HEAD", path).status for path in asked] == [204, 204, 404, 404]


def test_doubled_slashes_are_one(client: Client) -> None:
    tables(client, "one")
    path = f"{GROUP}/providers/Microsoft.Network//routeTables/one"
    assert client.ok("GET", path)["id"] == f"{NETWORK}/routeTables/one"


def test_a_storage_account_is_created_with_200_as_its_clients_insist(client: Client) -> None:
    client.group()
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    assert client("PUT", path, ACCOUNT).status == 200
    assert client("PUT", f"{path}/blobServices/default/containers/data", {}).status == 201


def test_a_missing_group_cannot_be_deleted(client: Client) -> None:
    assert client.refused("DELETE", f"{GROUP}x")[:2] == (404, "ResourceGroupNotFound")


def test_providers_name_the_versions_of_their_types(client: Client) -> None:
    provider = client.ok("GET", f"{SUBSCRIPTION}/providers/microsoft.storage")
    types = {one["resourceType"]: one["apiVersions"] for one in provider["resourceTypes"]}
    assert "2024-01-01" in types["storageAccounts"]
    assert types["storageAccounts"] == sorted(types["storageAccounts"], reverse=True)
    listed = client.ok("GET", f"{SUBSCRIPTION}/providers")["value"]
    assert all(kind["apiVersions"] for one in listed for kind in one["resourceTypes"])


@pytest.mark.parametrize(
    ("name", "available", "reason"),
    [("acct", False, "AlreadyExists"), ("UPPER", False, "AccountNameInvalid"), ("free", True, None)],
)
def test_names_can_be_checked(client: Client, name: str, available: bool, reason: str | None) -> None:
    client.group()
    client.ok("PUT", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/acct", ACCOUNT)
    answer = client.ok("POST", STORAGE, {"name": name, "type": "Microsoft.Storage/storageAccounts"})
    assert (answer["nameAvailable"], answer.get("reason")) == (available, reason)


def test_checking_a_name_that_need_not_be_unique_is_refused(client: Client) -> None:
    path = f"{SUBSCRIPTION}/providers/Microsoft.Network/checkNameAvailability"
    body = {"name": "a", "type": "Microsoft.Network/routeTables"}
    assert client.refused("POST", path, body)[:2] == (501, "NotEmulated")
    assert client.refused("POST", STORAGE, {})[0] == 400


def test_tags_on_their_own(client: Client) -> None:
    tables(client, "one")
    path = f"{NETWORK}/routeTables/one/providers/Microsoft.Resources/tags/default"

    def change(operation: str, **tags: str) -> dict[str, str]:
        body = {"operation": operation, "properties": {"tags": tags}}
        return client.ok("PATCH", path, body)["properties"]["tags"]

    assert client.ok("GET", path)["properties"]["tags"] == {"Name": "one", "team": "a"}
    assert change("Merge", team="b", x="1") == {"Name": "one", "team": "b", "x": "1"}
    assert change("Delete", team="b", x="2") == {"Name": "one", "x": "1"}
    assert change("Replace", y="1") == {"y": "1"}
    assert client.refused("PATCH", path, {"operation": "Add", "properties": {"tags": {}}})[0] == 400
    assert client.ok("PUT", path, {"properties": {"tags": {"z": "1"}}})["properties"]["tags"] == {"z": "1"}
    names = client.ok("GET", f"{SUBSCRIPTION}/tagNames")["value"]
    assert [(one["tagName"], one["count"]["value"]) for one in names] == [("z", 1)]
    client.ok("DELETE", path)
    assert client.ok("GET", f"{NETWORK}/routeTables/one")["tags"] == {}
    assert (
        client.refused("GET", f"{NETWORK}/routeTables/two/providers/Microsoft.Resources/tags/default")[0]
        == 404
    )


class TestDirectory:
    def ask(
        self, emulator: Emulator, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, Any]:
        token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://graph.microsoft.com")
        headers = {"authorization": f"Bearer {token}"}
        data = b"" if body is None else json.dumps(body).encode()
        asked = {f"${key}": value for key, value in query.items()}
        request = Request(method, "graph.microsoft.com", path, path, asked, headers, data)
        answer = emulator.answer(request)
        return answer.status, json.loads(answer.body)

    def test_principals_are_found_by_id_application_and_name(
        self, emulator: Emulator, client: Client
    ) -> None:
        identity = client.identity("worker")
        ids = [SIGNED_IN.object_id, ENGINEERS, identity.object_id, "none"]
        found = self.ask(emulator, "POST", "/v1.0/directoryObjects/getByIds", {"ids": ids})[1]["value"]
        assert [one["displayName"] for one in found] == ["mlops-engineer", "mlops-engineers", "worker"]
        assert found[2]["servicePrincipalType"] == "ManagedIdentity"
        spn = f"servicePrincipalNames/any(c:c eq '{SIGNED_IN.client_id}')"
        found = self.ask(emulator, "GET", "/v1.0/servicePrincipals", filter=spn)[1]["value"]
        assert [one["id"] for one in found] == [SIGNED_IN.object_id]
        found = self.ask(emulator, "GET", "/v1.0/groups", filter="displayName eq 'mlops-engineers'")[1][
            "value"
        ]
        assert [one["id"] for one in found] == [ENGINEERS]
        assert self.ask(emulator, "GET", "/v1.0/groups/none")[0] == 404

    def test_all_else_is_refused(self, emulator: Emulator) -> None:
        assert self.ask(emulator, "POST", "/v1.0/groups", {"displayName": "x"})[0] == 501
        assert self.ask(emulator, "GET", "/v1.0/groups", filter="x lt 1")[0] == 501


@pytest.mark.parametrize("kind", ["managedHSMs", "deletedManagedHSMs"])
def test_clients_that_ask_for_vaults_ask_for_hardware_too(client: Client, kind: str) -> None:
    assert client.ok("GET", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/{kind}") == {"value": []}
