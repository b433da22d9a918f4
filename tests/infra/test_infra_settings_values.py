"""A wrong value is refused before anything is created, with the words that a reader sees."""

from typing import Any

import pytest

from infra.config import load
from infra.regions import REGIONS
from tests.infra.settings import GONE, changed, refused

KNOWN = ", ".join(REGIONS)

# stack, {dotted path: value or GONE}, the line that tells
WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("stage", {"environment": GONE}, "environment is not set: set it"),
    ("stage", {"environment": "dev"}, 'environment is "dev": the stack is "stage"; set the same name'),
    (
        "stage",
        {"environment": "Production"},
        'environment is "Production": use 2 to 5 lower-case letters and digits, a letter first: '
        "it is the stack's name and part of every name",
    ),
    (
        "stage",
        {"azure.location": []},
        f"azure-native:location is []: no region of that name; known are {KNOWN}",
    ),
    (
        "stage",
        {"outbound.private": 1},
        "outbound.private is 1: there is no such setting, only mode, zone, idleMinutes, subnets, nextHopIp",
    ),
    (
        "stage",
        {"tags": {"none": 5}},
        "tags.none is 5: set a text (in quotes, where YAML would read a number)",
    ),
    (
        "stage",
        {"project": "ML-Ops"},
        'project is "ML-Ops": '
        "use 2 to 8 lower-case letters and digits, a letter first: it is part of every name",
    ),
    (
        "stage",
        {"azure.location": "west-europe"},
        'azure-native:location is "west-europe": no region of that name; did you mean westeurope?',
    ),
    ("stage", {"azure.tenantId": GONE}, "azure-native:tenantId is not set: set it"),
    (
        "stage",
        {"azure.subscriptionId": "mine"},
        'azure-native:subscriptionId is "mine": write a UUID as 00000000-0000-0000-0000-000000000000',
    ),
    (
        "stage",
        {"engineersGroupId": "00000000-0000-0000-0000-000000000000"},
        'engineersGroupId is "00000000-0000-0000-0000-000000000000": '
        "this is the empty UUID; set the real one",
    ),
    ("stage", {"comptue": {}}, "comptue is {}: there is no such setting; did you mean compute?"),
    (
        "stage",
        {"compute.maxNode": 3},
        "compute.maxNode is 3: there is no such setting; did you mean maxNodes?",
    ),
    (
        "stage",
        {"storage.sku": "LRS"},
        'storage.sku is "LRS": there is no such setting, only redundancy, softDeleteDays, '
        "versionDays, hierarchicalNamespace",
    ),
    (
        "stage",
        {"storage.hierarchicalNamespace": True},
        "storage.hierarchicalNamespace is true: Azure ML takes no such account as its own storage; "
        "leave it out, dataLake is one",
    ),
    (
        "prod",
        {"privateLink.services": ["storage"]},
        'privateLink.services is ["storage"]: '
        "a private estate has private endpoints for all of them; leave it out",
    ),
    (
        "stage",
        {"privateLink": {"services": ["registry", "registry"]}},
        'privateLink.services is ["registry", "registry"]: name each service once',
    ),
    ("stage", {"compute.maxNodes": 0}, "compute.maxNodes is 0: set 1 or more"),
    ("stage", {"compute.maxNodes": 101}, "compute.maxNodes is 101: set 100 or less"),
    ("stage", {"compute.maxNodes": "many"}, 'compute.maxNodes is "many": set a whole number'),
    (
        "stage",
        {"compute.vmSize": "DS3_v2"},
        'compute.vmSize is "DS3_v2": write an Azure VM size as Standard_D4ds_v5',
    ),
    (
        "stage",
        {"compute.vmSize": "Standard_DS3_v2"},
        'compute.vmSize is "Standard_DS3_v2": Azure retires the series Dv2, Dsv2 on 2028-05-01; '
        "set Standard_D4ds_v5 for example",
    ),
    (
        "stage",
        {"compute.priority": "Spot"},
        "compute.priority is \"Spot\": set one of 'Dedicated', 'LowPriority'",
    ),
    (
        "stage",
        {"storage.redundancy": "RAGRS"},
        "storage.redundancy is \"RAGRS\": set one of 'LRS', 'ZRS', 'GZRS'",
    ),
    ("stage", {"keyVault.retentionDays": 3}, "keyVault.retentionDays is 3: set 7 or more"),
    ("stage", {"protectData": "maybe"}, 'protectData is "maybe": set true or false'),
    ("stage", {"network": "10.0.0.0/16"}, 'network is "10.0.0.0/16": set a map of settings'),
    (
        "stage",
        {"network.addressSpace": "10.20.0.0"},
        'network.addressSpace is "10.20.0.0": write an IPv4 range as 10.20.0.0/16',
    ),
    (
        "stage",
        {"network.subnets.inference": "10.20.2.1/24"},
        'network.subnets.inference is "10.20.2.1/24": the address has bits outside its prefix; '
        "did you mean 10.20.2.0/24?",
    ),
    (
        "stage",
        {"network.addressSpace": "20.0.0.0/16"},
        'network.addressSpace is "20.0.0.0/16": '
        "use a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)",
    ),
    ("stage", {"network.subnets.training": GONE}, "network.subnets.training is not set: set it"),
    (
        "stage",
        {"networkAccess.allowedRanges": ["0.0.0.0/0"]},
        'networkAccess.allowedRanges[0] is "0.0.0.0/0": this is the whole internet; '
        "list the ranges of your offices, VPN and runners",
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["203.0.113.0/24", "10.1.0.0/24"]},
        'networkAccess.allowedRanges[1] is "10.1.0.0/24": '
        "this range never arrives at a public endpoint; list public ranges",
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["20.0.0.0/8"]},
        'networkAccess.allowedRanges[0] is "20.0.0.0/8": this is wider than a /16; list narrower ranges',
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["203.0.113.0/31"]},
        'networkAccess.allowedRanges[0] is "203.0.113.0/31": '
        "Azure Storage takes no /31; list the two addresses",
    ),
    *(
        (
            "stage",
            {"networkAccess.allowedRanges": [text]},
            f'networkAccess.allowedRanges[0] is "{text}": '
            "this range never arrives at a public endpoint; list public ranges",
        )
        for text in ("100.64.0.0/16", "100.127.255.255", "0.1.0.0/16", "224.0.0.1", "240.1.0.0/16")
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["203.0.113.0/24", "198.51.100.0/24", "203.0.113.7"]},
        'networkAccess.allowedRanges[2] is "203.0.113.7/32": it overlaps 203.0.113.0/24, '
        "networkAccess.allowedRanges[0], and Azure takes no address twice; keep the wider",
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": ["203.0.113.7", "203.0.113.7/32"]},
        'networkAccess.allowedRanges[1] is "203.0.113.7/32": it is '
        "networkAccess.allowedRanges[0], and Azure takes no address twice; keep the wider",
    ),
    (
        "stage",
        {"networkAccess.allowedRanges": [f"198.51.100.{n}" for n in range(100)]},
        'networkAccess.allowedRanges is "100 ranges": a container registry takes 100, one of which is the '
        "NAT gateway's address; list 99 or fewer",
    ),
    (
        "stage",
        {
            "networkAccess.allowedRanges": [f"198.51.100.{n}" for n in range(101)],
            "outbound": {"mode": "firewall", "nextHopIp": "10.0.0.4"},
        },
        'networkAccess.allowedRanges is "101 ranges": a container registry takes 100; list 100 or fewer',
    ),
    ("stage", {"networkAccess.allowedRanges": []}, "networkAccess.allowedRanges is []: list at least one"),
    (
        "stage",
        {"networkAccess": {"mode": "open"}},
        "networkAccess.mode is \"open\": set one of 'allowlist', 'private'",
    ),
    ("stage", {"networkAccess": {}}, "networkAccess.mode is not set: set it"),
    (
        "prod",
        {"outbound": {"mode": "firewall", "nextHopIp": "20.1.1.1"}},
        'outbound.nextHopIp is "20.1.1.1": use the private address of the firewall',
    ),
    ("prod", {"outbound": {"mode": "firewall"}}, "outbound.nextHopIp is not set: set it"),
    ("prod", {"outbound.zone": "4"}, "outbound.zone is \"4\": set one of '1', '2', '3'"),
    (
        "stage",
        {"registry.buildAgents.tier": "S9"},
        "registry.buildAgents.tier is \"S9\": set one of 'S1', 'S2', 'S3', 'I6'",
    ),
    (
        "stage",
        {"tags": {"a/b": "c"}},
        'tags is {"a/b": "c"}: \'a/b\' is no tag name: 1 to 512 characters without < > % & \\ ? /',
    ),
)


@pytest.mark.parametrize(
    ("stack", "changes", "line"), WRONG, ids=[row[2].split(":")[0][:60] for row in WRONG]
)
def test_a_wrong_value_is_told_in_one_line(stack: str, changes: dict[str, Any], line: str) -> None:
    assert refused(stack, changes) == [line]


@pytest.mark.parametrize(
    ("written", "passed_on"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7/32", "198.51.100.7"),
        ("198.51.100.0/24", "198.51.100.0/24"),
    ],
)
def test_callers_as_azure_takes_them(written: str, passed_on: str) -> None:
    """A single address without its /32: Azure Storage refuses one with it."""
    settings = load(changed("stage", {"networkAccess.allowedRanges": [written]}), "stage")
    assert settings.callers == (passed_on,)
