"""Who may talk to whom, as data; `security_rules.py` makes each subnet's network security group of it.

Whatever no row allows is denied in both directions. A flow between two subnets is one row, and opens both
sides: neither can be forgotten. A subnet that no row names is closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from infra.addresses import BY_KEY, SUBNETS, SubnetKind

if TYPE_CHECKING:
    from infra.config import Settings

Protocol = Literal["Tcp", "Udp", "*"]
Direction = Literal["Inbound", "Outbound"]
Ports = tuple[str, ...]
SCORING_PORT: Final = "8080"
# Of a revision's internal load balancer. Plain HTTP, as to the container groups: both ends are inside this
# network, callers' TLS ends at API Management, and a certificate inside would be one more that runs out.
KUBERNETES_PORT: Final = "80"
LONGEST_WHY: Final = 140  # characters of a security rule's description
CALLERS: Final = "callers"
_HTTPS: Final[Ports] = ("443",)
_SMB: Final[Ports] = ("445",)
_ANY: Final[Ports] = ("*",)


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow to or from a part of Azure, or from the callers.

    name: part of the rule's name. other: a service tag, in which "{region}" stands for the region as tags
    spell it, or CALLERS, the allow-listed ranges. why: the rule's description.
    """

    name: str
    other: str
    why: str
    ports: Ports = _HTTPS
    protocol: Protocol = "Tcp"


@dataclass(frozen=True, slots=True)
class Between:
    """One flow from a subnet to a subnet, both by key. It makes no rule where the estate lacks one of them.

    name: what the sender reaches. why: the description of both rules.
    """

    source: str
    target: str
    name: str
    why: str
    ports: Ports = _HTTPS
    protocol: Protocol = "Tcp"


@dataclass(frozen=True, slots=True)
class Outside:
    """A further flow of a subnet with a place outside of the network, where the estate has what needs it.

    ranges: the far side, in place of what the flow names. group: key of the application security group that
    is the near side, in place of the subnet's range.
    """

    key: str
    direction: Direction
    flow: Flow
    ranges: tuple[str, ...] = ()
    group: str = ""


More = Between | Outside
_SIGN_IN: Final = Flow("entra-id", "AzureActiveDirectory", "sign-in to Microsoft Entra ID")
_MONITOR: Final = Flow("monitor", "AzureMonitor", "logs, metrics and traces")
_STORAGE: Final = Flow("storage", "Storage.{region}", "data, job outputs and image layers")
_VAULT: Final = Flow("key-vault", "AzureKeyVault.{region}", "secrets, by identity")
_REGISTRY: Final = Flow("registry", "AzureContainerRegistry.{region}", "images of the estate's registry")
_MANAGEMENT: Final = Flow("resource-manager", "AzureResourceManager", "resources that a job or node asks for")
_SYSTEM_IMAGES: Final = (
    Flow("system-images", "MicrosoftContainerRegistry", "Microsoft's own images"),
    Flow("system-image-layers", "AzureFrontDoor.FirstParty", "layers of Microsoft's own images"),
)
_BALANCER: Final = Flow("load-balancer", "AzureLoadBalancer", "health probes", _ANY, "*")

RECEIVES: Final[Mapping[str, tuple[Flow, ...]]] = {
    "inference": (_BALANCER,),
    "kubernetes": (_BALANCER,),
}
"""What a subnet takes from outside the network, by key."""

SENDS: Final[Mapping[str, tuple[Flow, ...]]] = {
    # "Configure inbound and outbound network traffic" of Azure ML, for clusters without public addresses.
    "training": (
        Flow("entra-id", "AzureActiveDirectory", "sign-in to Microsoft Entra ID", ("80", "443")),
        _MANAGEMENT,
        Flow("azure-ml", "AzureMachineLearning", "jobs, runs and models", ("443", "8787", "18881")),
        Flow("azure-ml-udp", "AzureMachineLearning", "jobs, runs and models", ("5831",), "Udp"),
        Flow("batch", "BatchNodeManagement.{region}", "nodes register with Azure Batch", _HTTPS, "*"),
        _STORAGE,
        Flow("public-file-shares", "Storage.{region}", "mounts of file shares", _SMB),
        _VAULT,
        _REGISTRY,
        *_SYSTEM_IMAGES,
        _MONITOR,
    ),
    "inference": (_SIGN_IN, _VAULT, _REGISTRY, _STORAGE, _MONITOR),
    # "Integrate an API Management instance with a virtual network for outbound requests": the subnet takes
    # nothing in (callers come by the private endpoint, or to a public address outside the network).
    "gateway": (
        _SIGN_IN,
        Flow("storage", "Storage", "API Management keeps its configuration there"),
        Flow("key-vault", "AzureKeyVault", "named values and certificates"),
        Flow("monitor", "AzureMonitor", "logs, metrics and traces"),
    ),
    # "Azure Functions networking options" and what the code calls: a batch endpoint has a public name alone.
    "functions": (
        _SIGN_IN,
        _MANAGEMENT,
        Flow("azure-ml", "AzureMachineLearning", "runs of the published pipeline"),
        _STORAGE,
        _VAULT,
        _MONITOR,
        Flow("github", "Internet", "the workflow of releases"),
    ),
    "scoring-function": (_SIGN_IN, _VAULT, _STORAGE, _MONITOR),
    "kubernetes": (
        _SIGN_IN,
        _MANAGEMENT,
        Flow("control-plane", "AzureCloud.{region}", "the cluster's control plane", ("443", "9000")),
        Flow("control-plane-udp", "AzureCloud.{region}", "the cluster's control plane", ("1194",), "Udp"),
        *_SYSTEM_IMAGES,
        _MONITOR,
        Flow("node-updates", "Internet", "security updates of the nodes", ("80", "443")),
        Flow("time", "Internet", "the nodes' clocks", ("123",), "Udp"),
    ),
    # "Use dedicated agent pools in ACR Tasks", and base images and packages from wherever they are published.
    "build-agents": (
        _SIGN_IN,
        _VAULT,
        _STORAGE,
        Flow("monitor", "AzureMonitor", "logs of the builds", ("443", "12000")),
        Flow("event-hub", "EventHub", "the registry tells its agents what to build"),
        _REGISTRY,
        Flow("packages", "Internet", "base images and packages"),
    ),
    "ci-runners": (Flow("jobs-and-azure", "Internet", "CI jobs, and Azure's services"),),
}
"""What a subnet sends outside the network, by key."""


