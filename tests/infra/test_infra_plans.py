"""Names, addresses and traffic as properties of any settings, not of two examples."""

import re
import uuid
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.addresses import BY_KEY, SUBNETS, address_plan
from infra.config import load
from infra.naming import KINDS, Names, role_assignment
from infra.regions import REGIONS
from infra.traffic import LOWEST, TRAFFIC, security_rules
from tests.infra.settings import raw_settings

ids = st.uuids(version=4).map(str)
projects = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
environments = st.sampled_from(["stage", "prod"])
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


def test_the_two_estates_can_be_peered() -> None:
    spaces = [load(raw_settings(stack), stack).network.address_space for stack in ("stage", "prod")]
    assert not spaces[0].overlaps(spaces[1])


def test_delegations_are_not_shared() -> None:
    delegated = [kind.delegation for kind in SUBNETS if kind.delegation]
    assert len(set(delegated)) == len(delegated)


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
        assert len({rule.name for rule in rules}) == len(rules)


def test_no_subnet_takes_the_internet_in() -> None:
    settings = load(raw_settings("prod"), "prod")
    for subnet in settings.network.plan().subnets:
        for rule in security_rules(subnet.key, settings.network.plan(), "westeurope", settings.callers):
            if rule.direction == "Inbound" and rule.access == "Allow":
                assert not {"*", "Internet", "0.0.0.0/0"} & set(rule.source), (subnet.key, rule.name)


def test_training_reaches_no_internet() -> None:
    """Its packages are in its image; what a job could leak, it could leak only to Azure's own services."""
    assert all(flow.other != "Internet" for flow in TRAFFIC["training"].sends)


def test_each_subnet_has_its_traffic() -> None:
    assert set(TRAFFIC) == set(BY_KEY)
    for traffic in TRAFFIC.values():
        for flow in (*traffic.receives, *traffic.sends):
            if flow.other.startswith("subnet:"):
                assert flow.other.removeprefix("subnet:") in BY_KEY


def test_what_one_subnet_sends_the_other_receives() -> None:
    """Between subnets a flow needs a rule on both sides."""
    for key, traffic in TRAFFIC.items():
        for flow in traffic.sends:
            if flow.other.startswith("subnet:"):
                there = TRAFFIC[flow.other.removeprefix("subnet:")]
                assert any(
                    back.other == f"subnet:{key}" and set(flow.ports) <= set(back.ports)
                    for back in there.receives
                ), f"{key} sends {flow.name}, {flow.other} does not take it"
