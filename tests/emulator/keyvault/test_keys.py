"""Keys through ARM: they have addresses, and stay as they were made."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import Emulator
from emulator.errors import AzureError
from tests.emulator.homes import started_once

GROUP = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-boot"
KEY = f"{VAULT}/keys/pulumi-stage"


@pytest.fixture
def emulator(tmp_path: Any) -> Any:
    made = Emulator(started_once(tmp_path / "home"))
    made.arm.put(GROUP, {"location": "westeurope"})
    tenant = "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a01"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": tenant, "sku": sku, "enableRbacAuthorization": True}
    made.arm.put(VAULT, {"location": "westeurope", "properties": properties})
    yield made
    made.close()


def test_a_key_has_an_address_and_stays_as_it_was_made(emulator: Emulator) -> None:
    made, _ = emulator.arm.put(KEY, {"properties": {"kty": "RSA", "keySize": 3072}})
    assert made["properties"]["keyUri"] == "https://kv-boot.vault.azure.net/keys/pulumi-stage"
    again, _ = emulator.arm.put(KEY, {"properties": {"kty": "RSA", "keySize": 2048}})
    assert again["properties"] == made["properties"]


@pytest.mark.parametrize(
    ("properties", "words"), [({}, "kty is ''"), ({"kty": "RSA", "keySize": 1024}, "keySize is 1024")]
)
def test_what_is_no_key_is_refused(emulator: Emulator, properties: dict[str, Any], words: str) -> None:
    with pytest.raises(AzureError, match=words):
        emulator.arm.put(KEY, {"properties": properties})
