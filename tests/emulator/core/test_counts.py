"""Numbers that the emulator counts by are bounded before it counts."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.counts import COUNTS, Count
from emulator.errors import AzureError
from tests.emulator.core.one_of_each import GROUP, paths, right_bodies

BODIES, PATHS = right_bodies(), paths()
NAMESPACE = "Microsoft.EventHub/namespaces"


def put(emulator: Emulator, row: Count, value: int) -> dict[str, Any]:
    emulator.arm.put(GROUP, {"location": "westeurope"})
    if row.type.startswith(NAMESPACE):
        emulator.arm.put(PATHS[NAMESPACE], {"location": "westeurope", **BODIES.get(NAMESPACE, {})})
    body = {"location": "westeurope", **BODIES.get(row.type, {})}
    version = {row.when[0]: row.when[1]} if row.when else {}
    body["properties"] = {**body.get("properties", {}), row.name: value, **version}
    return emulator.arm.put(PATHS[row.type], body)[0]


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: f"{row.name} {row.most}")
def test_a_number_out_of_bounds_is_refused(emulator: Emulator, row: Count) -> None:
    for value in (row.least - 1, row.most + 1, (1 << 63) - 1):
        with pytest.raises(AzureError, match=f"{row.name} is {value}; it must be between") as raised:
            put(emulator, row, value)
        assert raised.value.status == 400


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: f"{row.name} {row.most}")
def test_the_ends_are_taken(emulator: Emulator, row: Count) -> None:
    for value in (row.least, row.most):
        assert put(emulator, row, value)["properties"][row.name] == value
        emulator.arm.delete(PATHS[row.type])


@pytest.mark.parametrize("version", [4, 6])
def test_a_prefix_is_of_the_length_and_version_asked_for(emulator: Emulator, version: int) -> None:
    [row] = [one for one in COUNTS if one.when == ("publicIPAddressVersion", f"IPv{version}")]
    prefix = ipaddress.ip_network(put(emulator, row, row.least)["properties"]["ipPrefix"])
    assert (prefix.version, prefix.prefixlen) == (version, row.least)


@pytest.mark.parametrize("length", [0, 28, 1 << 40])
def test_a_version_that_no_addresses_have_is_refused_whatever_the_length(
    emulator: Emulator, length: int
) -> None:
    row = replace(COUNTS[0], when=("publicIPAddressVersion", "IPv5"))
    with pytest.raises(AzureError, match="publicIPAddressVersion is IPv5; it must be IPv4 or IPv6") as raised:
        put(emulator, row, length)
    assert raised.value.status == 400
