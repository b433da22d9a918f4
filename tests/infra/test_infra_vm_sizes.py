"""VM series that Azure retires."""

import datetime

import pytest

from emulator.arm import vmsizes
from infra.vm_sizes import RETIRING, retiring
from tests.infra.settings import STACKS, settings_of


@pytest.mark.parametrize(
    ("size", "series"),
    [
        ("Standard_DS3_v2", "Dv2, Dsv2"),
        ("Standard_DS13-4_v2", "Dv2, Dsv2"),
        ("Standard_D4", "D, Ds"),
        ("Standard_B2ms", "B (first generation)"),
        ("Standard_F8s_v2", "F, Fs, Fsv2"),
        ("standard_l8s_v2", "Lsv2"),
    ],
)
def test_a_size_of_a_series_that_retires(size: str, series: str) -> None:
    found = retiring(size)
    assert found and found.name == series


@pytest.mark.parametrize(
    "size",
    ["Standard_D4s_v5", "Standard_D4ds_v6", "Standard_D4_v3", "Standard_B2s_v2", "Standard_F4as_v6"],
)
def test_a_size_that_stays(size: str) -> None:
    assert retiring(size) is None


def test_what_is_to_be_taken_instead_exists_and_stays() -> None:
    for series in RETIRING:
        assert vmsizes.exists(series.instead) and retiring(series.instead) is None, series.name
        assert datetime.date.fromisoformat(series.retires)


@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_files_begin_on_none(stack: str) -> None:
    assert retiring(settings_of(stack).compute.vm_size) is None
