from __future__ import annotations

from typing import Any

from emulator.provider.export_bodies import bodies

SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def test_the_state_in_azures_words() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/i"]}
    resources: list[dict[str, Any]] = [
        {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"},
        {
            "type": "azure-native:storage:StorageAccount",
            "urn": "urn:pulumi:s::p::azure-native:storage:StorageAccount::store",
            "inputs": {
                "accountName": "a",
                "resourceGroupName": "rg",
                "identity": identity,
                "networkRuleSet": {"defaultAction": "Deny"},
                "tags": {
                    "key": {**SIGNATURE, "ciphertext": "v1:x"},
                    "other": {**SIGNATURE, "plaintext": '"x"'},
                },
            },
        },
    ]
    assert bodies({"deployment": {"resources": resources}}) == [
        {
            "type": "azure-native:storage:StorageAccount",
            "name": "store",
            "inputs": {
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i": {}}},
                "tags": {"key": "[secret]", "other": "x"},
                "properties": {"networkAcls": {"defaultAction": "Deny"}},
            },
        }
    ]
