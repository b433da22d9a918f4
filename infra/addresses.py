"""The address plan as data: which subnets there are, what each is for, and what its place needs.

SUBNETS is the only place that says which subnets there are: settings, docs and security groups follow it, and
`traffic.py` names them by key. The ranges themselves are settings (`network` in the stack file);
`config_rules.py` checks them against this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final, Literal

from pydantic.alias_generators import to_camel

RESERVED_ADDRESSES: Final = 5  # Azure keeps the first four addresses and the last one

Endpoint = Literal["Microsoft.Storage", "Microsoft.KeyVault"]
_DATA: Final[tuple[Endpoint, ...]] = ("Microsoft.Storage", "Microsoft.KeyVault")


@dataclass(frozen=True, slots=True)
class SubnetKind:
    """One purpose, one subnet, one network security group.

    key: lower-case words with hyphens. smallest: the longest prefix that is large enough.
    outbound: why it needs a way out to the internet's side of Azure; None when it needs none.
    endpoints: service endpoints of an estate on an allow-list (a private one has private endpoints).
    guarded: what runs there sees the data, so storage that is not the estate's is out of its reach.
    """

    key: str
    purpose: str
    smallest: int
    required: bool = False
    outbound: str | None = None
    delegation: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    guarded: bool = False

    @property
    def field(self) -> str:
        """The key as a Python name."""
        return self.key.replace("-", "_")

    @property
    def setting(self) -> str:
        """Its name under `network.subnets`."""
        return to_camel(self.field)


SUBNETS: Final[tuple[SubnetKind, ...]] = (
    SubnetKind(
        "training",
        "nodes of the Azure ML compute cluster",
        smallest=27,
        required=True,
        outbound="the compute cluster's nodes register with Azure ML and Azure Batch",
        endpoints=_DATA,
        guarded=True,
    ),
    SubnetKind(
        "inference",
        "container groups that score",
        smallest=28,
        required=True,
        outbound="container groups send telemetry and sign in to Microsoft Entra ID",
        delegation="Microsoft.ContainerInstance/containerGroups",
        endpoints=_DATA,
    ),
    SubnetKind(
        "private-endpoints",
        "private endpoints of the services",
        smallest=26,
        required=True,
    ),
    SubnetKind(
        "gateway",
        "API Management's way out: its calls of the scoring service",
        smallest=27,
        outbound="API Management reads Microsoft Entra ID's keys and sends telemetry",
        delegation="Microsoft.Web/serverFarms",
        endpoints=_DATA,
    ),
    SubnetKind(
        "functions",
        "the function app that starts trainings",
        smallest=27,
        outbound="functions call Azure ML's public endpoint and GitHub",
        delegation="Microsoft.App/environments",
        endpoints=_DATA,
    ),
    # Of its own: it scores rows, and what "functions" may call is not for it.
    SubnetKind(
        "scoring-function",
        "the function app that scores",
        smallest=27,
        outbound="the scoring function signs in to Microsoft Entra ID and sends telemetry",
        delegation="Microsoft.App/environments",
        endpoints=_DATA,
    ),
    SubnetKind(
        "kubernetes",
        "nodes of the Kubernetes cluster",
        smallest=24,
        outbound="Kubernetes nodes pull system images and reach the cluster's control plane",
        endpoints=_DATA,
    ),
    SubnetKind(
        "build-agents",
        "container registry build agents",
        smallest=27,
        outbound="build agents pull base images and packages",
        endpoints=_DATA,
    ),
    SubnetKind(
        "ci-runners",
        "CI runners inside the network",
        smallest=28,
        outbound="CI runners fetch their jobs",
        endpoints=_DATA,
    ),
)
BY_KEY: Final[dict[str, SubnetKind]] = {kind.key: kind for kind in SUBNETS}
BY_SETTING: Final[dict[str, SubnetKind]] = {kind.setting: kind for kind in SUBNETS}


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet of this estate: its kind and its range."""

    kind: SubnetKind
    range: IPv4Network

    @property
    def key(self) -> str:
        return self.kind.key

    @property
    def hosts(self) -> int:
        """How many addresses Azure leaves to use."""
        return max(0, self.range.num_addresses - RESERVED_ADDRESSES)


@dataclass(frozen=True, slots=True)
class AddressPlan:
    """The virtual network's range and its subnets, in the order of SUBNETS."""

    space: IPv4Network
    subnets: tuple[Subnet, ...]

    def range_of(self, key: str) -> IPv4Network | None:
        """The range of the subnet with this key, None when the estate does without it."""
        return next((subnet.range for subnet in self.subnets if subnet.key == key), None)


def address_plan(space: IPv4Network, ranges: Mapping[str, IPv4Network]) -> AddressPlan:
    """The plan of these ranges, which are by setting name, as under `network.subnets`."""
    return AddressPlan(
        space, tuple(Subnet(kind, ranges[kind.setting]) for kind in SUBNETS if kind.setting in ranges)
    )
