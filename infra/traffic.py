"""Who may talk to whom: the rules of each subnet's network security group, as data.

Whatever no row allows is denied in both directions, by a rule of our own before Azure's defaults (which would
allow the whole virtual network and all of the internet).
"""

from dataclasses import dataclass
from typing import Final, Literal

from infra.addresses import AddressPlan

Protocol = Literal["Tcp", "Udp", "*"]
LOWEST: Final = 4096  # the priority of "deny the rest"
SCORING_PORT: Final = "8080"


@dataclass(frozen=True, slots=True)
class Flow:
    """One allowed flow, seen from a subnet.

    other: the far side: a service tag, "*", "self", or "subnet:KEY" (dropped when the estate lacks it);
    "{region}" is filled with the location, "callers" with the allow-listed ranges.
    """

    name: str
    other: str
    ports: tuple[str, ...]
    protocol: Protocol = "Tcp"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a subnet may receive and send."""

    receives: tuple[Flow, ...] = ()
    sends: tuple[Flow, ...] = ()


def _https(name: str, tag: str) -> Flow:
    return Flow(name, tag, ("443",))


_SIGN_IN: Final = Flow("entra-id", "AzureActiveDirectory", ("443",))
_MONITOR: Final = _https("monitor", "AzureMonitor")
_STORAGE: Final = _https("storage", "Storage.{region}")
_VAULT: Final = _https("key-vault", "AzureKeyVault.{region}")
_REGISTRY: Final = _https("registry", "AzureContainerRegistry.{region}")
_ENDPOINTS: Final = _https("private-endpoints", "subnet:private-endpoints")
_MANAGEMENT: Final = _https("resource-manager", "AzureResourceManager")
_SYSTEM_IMAGES: Final = (
    _https("system-images", "MicrosoftContainerRegistry"),
    _https("system-image-layers", "AzureFrontDoor.FirstParty"),
)
_BALANCER: Final = Flow("load-balancer", "AzureLoadBalancer", ("*",), "*")

TRAFFIC: Final[dict[str, Traffic]] = {
    # "Configure inbound and outbound network traffic" of Azure ML, for clusters without public addresses.
    "training": Traffic(
        receives=(Flow("nodes", "self", ("*",), "*"),),
        sends=(
            Flow("nodes", "self", ("*",), "*"),
            _ENDPOINTS,
            Flow("entra-id", "AzureActiveDirectory", ("80", "443")),
            _MANAGEMENT,
            Flow("azure-ml", "AzureMachineLearning", ("443", "8787", "18881")),
            Flow("azure-ml-udp", "AzureMachineLearning", ("5831",), "Udp"),
            Flow("batch", "BatchNodeManagement.{region}", ("443",), "*"),
            _STORAGE,
            _VAULT,
            _REGISTRY,
            *_SYSTEM_IMAGES,
            _MONITOR,
        ),
    ),
    "inference": Traffic(
        receives=(
            Flow("gateway", "subnet:gateway", (SCORING_PORT,)),
            Flow("ci-runners", "subnet:ci-runners", (SCORING_PORT,)),
            _BALANCER,
        ),
        sends=(_ENDPOINTS, _SIGN_IN, _VAULT, _REGISTRY, _STORAGE, _MONITOR),
    ),
    "private-endpoints": Traffic(
        receives=tuple(
            _https(key, f"subnet:{key}")
            for key in ("training", "inference", "gateway", "kubernetes", "build-agents", "ci-runners")
        ),
    ),
    # "Virtual network configuration reference" of API Management.
    "gateway": Traffic(
        receives=(
            _https("callers", "callers"),
            _https("ci-runners", "subnet:ci-runners"),
            Flow("control-plane", "ApiManagement", ("3443",)),
            Flow("load-balancer", "AzureLoadBalancer", ("6390",)),
        ),
        sends=(
            Flow("scoring", "subnet:inference", (SCORING_PORT,)),
            _https("kubernetes", "subnet:kubernetes"),
            _ENDPOINTS,
            _SIGN_IN,
            _https("storage", "Storage"),
            Flow("sql", "Sql", ("1433",)),
            _https("key-vault", "AzureKeyVault"),
            Flow("monitor", "AzureMonitor", ("443", "1886")),
        ),
    ),
    "kubernetes": Traffic(
        receives=(
            Flow("nodes", "self", ("*",), "*"),
            _https("gateway", "subnet:gateway"),
            _https("ci-runners", "subnet:ci-runners"),
            _BALANCER,
        ),
        sends=(
            Flow("nodes", "self", ("*",), "*"),
            _ENDPOINTS,
            _SIGN_IN,
            _MANAGEMENT,
            Flow("control-plane", "AzureCloud.{region}", ("443", "9000")),
            Flow("control-plane-udp", "AzureCloud.{region}", ("1194",), "Udp"),
            *_SYSTEM_IMAGES,
            _MONITOR,
            Flow("node-updates", "Internet", ("80", "443")),
            Flow("time", "Internet", ("123",), "Udp"),
        ),
    ),
    # "Use dedicated agent pools in ACR Tasks", and base images and packages from wherever they are published.
    "build-agents": Traffic(
        sends=(
            _ENDPOINTS,
            _SIGN_IN,
            _VAULT,
            _STORAGE,
            Flow("monitor", "AzureMonitor", ("443", "12000")),
            _https("event-hub", "EventHub"),
            _REGISTRY,
            _https("packages", "Internet"),
        ),
    ),
    "ci-runners": Traffic(
        sends=(
            _ENDPOINTS,
            Flow("scoring", "subnet:inference", (SCORING_PORT,)),
            _https("gateway", "subnet:gateway"),
            _https("kubernetes", "subnet:kubernetes"),
            _https("jobs-and-azure", "Internet"),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One security rule; a far side is one prefix or tag, or several ranges."""

    name: str
    priority: int
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: Protocol
    source: tuple[str, ...]
    destination: tuple[str, ...]
    ports: tuple[str, ...]


def security_rules(key: str, plan: AddressPlan, location: str, callers: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules of the subnet `key`, priorities from 100 in steps of 10, "deny the rest" last.

    callers: ranges that may reach the gateway; none means the virtual network alone.
    """
    own = plan.range_of(key)
    if own is None:
        raise ValueError(f"the address plan has no subnet {key!r}")

    def far_side(other: str) -> tuple[str, ...]:
        if other == "self":
            return (str(own),)
        if other == "callers":
            return callers or ("VirtualNetwork",)
        if other.startswith("subnet:"):
            there = plan.range_of(other.removeprefix("subnet:"))
            return (str(there),) if there else ()
        return (other.replace("{region}", location),)

    def allowed(direction: Literal["Inbound", "Outbound"], flows: tuple[Flow, ...]) -> list[Rule]:
        rules: list[Rule] = []
        for flow in flows:
            there = far_side(flow.other)
            if not there:
                continue
            here = (str(own),)
            inbound = direction == "Inbound"
            word = "from" if inbound else "to"
            rules.append(
                Rule(
                    name=f"allow-{word}-{flow.name}",
                    priority=100 + 10 * len(rules),
                    direction=direction,
                    access="Allow",
                    protocol=flow.protocol,
                    source=there if inbound else here,
                    destination=here if inbound else there,
                    ports=flow.ports,
                )
            )
        rules.append(
            Rule(f"deny-the-rest-{direction.lower()}", LOWEST, direction, "Deny", "*", ("*",), ("*",), ("*",))
        )
        return rules

    traffic = TRAFFIC[key]
    return (*allowed("Inbound", traffic.receives), *allowed("Outbound", traffic.sends))
