"""What a month of an estate costs while it stands and does nothing, from its resources.

`python -m infra.estimate --stack stage [--cheap] [--json]`. Counted is what costs by being there: nodes at
the least that the autoscaler keeps, gateways, endpoints, rules. What costs by use is named and not guessed:
training nodes, traffic, operations, and data; of logs the most that the daily cap lets in. Prices are in
`prices.py`. `--cheap` is the same estate by the cheap profile: without CHEAP.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.config_errors import NAMESPACE
from infra.environments import environments
from infra.graph.model import Graph, Resource
from infra.prices import CHECK, price_of

DAYS: Final = 30.4
CHEAP: Final = ("gateway", "kubernetes", "registry.buildAgents")
"""Settings that the cheap profile leaves out: callers come to the container group, and CI runners build."""

# What costs the same wherever it stands: words and the price's key, by type.
BY_TYPE: Final = {
    "containerregistry:Registry": ("container registry", "registry/Premium"),
    "keyvault:Vault": ("Key Vault", "vault"),
    "network:NatGateway": ("NAT gateway", "nat-gateway"),
    "network:PublicIPAddress": ("public addresses", "public-address"),
    "network:PrivateEndpoint": ("private endpoints", "private-endpoint"),
    "privatedns:PrivateZone": ("private DNS zones", "private-zone"),
    "web:AppServicePlan": ("function app", "functions/FC1"),
    "eventgrid:SystemTopic": ("topics of Event Grid", "event-topic"),
    "monitor:MetricAlert": ("alert rules over metrics", "metric-rule"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """what: in words. key: of `prices.PRICES`. quantity: how many, or how many GB; all of the month."""

    what: str
    key: str
    quantity: float

    @property
    def usd(self) -> float | None:
        """Of a month; None where no price is known."""
        price = price_of(self.key)
        return None if price is None else round(price.monthly * self.quantity, 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """lines: what costs by being there. most: what may come to that, where something bounds it."""

    stack: str
    lines: tuple[Line, ...]
    most: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """Of the lines whose price is known."""
        return round(sum(line.usd or 0.0 for line in self.lines), 2)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The keys without a price."""
        return tuple(dict.fromkeys(line.key for line in (*self.lines, *self.most) if line.usd is None))


def lines(graph: Graph) -> tuple[Line, ...]:
    """What costs by being there."""
    counted: dict[tuple[str, str], float] = {}
    for resource in graph.custom:
        for what, key, quantity in _standing(resource):
            counted[what, key] = counted.get((what, key), 0) + quantity
    return tuple(Line(what, key, counted[what, key]) for what, key in sorted(counted))


def most(graph: Graph) -> tuple[Line, ...]:
    """What may come to that, where something bounds it."""
    return tuple(line for resource in graph.custom for line in _bounded(resource))


def estimate(graph: Graph) -> Estimate:
    """The estimate of an estate as it was recorded."""
    return Estimate(graph.stack, lines(graph), most(graph))


def _standing(resource: Resource) -> Iterator[tuple[str, str, float]]:
    """What it is in words, its price's key, how many of it."""
    inputs = resource.inputs
    if fixed := BY_TYPE.get(resource.token):
        yield (*fixed, 1)
    match resource.token:
        case "containerregistry:AgentPool":
            yield "build agents", f"registry-agents/{inputs['tier']}", inputs["count"]
        case "apimanagement:ApiManagementService":
            yield "API Management", f"apim/{inputs['sku']['name']}", inputs["sku"]["capacity"]
        case "containerservice:ManagedCluster":
            yield "Kubernetes, control plane", f"aks/{inputs['sku']['tier']}", 1
            for pool in inputs["agentPoolProfiles"]:
                yield "Kubernetes, nodes at least", f"vm/{pool['vmSize']}", pool["minCount"]
        case "containerservice:AgentPool":
            yield "Kubernetes, nodes at least", f"vm/{inputs['vmSize']}", inputs["minCount"]
        case "compute:VirtualMachineScaleSet":
            yield "CI runners", f"vm/{inputs['sku']['name']}", inputs["sku"]["capacity"]
            size = inputs["virtualMachineProfile"]["storageProfile"]["osDisk"]["diskSizeGB"]
            yield "disks of CI runners", f"disk/Premium_LRS/{size}", inputs["sku"]["capacity"]
        case "dbforpostgresql:Server":
            machines = 2 if inputs["highAvailability"]["mode"] == "ZoneRedundant" else 1
            yield "PostgreSQL server", f"postgres/{inputs['sku']['name']}", machines
            size = inputs["storage"]["storageSizeGB"]
            yield "storage of the PostgreSQL server, GB", "postgres-storage", machines * size
        case "monitor:ScheduledQueryRule":
            often = inputs["evaluationFrequency"] == "PT5M"
            yield "alert rules over logs", f"query-rule/{5 if often else 15}", 1
        case _:
            pass


