"""Pointers of errors are URI fragments (RFC 6901, section 6): any name is found again by them."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.model.defects import ContractError, fragment
from scoring.model.encode import Encoder
from scoring.model.schema import NumberFeature, Schema

FRAGMENT = re.compile(r"#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*")  # RFC 3986, section 3.5
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def pointers(schema: Schema, payload: object) -> list[str]:
    with pytest.raises(ContractError) as caught:
        Encoder(schema, max_rows=10).encode(payload)
    return [error.pointer for error in caught.value.errors]


def resolved(pointer: str, document: Any) -> Any:
    """What the pointer finds, by RFC 6901 alone."""
    assert FRAGMENT.fullmatch(pointer), pointer
    for token in unquote(pointer[1:], errors="strict").split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


@given(NAMES, st.booleans())
def test_a_wrong_value_is_found_by_its_pointer(name: str, columns: bool) -> None:
    schema = Schema((NumberFeature(name, "of any name", 0, 1, integer=False),))
    payload = {"columns": {name: [1, "wrong"]}} if columns else {"records": [{name: 1}, {name: "wrong"}]}
    (pointer,) = pointers(schema, payload)
    assert resolved(pointer, payload) == "wrong"


@given(NAMES.filter(lambda name: name != "a"))
def test_an_unknown_field_is_found_by_its_pointer(name: str) -> None:
    schema = Schema((NumberFeature("a", "one", 0, 1, integer=False),))
    for payload in ({"records": [{"a": 1, name: "more"}]}, {"columns": {"a": [1], name: "more"}}):
        assert [resolved(pointer, payload) for pointer in pointers(schema, payload)] == ["more"]
    if name not in ("records", "columns"):
        (pointer,) = pointers(schema, {name: "more"})
        assert resolved(pointer, {name: "more"}) == "more"


@given(NAMES, NAMES)
def test_missing_fields_and_other_lengths_have_fragments_too(one: str, other: str) -> None:
    if one == other:
        return
    schema = Schema(
        (NumberFeature(one, "one", 0, 1, integer=False), NumberFeature(other, "other", 0, 1, integer=False))
    )
    (pointer,) = pointers(schema, {"records": [{one: 1}]})
    assert resolved(pointer, {"records": [{other: "missing"}]}) == "missing"
    for payload in ({"columns": {one: [1], other: [1, 1]}}, {"columns": {one: [1], other: []}}):
        assert all(isinstance(resolved(found, payload), list) for found in pointers(schema, payload))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("pay_amt1", "pay_amt1"),
        ("monthly charges €", "monthly%20charges%20%E2%82%AC"),
        ("a/b~c", "a~1b~0c"),
        ("c%d", "c%25d"),
        ('k"l^g|\\#', "k%22l%5Eg%7C%5C%23"),
        ("x=1&y:2@z?", "x=1&y:2@z?"),
        ("\ud800", "?"),  # no character, so there is none to encode
    ],
)
def test_a_token_is_escaped_first_and_then_encoded(name: str, found: str) -> None:
    assert fragment(name) == found
