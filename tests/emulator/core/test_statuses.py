"""Which status a change is answered with: one that Azure's own clients take."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from emulator.app import Emulator
from emulator.arm import catalog, statuses
from emulator.arm.catalog import ROWS
from emulator.arm.operations import KEPT, KIND
from emulator.identity.directory import SIGNED_IN
from tools.clientstatuses.reading import operations, resource
from tools.clientstatuses.table import rows

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

MANAGEMENT = "https://management.azure.com"
NETWORK = f"{GROUP}/providers/Microsoft.Network"


def answered(arm_type: str, verb: str) -> set[int]:
    """The statuses with which the emulator may answer."""
    match verb:
        case "DELETE":
            return {statuses.of_delete(arm_type), statuses.of_delete_of_nothing(arm_type)} - {404}
        case "PUT":
            return {statuses.of_write(arm_type, "PUT", created) for created in (True, False)}
        case _:
            return {statuses.of_write(arm_type, "PATCH", False)}


@pytest.mark.parametrize("package", ["containerinstance", "keyvault", "resource", "storage"])
def test_installed_clients_take_what_is_answered(package: str) -> None:
    """Read from the code that is installed here, which may be newer than the table."""
    spec = find_spec(f"azure.mgmt.{package}")
    assert spec is not None and spec.submodule_search_locations
    found = [
        one
        for one in operations(Path(spec.submodule_search_locations[0]))
        if catalog.find(one.arm_type) is not None and one.verb != "POST"
    ]
    assert found
    for one in found:
        given = answered(one.arm_type, one.verb)
        assert given <= one.statuses, f"{one.verb} {one.arm_type}: {given}, taken: {set(one.statuses)}"


def test_each_emulated_type_is_in_the_table_and_has_a_status_for_each_verb() -> None:
    table: dict[str, Any] = json.loads(statuses.TABLE.read_text())
    known = {row.arm_type.lower() for row in ROWS if row.plane == "arm"}
    assert known <= table["types"].keys()
    assert list(table["types"]) == sorted(table["types"])
    assert all("==" in package for package in table["packages"]) and table["date"]
    for arm_type, verbs in table["types"].items():
        for verb, row in verbs.items():
            assert row["all"], f"{verb} {arm_type}: no status that all clients take"
            if not verb.startswith("POST"):
                assert answered(arm_type, verb) <= {*row["all"], *row.get("some", ())}


@pytest.mark.parametrize(
    ("arm_type", "created", "changed", "deleted", "nothing"),
    [
        ("Microsoft.Insights/metricAlerts", 200, 200, 200, 204),
        ("Microsoft.Network/virtualNetworks", 201, 200, 200, 204),
        ("Microsoft.Network/privateDnsZones/A", 201, 200, 200, 204),
        ("Microsoft.Network/networkWatchers", 201, 200, 202, 204),
        ("Microsoft.Authorization/policyDefinitions", 201, 201, 200, 204),
        ("Microsoft.Storage/storageAccounts/queueServices/queues", 200, 200, 204, 204),
        ("Microsoft.Resources/resourceGroups", 201, 200, 200, 404),
        ("Microsoft.OperationalInsights/workspaces/savedSearches", 200, 200, 200, 404),
    ],
)
def test_a_sample(arm_type: str, created: int, changed: int, deleted: int, nothing: int) -> None:
    assert statuses.of_write(arm_type, "PUT", True) == created
    assert statuses.of_write(arm_type, "PUT", False) == changed
    assert statuses.of_delete(arm_type) == deleted
    assert statuses.of_delete_of_nothing(arm_type) == nothing


def test_a_deleted_role_is_told(client: Client) -> None:
    client.group()
    path = f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/{uuid4()}"
    body = {"properties": {"roleName": "own", "assignableScopes": [GROUP], "permissions": []}}
    assert [client("PUT", path, body).status for _ in range(2)] == [201, 201]
    deleted = client("DELETE", path)
    assert (deleted.status, json.loads(deleted.body)["properties"]["roleName"]) == (200, "own")
    assert client("DELETE", path).status == 204


def test_a_deletion_that_clients_follow(client: Client, emulator: Emulator) -> None:
    client.group()
    watcher = f"{NETWORK}/networkWatchers/w"
    client.ok("PUT", watcher, {"location": LOCATION})
    deleted = client("DELETE", watcher)
    assert (deleted.status, deleted.body) == (202, b"")
    assert client("GET", watcher).status == 404
    status, result = (
        deleted.headers[name].removeprefix(MANAGEMENT) for name in ("azure-asyncoperation", "location")
    )
    assert status.startswith(
        f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/{LOCATION}/operationStatuses/"
    )
    assert client.ok("GET", status)["status"] == "Succeeded"
    assert client("GET", result).status == 204
    other = Client(emulator, client.identity())
    assert other.refused("GET", status)[:2] == (404, "OperationNotFound")
    assert client.refused("GET", status.replace(status.split("/")[-1][:8], "00000000"))[0] == 404
    assert client("DELETE", watcher).status == 204


def test_old_operations_are_forgotten(client: Client, emulator: Emulator) -> None:
    client.group()
    for number in range(KEPT):
        held = {"resource": "", "by": SIGNED_IN.object_id, "ended": f"2026-01-01T00:{number:06}"}
        emulator.store.put_document(KIND, str(number), held)
    client.ok("PUT", f"{NETWORK}/networkWatchers/w", {"location": LOCATION})
    assert client("DELETE", f"{NETWORK}/networkWatchers/w").status == 202
    held = emulator.store.documents(KIND)
    assert len(held) == KEPT and "0" not in held and "1" in held


def code(package: str, statuses_taken: str) -> str:
    """A management package's code, as it is generated."""
    return f"""
def build_things_delete_request(name: str, **kwargs):
    _url = "/subscriptions/{{subscriptionId}}/resourceGroups/{{g}}/providers/{package}/things/{{name}}"
    return HttpRequest(method="DELETE", url=_url, **kwargs)


class ThingsOperations:
    def delete(self, name):
        _request = build_things_delete_request(name=name)
        if response.status_code not in {statuses_taken}:
            raise HttpResponseError(response=response)
        deserialized = self._deserialize("Thing", pipeline_response.http_response)
"""


