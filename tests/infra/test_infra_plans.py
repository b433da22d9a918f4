"""Names, addresses and traffic as properties of any settings, not of two examples."""

import re
import uuid
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import security_rules as security_rules_module
from infra.addresses import SUBNETS, address_plan
from infra.config import load
from infra.naming import KINDS, Names, role_assignment
from infra.regions import REGIONS
from infra.security_rules import LOWEST, security_rules
from infra.traffic import BETWEEN, LONGEST_WHY, RECEIVES, SENDS, Between, table_problems
from tests.infra.settings import STACKS, raw_settings, settings_of

ids = st.uuids(version=4).map(str)
projects = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
environments = st.from_regex(r"[a-z][a-z0-9]{1,4}", fullmatch=True)
regions = st.sampled_from(sorted(REGIONS))
names = st.builds(
    Names,
    subscription_id=ids,
    project=projects,
    environment=environments,
    region_short=regions.map(lambda name: REGIONS[name].short),
)
QUALIFIERS = {"blob_container": "data", "datastore": "estate_data"}


def every_name(of: Names) -> dict[str, str]:
    """One name of each kind, with the longest qualifier that the estate uses for it."""
    longest = max((kind.key for kind in SUBNETS), key=len)
    return {
        kind: of.of(kind, QUALIFIERS.get(kind, longest) if "{qualifier}" in rule.template else "")
        for kind, rule in KINDS.items()
    }


@given(names)
def test_every_name_is_legal(of: Names) -> None:
    for kind, name in every_name(of).items():
        rule = KINDS[kind]
        assert rule.shortest <= len(name) <= rule.longest
        assert re.fullmatch(rule.pattern, name)


@given(ids, projects, environments, regions)
def test_names_are_the_same_each_time(subscription: str, project: str, environment: str, region: str) -> None:
    def made() -> dict[str, str]:
        return every_name(Names(subscription, project, environment, REGIONS[region].short))

    assert made() == made()
    assert every_name(Names(subscription.upper(), project, environment, REGIONS[region].short)) == made()


@given(names, ids)
def test_globally_unique_names_differ_between_subscriptions(of: Names, other: str) -> None:
    another = Names(other, of.project, of.environment, of.region_short)
    for kind, rule in KINDS.items():
        if rule.unique:
            assert (of.of(kind) == another.of(kind)) == (other == of.subscription_id)


def test_a_name_that_azure_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="no legal name of a storage_account: 3 to 24 characters"):
        Names("s", "far-too-long-a-project", "stage", "weu").of("storage_account")


def test_a_forgotten_qualifier_is_refused() -> None:
    with pytest.raises(ValueError, match="subnet: a qualifier is needed"):
        Names("s", "mlops", "stage", "weu").of("subnet")


def test_region_short_names_are_unique() -> None:
    shorts = [region.short for region in REGIONS.values()]
    assert len(set(shorts)) == len(shorts)


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_role_assignment_names_are_uuids(scope: str, principal: str, role: str) -> None:
    name = role_assignment(scope, principal, role)
    assert uuid.UUID(name).version == 5
    assert name == role_assignment(scope, principal, role)
    assert name != role_assignment(scope, principal, role + "2")


# addresses


