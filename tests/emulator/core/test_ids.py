"""What a path names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.ids import canonical, parse, parse_resource, within
from emulator.errors import AzureError

S = "/subscriptions/s"
ACCOUNT = f"{S}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"

RESOURCES = [
    (S, "Microsoft.Resources/subscriptions", "s", "", ""),
    (f"{S}/resourcegroups/g", "Microsoft.Resources/resourceGroups", "g", S, S),
    (
        ACCOUNT,
        "Microsoft.Storage/storageAccounts",
        "a",
        f"{S}/resourceGroups/g",
        f"{S}/resourceGroups/g",
    ),
    (
        f"{ACCOUNT}/blobServices/default/containers/c",
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        "c",
        f"{ACCOUNT}/blobServices/default",
        f"{S}/resourceGroups/g",
    ),
    (
        f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/r",
        "Microsoft.Authorization/roleAssignments",
        "r",
        ACCOUNT,
        ACCOUNT,
    ),
    (
        "/providers/Microsoft.Authorization/roleDefinitions/r",
        "Microsoft.Authorization/roleDefinitions",
        "r",
        "",
        "",
    ),
]


@pytest.mark.parametrize(("path", "arm_type", "name", "parent", "scope"), RESOURCES)
def test_resources(path: str, arm_type: str, name: str, parent: str, scope: str) -> None:
    found = parse_resource(path)
    assert (found.type, found.name, found.parent, found.scope) == (arm_type, name, parent, scope)


def test_collections_have_the_type_of_their_members() -> None:
    found = parse(f"{ACCOUNT}/blobServices/default/containers")
    assert found is not None
    assert found.is_collection
    assert found.type == "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert found.parent == f"{ACCOUNT}/blobServices/default"
    groups = parse(f"{S}/resourceGroups")
    assert groups is not None
    assert groups.is_collection


@pytest.mark.parametrize(
    "path", ["", "/", "x", "/subscriptions//resourceGroups/g", f"{S}/providers/Microsoft.A"]
)
def test_what_is_no_id(path: str) -> None:
    assert parse(path) is None


def test_a_collection_is_no_resource() -> None:
    with pytest.raises(AzureError, match="not an ARM resource id"):
        parse_resource(f"{S}/resourceGroups")


NAME = st.text("abcXYZ019-_.", min_size=1, max_size=8)


@given(st.lists(st.tuples(NAME, NAME), min_size=1, max_size=4), NAME, NAME)
def test_parsing_takes_the_chain_apart(chain: list[tuple[str, str]], subscription: str, group: str) -> None:
    text = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/N.S" + "".join(
        f"/{kind}/{name}" for kind, name in chain
    )
    found = parse(text)
    assert found is not None
    assert found.names == tuple(name for _, name in chain)
    assert found.type == "/".join(["N.S", *(kind for kind, _ in chain)])
    assert (found.subscription, found.resource_group) == (subscription, group)
    assert within(text, found.parent)
    assert not within(found.parent, text)
    assert canonical(canonical(text)) == canonical(text)


def test_within_compares_whole_segments() -> None:
    assert within(f"{S}/resourceGroups/GROUP/x", f"{S}/resourcegroups/group")
    assert not within(f"{S}/resourceGroups/group2", f"{S}/resourceGroups/group")
    assert within(S, "/")