COMMAND = """
class Delete(AAZCommand):
    class ThingsDelete(AAZHttpOperation):
        def __call__(self, *args, **kwargs):
            if session.http_response.status_code in [202]:
                return self.client.build_lro_polling()
            if session.http_response.status_code in [204]:
                return self.on_204(session)

        @property
        def url(self):
            return self.client.format_url("/subscriptions/{s}/providers/Microsoft.A/things/{t}", **parameters)

        @property
        def method(self):
            return "DELETE"
"""


def test_the_code_of_clients_is_read(tmp_path: Path) -> None:
    for name, text in {
        "azure/mgmt/a/operations/_operations.py": code("Microsoft.A", "[200, 204]"),
        "azure/mgmt/a/aio/operations/_operations.py": code("Microsoft.A", "[999]"),
        "azure/mgmt/a/a_dataplane/operations/_operations.py": code("Microsoft.A", "[999]"),
        "azure/mgmt/b/operations/_operations.py": code("Microsoft.B", "[200, 204]"),
        "azure/cli/command_modules/a/aaz/_delete.py": COMMAND,
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    assert rows(operations(tmp_path, {"microsoft.a/"})) == {
        "microsoft.a/things": {"DELETE": {"all": [204], "some": [200, 202], "body": True}}
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/subscriptions/{s}/resourcegroups/{g}", ("Microsoft.Resources/resourceGroups", "")),
        ("/{scope}/providers/Microsoft.A/things/{t}", ("Microsoft.A/things", "")),
        (
            "/subscriptions/{s}/providers/Microsoft.A/things/{t}/parts/default",
            ("Microsoft.A/things/parts", ""),
        ),
        (
            "/subscriptions/{s}/providers/Microsoft.A/things/{t}/listKeys?a=b",
            ("Microsoft.A/things", "listKeys"),
        ),
        ("/subscriptions/{s}/providers/Microsoft.A/things/{t}/{parts}", ("", "")),
        ("/subscriptions/{s}/providers/Microsoft.A/register", ("", "")),
        ("/subscriptions/{s}", ("", "")),
        ("/{resourceId}", ("", "")),
    ],
)
def test_what_a_path_template_leads_to(url: str, expected: tuple[str, str]) -> None:
    assert resource(url) == expected
