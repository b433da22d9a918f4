from __future__ import annotations

from typing import Any

import pytest

from emulator.arm import catalog
from emulator.provider.diff import compare
from emulator.provider.values import UNKNOWN, Secret


def changes(token: str, old: Any, new: Any, *ignored: str) -> list[tuple[str, str, bool]]:
    row = catalog.find_token(token)
    assert row is not None
    return [(change.path, change.action, change.replace) for change in compare(row, old, new, ignored)]


def account(old: dict[str, Any], new: dict[str, Any], *ignored: str) -> list[tuple[str, str, bool]]:
    return changes("storage:StorageAccount", old, new, *ignored)


def test_equal_inputs_have_no_difference() -> None:
    same = {"accountName": "a", "tags": {"x": "1"}, "list": [1, {"a": None}], "__createBeforeDelete": True}
    assert account(same, {**same, "list": [1.0, {}], "__createBeforeDelete": False}) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"accountName": "a"}, {"accountName": "b"}, ("accountName", "update", True)),
        ({"resourceGroupName": "a"}, {"resourceGroupName": UNKNOWN}, ("resourceGroupName", "update", True)),
        ({"location": "westeurope"}, {"location": "northeurope"}, ("location", "update", True)),
        ({}, {"isHnsEnabled": True}, ("isHnsEnabled", "add", True)),
        ({"kind": "Storage"}, {"kind": "StorageV2"}, ("kind", "update", False)),
        ({"tags": {"a.b": "1"}}, {"tags": {"a.b": "2"}}, ('tags["a.b"]', "update", False)),
        ({"tags": {"a": "1"}}, {}, ("tags", "delete", False)),
        ({"a": [1]}, {"a": [1, 2]}, ("a[1]", "add", False)),
        ({"flag": True}, {"flag": 1}, ("flag", "update", False)),
        ({"key": Secret("a")}, {"key": Secret("b")}, ("key", "update", False)),
        (
            {"encryption": {"requireInfrastructureEncryption": False}},
            {"encryption": {"requireInfrastructureEncryption": True}},
            ("encryption.requireInfrastructureEncryption", "update", True),
        ),
    ],
)
def test_a_change(old: Any, new: Any, expected: tuple[str, str, bool]) -> None:
    assert account(old, new) == [expected]


def test_a_part_that_comes_as_a_whole_forces_only_with_what_forces_in_it() -> None:
    assert account({}, {"encryption": {"keySource": "Microsoft.Storage"}})[0][2] is False
    assert account({}, {"encryption": {"requireInfrastructureEncryption": True}})[0][2] is True


def test_spellings_of_a_location_and_marks_are_no_change() -> None:
    assert account({"location": "West Europe"}, {"location": "westeurope"}) == []
    assert account({"kind": "a"}, {"kind": Secret("a")}) == []


def test_ignored_paths() -> None:
    old = {"tags": {"a": "1"}, "list": [{"x": 1, "y": 1}]}
    new = {"tags": {"a": "2"}, "list": [{"x": 2, "y": 2}]}
    assert account(old, new, "tags", "list[0].x") == [("list[0].y", "update", False)]
    assert account(old, new, 'tags["a"]', "list[*]") == []


def test_replacement_inside_list_items() -> None:
    def group(cpu: int, image: str = "i") -> dict[str, Any]:
        return {"containers": [{"name": "c", "image": image, "resources": {"requests": {"cpu": cpu}}}]}

    token = "containerinstance:ContainerGroup"
    assert changes(token, group(1), group(2)) == [("containers[0].resources.requests.cpu", "update", True)]
    assert changes(token, group(1), group(1, "j")) == [("containers[0].image", "update", False)]
