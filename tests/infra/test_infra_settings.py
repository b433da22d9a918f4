"""Every wrong setting is refused before anything is created, with the words that a reader sees."""

from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.config_rules import RULES
from tests.infra.recording import record, stack_file
from tests.infra.settings import raw_settings

GONE = object()

# stack, {dotted path: value or GONE}, the line that tells
WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    # a value alone
    ("stage", {"environment": GONE}, "environment is not set: set it"),
    ("stage", {"environment": "dev"}, "environment is \"dev\": set one of 'stage', 'prod'"),
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
        'storage.sku is "LRS": there is no such setting, only redundancy, softDeleteDays',
    ),
    ("stage", {"compute.maxNodes": 0}, "compute.maxNodes is 0: set 1 or more"),
    ("stage", {"compute.maxNodes": 101}, "compute.maxNodes is 101: set 100 or less"),
    ("stage", {"compute.maxNodes": "many"}, 'compute.maxNodes is "many": set a whole number'),
    (
        "stage",
        {"compute.vmSize": "DS3_v2"},
        'compute.vmSize is "DS3_v2": write an Azure VM size as Standard_DS3_v2',
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
        "a private range never arrives at a public endpoint; "
        "list public ranges",
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
    # settings against each other
    (
        "stage",
        {"environment": "prod", "networkAccess": {"mode": "private"}, "scoring.publicAddress": False},
        'environment is "prod": the stack is "stage"; set the same name',
    ),
    (
        "prod",
        {"networkAccess": {"mode": "allowlist", "allowedRanges": ["203.0.113.0/24"]}},
        'networkAccess.mode is "allowlist": prod is "private"; set that',
    ),
    (
        "prod",
        {"scoring.publicAddress": True},
        "scoring.publicAddress is true: a private estate has no public address; set false",
    ),
    (
        "stage",
        {"network.subnets.inference": "10.21.2.0/24"},
        'network.subnets.inference is "10.21.2.0/24": '
        "choose a range inside network.addressSpace, 10.20.0.0/16",
    ),
    (
        "stage",
        {"network.subnets.inference": "10.20.1.0/24"},
        'network.subnets.inference is "10.20.1.0/24": choose a range that does not overlap '
        "network.subnets.training, 10.20.0.0/23",
    ),
    (
        "stage",
        {"network.subnets.ciRunners": "10.20.3.128/29"},
        'network.subnets.ciRunners is "10.20.3.128/29": CI runners inside the network need a /28 or larger; '
        "choose one",
    ),
    (
        "stage",
        {"compute.maxNodes": 28, "network.subnets.training": "10.20.0.0/27"},
        "compute.maxNodes is 28: network.subnets.training has room for 27 nodes; set fewer or enlarge it",
    ),
    (
        "stage",
        {"network.subnets.buildAgents": GONE},
        "network.subnets.buildAgents is not set: registry.buildAgents needs a subnet; set its range",
    ),
    (
        "stage",
        {"registry.buildAgents": GONE, "network.subnets.ciRunners": GONE},
        "registry.buildAgents is not set: no machine that the registry lets in could build images; "
        "set it, or network.subnets.ciRunners",
    ),
    (
        "prod",
        {
            "outbound": {"mode": "none"},
            "network.subnets.inference": "10.30.2.0/24",
            "registry.buildAgents": GONE,
        },
        'outbound.mode is "none": network.subnets.training needs a way out (the compute cluster\'s nodes '
        'register with Azure ML and Azure Batch); set "natGateway", or "firewall" with nextHopIp',
    ),
    (
        "prod",
        {"outbound": {"mode": "firewall", "nextHopIp": "10.30.3.133"}},
        'outbound.nextHopIp is "10.30.3.133": network.subnets.ciRunners would send its traffic in a circle; '
        "name the firewall's own address",
    ),
    (
        "prod",
        {
            "azure.location": "westus",
            "outbound.zone": GONE,
            "registry.zoneRedundant": False,
            "registry.buildAgents": GONE,
        },
        'storage.redundancy is "ZRS": '
        'westus has no availability zones; set "LRS" or another azure-native:location',
    ),
    (
        "prod",
        {
            "azure.location": "westus",
            "outbound.zone": GONE,
            "storage.redundancy": "LRS",
            "registry.buildAgents": GONE,
        },
        "registry.zoneRedundant is true: westus has no availability zones; "
        "set false or another azure-native:location",
    ),
    (
        "prod",
        {
            "azure.location": "westus",
            "registry.zoneRedundant": False,
            "storage.redundancy": "LRS",
            "registry.buildAgents": GONE,
        },
        'outbound.zone is "1": westus has no availability zones; leave it out',
    ),
    (
        "stage",
        {"azure.location": "uksouth"},
        'registry.buildAgents is {"tier": "S1", "count": 1}: uksouth has none; '
        "leave it out (CI runners build then) or choose another azure-native:location",
    ),
)
SEVERAL = {"outbound.mode"}  # one cause, several lines: every subnet that needs a way out


