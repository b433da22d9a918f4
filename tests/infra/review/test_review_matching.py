"""The review of a change: what is the same resource, and what is made anew."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.graph.canonical import dump, load
from infra.graph.model import PACKAGE, Graph
from infra.review.compare import ABSENT, compare, differing
from infra.review.replacing import CREATION_ONLY, address_of
from infra.review.review import review
from tests.infra.reviewed import ACCOUNT, TODAY, actions, made


def test_the_same_is_no_change(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        found = review(graph, load(dump(graph)), TODAY)
        assert (found.counts(), found.findings, found.new, found.mended) == ({}, (), (), ())


def test_a_name_without_an_alias_is_another_resource() -> None:
    assert actions([made(ACCOUNT, "old")], [made(ACCOUNT, "new")]) == {"new": "added", "old": "removed"}


def test_an_alias_is_a_new_name() -> None:
    new = made(ACCOUNT, "new", aliases=(f"mlops:Data${ACCOUNT}::old",))
    assert actions([made(ACCOUNT, "old")], [new]) == {"new": "renamed kept"}


def test_another_parent_type_without_an_alias_is_another_resource() -> None:
    moved = made(ACCOUNT, "one", within="mlops:Other")
    assert actions([made(ACCOUNT, "one")], [moved])["one"] == "removed"
    found = compare(Graph([made(ACCOUNT, "one")]), Graph([moved]))
    assert [c.action for c in found] == ["added", "removed"]


def test_children_follow_a_parent_that_has_an_alias() -> None:
    before = [made("mlops:Data", "data", within="", parent=""), made(ACCOUNT, "data-one")]
    after = [
        made("mlops:Lake", "lake", within="", parent="", aliases=("mlops:Data::data",)),
        made(ACCOUNT, "lake-one", within="mlops:Lake", parent="lake"),
    ]
    assert actions(before, after) == {"lake": "renamed kept", "lake-one": "renamed kept"}


def test_a_type_that_moved_within_the_sdk_is_the_same() -> None:
    before = made(PACKAGE + "network:PrivateZone", "zone")
    assert actions([before], [made(PACKAGE + "privatedns:PrivateZone", "zone")]) == {"zone": "renamed kept"}


@pytest.mark.parametrize(
    ("type_", "path", "action"),
    [
        (ACCOUNT, "accountName", "replaced"),
        (ACCOUNT, "location", "replaced"),
        (ACCOUNT, "isHnsEnabled", "replaced"),
        (ACCOUNT, "accessTier", "changed"),
        (PACKAGE + "machinelearningservices:Workspace", "friendlyName", "changed"),
        (PACKAGE + "machinelearningservices:Datastore", "name", "replaced"),
        (PACKAGE + "authorization:RoleAssignment", "scope", "replaced"),
        (PACKAGE + "authorization:RoleAssignment", "principalId", "replaced"),
        (PACKAGE + "monitor:DiagnosticSetting", "resourceUri", "replaced"),
        (PACKAGE + "unheard:Thing", "thingName", "replaced"),
        (PACKAGE + "unheard:Thing", "displayName", "changed"),
    ],
)
def test_which_inputs_make_a_resource_anew(type_: str, path: str, action: str) -> None:
    before, after = made(type_, "one", inputs={path: "a"}), made(type_, "one", inputs={path: "b"})
    assert actions([before], [after]) == {"one": action}


def test_what_the_program_says_of_an_input_counts() -> None:
    before = made(ACCOUNT, "one", inputs={"sku": {"name": "a"}, "tags": {"a": "1"}})
    changed = {"sku": {"name": "b"}, "tags": {"a": "2"}}
    fixed = made(ACCOUNT, "one", inputs=changed, fixed=("sku.name",))
    assert actions([dataclasses.replace(before, fixed=("sku.name",))], [fixed]) == {"one": "replaced"}
    ignored = made(ACCOUNT, "one", inputs=changed, ignore_changes=("sku", "tags.a"))
    assert actions([dataclasses.replace(before, ignore_changes=("sku", "tags.a"))], [ignored]) == {}


def test_the_sdk_tells_the_address_of_every_type_of_the_estates(graphs: dict[str, Graph]) -> None:
    for graph in graphs.values():
        for resource in graph.custom:
            address = address_of(resource.token)
            assert address, resource.token
            assert address & set(resource.inputs), resource.token


def test_the_table_of_creation_only_inputs_names_types_of_the_sdk() -> None:
    assert [token for token in CREATION_ONLY if token != "*" and address_of(token) is None] == []


leaf = st.sampled_from([0, 1, True, False, "0", None])
inputs = st.dictionaries(st.sampled_from("abc"), leaf | st.lists(leaf, max_size=3), max_size=2)


@given(inputs, inputs)
def test_inputs_differ_where_their_json_does(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Lists of words are sets: Azure hands them back in any order."""

    def text(given_inputs: dict[str, Any]) -> str:
        def order(value: Any) -> Any:
            return sorted(value, key=json.dumps) if isinstance(value, list) else value

        return json.dumps({key: order(value) for key, value in given_inputs.items()}, sort_keys=True)

    found = list(differing(before, after))
    assert bool(found) == (text(before) != text(after))
    assert len(list(differing(after, before))) == len(found)


def test_items_of_a_list_are_compared_by_name() -> None:
    one, two = {"name": "one", "port": 1}, {"name": "two", "port": 2}
    (difference,) = differing({"rules": [one, two]}, {"rules": [two, {**one, "port": 3}]})
    assert (difference.path, difference.before, difference.after) == ("rules[one].port", 1, 3)
    (difference,) = differing({"ranges": ["a", "b"]}, {"ranges": ["b", "a", "c"]})
    assert (difference.before, difference.after) == (ABSENT, "c")
