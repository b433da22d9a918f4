"""Every wrong setting is refused before anything is created, with the words that a reader sees."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import traffic
from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.config_rules import RULES
from infra.naming import KINDS
from infra.regions import REGIONS
from infra.security_rules import security_rules
from infra.traffic import Between
from tests.infra.recording import record, stack_file
from tests.infra.settings import STACKS, raw_settings, settings_of

GONE = object()


def paths(raw: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each setting and section."""
    for key, value in raw.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from paths(value, (*above, key))


KNOWN = ", ".join(REGIONS)

# stack, {dotted path: value or GONE}, the line that tells
WRONG: tuple[tuple[str, dict[str, Any], str], ...] = (
    # a value alone
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
    # settings against each other
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


# Words that settings know, where they belong and where they do not.
words = st.sampled_from(
    [
        "private",
        "none",
        "natGateway",
        "azure",
        "mode",
        "stage",
        "prod",
        "dev",
        "westus",
        "10.20.0.0/23",
        "10.0.0.0/8",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | words, inner, max_size=3)
    ),
    max_leaves=6,
)
PATHS = {stack: list(paths(raw_settings(stack))) for stack in STACKS}


@st.composite
def configurations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A stack and its file's settings, up to four of them replaced, taken away or given a neighbour."""
    stack = draw(st.sampled_from(STACKS))
    raw = raw_settings(stack)
    for path in draw(st.lists(st.sampled_from(PATHS[stack]), min_size=1, max_size=4)):
        holder: Any = raw
        for key in path[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue  # an earlier change took its place away
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                holder[path[-1]] = draw(json_values)
            case "remove":
                holder.pop(path[-1], None)
            case _:
                holder[draw(st.text(max_size=8) | words)] = draw(json_values)
    return draw(st.sampled_from([stack, stack, "dev"])), raw


@settings(max_examples=150)
@given(configurations())
def test_load_gives_settings_or_one_error(given_: tuple[str, dict[str, Any]]) -> None:
    """Whatever a stack file says: Settings that name every resource, or each problem in a line of its own."""
    stack, raw = given_
    try:
        loaded = load(raw, stack)
    except ConfigError as refusal:
        assert refusal.problems
        assert all(str(problem) in str(refusal) for problem in refusal.problems)
        return
    names = loaded.names()
    for kind, rule in KINDS.items():
        assert names.of(kind, "data" if "{qualifier}" in rule.template else "")
    for subnet in loaded.network.plan().subnets:
        assert security_rules(subnet.key, loaded.network.plan(), loaded.azure.location, loaded.callers)


@pytest.mark.parametrize("not_a_map", [None, 5, "text", [1]])
def test_what_is_no_map_of_settings_is_refused(not_a_map: Any) -> None:
    with pytest.raises(ConfigError, match="set a map of settings"):
        load(not_a_map, "stage")


@pytest.mark.parametrize("value", ["[x", "{x", '{"a"'])
def test_a_text_that_begins_like_json_is_a_text(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit):
        record("stage", {**stack_file("stage"), "mlops-estate:project": value})
    assert len(said) == 1 and "project is " in said[0] and "use 2 to 8" in said[0]


def test_a_setting_named_like_the_providers_own_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit):
        record("stage", {**stack_file("stage"), "mlops-estate:azure": {"location": "uksouth"}})
    assert len(said) == 1 and "mlops-estate:azure is " in said[0] and "no such setting" in said[0]


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
