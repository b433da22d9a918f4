"""VM series that Azure retires, and ARM64 machines, for which nothing here is built."""

import copy
import datetime
from typing import Any

import pytest

from emulator.arm import vmsizes
from infra.config import load
from infra.config_errors import ConfigError
from infra.stack_file import raw_settings
from infra.vm_sizes import RETIRING, retiring, x64_beside
from tests.infra.scenarios import maximal
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


@pytest.mark.parametrize(
    ("size", "instead"),
    [
        ("Standard_D2pds_v5", "Standard_D2ds_v5"),
        ("Standard_D4plds_v6", "Standard_D4lds_v6"),
        ("Standard_E4ps_v5", "Standard_E4s_v5"),
        ("Standard_B2pts_v2", "Standard_B2ts_v2"),
        ("Standard_D4ds_v5", None),
        ("Standard_NP10s", None),
        ("Standard_NC4as_T4_v3", None),
        ("Standard_E8-4as_v5", None),
    ],
)
def test_an_arm64_size_and_the_one_to_take_instead(size: str, instead: str | None) -> None:
    assert x64_beside(size) == instead
    assert instead is None or (vmsizes.exists(size) and vmsizes.exists(instead))


def sizes_in(settings: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where a tree of settings names the size of machines."""
    found: list[tuple[str, ...]] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            found += sizes_in(value, (*path, name))
        elif name == "vmSize":
            found.append((*path, name))
    return found


def test_every_setting_of_machines_that_run_our_images_refuses_arm64() -> None:
    stack, config = maximal()
    given = raw_settings(config)
    places = sizes_in(given)
    assert len(places) >= 5 and ("compute", "vmSize") in places
    for place in (*places, ("runners", "vmSize")):
        changed = copy.deepcopy(given)
        at = changed
        for name in place[:-1]:
            at = at[name]
        at["vmSize"] = "Standard_D4pds_v5"
        with pytest.raises(ConfigError) as refused:
            load(changed, stack)
        assert str(refused.value).endswith(
            f'  - {".".join(place)} is "Standard_D4pds_v5": its processors are ARM64, and what runs on an '
            "estate's machines is built for x64; set Standard_D4ds_v5"
        )
