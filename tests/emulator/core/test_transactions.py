"""What is rolled back has no effects, and no cache remembers it; what is kept has them once, in order."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.effects import Effects
from emulator.arm.service import Put
from emulator.errors import AzureError

from .conftest import GROUP, LOCATION, Client

ROUTES = "Microsoft.Network/routeTables"
OUTER = f"{GROUP}/providers/{ROUTES}/outer"
INNER = f"{GROUP}/providers/{ROUTES}/inner"
BODY = {"location": LOCATION}


def _no_effect(*_: object) -> None:
    pass


def wrong(what: str) -> AzureError:
    return AzureError(400, "Wrong", what)


@pytest.fixture
def seen(emulator: Emulator, client: Client) -> list[str]:
    """The effects on route tables, in their order; a PUT of the outer one puts the inner one too."""
    client.group()
    arm, effects = emulator.arm, list[str]()

    @arm.with_put(ROUTES)
    def nested(put: Put) -> None:
        if put.resource["name"] == "outer":
            arm.put(INNER, BODY)

    @arm.after_put(ROUTES)
    def made(put: Put) -> None:
        effects.append(f"+{put.resource['name']}")

    @arm.after_delete(ROUTES)
    def gone(resource: dict[str, Any]) -> None:
        effects.append(f"-{resource['name']}")

    return effects


def test_what_is_rolled_back_has_no_effects(emulator: Emulator, client: Client, seen: list[str]) -> None:
    @emulator.arm.with_put(ROUTES)
    def refuse(put: Put) -> None:
        if put.resource["name"] == "outer":
            raise wrong("after the inner one was put")

    assert client.refused("PUT", OUTER, BODY)[1] == "Wrong"
    assert emulator.store.get(INNER) is None
    assert seen == []


def test_a_deletion_that_is_rolled_back_has_no_effects(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    client.ok("PUT", OUTER, BODY)
    seen.clear()

    @emulator.arm.with_delete(ROUTES)
    def refuse(resource: dict[str, Any]) -> None:
        if resource["name"] == "outer":
            emulator.arm.delete(INNER)
            raise wrong("after the inner one was deleted")

    assert client.refused("DELETE", OUTER)[1] == "Wrong"
    assert emulator.store.get(INNER) is not None
    assert seen == []


def test_effects_come_after_the_outermost_commit_innermost_first(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    @emulator.arm.after_put(ROUTES)
    def both_are_there(put: Put) -> None:
        found = emulator.store.get(OUTER), emulator.store.get(INNER)
        seen.append("whole" if all(found) else "half")

    client.ok("PUT", OUTER, BODY)
    assert seen == ["+inner", "whole", "+outer", "whole"]


def test_effects_hold_up_no_other_request(emulator: Emulator, client: Client, seen: list[str]) -> None:
    """They run without ARM's lock: what takes long, or asks ARM itself, may do so."""

    @emulator.arm.after_put(ROUTES)
    def asks(put: Put) -> None:
        if put.resource["name"] == "outer":
            other = threading.Thread(target=emulator.arm.put, args=(f"{INNER}2", BODY))
            other.start()
            other.join(20)
            seen.append("stuck" if other.is_alive() else "free")

    client.ok("PUT", OUTER, BODY)
    assert seen == ["+inner", "+outer", "+inner2", "free"]