@st.composite
def plans(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A /16 in 10.0.0.0/8, and for each subnet its own /19 of it, narrowed at will."""
    space = IPv4Network((draw(st.integers(0, 255)) << 16 | 10 << 24, 16))
    slots = draw(st.permutations(list(space.subnets(new_prefix=19))))
    chosen: dict[str, str] = {}
    for kind, slot in zip(SUBNETS, slots, strict=False):
        if kind.required or draw(st.booleans()):
            prefix = draw(st.integers(19, min(kind.smallest, 22)))
            chosen[kind.setting] = str(next(slot.subnets(new_prefix=prefix)))
    return str(space), chosen


@given(plans())
def test_any_disjoint_plan_is_taken(plan: tuple[str, dict[str, str]]) -> None:
    space, subnets = plan
    raw = raw_settings("stage")
    raw["network"] = {"addressSpace": space, "subnets": subnets}
    if "gateway" not in subnets:
        del raw["gateway"]
    if "functions" not in subnets:
        del raw["retraining"]
    if "buildAgents" not in subnets:
        raw["registry"] = {}
        subnets.setdefault("ciRunners", str(next(_free(space, subnets))))
    made = load(raw, "stage").network.plan()
    assert {s.kind.setting: str(s.range) for s in made.subnets} == subnets
    for subnet in made.subnets:
        assert subnet.hosts == subnet.range.num_addresses - 5
        assert subnet.range.subnet_of(made.space)


def _free(space: str, subnets: dict[str, str]):
    taken = [IPv4Network(text) for text in subnets.values()]
    return (n for n in IPv4Network(space).subnets(new_prefix=24) if not any(n.overlaps(t) for t in taken))


def test_the_estates_can_be_peered() -> None:
    spaces = [(stack, settings_of(stack).network.address_space) for stack in STACKS]
    for (one, its_space), (other, space) in combinations(spaces, 2):
        assert not its_space.overlaps(space), (
            f"network.addressSpace of Pulumi.{one}.yaml ({its_space}) and of Pulumi.{other}.yaml ({space}) "
            "overlap: give one another range, and its subnets with it"
        )


def test_delegations_are_not_shared() -> None:
    """But for function apps: each has a subnet of its own, delegated to the service that all of them have."""
    delegated: dict[str, list[str]] = {}
    for kind in SUBNETS:
        if kind.delegation:
            delegated.setdefault(kind.delegation, []).append(kind.key)
    several = {service: keys for service, keys in delegated.items() if len(keys) > 1}
    assert several == {"Microsoft.App/environments": ["functions", "scoring-function"]}


# traffic


@given(plans(), st.sampled_from([(), ("203.0.113.0/24",), ("198.51.100.7", "203.0.113.0/24")]))
def test_rules_of_any_plan(plan: tuple[str, dict[str, str]], callers: tuple[str, ...]) -> None:
    space, subnets = plan
    made = address_plan(IPv4Network(space), {k: IPv4Network(v) for k, v in subnets.items()})
    for subnet in made.subnets:
        rules = security_rules(subnet.key, made, "westeurope", callers)
        for direction in ("Inbound", "Outbound"):
            one_way = [rule for rule in rules if rule.direction == direction]
            priorities = [rule.priority for rule in one_way]
            assert priorities == sorted(set(priorities))
            assert (one_way[-1].access, one_way[-1].priority) == ("Deny", LOWEST)
            assert (one_way[-1].source, one_way[-1].destination) == (("*",), ("*",))
            assert all(rule.access == "Allow" for rule in one_way[:-1])
            assert all(rule.description for rule in one_way)
        assert len({rule.name for rule in rules}) == len(rules)


def test_no_subnet_takes_the_internet_in() -> None:
    settings = load(raw_settings("prod"), "prod")
    for subnet in settings.network.plan().subnets:
        for rule in security_rules(subnet.key, settings.network.plan(), "westeurope", settings.callers):
            if rule.direction == "Inbound" and rule.access == "Allow":
                assert not {"*", "Internet", "0.0.0.0/0"} & set(rule.source), (subnet.key, rule.name)


def test_training_reaches_no_internet() -> None:
    """Its packages are in its image; what a job could leak, it could leak only to Azure's own services."""
    assert all(flow.other != "Internet" for flow in SENDS["training"])


def test_the_tables_agree() -> None:
    """Each subnet that a row names exists, and what needs a way out has one."""
    assert not table_problems()


def test_each_reason_is_a_description_that_azure_takes() -> None:
    rows = [*BETWEEN, *(flow for table in (RECEIVES, SENDS) for flows in table.values() for flow in flows)]
    assert all(0 < len(row.why) <= LONGEST_WHY for row in rows)


def test_a_flow_between_subnets_opens_both_sides() -> None:
    """What one sends is what the other receives, and nothing comes in that no other subnet sends."""
    network = settings_of("stage").network
    every = {**network.subnets, "scoringFunction": IPv4Network("10.20.3.192/27")}  # beside stage's own
    plan = address_plan(network.address_space, every)
    ranges = {str(subnet.range): subnet.key for subnet in plan.subnets}
    rules = {s.key: security_rules(s.key, plan, "westeurope", ()) for s in plan.subnets}

    def crossing(direction: str) -> set[tuple[str, str, tuple[str, ...], str]]:
        return {
            (ranges[rule.source[0]], ranges[rule.destination[0]], rule.ports, rule.protocol)
            for of in rules.values()
            for rule in of
            if rule.direction == direction and {*rule.source, *rule.destination} <= set(ranges)
        }

    assert crossing("Inbound") == crossing("Outbound")
    assert crossing("Inbound") == {(row.source, row.target, row.ports, row.protocol) for row in BETWEEN}


def test_two_flows_from_one_subnet_have_two_names(monkeypatch: pytest.MonkeyPatch) -> None:
    more = Between("gateway", "inference", "metrics", "the gateway's own view", ("9090",))
    monkeypatch.setattr(security_rules_module, "BETWEEN", (*BETWEEN, more))
    names = [
        rule.name for rule in security_rules("inference", settings_of("stage").network.plan(), "uksouth", ())
    ]
    assert {"allow-from-gateway-scoring", "allow-from-gateway-metrics", "allow-from-ci-runners"} <= set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("region", "tag"),
    [
        ("francecentral", "centralfrance"),
        ("germanywestcentral", "germanywc"),
        ("norwayeast", "norwaye"),
        ("switzerlandnorth", "switzerlandn"),
        ("westeurope", "westeurope"),
    ],
)
def test_service_tags_have_their_own_names_of_regions(region: str, tag: str) -> None:
    plan = settings_of("stage").network.plan()
    rules = [rule for subnet in plan.subnets for rule in security_rules(subnet.key, plan, region, ())]
    regional = {
        side for rule in rules for side in (*rule.source, *rule.destination) if side.endswith(f".{tag}")
    }
    assert {f"AzureCloud.{tag}", f"Storage.{tag}", f"BatchNodeManagement.{tag}"} <= regional
    sides = {side for rule in rules for side in (*rule.source, *rule.destination)}
    assert region == tag or not any(side.endswith(f".{region}") for side in sides)
