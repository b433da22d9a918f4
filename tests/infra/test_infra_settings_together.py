"""Settings against each other or a table are refused before anything is created, all of them at once."""

from typing import Any

import pytest

from infra import traffic
from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.config_rules import RULES
from infra.traffic import Between
from tests.infra.settings import GONE, STACKS, changed, raw_settings, refused, settings_of

# stack, {dotted path: value or GONE}, the line that tells
AGAINST: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "stage",
        {
            "environment": "prod",
            "networkAccess": {"mode": "private"},
            "privateLink": {"monitor": True},
        },
        'environment is "prod": the stack is "stage"; set the same name',
    ),
    (
        "prod",
        {"networkAccess": {"mode": "allowlist", "allowedRanges": ["203.0.113.0/24"]}},
        'networkAccess.mode is "allowlist": prod is "private"; set that',
    ),
    (
        "stage",
        {"scoring": {"publicAddress": True}},
        'scoring is {"publicAddress": true}: there is no such section any more: scoring stands inside the '
        "network, and callers come by the gateway; remove it, and set the section gateway where callers come "
        "from outside",
    ),
    (
        "prod",
        {"gateway.backendKeySecret": "scoring-api-key"},
        'gateway.backendKeySecret is "scoring-api-key": there is no such setting any more: `mlops deploy` '
        "and `mlops key` tell the gateway the service's key; remove it",
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
            "dataLake.redundancy": "LRS",
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
            "dataLake.redundancy": "LRS",
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
            "dataLake.redundancy": "LRS",
            "registry.buildAgents": GONE,
        },
        'outbound.zone is "1": westus has no availability zones; leave it out',
    ),
    (
        "prod",
        {
            "azure.location": "westus",
            "outbound.zone": GONE,
            "registry.zoneRedundant": False,
            "storage.redundancy": "LRS",
            "registry.buildAgents": GONE,
        },
        'dataLake.redundancy is "ZRS": '
        'westus has no availability zones; set "LRS" or another azure-native:location',
    ),
    (
        "stage",
        {"azure.location": "uksouth"},
        'registry.buildAgents is {"tier": "S1", "count": 1}: uksouth has none; '
        "leave it out (CI runners build then) or choose another azure-native:location",
    ),
)
SEVERAL = {"outbound.mode"}  # one cause, several lines: every subnet that needs a way out


@pytest.mark.parametrize(
    ("stack", "changes", "line"), AGAINST, ids=[row[2].split(":")[0][:60] for row in AGAINST]
)
def test_settings_that_contradict_each_other_are_told(stack: str, changes: dict[str, Any], line: str) -> None:
    lines = refused(stack, changes)
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
    del raw["gateway"], raw["retraining"]
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
    for subnet in settings_of("prod").network.plan().subnets:
        kind = subnet.kind
        assert (f"network.subnets.{kind.setting} needs a way out" in text) is bool(kind.outbound)


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
    count = 4 + sum(bool(subnet.kind.outbound) for subnet in settings_of("stage").network.plan().subnets)
    assert str(refusal.value).startswith(
        f"{count} settings are wrong; nothing was changed:\n  - compute.maxNodes is 0"
    )


@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_files_are_right(stack: str) -> None:
    settings = load(raw_settings(stack), stack)
    assert settings.environment == stack
    assert settings.private or stack != "prod"


def test_each_section_is_checked_by_a_rule_that_exists() -> None:
    assert all(needs <= set(Settings.model_fields) for needs, _ in RULES)


@pytest.mark.parametrize(
    ("table", "row", "line"),
    [
        (
            "BETWEEN",
            (Between("ci-runner", "gateway", "gateway", "a misspelt sender"),),
            'BETWEEN in infra/traffic.py is "ci-runner": addresses.py has no such subnet, only training, ',
        ),
        (
            "SENDS",
            {"training": ()},
            'SENDS in infra/traffic.py is "build-agents": say what it sends, for addresses.py says that '
            "build agents pull base images and packages",
        ),
        (
            "SENDS",
            {**traffic.SENDS, "private-endpoints": ()},
            'SENDS in infra/traffic.py is "private-endpoints": say in addresses.py why it needs a way out',
        ),
        ("RECEIVES", {"gate": ()}, 'RECEIVES in infra/traffic.py is "gate": addresses.py has no such subnet'),
    ],
)
def test_a_table_that_forgot_a_subnet_is_told_by_name(
    table: str, row: Any, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, table, row)
    with pytest.raises(ConfigError) as refusal:
        load(raw_settings("stage"), "stage")
    assert line in str(refusal.value)
