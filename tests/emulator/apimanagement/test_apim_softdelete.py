"""A deleted API Management service keeps its name for 48 hours, unless it is purged or restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.apimanagement import softdelete
from emulator.app import Emulator
from tests.emulator.core.conftest import GROUP, LOCATION, SUBSCRIPTION, Client
from tests.emulator.homes import started_once

SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-one"
PRODUCT = f"{SERVICE}/products/scoring"
DELETED = f"{SUBSCRIPTION}/providers/Microsoft.ApiManagement"
ONE = f"{DELETED}/locations/{LOCATION}/deletedservices/apim-one"
CHECK = f"{DELETED}/checkNameAvailability"
BODY: dict[str, Any] = {
    "location": LOCATION,
    "sku": {"name": "StandardV2", "capacity": 1},
    "properties": {"publisherEmail": "a@example.com", "publisherName": "a"},
}
TAKEN = (
    409,
    "ServiceAlreadyExistsInSoftDeletedState",
    "Api service apim-one was soft-deleted. In order to create the new service with the same name, you have "
    "to either undelete the service or purge it. See https://aka.ms/apimsoftdelete.",
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """With a service that was deleted, and a product in it."""
    emulator = Emulator(started_once(tmp_path / "home"))
    made = Client(emulator)
    made.group()
    made.ok("PUT", SERVICE, BODY)
    made.ok("PUT", PRODUCT, {"properties": {"displayName": "Scoring"}})
    made.ok("DELETE", SERVICE)
    yield made
    emulator.close()


def test_its_name_is_taken_until_it_is_purged(client: Client) -> None:
    assert client.refused("PUT", SERVICE, BODY) == TAKEN
    assert client.ok("POST", CHECK, {"name": "apim-one"})["reason"] == "AlreadyExists"
    for collection in ("deletedservices", f"locations/{LOCATION}/deletedservices"):
        (shown,) = client.ok("GET", f"{DELETED}/{collection}")["value"]
        assert (shown["id"], shown["properties"]["serviceId"]) == (ONE, SERVICE)
    assert client.ok("GET", f"{DELETED}/locations/uksouth/deletedservices")["value"] == []
    client.ok("DELETE", ONE)
    assert client("GET", ONE).status == 404
    assert client.ok("POST", CHECK, {"name": "apim-one"})["nameAvailable"] is True
    client.ok("PUT", SERVICE, BODY)
    assert client("GET", PRODUCT).status == 404


def test_it_can_be_restored_with_what_stood_in_it(client: Client) -> None:
    client.ok("PUT", SERVICE, {**BODY, "properties": {**BODY["properties"], "restore": True}})
    assert client.ok("GET", PRODUCT)["properties"]["displayName"] == "Scoring"
    assert client("GET", ONE).status == 404
    other = SERVICE.replace("apim-one", "apim-two")
    again = {**BODY, "properties": {**BODY["properties"], "restore": True}}
    assert client.refused("PUT", other, again)[:2] == (400, "ServiceUndeleteNotPossible")


def test_it_goes_by_itself_after_48_hours(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = softdelete.time.time()
    monkeypatch.setattr(softdelete.time, "time", lambda: now + 48 * 3600 + 1)
    assert softdelete.deleted(client.emulator.store) == []
    monkeypatch.undo()  # tokens would have expired too
    client.ok("PUT", SERVICE, BODY)


def test_it_is_kept_when_its_group_goes_and_not_by_clients_from_before(client: Client) -> None:
    client.ok("DELETE", ONE)
    client.ok("PUT", SERVICE, BODY)
    client.ok("DELETE", f"{SERVICE}?api-version=2019-12-01")
    assert softdelete.deleted(client.emulator.store) == []
    client.ok("PUT", SERVICE, BODY)
    client.ok("DELETE", GROUP)
    assert [one["name"] for one in softdelete.deleted(client.emulator.store)] == ["apim-one"]
