"""Production's alerts and rows go to stage: what the doctor says of the two stack files, and of the role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.app import Emulator
from infra.config import load
from infra.roles import LANDING_WRITER, OWN_ROLES, role_definition_id, role_guid
from ml.doctor import checks, elsewhere, endpoints
from ml.doctor.elsewhere import Other, judge
from ml.doctor.findings import State
from tests.emulator.core.conftest import Client
from tests.emulator.homes import started_once
from tests.infra.settings import raw_settings
from tests.infra.test_infra_retraining import PRODUCTION, PUSHER
from tests.ml.doctor.test_doctor_asks import subject, told

APPLICATION = {
    "clientId": "7d3c2b1a-0000-4000-8000-0000000000a1",
    "objectId": "7d3c2b1a-0000-4000-8000-0000000000a2",
}
PUSHED_BY = {"principalId": PUSHER, "subnetId": PRODUCTION}


def stage(**retraining: Any) -> Other:
    raw = raw_settings("stage")
    raw["retraining"] = {"application": APPLICATION, "pushedBy": PUSHED_BY, **retraining}
    raw["retraining"] = {key: value for key, value in raw["retraining"].items() if value is not None}
    return Other(load(raw, "stage"))


def production(other: Other, *, without: str = "", **over: Any) -> Any:
    raw = raw_settings("prod")
    group = other.settings.names().of("resource_group")
    lake = (
        f"/subscriptions/{other.settings.azure.subscription_id}/resourceGroups/{group}/providers/"
        f"Microsoft.Storage/storageAccounts/{other.lake}"
    )
    raw["retraining"] = {"endpoint": {"url": other.alerts_url, **APPLICATION}, "pushTo": lake, **over}
    raw["retraining"].pop(without, None)
    return load(raw, "prod")


def said(settings: Any, *known: Other) -> dict[State, str]:
    return told(judge(settings, settings.retraining, list(known)))


def test_two_that_agree_are_well() -> None:
    assert set(said(production(stage()), stage())) == {State.OK}


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"application": None}, "its retraining.application is not set"),
        ({"application": {**APPLICATION, "clientId": PUSHER}}, "another app registration"),
        ({"pushedBy": None}, "its retraining.pushedBy is not set"),
        ({"pushedBy": {"principalId": PUSHER}}, "lets no subnet of prod in"),
    ],
)
def test_what_the_other_one_lacks_is_named_with_its_stack_file(lacking: dict[str, Any], words: str) -> None:
    found = said(production(stage()), stage(**lacking))
    assert words in found[State.FAILED] and "Pulumi.stage.yaml" in found[State.FAILED]


def test_an_estate_where_nothing_starts_takes_neither() -> None:
    raw = raw_settings("stage")
    raw.pop("retraining", None)
    settings = production(stage())
    found = judge(settings, settings.retraining, [Other(load(raw, "stage"))])
    assert [one.state for one in found] == [State.FAILED, State.FAILED]


@pytest.mark.parametrize(
    ("without", "words"),
    [("endpoint", "alerts of prod start no training"), ("pushTo", "labelled rows of prod go nowhere")],
)
def test_half_of_it_is_worth_a_word(without: str, words: str) -> None:
    assert words in said(production(stage(), without=without), stage())[State.WARNING]


def test_what_is_not_of_this_checkout_is_not_known() -> None:
    settings = production(stage())
    found = judge(settings, settings.retraining, [])
    assert [one.state for one in found] == [State.UNKNOWN, State.UNKNOWN]


def test_a_private_endpoint_of_the_lake_hides_its_name_from_a_private_production() -> None:
    raw = raw_settings("stage")
    raw["retraining"] = {"application": APPLICATION, "pushedBy": PUSHED_BY}
    raw["privateLink"] = {"services": ["dataLake"]}
    found = said(production(stage()), Other(load(raw, "stage")))
    assert "privatelink.blob.core.windows.net" in found[State.WARNING]


ENDPOINT = {"principalId": PUSHER, "privateEndpoint": True}


def test_by_a_private_endpoint_both_sides_have_to_say_so() -> None:
    taking = stage(pushedBy=ENDPOINT)
    assert set(said(production(stage(), pushEndpoint="manual"), taking)) == {State.OK}
    unsaid = said(production(stage(), pushEndpoint="manual"), stage())[State.FAILED]
    assert "does not know that rows come by a private endpoint" in unsaid and "Pulumi.stage.yaml" in unsaid
    assert "there is no private endpoint of it" in said(production(stage()), taking)[State.FAILED]


def test_a_private_estate_that_trains_takes_rows_by_a_private_endpoint_alone() -> None:
    def private(pushed_by: dict[str, Any]) -> Other:
        raw = raw_settings("stage")
        raw["retraining"] = {"application": APPLICATION, "pushedBy": pushed_by}
        raw |= {"environment": "dev", "networkAccess": {"mode": "private"}, "privateLink": {"monitor": True}}
        return Other(load(raw, "dev"))

    unaware, aware = private({"principalId": PUSHER}), private(ENDPOINT)
    found = said(production(unaware), unaware)
    assert "Set retraining.pushEndpoint in Pulumi.prod.yaml" in found[State.FAILED]
    assert set(said(production(aware, pushEndpoint="automatic"), aware)) == {State.OK}


def test_one_name_in_one_central_zone_leads_to_one_endpoint() -> None:
    group = f"/subscriptions/{PUSHER}/resourceGroups/rg-zones"
    other, own = raw_settings("stage"), raw_settings("prod")
    other["retraining"] = {"application": APPLICATION, "pushedBy": ENDPOINT}
    other["privateLink"] = {"services": ["dataLake"]}
    own["retraining"] = {"pushTo": production(stage()).retraining.push_to, "pushEndpoint": "manual"}
    for raw in (other, own):
        raw["network"] = {**raw["network"], "centralZones": {"resourceGroupId": group}}
    settings = load(own, "prod")
    found = told(judge(settings, settings.retraining, [Other(load(other, "stage"))]))
    assert "the last one holds for both networks" in found[State.FAILED]


def test_an_endpoint_that_waits_is_named_on_both_sides(emulator: Emulator) -> None:
    raw = raw_settings("stage")
    raw["retraining"] = {"pushedBy": ENDPOINT}
    taking = subject(emulator, raw)
    lake = f"{taking.group}/providers/Microsoft.Storage/storageAccounts/{taking.names.of('data_lake')}"
    raw = raw_settings("prod")
    raw["retraining"] = {"pushTo": lake, "pushEndpoint": "manual"}
    pushing = subject(emulator, raw, stack="prod")
    client, retraining = Client(emulator), pushing.settings.retraining
    assert retraining is not None and endpoints.own(pushing, retraining) == []
    pusher = taking.settings.retraining and taking.settings.retraining.pushed_by
    assert pusher is not None and endpoints.asked_for(taking, pusher) == []
    location = {"location": "westeurope"}
    for group in (taking.group, pushing.group):
        client.ok("PUT", group, location)
    client.ok("PUT", lake, {**location, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    assert "makes it" in endpoints.asked_for(taking, pusher)[0].remedy
    vnet = f"{pushing.group}/providers/Microsoft.Network/virtualNetworks/vnet"
    space = {"addressSpace": {"addressPrefixes": ["10.30.0.0/16"]}}
    client.ok("PUT", vnet, {**location, "properties": space})
    client.ok("PUT", f"{vnet}/subnets/ends", {"properties": {"addressPrefix": "10.30.3.0/26"}})
    name = pushing.names.of("private_endpoint", "landing")
    endpoint = f"{pushing.group}/providers/Microsoft.Network/privateEndpoints/{name}"
    asked = {"name": "landing", "properties": {"privateLinkServiceId": lake, "groupIds": ["blob"]}}
    ends = {"subnet": {"id": f"{vnet}/subnets/ends"}, "manualPrivateLinkServiceConnections": [asked]}
    client.ok("PUT", endpoint, {**location, "properties": ends})
    (waits,) = endpoints.own(pushing, retraining)
    (lets_in,) = endpoints.asked_for(taking, pusher)
    assert (waits.state, lets_in.state) == (State.FAILED, State.FAILED)
    assert "is pending" in waits.said and endpoint in lets_in.said
    connection = lets_in.remedy.partition("--id ")[2].partition(" ")[0]
    approved = {"privateLinkServiceConnectionState": {"status": "Approved", "description": "ok"}}
    client.ok("PUT", connection, {"properties": approved})
    assert [one.state for one in endpoints.own(pushing, retraining)] == [State.OK]
    assert endpoints.asked_for(taking, pusher) == []


def test_this_checkouts_environments_are_looked_at() -> None:
    assert {one.name for one in elsewhere.others("prod")} >= {"stage"}
    assert elsewhere.TITLE in checks.ASKS_AZURE


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(started_once(tmp_path_factory.mktemp("elsewhere") / "home"))
    yield made
    made.close()


def test_a_role_that_the_bootstrap_has_not_defined_is_named(emulator: Emulator) -> None:
    raw = raw_settings("stage")
    raw["retraining"] = {"pushedBy": PUSHED_BY}
    one = subject(emulator, raw)
    assert "infra/bootstrap up" in told(elsewhere.check(one))[State.FAILED]
    azure = one.settings.azure
    path = role_definition_id(
        azure.subscription_id, role_guid(LANDING_WRITER, azure.tenant_id, one.settings.project)
    )
    permission = {"actions": [], "dataActions": list(OWN_ROLES[LANDING_WRITER].data_actions)}
    properties = {
        "roleName": LANDING_WRITER,
        "assignableScopes": [f"/subscriptions/{azure.subscription_id}"],
        "permissions": [permission],
    }
    Client(emulator).ok("PUT", path, {"properties": properties})
    assert set(told(elsewhere.check(one))) == {State.OK}


def test_an_estate_that_trains_itself_and_takes_nothing_is_not_asked(emulator: Emulator) -> None:
    assert elsewhere.check(subject(emulator, raw_settings("stage"))) == []
