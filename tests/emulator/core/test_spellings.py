"""Words that Azure takes in any case: kept in its spelling, and acted upon."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm import catalog
from emulator.arm.spellings import WORDS, correct

from .conftest import GROUP, LOCATION, Client

PLACES = [(kind, place) for kind, places in WORDS.items() for place in places]


def body(place: str, value: Any) -> dict[str, Any]:
    """A body that has a value in the place, and beside it one that is not meant."""
    made: Any = value
    for step in reversed(place.split(".")):
        made = {step.removesuffix("[]"): [made] if step.endswith("[]") else made, "other": "always"}
    return made


@given(st.sampled_from(PLACES), st.data())
def test_each_word_in_any_case(at: tuple[str, str], data: st.DataObject) -> None:
    kind, place = at
    word = data.draw(st.sampled_from(WORDS[kind][place]))
    cased = "".join(data.draw(st.sampled_from((one.lower(), one.upper()))) for one in word)
    sent = body(place, cased)
    correct(kind.upper(), sent)
    assert sent == body(place, word)


@given(
    st.sampled_from(PLACES),
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_what_is_no_such_word_is_left_alone(at: tuple[str, str], value: Any) -> None:
    kind, place = at
    words = {word.lower() for word in WORDS[kind][place]}
    if not isinstance(value, str) or value.lower() not in words:
        sent = body(place, value)
        correct(kind, sent)
        assert sent == body(place, value)
    correct(kind, {"properties": value})


def test_the_types_are_those_of_the_catalog_and_no_two_words_fold_into_one() -> None:
    for kind, places in WORDS.items():
        assert catalog.find(kind) is not None, kind
        for place, words in places.items():
            assert len({word.lower() for word in words}) == len(words), (kind, place)


@pytest.mark.parametrize(
    ("path", "sent", "place", "kept"),
    [
        ("Storage/storageAccounts/anycase", {"kind": "storagev2", "sku": {"name": "standard_lrs"}}, "kind",
         "StorageV2"),
        ("ContainerRegistry/registries/anycase", {"sku": {"name": "premium"}}, "sku", {"name": "Premium",
         "tier": "Premium"}),
        ("Authorization/locks/l", {"properties": {"level": "readonly"}}, "properties", {"level": "ReadOnly"}),
    ],
)  # fmt: skip
def test_services_act_on_them(client: Client, path: str, sent: dict[str, Any], place: str, kept: Any) -> None:
    client.group()
    made = client.ok("PUT", f"{GROUP}/providers/Microsoft.{path}", {"location": LOCATION, **sent})
    held = made[place]
    assert held == kept or held.items() >= kept.items()


def test_a_rule_in_another_case_conflicts_as_any_other(client: Client) -> None:
    client.group()
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    client.ok("PUT", group, {"location": LOCATION})
    rule = {"priority": 100, "protocol": "TCP", "access": "allow", "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*", "sourcePortRange": "*", "destinationPortRange": "*"}  # fmt: skip
    client.ok("PUT", f"{group}/securityRules/a", {"properties": {**rule, "direction": "inbound"}})
    refused = client.refused(
        "PUT", f"{group}/securityRules/b", {"properties": {**rule, "direction": "INBOUND"}}
    )
    assert refused[1] == "SecurityRuleConflict"
