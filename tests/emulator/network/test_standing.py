"""Where a command says that it runs."""

from __future__ import annotations

import pytest

from emulator import standing
from emulator.errors import AzureError
from emulator.places import Place
from tests.emulator.core.conftest import Client
from tests.emulator.network.private import INSIDE


@pytest.mark.parametrize("wanted", [INSIDE, INSIDE.upper(), "vnet/ci-runners", "ci-runners"])
def test_a_subnet_by_its_id_or_name(client: Client, wanted: str) -> None:
    assert standing.find(client.emulator.store, wanted) == Place(INSIDE)


def test_an_address(client: Client) -> None:
    assert standing.find(client.emulator.store, "198.51.100.7") == Place(address="198.51.100.7")


@pytest.mark.parametrize("wanted", ["", "runners", "10.0.1.0/24"])
def test_what_is_none_is_refused_with_what_there_is(client: Client, wanted: str) -> None:
    with pytest.raises(AzureError, match=r"give one of vnet/ci-runners, vnet/private-endpoints"):
        standing.find(client.emulator.store, wanted)


def test_the_proxy_knows_the_place_by_its_secret(client: Client) -> None:
    made = standing.admit(client.emulator, "ci-runners")
    workloads = client.emulator.identity.workloads
    assert workloads.check(made["name"], made["secret"])
    assert workloads.place(made["name"]) == Place(INSIDE)
    assert standing.admit(client.emulator, INSIDE) == made
