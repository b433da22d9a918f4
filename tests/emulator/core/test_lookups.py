"""Looking things up by what is inside of them: always as the store is, and never by reading all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.app import Emulator
from emulator.arm.ids import parse_resource
from emulator.arm.linked import linked
from emulator.arm.store import Store
from emulator.home import Home

from .conftest import GROUP, LOCATION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/net"
TYPE = "Microsoft.Network/publicIPAddresses"
IDS = [f"{NETWORK}/routeTables/{name}" for name in ("a", "B", "c/routes/x")]
PATH = "properties.ipAddress"


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


def users(store: Store, resource_id: str, arm_type: str = "") -> list[str]:
    return [one["id"] for one in store.users(resource_id, arm_type)]


def test_who_names_an_id(store: Store) -> None:
    store.put(IDS[0], {})
    store.put(IDS[1], {"properties": {"list": [{"id": IDS[0].upper().replace("/SUBSCR", "/subscr")}]}})
    store.put(IDS[2], {"identity": {"userAssignedIdentities": {IDS[0]: {}}}, "tags": {"not": IDS[1]}})
    assert users(store, IDS[0]) == [IDS[1], IDS[2]]
    assert users(store, IDS[1]) == []
    store.put(IDS[1], {"properties": {}})
    assert users(store, IDS[0]) == [IDS[2]]
    store.delete(f"{NETWORK}/routeTables/c")
    assert users(store, IDS[0]) == []


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "delete", "rollback"]),
            st.sampled_from(IDS),
            st.lists(st.sampled_from([*IDS, "text"]), max_size=2),
        ),
        max_size=12,
    )
)
def test_the_index_is_what_a_scan_finds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, list[str]]]
) -> None:
    store = Store(Home(tmp_path_factory.mktemp("home")))
    for kind, resource_id, names in steps:
        body: dict[str, Any] = {"properties": {name: name for name in names}}
        if kind == "put":
            store.put(resource_id, body)
        elif kind == "delete":
            store.delete(resource_id)
        else:
            with pytest.raises(RuntimeError), store.transaction():
                store.put(resource_id, body)
                store.delete(resource_id.rsplit("/", 1)[0])
                raise RuntimeError
    everything = store.subtree("/subscriptions")
    for wanted in IDS:
        scanned = [
            one["id"] for one in everything if any(t.lower() == wanted.lower() for _, t in linked(one))
        ]
        assert users(store, wanted) == scanned
        for arm_type in {parse_resource(one).type for one in IDS}:
            of_type = [one for one in scanned if parse_resource(one).type == arm_type]
            assert users(store, wanted, arm_type.upper()) == of_type
    store.close()


def test_a_database_of_before_is_indexed_at_its_first_opening(home: Home) -> None:
    store = Store(home)
    store.put(IDS[1], {"properties": {"id": IDS[0]}})
    store.close()
    database = sqlite3.connect(home.database)
    database.execute("DROP TABLE link")
    database.execute("PRAGMA user_version = 0")
    database.close()
    assert users(Store(home), IDS[0]) == [IDS[1]]


def test_by_name_and_by_a_value_inside(store: Store) -> None:
    store.index(TYPE, PATH)
    for name, address in (("one", "198.18.0.1"), ("Two", "198.18.0.2")):
        store.put(f"{NETWORK}/publicIPAddresses/{name}", {"name": name, "properties": {"ipAddress": address}})
    assert [one["name"] for one in store.named(TYPE.upper(), "two")] == ["Two"]
    assert [one["name"] for one in store.holding(TYPE, PATH, "198.18.0.1")] == ["one"]
    assert store.holding(TYPE, PATH, "198.18.0.3") == store.named(TYPE, "three") == []


Look = Callable[[Store], list[dict[str, Any]]]


def by_user(store: Store) -> list[dict[str, Any]]:
    return store.users(IDS[0])


def by_name(store: Store) -> list[dict[str, Any]]:
    return store.named(TYPE, "x")


def by_value(store: Store) -> list[dict[str, Any]]:
    return store.holding(TYPE, PATH, "x")


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (by_user, "USING PRIMARY KEY (target=?)"),
        (by_name, "USING INDEX resource_name (type=? AND <expr>=?)"),
        (by_value, "USING INDEX value_"),
    ],
)
def test_a_look_up_reads_no_more_than_it_finds(store: Store, look: Look, index: str) -> None:
    store.index(TYPE, PATH)
    asked: list[str] = []
    database: sqlite3.Connection = vars(store)["_db"]
    database.set_trace_callback(asked.append)
    look(store)
    database.set_trace_callback(None)
    plan = " ".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {asked[-1]}"))
    assert index in plan
    assert "SCAN" not in plan


def interface(client: Client, name: str, **more: Any) -> str:
    subnet = {"subnet": {"id": f"{VNET}/subnets/a"}, **more}
    body = {"location": LOCATION, "properties": {"ipConfigurations": [{"name": "one", "properties": subnet}]}}
    made = client.ok("PUT", f"{NETWORK}/networkInterfaces/{name}", body)
    return made["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]


def public(client: Client, name: str) -> str:
    body = {"location": LOCATION, "sku": {"name": "Standard"}}
    return client.ok("PUT", f"{NETWORK}/publicIPAddresses/{name}", body)["properties"]["ipAddress"]


@pytest.fixture
def subnet(client: Client) -> None:
    client.group()
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    inner = [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/28"}}]
    client.ok("PUT", VNET, {"location": LOCATION, "properties": {**space, "subnets": inner}})


@pytest.mark.usefixtures("subnet")
def test_addresses_are_given_once_and_again_when_they_are_free(emulator: Emulator, client: Client) -> None:
    for make, kind, first in (
        (interface, "networkInterfaces", "10.0.0.4"),
        (public, "publicIPAddresses", "198.18.0.1"),
    ):
        found = [make(client, f"n{number}") for number in range(5)]
        assert found[0] == first
        assert len(set(found)) == 5
        assert make(client, "n3") == found[3]  # what exists keeps its own
        client.ok("DELETE", f"{NETWORK}/{kind}/n1")
        assert make(client, "n9") == found[1]
        again = Emulator(emulator.home)  # another start finds what is held
        assert make(Client(again), "n10") not in found
        again.close()


@pytest.mark.usefixtures("subnet")
def test_an_address_of_what_was_rolled_back_is_free(emulator: Emulator, client: Client) -> None:
    @emulator.arm.with_put("Microsoft.Network/networkInterfaces")
    def refuse(put: Any) -> None:
        if put.resource["name"] == "bad":
            raise RuntimeError

    assert interface(client, "n0") == "10.0.0.4"
    with pytest.raises(AssertionError):
        interface(client, "bad")
    assert interface(client, "n1", privateIPAllocationMethod="Static", privateIPAddress="10.0.0.5")
    assert interface(client, "n2") == "10.0.0.6"


@pytest.mark.usefixtures("subnet")
@pytest.mark.parametrize("address", ["10.1.0.4", "ten", ""])
def test_an_address_that_is_asked_for_lies_in_the_subnet(client: Client, address: str) -> None:
    with pytest.raises(AssertionError, match="PrivateIPAddressNotInSubnet"):
        interface(client, "n", privateIPAllocationMethod="Static", privateIPAddress=address)


@pytest.mark.usefixtures("subnet")
@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.3", "10.0.0.15"])
def test_azures_own_addresses_of_a_subnet_are_not_given(client: Client, address: str) -> None:
    with pytest.raises(AssertionError, match="PrivateIPAddressInReservedRange"):
        interface(client, "n", privateIPAllocationMethod="Static", privateIPAddress=address)
    for free in ("10.0.0.4", "10.0.0.14"):
        assert interface(client, "n", privateIPAllocationMethod="Static", privateIPAddress=free) == free


@pytest.mark.usefixtures("subnet")
@pytest.mark.parametrize(
    "configurations",
    [
        "x",
        {"a": 1},
        [None],
        ["x"],
        [{"name": ["x"]}],
        [{"name": "x", "properties": "x"}],
        [{"name": "x", "properties": {"subnet": "x"}}],
        [{"name": "x", "properties": {"subnet": {"id": 5}}}],
        [{"name": "x", "properties": {"privateIPAllocationMethod": "Static", "privateIPAddress": [1]}}],
    ],
)
def test_a_malformed_interface_is_refused(client: Client, configurations: Any) -> None:
    body = {"location": LOCATION, "properties": {"ipConfigurations": configurations}}
    found = client.refused("PUT", f"{NETWORK}/networkInterfaces/n", body)
    assert found[:2] == (400, "InvalidRequestFormat")


@pytest.mark.usefixtures("subnet")
def test_two_at_once_never_get_one_address(emulator: Emulator, client: Client) -> None:
    """An effect that is slow gives nobody the time to take the same one."""
    nested: list[str] = []

    @emulator.arm.after_put("Microsoft.Network/networkInterfaces")
    def slow(put: Any) -> None:
        if put.resource["name"] == "outer":
            nested.append(interface(client, "inner"))

    assert interface(client, "outer") not in nested
    assert len(nested) == 1