def _bounded(resource: Resource) -> Iterator[Line]:
    inputs = resource.inputs
    match resource.token:
        case "operationalinsights:Workspace":
            cap = inputs["workspaceCapping"]["dailyQuotaGb"]
            if cap > 0:
                yield Line("logs, at the daily cap", "log-ingestion", round(cap * DAYS, 1))
        case "machinelearningservices:Compute":
            nodes = inputs["properties"]["properties"]
            count = nodes["scaleSettings"]["maxNodeCount"]
            key = f"vm/{nodes['vmSize']}" + ("/low" if nodes["vmPriority"] == "LowPriority" else "")
            yield Line(f"{resource.name}: all its nodes all month", key, count)
        case "containerservice:ManagedCluster":
            for pool in inputs["agentPoolProfiles"]:
                yield from _more_nodes(pool)
        case "containerservice:AgentPool":
            yield from _more_nodes(inputs)
        case _:
            pass


def _more_nodes(pool: Mapping[str, Any]) -> Iterator[Line]:
    more = pool["maxCount"] - pool["minCount"]
    if more:
        yield Line("Kubernetes, more nodes", f"vm/{pool['vmSize']}", more)


def cheap(config: Mapping[str, Any]) -> dict[str, Any]:
    """The `config` of a stack file, without CHEAP."""
    left: dict[str, Any] = {**config}
    for path in CHEAP:
        section, _, name = path.partition(".")
        key = f"{NAMESPACE}:{section}"
        if name:
            left[key] = {inner: value for inner, value in left.get(key, {}).items() if inner != name}
        else:
            left.pop(key, None)
    return left


def of(stack: str, *, by_the_cheap_profile: bool = False) -> Estimate:
    """The estimate of a stack file. Leaves as the program does when a setting is wrong, having said so."""
    # Recording imports Pulumi, which whoever only reads a graph need not wait for.
    from infra.graph.recording import record, stack_file

    config = stack_file(stack)
    return estimate(record(stack, cheap(config) if by_the_cheap_profile else config))


def as_json(found: Estimate) -> str:
    def rows(lines: tuple[Line, ...]) -> list[dict[str, object]]:
        return [{"what": one.what, "key": one.key, "quantity": one.quantity, "usd": one.usd} for one in lines]

    return json.dumps(
        {
            "stack": found.stack,
            "currency": "USD",
            "month": found.usd,
            "lines": rows(found.lines),
            "most": rows(found.most),
            "unknown": found.unknown,
        },
        indent=1,
    )


def as_text(found: Estimate) -> str:
    def row(line: Line) -> str:
        price = price_of(line.key)
        usd = "unknown" if line.usd is None else f"{line.usd:,.2f}"
        told = f"{price.what}; {price.source}, {price.region}, {price.date}" if price else "no price known"
        return f"  {usd:>10}  {line.quantity:>6g} x {line.what}  ({told})"

    lines = [f"{found.stack}: {found.usd:,.2f} USD a month, standing still", *map(row, found.lines)]
    lines += ["and by use, at the most:", *map(row, found.most)]
    lines.append("Not counted: traffic, operations, data that is kept, scoring containers.")
    if found.unknown:
        lines.append(f"The sum lacks what has no price in infra/prices.py: {', '.join(found.unknown)}")
    return "\n".join([*lines, f"Prices are estimates: check them at {CHECK}"])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.estimate", description=__doc__)
    parser.add_argument("--stack", required=True, choices=environments())
    parser.add_argument("--cheap", action="store_true", help="without what a stage may do without")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    found = of(given.stack, by_the_cheap_profile=given.cheap)
    print(as_json(found) if given.json else as_text(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