def test_effects_on_one_resource_keep_the_order_of_its_changes(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    """Who makes a resource anew, while what its deletion ends is still ending, waits for that."""
    client.ok("PUT", INNER, BODY)
    again: list[threading.Thread] = []

    @emulator.arm.after_delete(ROUTES)
    def slow(resource: dict[str, Any]) -> None:
        again.append(threading.Thread(target=emulator.arm.put, args=(INNER, BODY)))
        again[0].start()
        again[0].join(0.5)
        seen.append("ended")

    client.ok("DELETE", INNER)
    again[0].join(20)
    assert seen == ["+inner", "-inner", "ended", "+inner"]


def test_an_effect_may_change_its_own_resource(emulator: Emulator, client: Client, seen: list[str]) -> None:
    tagged = {**BODY, "tags": {"by": "effect"}}

    @emulator.arm.after_put(ROUTES)
    def tags(put: Put) -> None:
        if "tags" not in put.resource:
            emulator.arm.put(put.id, tagged)

    client.ok("PUT", INNER, BODY)
    assert seen == ["+inner", "+inner"]
    assert client.ok("GET", INNER)["tags"] == tagged["tags"]


@pytest.mark.parametrize(
    ("kind", "body", "action"),
    [
        (
            "Microsoft.Storage/storageAccounts",
            {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
            "listKeys",
        ),
        (
            "Microsoft.Cache/redis",
            {"properties": {"sku": {"name": "Basic", "family": "C", "capacity": 0}}},
            "listKeys",
        ),
        ("Microsoft.OperationalInsights/workspaces", {}, "sharedKeys"),
        (
            "Microsoft.ContainerRegistry/registries",
            {"sku": {"name": "Basic"}, "properties": {"adminUserEnabled": True}},
            "listCredentials",
        ),
    ],
)
def test_secrets_go_with_their_resource(
    emulator: Emulator, client: Client, monkeypatch: pytest.MonkeyPatch, kind: str, body: Any, action: str
) -> None:
    """A kill between the deletion and its effects leaves none: what is made anew gets new ones."""
    client.group()
    one = f"{GROUP}/providers/{kind}/one1234567"
    client.ok("PUT", one, {**BODY, **body})

    def secrets() -> set[str]:
        return set(re.findall(r"[\w+/=-]{30,}", json.dumps(client.ok("POST", f"{one}/{action}"))))

    before = secrets()
    monkeypatch.setattr(Effects, "add", _no_effect)
    client.ok("DELETE", one)
    client.ok("PUT", one, {**BODY, **body})
    assert before
    assert not before & secrets()


def test_a_transaction_of_a_service_around_it_holds_effects_back(emulator: Emulator, seen: list[str]) -> None:
    with pytest.raises(RuntimeError), emulator.store.transaction():
        emulator.arm.put(INNER, BODY)
        assert seen == []
        raise RuntimeError
    assert seen == []
    with emulator.store.transaction():
        emulator.arm.put(INNER, BODY)
        assert seen == []
    assert seen == ["+inner"]


def test_a_nested_put_that_fails_and_is_caught_leaves_nothing(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    @emulator.arm.with_put(ROUTES)
    def refuse(put: Put) -> None:
        if put.resource["name"] == "inner":
            raise wrong("inner")

    @emulator.arm.with_put("Microsoft.Network/natGateways")
    def tries(put: Put) -> None:
        with pytest.raises(AzureError):
            emulator.arm.put(INNER, BODY)

    nat = f"{GROUP}/providers/Microsoft.Network/natGateways/n"
    client.ok("PUT", nat, {**BODY, "sku": {"name": "Standard"}})
    assert emulator.store.get(INNER) is None
    assert seen == []


def test_an_effect_that_fails_is_told_and_the_others_run(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    """As in Azure: the resource is there, its provisioning failed; the same PUT again mends it."""
    broken = [True]

    @emulator.arm.after_put(ROUTES)
    def start(put: Put) -> None:
        if put.resource["name"] == "inner" and broken[0]:
            raise wrong("no process can be started")
        seen.append(f"started {put.resource['name']}")

    status, code, message = client.refused("PUT", OUTER, BODY)
    assert (status, code, message) == (400, "Wrong", "no process can be started")
    assert seen == ["+inner", "+outer", "started outer"]
    states = [client.ok("GET", one)["properties"]["provisioningState"] for one in (INNER, OUTER)]
    assert states == ["Failed", "Succeeded"]
    broken.clear()
    broken.append(False)
    assert client.ok("PUT", OUTER, BODY)["properties"]["provisioningState"] == "Succeeded"
    assert client.ok("GET", INNER)["properties"]["provisioningState"] == "Succeeded"


def test_an_effect_of_a_deletion_that_fails_is_told_and_the_resource_is_gone(
    emulator: Emulator, client: Client, seen: list[str]
) -> None:
    client.ok("PUT", INNER, BODY)

    @emulator.arm.after_delete(ROUTES)
    def stop(resource: dict[str, Any]) -> None:
        raise wrong("the process does not end")

    assert client.refused("DELETE", INNER)[1] == "Wrong"
    assert client("DELETE", INNER).status == 204


def test_no_cache_remembers_what_was_rolled_back(emulator: Emulator, client: Client, seen: list[str]) -> None:
    """A cache that is filled inside of a transaction is renewed after its end."""
    store, cache = emulator.store, dict[int, int]()

    def cached() -> int:
        revision = store.revision(ROUTES)
        if revision not in cache:
            cache[revision] = len(store.by_type(ROUTES))
        return cache[revision]

    assert cached() == 0
    with pytest.raises(RuntimeError), store.transaction():
        emulator.arm.put(INNER, BODY)
        assert cached() == 1
        raise RuntimeError
    assert cached() == 0
    client.ok("PUT", INNER, BODY)
    assert cached() == 1


def test_the_disk_of_a_machine_is_made_and_deleted_with_it(emulator: Emulator, client: Client) -> None:
    """In one transaction: a kill between the two leaves both or neither."""
    client.group()
    network = f"{GROUP}/providers/Microsoft.Network"
    client.ok(
        "PUT",
        f"{network}/virtualNetworks/net",
        {
            **BODY,
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            },
        },
    )
    subnet = {"id": f"{network}/virtualNetworks/net/subnets/a"}
    configuration = {"name": "one", "properties": {"subnet": subnet}}
    nic = client.ok(
        "PUT",
        f"{network}/networkInterfaces/nic",
        {**BODY, "properties": {"ipConfigurations": [configuration]}},
    )
    machine = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/m"
    body = {
        **BODY,
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
            "networkProfile": {"networkInterfaces": [{"id": nic["id"]}]},
            "storageProfile": {"osDisk": {"createOption": "FromImage", "deleteOption": "Delete"}},
        },
    }

    @emulator.arm.after_put("Microsoft.Compute/virtualMachines")
    def no_effect_needed(put: Put) -> None:
        raise wrong("killed here")

    assert client.refused("PUT", machine, body)[1] == "Wrong"
    disks = emulator.store.by_type("Microsoft.Compute/disks")
    assert [json.loads(json.dumps(one))["name"] for one in disks] == ["m_OsDisk_1"]
    client.ok("DELETE", machine)
    assert emulator.store.by_type("Microsoft.Compute/disks") == []
