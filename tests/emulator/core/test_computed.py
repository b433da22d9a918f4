"""What Azure computes of a resource: nothing that the SDK says is always there is left out in silence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.arm import catalog, computed
from emulator.arm.catalog_types import ResourceType
from emulator.provider.kinds import Kind
from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.variants import resolve
from emulator.provider.wire import fold
from tests.emulator.core import one_of_each
from tests.emulator.core.conftest import Client
from tests.emulator.core.one_of_each import ELSEWHERE, GROUP, LOCATION, NAME, ROWS, Json

NETWORK = f"{GROUP}/providers/Microsoft.Network"


def missing(schema: Resource, declared: Properties, value: Json, place: str = "") -> Iterator[str]:
    """What the SDK says is always there, and is not, at any depth: `rules[].etag`."""
    for name, item in declared.items():
        held = value.get(name)
        if held is not None:
            yield from _inside(schema, item.type, held, f"{place}{name}")
        elif item.required:
            yield f"{place}{name}"


def _inside(schema: Resource, of: Type, value: Any, place: str) -> Iterator[str]:
    of = resolve(schema, of, value)
    if of.kind == "object" and isinstance(value, dict):
        if value.keys() != {"id"}:  # of what is only referred to Azure gives the id
            yield from missing(schema, schema.properties(of), value, f"{place}.")
    elif of.item is not None and isinstance(value, list | dict):
        for one in value if isinstance(value, list) else value.values():
            yield from _inside(schema, of.item, one, f"{place}[]")


def said(row: ResourceType, name: str) -> bool:
    """Whether a table speaks of an output: it is computed (where the resource has it), or declared absent."""
    for inline, child in row.inline.items():
        if name.startswith(f"{inline}[]."):
            inner = catalog.find(child)
            return inner is not None and said(inner, name.removeprefix(f"{inline}[]."))
    kind = row.arm_type.lower()
    declared = {*computed.rows_of("ABSENT", kind), *computed.rows_of("NOT_COMPUTED", kind)}
    wanted = _steps(name)
    return name in declared or any(_steps(place) == wanted for place in computed.rows_of("COMPUTED", kind))


def _steps(place: str) -> list[str]:
    return [fold(step) for step in place.split(".") if step != "properties"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.arm_type)
def test_no_output_is_left_out_in_silence(kept: Client, row: ResourceType) -> None:
    if row.arm_type in kept.emulator.arm.refused() or row.arm_type in ELSEWHERE:
        return
    body = kept.ok("GET", one_of_each.path_of(row))
    for token in row.tokens:
        kind = Kind(f"azure-native:{token}")
        found = set(missing(kind.schema, kind.schema.outputs, kind.mapper.outputs(body)))
        assert {name for name in found if not said(row, name)} == set(), (
            f"{row.arm_type}: say in its service's computed.py what Azure answers, or why it answers nothing"
        )


def test_types_that_begin_something_are_read_elsewhere() -> None:
    folder = one_of_each.Path(__file__).parents[1]
    assert all((folder / file).exists() for file in ELSEWHERE.values())
    assert ELSEWHERE.keys() <= {row.arm_type for row in ROWS}


@pytest.mark.parametrize("name", ["COMPUTED", "DEFAULTS", "ABSENT", "NOT_COMPUTED"])
def test_each_row_is_of_a_catalogued_type(name: str) -> None:
    for kind, rows in computed.tables(name).items():
        assert kind.endswith("/*") or catalog.find(kind.replace("{recordtype}", "a")) is not None, kind
        assert rows
        if name in ("ABSENT", "NOT_COMPUTED"):
            assert all(isinstance(reason, str) and reason for reason in rows.values())


@pytest.mark.parametrize("name", ["ABSENT", "NOT_COMPUTED"])
def test_what_is_declared_absent_is_an_output_of_the_sdk(name: str) -> None:
    for row in ROWS:
        declared = computed.rows_of(name, row.arm_type.lower())
        if declared:
            schema = Kind(f"azure-native:{row.tokens[0]}").schema
            known = set(_outputs(schema, schema.outputs))
            assert {place for place in declared if place not in known} == set(), row.arm_type


def _outputs(schema: Resource, declared: Properties, place: str = "", depth: int = 0) -> Iterator[str]:
    for name, item in declared.items():
        yield f"{place}{name}"
        for of in item.type.options or (item.type,):
            many = of.kind == "list" and of.item is not None
            inner = of.item if many and of.item else of
            if depth < 3:
                yield from _outputs(
                    schema, schema.properties(inner), f"{place}{name}{'[]' if many else ''}.", depth + 1
                )


# -- what becomes of it


def profile(kept: Client) -> Json:
    return kept.ok("GET", f"{GROUP}/providers/Microsoft.Cdn/profiles/{NAME}/endpoints/{NAME}")


def test_hosts_are_told(kept: Client) -> None:
    assert profile(kept)["properties"]["hostName"] == f"{NAME}.azureedge.net"
    service = kept.ok("GET", f"{GROUP}/providers/Microsoft.ApiManagement/service/{NAME}")
    assert service["properties"]["gatewayUrl"] == f"https://{NAME}.azure-api.net"


def test_what_clients_send_back_is_not_kept(kept: Client) -> None:
    zone = f"{NETWORK}/privateDnsZones/counted.example"
    body = kept.ok("PUT", zone, {"location": "global"})
    assert body["properties"]["numberOfRecordSets"] == 1
    kept.ok("PUT", f"{zone}/A/one", {"properties": {"ttl": 30, "aRecords": [{"ipv4Address": "10.0.0.4"}]}})
    kept.ok("PUT", zone, body)
    assert kept.ok("GET", zone)["properties"]["numberOfRecordSets"] == 2


def test_a_record_has_its_full_name_and_what_was_set(kept: Client) -> None:
    zone = f"{NETWORK}/privateDnsZones/{NAME}.example"
    given = {"ttl": 30, "metadata": {"a": "b"}, "aRecords": [{"ipv4Address": "10.0.0.4"}]}
    found = kept.ok("PUT", f"{zone}/A/one", {"properties": given})
    kind = Kind("azure-native:privatedns:PrivateRecordSet")
    outputs = kind.mapper.outputs(found)
    assert {name: outputs[name] for name in (*given, "fqdn")} == {**given, "fqdn": f"one.{NAME}.example."}
    bare = kind.mapper.outputs(kept.ok("PUT", f"{zone}/A/@", {"properties": {}}))
    assert (bare["ttl"], bare["metadata"], bare["fqdn"]) == (3600, {}, f"{NAME}.example.")


def test_every_service_of_an_account_has_rules_of_origin(kept: Client) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{NAME}"
    for service in ("blob", "file", "queue", "table"):
        found = kept.ok("GET", f"{account}/{service}Services/default")
        assert found["properties"]["cors"] == {"corsRules": []}, service


def test_a_second_region_is_told_where_there_is_one(kept: Client) -> None:
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/readable"
    body = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_RAGRS"}}
    found = kept.ok("PUT", account, body)["properties"]
    assert (found["secondaryLocation"], found["statusOfSecondary"]) == ("northeurope", "available")
    assert found["secondaryEndpoints"]["blob"] == "https://readable-secondary.blob.core.windows.net/"
    found = kept.ok("PUT", account, {**body, "sku": {"name": "Standard_GRS"}})["properties"]
    assert found["secondaryLocation"] == "northeurope" and "secondaryEndpoints" not in found


def test_the_etag_in_a_body_is_the_one_that_a_condition_takes(kept: Client) -> None:
    path = f"{NETWORK}/routeTables/tagged"
    first = kept.ok("PUT", path, {"location": LOCATION})
    answer = kept("GET", path)
    assert f"W/{answer.headers['etag']}" == json.loads(answer.body)["etag"] == first["etag"]
    changed = kept("PUT", path, {"location": LOCATION, "tags": {"a": "b"}}, if_match=first["etag"])
    assert changed.status == 200 and json.loads(changed.body)["etag"] != first["etag"]
    assert kept("PUT", path, {"location": LOCATION}, if_match=first["etag"]).status == 412


def test_who_made_and_who_changed_a_grant_is_told(kept: Client) -> None:
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{one_of_each.SIGNED_IN.object_id}"
    found = kept.ok("GET", path)["properties"]
    assert found["createdBy"] == found["updatedBy"] == one_of_each.SIGNED_IN.object_id
    assert found["createdOn"] <= found["updatedOn"]
