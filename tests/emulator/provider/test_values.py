from __future__ import annotations

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from emulator.provider.values import (
    UNKNOWN,
    Secret,
    decode,
    encode,
    has_secret,
    has_unknown,
    leaves,
    mark_equal,
    mark_like,
    plain,
    secret,
    secret_texts,
)

scalars = st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.text() | st.just(UNKNOWN)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
        | inner.map(secret)
    ),
    max_leaves=12,
)


@given(values)
def test_what_is_encoded_is_decoded(value: object) -> None:
    assert decode(encode(value)) == value


@given(values)
def test_plain_has_no_marks_and_the_marks_come_back_at_their_places(value: object) -> None:
    assert not has_secret(plain(value))
    marked = mark_like(plain(value), value)
    assert plain(marked) == plain(value)
    assert secret_texts(value, 0) <= secret_texts(marked, 0)


def test_an_output_value_becomes_its_content() -> None:
    signature = {"4dabf18193072939515e22adb298388d": encode("d0e6a833031e9bbcd3f4e8bde6ca49a4")}

    def output(**fields: object) -> struct_pb2.Value:
        content = {name: encode(value) for name, value in fields.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={**signature, **content}))

    assert decode(output(value="x", dependencies=["urn"])) == "x"
    assert decode(output(value="x", secret=True)) == Secret("x")
    assert decode(output()) is UNKNOWN
    assert decode(output(secret=True)) == Secret(UNKNOWN)


def test_a_secret_does_not_show_itself() -> None:
    assert "topsecret" not in repr({"a": [Secret("topsecret")]})


def test_unknowns_and_secrets_are_found_at_depth() -> None:
    assert has_unknown({"a": [{"b": Secret({"c": UNKNOWN})}]})
    assert not has_unknown({"a": [1, None, "x"]})
    assert list(leaves({"a": [1, {"b": 2}]})) == [1, 2]


def test_items_of_lists_are_matched_by_name_when_the_service_reorders_them() -> None:
    given_in = [{"name": "a", "value": Secret("x")}, {"name": "b", "value": "y"}]
    came_out = [{"name": "b", "value": "y"}, {"name": "a", "value": "x"}]
    assert mark_like(came_out, given_in) == [
        {"name": "b", "value": "y"},
        {"name": "a", "value": Secret("x")},
    ]


def test_another_shape_is_secret_as_a_whole() -> None:
    assert mark_like("a,b", ["a", Secret("b")]) == Secret("a,b")
    assert mark_like({"x": {}}, [Secret("x")]) == Secret({"x": {}})
    assert mark_like([1, 2, 3], [1, Secret(2)]) == Secret([1, 2, 3])


def test_a_secret_is_marked_wherever_azure_echoes_it() -> None:
    texts = secret_texts({"key": Secret("long enough"), "flag": Secret("yes")})
    assert mark_equal({"copy": ["long enough", "yes"]}, texts) == {"copy": [Secret("long enough"), "yes"]}
