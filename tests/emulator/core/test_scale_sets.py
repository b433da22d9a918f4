"""Scale sets of machines: somebody can sign in, subnets have room, what is secret is never given back."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

SET = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/runners"
KEY = {"path": "/home/operator/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA operator"}


@pytest.fixture
def client(client: Client) -> Client:
    client.group()
    network = {"addressSpace": {"addressPrefixes": ["10.0.0.0/24"]}}
    client.ok("PUT", SUBNET.rpartition("/subnets/")[0], {"location": LOCATION, "properties": network})
    client.ok("PUT", SUBNET, {"properties": {"addressPrefix": "10.0.0.0/28"}})
    return client


def body(capacity: int = 1, **system: Any) -> dict[str, Any]:
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [KEY]}}
    configuration = {"name": "one", "properties": {"primary": True, "subnet": {"id": SUBNET}}}
    interface = {"name": "one", "properties": {"primary": True, "ipConfigurations": [configuration]}}
    return {
        "location": LOCATION,
        "sku": {"name": "Standard_D2ds_v5", "tier": "Standard", "capacity": capacity},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": {
                    "computerNamePrefix": "ci",
                    "adminUsername": "operator",
                    "linuxConfiguration": linux,
                    **system,
                },
                "securityProfile": {"encryptionAtHost": True},
                "networkProfile": {"networkInterfaceConfigurations": [interface]},
            },
        },
    }


def test_what_a_machine_is_told_is_not_given_back(client: Client) -> None:
    told = base64.b64encode(b"#cloud-config\n{}").decode()
    client.ok("PUT", SET, body(customData=told))
    assert "customData" not in client.ok("GET", SET)["properties"]["virtualMachineProfile"]["osProfile"]


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ({"customData": "no base64"}, "Custom data in OSProfile must be in Base64 encoding"),
        ({"customData": "QQ==" * 21_846}, "with a maximum length of 87380 characters."),
        (
            {"linuxConfiguration": {"disablePasswordAuthentication": True}},
            "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
        ),
        (
            {"linuxConfiguration": {"ssh": {"publicKeys": [{**KEY, "keyData": "-----BEGIN"}]}}},
            "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.",
        ),
    ],
)
def test_what_azure_refuses_of_the_system(client: Client, system: dict[str, Any], words: str) -> None:
    status, code, said = client.refused("PUT", SET, body(**system))
    assert (status, code) == (400, "InvalidParameter")
    assert words in said
    assert client("GET", SET).status == 404


def test_machines_of_one_size_need_a_policy_of_upgrades(client: Client) -> None:
    wrong = body()
    del wrong["properties"]["upgradePolicy"]
    assert "'upgradePolicy' is missing" in client.refused("PUT", SET, wrong)[2]


def test_each_machine_takes_an_address(client: Client) -> None:
    """A /28 has eleven; another set's are taken, one's own are not taken twice."""
    assert client.refused("PUT", SET, body(12))[1] == "SubnetIsFull"
    client.ok("PUT", SET, body(11))
    client.ok("PUT", SET, body(11))
    assert client.refused("PUT", f"{SET}-2", body(1))[1] == "SubnetIsFull"


def test_its_subnet_stays(client: Client) -> None:
    client.ok("PUT", SET, body())
    assert client.refused("DELETE", SUBNET)[1] == "InUseSubnetCannotBeDeleted"
    client.ok("DELETE", SET)
    client.ok("DELETE", SUBNET)


def test_its_cores_are_counted(client: Client) -> None:
    wrong = body()
    wrong["sku"] |= {"name": "Standard_D96ds_v5", "capacity": 10}
    status, code, words = client.refused("PUT", SET, wrong)
    assert (status, code) == (409, "OperationNotAllowed")
    assert "Additional Required: 960" in words


def test_hosts_encrypt_where_the_subscription_is_registered(client: Client) -> None:
    features = f"{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Compute/features"
    client.ok("POST", f"{features}/EncryptionAtHost/unregister")
    assert client.refused("PUT", SET, body())[1:] == (
        "InvalidParameter",
        "The property 'securityProfile.encryptionAtHost' is not valid because the "
        "'Microsoft.Compute/EncryptionAtHost' feature is not enabled for this subscription.",
    )
    client.ok("POST", f"{features}/EncryptionAtHost/register")
    client.ok("PUT", SET, body())