def _endpoint(kind: SubnetKind) -> Between:
    return Between(kind.key, "private-endpoints", "private-endpoints", "Azure's services by private endpoint")


BETWEEN: Final[tuple[Between, ...]] = (
    # Nodes of one cluster, among themselves.
    Between("training", "training", "nodes", "nodes of one job", _ANY, "*"),
    # Pods have addresses of the cluster's own; `security_rules` adds their range on both sides ("Azure CNI
    # Overlay networking overview", network security groups, read 2026-11).
    Between("kubernetes", "kubernetes", "nodes", "nodes and pods of the cluster", _ANY, "*"),
    # Each subnet reaches the services that the estate has private endpoints for.
    *(_endpoint(kind) for kind in SUBNETS if kind.key != "private-endpoints"),
    # A file share is mounted by SMB.
    Between("training", "private-endpoints", "file-shares", "mounts of file shares", _SMB),
    Between("gateway", "inference", "scoring", "requests that callers sent", (SCORING_PORT,)),
    Between("ci-runners", "inference", "scoring", "smoke tests and scores of CI", (SCORING_PORT,)),
    Between("gateway", "kubernetes", "kubernetes", "requests that callers sent", (KUBERNETES_PORT,)),
    # 443 is the cluster's API server, whose private endpoint lies in this subnet.
    Between(
        "ci-runners", "kubernetes", "kubernetes", "releases, and their tests", (KUBERNETES_PORT, *_HTTPS)
    ),
)
"""What goes from subnet to subnet: one row opens the sender's way out and the receiver's way in."""

POSTGRES_PORT: Final = "5432"
TO_PREDICTIONS: Final[tuple[Between, ...]] = tuple(
    Between(source, "private-endpoints", "predictions", why, (POSTGRES_PORT,))
    for source, why in (
        ("training", "a batch is loaded into the database of predictions"),
        ("inference", "predictions are looked up by key"),
        ("kubernetes", "predictions are looked up by key"),
        ("ci-runners", "the database of predictions is made ready"),
    )
)
"""The same, of an estate that has a database of predictions by key."""


RUNNERS_SEND: Final = Outside(
    "ci-runners",
    "Outbound",
    Flow("system-packages", "Internet", "signed packages of the runners' own system", ("80",)),
)
"""Where the estate makes the runners' machines: Ubuntu's archive answers by plain HTTP."""


GATEWAY_GROUP: Final = "gateway"
"""The application security group of the gateway's private endpoint, which callers reach of all endpoints."""


def from_hub(ranges: tuple[str, ...]) -> Outside:
    """The way in of callers whom the hub hands over."""
    flow = Flow("hub-callers", "the hub", "requests of callers whom the hub hands over")
    return Outside("private-endpoints", "Inbound", flow, ranges, GATEWAY_GROUP)


def more_flows(settings: "Settings") -> tuple[More, ...]:
    """The flows of the parts that this estate has, beside BETWEEN, RECEIVES and SENDS."""
    return (
        *(TO_PREDICTIONS if settings.predictions_database else ()),
        *((RUNNERS_SEND,) if settings.runners else ()),
        *((from_hub(settings.hub_callers),) if settings.hub_callers else ()),
    )


def table_problems() -> list[tuple[str, str, str]]:
    """Where the tables disagree with addresses.py: (table, subnet, what to do)."""
    problems: list[tuple[str, str, str]] = []
    known = ", ".join(BY_KEY)
    for table, keys in (
        ("RECEIVES", list(RECEIVES)),
        ("SENDS", list(SENDS)),
        ("BETWEEN", [key for row in BETWEEN for key in (row.source, row.target)]),
        ("TO_PREDICTIONS", [key for row in TO_PREDICTIONS for key in (row.source, row.target)]),
        ("RUNNERS_SEND", [RUNNERS_SEND.key]),
    ):
        problems += [
            (table, key, f"addresses.py has no such subnet, only {known}")
            for key in keys
            if key not in BY_KEY
        ]
    for kind in SUBNETS:
        if kind.outbound and kind.key not in SENDS:
            problems.append(
                ("SENDS", kind.key, f"say what it sends, for addresses.py says that {kind.outbound}")
            )
        if not kind.outbound and kind.key in SENDS:
            problems.append(("SENDS", kind.key, "say in addresses.py why it needs a way out (`outbound`)"))
    return problems
