"""What an import wrote of a resource becomes what the program means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml.recovery.adopted import ENCRYPTED, MASK, SIGNATURE, adopt, sealed
from ml.recovery.plan import Create


def secret(value: Any) -> dict[str, str]:
    return {SIGNATURE: ENCRYPTED, "plaintext": json.dumps(value)}


CIPHER = {SIGNATURE: ENCRYPTED, "ciphertext": "x"}


@pytest.mark.parametrize(
    ("there", "asked", "is_now"),
    [
        ({"a": "key", "b": 1}, {"a": MASK, "b": 1}, {"a": secret("key"), "b": 1}),
        ([{"value": "key"}], [{"value": MASK}], [{"value": secret("key")}]),
        ([{"value": "key"}, {}], [{"value": MASK}], secret([{"value": "key"}, {}])),
        ([1, 2], [1], [1, 2]),
        ({"a": CIPHER}, {"a": MASK}, {"a": CIPHER}),
        ({"a": CIPHER}, {"a": {"b": MASK}}, {"a": CIPHER}),
        ({"a": {"b": "key"}}, {"a": MASK}, {"a": secret({"b": "key"})}),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_what_is_a_secret_in_the_program_is_one_in_the_state(there: Any, asked: Any, is_now: Any) -> None:
    assert sealed(there, asked) == is_now


def test_inputs_outputs_and_protection_are_the_programs() -> None:
    asked = {"key": MASK, "name": "n"}
    resource: dict[str, Any] = {
        "inputs": {"key": "k", "name": "n", "default": 1},
        "outputs": {"key": "k", "name": "n", "made": 2},
    }
    adopt(resource, Create("urn", "type", "", "", True, asked, ["protect"]))
    assert resource == {
        "inputs": {"key": secret("k"), "name": "n"},
        "outputs": {"key": secret("k"), "name": "n", "made": 2},
        "protect": True,
    }