def changed(stack: str, changes: dict[str, Any]) -> dict[str, Any]:
    raw = raw_settings(stack)
    for path, value in changes.items():
        *parents, last = path.split(".")
        holder = raw
        for key in parents:
            holder = holder[key]
        if value is GONE:
            del holder[last]
        else:
            holder[last] = value
    return raw


@pytest.mark.parametrize(
    ("stack", "changes", "line"), WRONG, ids=[row[2].split(":")[0][:60] for row in WRONG]
)
def test_wrong_settings(stack: str, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(changed(stack, changes), stack)
    lines = [str(problem) for problem in refusal.value.problems]
    assert line in lines
    assert len(lines) == 1 or line.split(" ")[0] in SEVERAL, lines


def test_reserved_ranges_are_refused() -> None:
    raw = raw_settings("stage")
    raw["network"] = {
        "addressSpace": "172.17.0.0/16",
        "subnets": {
            "training": "172.17.0.0/24",
            "inference": "172.17.1.0/24",
            "privateEndpoints": "172.17.2.0/24",
            "buildAgents": "172.17.3.0/24",
        },
    }
    with pytest.raises(ConfigError) as refusal:
        load(raw, "stage")
    assert [str(problem) for problem in refusal.value.problems] == [
        'network.addressSpace is "172.17.0.0/16": '
        "172.17.0.0/16 belongs to Docker's bridge on the compute nodes; "
        "choose another"
    ]


def test_each_place_that_needs_a_way_out_is_named() -> None:
    with pytest.raises(ConfigError) as refusal:
        load(changed("prod", {"outbound": {"mode": "none"}}), "prod")
    text = str(refusal.value)
    for needs in ("training", "inference", "gateway", "kubernetes", "buildAgents", "ciRunners"):
        assert f"network.subnets.{needs} needs a way out" in text
    assert "privateEndpoints" not in text


def test_all_problems_are_told_at_once() -> None:
    """Also those between sections that are right, although others are wrong by themselves."""
    changes = {
        "compute.maxNodes": 0,
        "keyVault.retentionDays": 1000,
        "typo": 1,
        "network.subnets.inference": "10.20.1.0/24",
        "outbound": {"mode": "none"},
    }
    with pytest.raises(ConfigError) as refusal:
        load(changed("stage", changes), "stage")
    settings = {problem.setting for problem in refusal.value.problems}
    assert settings == {
        "compute.maxNodes",
        "keyVault.retentionDays",
        "typo",
        "network.subnets.inference",
        "outbound.mode",
    }
    assert str(refusal.value).startswith(
        "10 settings are wrong; nothing was changed:\n  - compute.maxNodes is 0"
    )


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_the_stack_files_are_right(stack: str) -> None:
    settings = load(raw_settings(stack), stack)
    assert settings.environment == stack
    assert settings.private is (stack == "prod")


def test_each_section_is_checked_by_a_rule_that_exists() -> None:
    assert all(needs <= set(Settings.model_fields) for needs, _ in RULES)


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(raw_settings("stage"))), json_values)
def test_any_value_anywhere_is_taken_or_refused_by_name(section: str, value: Any) -> None:
    raw = {**raw_settings("stage"), section: value}
    try:
        load(raw, "stage")
    except ConfigError as refusal:
        names = [problem.setting for problem in refusal.problems]
        prefix = "azure-native" if section == "azure" else section
        assert any(name.startswith((prefix, "environment")) for name in names)


def test_pulumi_tells_it_once_and_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    config = stack_file("stage")
    config["mlops-estate:compute"]["maxNodes"] = 0
    with pytest.raises(SystemExit) as left:
        record("stage", config)
    assert left.value.code == 32  # Pulumi's language host adds no error of its own
    assert len(said) == 1 and "compute.maxNodes is 0: set 1 or more" in said[0]
