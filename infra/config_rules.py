"""The rules between settings, which no value shows alone. Each rule says which setting to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING, Final

from infra.addresses import BY_SETTING
from infra.config_erasure import ERASURE_RULES
from infra.config_errors import AZURE, Problem
from infra.config_rules_existing import EXISTING_RULES
from infra.config_rules_gateway import GATEWAY_RULES
from infra.config_rules_kubernetes import KUBERNETES_RULES
from infra.config_rules_outbound import OUTBOUND_RULES
from infra.config_rules_predictions import PREDICTIONS_RULES
from infra.config_rules_retraining import RETRAINING_RULES
from infra.config_rules_runners import RUNNERS_RULES
from infra.config_scoring_function import SCORING_FUNCTION_RULES
from infra.traffic import table_problems

if TYPE_CHECKING:
    from infra.config import Settings

# 172.17.0.0/16 is Docker's bridge on compute nodes; the others are what AKS keeps for itself.
TAKEN: Final = {
    "172.17.0.0/16": "Docker's bridge on the compute nodes",
    "172.30.0.0/16": "AKS",
    "172.31.0.0/16": "AKS",
}
# "Configure public IP network rules" of Container Registry: at most 100 (read 2026-11).
MOST_REGISTRY_RULES: Final = 100
# Environments with a fixed access. Any other environment has what its stack file says.
ACCESS: Final = {"stage": "allowlist", "prod": "private"}

Rule = Callable[["Settings", str], Iterator[Problem]]


def tables_agree(_: Settings, __: str) -> Iterator[Problem]:
    """For whoever adds a subnet to the program: addresses.py and traffic.py have to agree."""
    for table, key, advice in table_problems():
        yield Problem(f"{table} in infra/traffic.py", key, advice)


def environment_is_the_stack(settings: Settings, stack: str) -> Iterator[Problem]:
    if settings.environment != stack:
        yield Problem("environment", settings.environment, f'the stack is "{stack}"; set the same name')


def access_fits_the_environment(settings: Settings, _: str) -> Iterator[Problem]:
    wanted, mode = ACCESS.get(settings.environment), settings.network_access.mode
    if wanted and mode != wanted:
        yield Problem("networkAccess.mode", mode, f'{settings.environment} is "{wanted}"; set that')


def callers_are_listed_once(settings: Settings, _: str) -> Iterator[Problem]:
    """Azure refuses overlapping ranges in a security rule and in a storage account's firewall."""
    if settings.network_access.mode != "allowlist":
        return
    listed = list(enumerate(settings.network_access.allowed_ranges))
    for (first, one), (second, other) in combinations(listed, 2):
        if one.overlaps(other):
            same = "it is" if one == other else f"it overlaps {one},"
            yield Problem(
                f"networkAccess.allowedRanges[{second}]",
                str(other),
                f"{same} networkAccess.allowedRanges[{first}], and Azure takes no address twice; "
                "keep the wider",
            )


def callers_are_few_enough(settings: Settings, _: str) -> Iterator[Problem]:
    """A registry's firewall takes the callers and the address of the NAT gateway, if there is one."""
    if settings.network_access.mode != "allowlist":
        return
    own = settings.outbound.mode == "natGateway"
    most = MOST_REGISTRY_RULES - own
    count = len(settings.network_access.allowed_ranges)
    if count > most:
        yield Problem(
            "networkAccess.allowedRanges",
            f"{count} ranges",
            f"a container registry takes {MOST_REGISTRY_RULES}"
            + (", one of which is the NAT gateway's address" if own else "")
            + f"; list {most} or fewer",
        )


def a_private_estate_has_every_endpoint(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.private and settings.private_link.services:
        yield Problem(
            "privateLink.services",
            settings.private_link.services,
            "a private estate has private endpoints for all of them; leave it out",
        )


def subnets_lie_inside(settings: Settings, _: str) -> Iterator[Problem]:
    space = settings.network.address_space
    for name, network in settings.network.subnets.items():
        if not network.subnet_of(space):
            yield Problem(
                f"network.subnets.{name}", network, f"choose a range inside network.addressSpace, {space}"
            )


def subnets_are_disjoint(settings: Settings, _: str) -> Iterator[Problem]:
    for (one, first), (two, second) in combinations(settings.network.subnets.items(), 2):
        if first.overlaps(second):
            yield Problem(
                f"network.subnets.{two}",
                second,
                f"choose a range that does not overlap network.subnets.{one}, {first}",
            )


def subnets_are_large_enough(settings: Settings, _: str) -> Iterator[Problem]:
    for name, network in settings.network.subnets.items():
        kind = BY_SETTING[name]
        if network.prefixlen > kind.smallest:
            yield Problem(
                f"network.subnets.{name}",
                network,
                f"{kind.purpose} need a /{kind.smallest} or larger; choose one",
            )


def space_is_free(settings: Settings, _: str) -> Iterator[Problem]:
    for text, owner in TAKEN.items():
        if settings.network.address_space.overlaps(IPv4Network(text)):
            yield Problem(
                "network.addressSpace",
                settings.network.address_space,
                f"{text} belongs to {owner}; choose another",
            )


def nodes_fit_their_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    hosts = next(subnet.hosts for subnet in settings.network.plan().subnets if subnet.key == "training")
    if settings.compute.max_nodes > hosts:
        yield Problem(
            "compute.maxNodes",
            settings.compute.max_nodes,
            f"network.subnets.training has room for {hosts} nodes; set fewer or enlarge it",
        )


def all_nodes_fit_their_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    hosts = next(subnet.hosts for subnet in settings.network.plan().subnets if subnet.key == "training")
    wanted = settings.compute.max_nodes + sum(one.max_nodes for one in settings.more_clusters.values())
    if settings.more_clusters and wanted > hosts:
        yield Problem(
            "moreClusters",
            f"{wanted} nodes, with those of compute",
            f"network.subnets.training has room for {hosts} nodes; set fewer or enlarge it",
        )


def agents_have_a_subnet(settings: Settings, _: str) -> Iterator[Problem]:
    agents = settings.registry.build_agents
    if agents is None:
        return
    subnet = next((s for s in settings.network.plan().subnets if s.key == "build-agents"), None)
    if subnet is None:
        yield Problem(
            "network.subnets.buildAgents", None, "registry.buildAgents needs a subnet; set its range"
        )
    elif agents.count > subnet.hosts:
        yield Problem(
            "registry.buildAgents.count",
            agents.count,
            f"network.subnets.buildAgents has room for {subnet.hosts}; set fewer or enlarge it",
        )


def agents_exist_in_the_region(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.registry.build_agents and not settings.region.build_agents:
        yield Problem(
            "registry.buildAgents",
            settings.registry.build_agents.model_dump(),
            f"{settings.azure.location} has none; leave it out (CI runners build then) or choose another "
            f"{AZURE}:location",
        )


def something_can_build(settings: Settings, _: str) -> Iterator[Problem]:
    """The registry's firewall keeps Azure's shared build machines out, also of an estate on an allow-list."""
    if settings.registry.build_agents is None and "ciRunners" not in settings.network.subnets:
        yield Problem(
            "registry.buildAgents",
            None,
            "no machine that the registry lets in could build images; set it, or network.subnets.ciRunners",
        )


def zones_exist(settings: Settings, _: str) -> Iterator[Problem]:
    if settings.region.zones:
        return
    where = f"{settings.azure.location} has no availability zones"
    for name, account in (("storage", settings.storage), ("dataLake", settings.data_lake)):
        if account and account.redundancy != "LRS":
            yield Problem(
                f"{name}.redundancy",
                account.redundancy,
                f'{where}; set "LRS" or another {AZURE}:location',
            )
    if settings.registry.zone_redundant:
        yield Problem("registry.zoneRedundant", True, f"{where}; set false or another {AZURE}:location")
    if settings.outbound.mode == "natGateway" and settings.outbound.zone:
        yield Problem("outbound.zone", settings.outbound.zone, f"{where}; leave it out")


RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (frozenset(), tables_agree),
    (frozenset({"environment"}), environment_is_the_stack),
    (frozenset({"environment", "network_access"}), access_fits_the_environment),
    (frozenset({"network_access"}), callers_are_listed_once),
    (frozenset({"network_access", "outbound"}), callers_are_few_enough),
    (frozenset({"network_access", "private_link"}), a_private_estate_has_every_endpoint),
    (frozenset({"network"}), subnets_lie_inside),
    (frozenset({"network"}), subnets_are_disjoint),
    (frozenset({"network"}), subnets_are_large_enough),
    (frozenset({"network"}), space_is_free),
    (frozenset({"network", "compute"}), nodes_fit_their_subnet),
    (frozenset({"network", "compute", "more_clusters"}), all_nodes_fit_their_subnet),
    (frozenset({"network", "registry"}), agents_have_a_subnet),
    (frozenset({"azure", "registry"}), agents_exist_in_the_region),
    (frozenset({"network", "registry"}), something_can_build),
    (frozenset({"azure", "storage", "data_lake", "registry", "outbound"}), zones_exist),
    *OUTBOUND_RULES,
    *EXISTING_RULES,
    *KUBERNETES_RULES,
    *GATEWAY_RULES,
    *RETRAINING_RULES,
    *PREDICTIONS_RULES,
    *ERASURE_RULES,
    *RUNNERS_RULES,
    *SCORING_FUNCTION_RULES,
)
"""Each rule with the sections that it reads; it runs when those are right by themselves."""


def broken_rules(settings: Settings, right: frozenset[str], stack: str) -> list[Problem]:
    """Every rule that the right sections of `settings` break."""
    return [problem for needs, rule in RULES if needs <= right for problem in rule(settings, stack)]
