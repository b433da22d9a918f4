"""Who must reach whom, and who must not: what each subnet's purpose needs, by Azure's own lists of 2026-11.

Written without infra/traffic.py, to be held against the rules that it makes: two books of one account.
"""

from dataclasses import dataclass
from typing import Final

TRAINING, INFERENCE, ENDPOINTS = "training", "inference", "private-endpoints"
GATEWAY, NODES, AGENTS, RUNNERS = "gateway", "kubernetes", "build-agents", "ci-runners"
FUNCTIONS, SCORER = "functions", "scoring-function"
PODS: Final = "pods"
"""Pods have addresses of the cluster's own; their packets pass the security group of its nodes' subnet."""

SUBNETS: Final = (TRAINING, INFERENCE, ENDPOINTS, GATEWAY, FUNCTIONS, SCORER, NODES, AGENTS, RUNNERS)

# Places outside, each with the service tags that hold its addresses; "{region}" is the estate's own region.
_AZURE: Final = ("AzureCloud", "Internet")
_HERE: Final = ("AzureCloud.{region}", *_AZURE)
OUTSIDE: Final[dict[str, tuple[str, ...]]] = {
    "sign-in": ("AzureActiveDirectory", *_AZURE),
    "resource manager": ("AzureResourceManager", *_AZURE),
    "Azure ML": ("AzureMachineLearning", *_AZURE),
    "Azure Batch": ("BatchNodeManagement.{region}", "BatchNodeManagement", *_HERE),
    "storage": ("Storage.{region}", "Storage", *_HERE),
    "storage elsewhere": ("Storage", *_AZURE),
    "Key Vault": ("AzureKeyVault.{region}", "AzureKeyVault", *_HERE),
    "registry": ("AzureContainerRegistry.{region}", "AzureContainerRegistry", *_HERE),
    "Microsoft's images": ("MicrosoftContainerRegistry", *_AZURE),
    "layers of Microsoft's images": ("AzureFrontDoor.FirstParty", *_AZURE),
    "Azure Monitor": ("AzureMonitor", *_AZURE),
    "Event Hubs": ("EventHub", *_AZURE),
    "machines in Azure": _HERE,
    "the internet": ("Internet",),
    "a peered network": ("VirtualNetwork",),
    "health probes": ("AzureLoadBalancer",),
}
INTERNET: Final = "the internet"
ELSEWHERE: Final = "storage elsewhere"
PEERED: Final = "a peered network"

WEB: Final = (("Tcp", 443),)
PLAIN: Final = (("Tcp", 80),)
SMB: Final = (("Tcp", 445),)
EVERY: Final[tuple[tuple[str, int], ...]] = tuple(
    [("Tcp", port) for port in (22, 80, 443, 445, 3389, 5432, 5831, 8080, 8787, 9000, 10250, 12000, 18881)]
    + [("Udp", port) for port in (53, 123, 443, 1194, 5831)]
)
"""One packet of each kind that some row names, and of what nobody may: remote logins, names, a node's API."""


@dataclass(frozen=True, slots=True)
class Need:
    """source, target: keys of subnets, PODS, or places of OUTSIDE. ports: (protocol, port)."""

    source: str
    target: str
    why: str
    ports: tuple[tuple[str, int], ...] = WEB


NEEDS: Final[tuple[Need, ...]] = (
    # "Secure an Azure Machine Learning training environment with virtual networks": a cluster without public
    # addresses. Its nodes talk to each other where a job has several.
    Need(TRAINING, TRAINING, "nodes of one job", EVERY),
    Need(TRAINING, "sign-in", "tokens of its identity", (("Tcp", 80), ("Tcp", 443))),
    Need(TRAINING, "resource manager", "a job asks for resources"),
    Need(TRAINING, "Azure ML", "jobs", (("Tcp", 443), ("Tcp", 8787), ("Tcp", 18881), ("Udp", 5831))),
    Need(TRAINING, "Azure Batch", "nodes register", (("Tcp", 443), ("Udp", 443))),
    Need(TRAINING, "storage", "data, outputs and mounts", (*WEB, *SMB)),
    Need(TRAINING, "Key Vault", "connections of the workspace"),
    Need(TRAINING, "registry", "images of environments"),
    Need(TRAINING, "Microsoft's images", "what Azure ML runs on a node"),
    Need(TRAINING, "layers of Microsoft's images", "what Azure ML runs on a node"),
    Need(TRAINING, "Azure Monitor", "logs"),
    Need(TRAINING, ENDPOINTS, "all of these, in a private estate", (*WEB, *SMB)),
    # A container group: sign-in, key, image, telemetry; callers come by the gateway or from a CI job.
    Need(INFERENCE, "sign-in", "tokens of its identity"),
    Need(INFERENCE, "Key Vault", "the callers' key"),
    Need(INFERENCE, "registry", "its image"),
    Need(INFERENCE, "storage", "layers of its image"),
    Need(INFERENCE, "Azure Monitor", "telemetry"),
    Need(INFERENCE, ENDPOINTS, "all of these, in a private estate"),
    Need("health probes", INFERENCE, "whether it answers", EVERY),
    Need(GATEWAY, INFERENCE, "requests", (("Tcp", 8080),)),
    Need(RUNNERS, INFERENCE, "smoke tests", (("Tcp", 8080),)),
    # "Integrate an API Management instance with a virtual network for outbound requests".
    Need(GATEWAY, "sign-in", "keys that tokens are checked with"),
    Need(GATEWAY, "storage", "its configuration"),
    Need(GATEWAY, ELSEWHERE, "its configuration, which Azure keeps where it likes"),
    Need(GATEWAY, "Key Vault", "named values"),
    Need(GATEWAY, "Azure Monitor", "telemetry"),
    Need(GATEWAY, ENDPOINTS, "the vault, in a private estate"),
    Need(GATEWAY, NODES, "requests, which a revision's load balancer takes by plain HTTP", PLAIN),
    # "Azure Functions networking options"; a batch endpoint and GitHub have public names alone.
    Need(FUNCTIONS, "sign-in", "tokens of its identity"),
    Need(FUNCTIONS, "resource manager", "which runs there are"),
    Need(FUNCTIONS, "Azure ML", "runs of the published pipeline"),
    Need(FUNCTIONS, "storage", "its state, and the events that wait"),
    Need(FUNCTIONS, "Key Vault", "the key that signs for GitHub"),
    Need(FUNCTIONS, "Azure Monitor", "telemetry"),
    Need(FUNCTIONS, INTERNET, "GitHub"),
    Need(FUNCTIONS, ENDPOINTS, "all of these, in a private estate"),
    # The app that scores calls what a container that scores calls, but for images.
    Need(SCORER, "sign-in", "tokens of its identity"),
    Need(SCORER, "storage", "the model, its host's locks"),
    Need(SCORER, "Key Vault", "the callers' key"),
    Need(SCORER, "Azure Monitor", "telemetry"),
    Need(SCORER, ENDPOINTS, "all of these, in a private estate"),
    # "Outbound network and FQDN rules for AKS"; "Azure CNI Overlay networking overview" for pods.
    Need(NODES, NODES, "nodes among themselves, and to the API server's private endpoint", EVERY),
    Need(NODES, PODS, "a service hands a request to a pod", EVERY),
    Need(PODS, NODES, "a pod asks a node, which it also does under its own node's address", EVERY),
    Need(PODS, PODS, "pods among themselves, the cluster's name service first", EVERY),
    Need("health probes", NODES, "whether a node answers", EVERY),
    Need(NODES, "sign-in", "tokens of identities"),
    Need(NODES, "resource manager", "disks and load balancers"),
    Need(NODES, "Microsoft's images", "system images"),
    Need(NODES, "layers of Microsoft's images", "system images"),
    Need(NODES, "Azure Monitor", "logs"),
    Need(NODES, "machines in Azure", "control plane", (*WEB, ("Tcp", 9000), ("Udp", 1194))),
    Need(NODES, INTERNET, "updates and clocks", (("Tcp", 80), *WEB, ("Udp", 123))),
    Need(NODES, ENDPOINTS, "registry, vault and telemetry, in a private estate"),
    Need(RUNNERS, NODES, "releases ask the API server, tests the service", (*WEB, *PLAIN)),
    # "Use dedicated agent pools in ACR Tasks".
    Need(AGENTS, "sign-in", "tokens of the registry"),
    Need(AGENTS, "Key Vault", "secrets of builds"),
    Need(AGENTS, "storage", "sources and layers"),
    Need(AGENTS, "Azure Monitor", "logs", (*WEB, ("Tcp", 12000))),
    Need(AGENTS, "Event Hubs", "what to build"),
    Need(AGENTS, "registry", "images"),
    Need(AGENTS, INTERNET, "base images and packages"),
    Need(AGENTS, ENDPOINTS, "the registry, in a private estate"),
    Need(RUNNERS, INTERNET, "jobs, packages and Azure"),
    Need(RUNNERS, ENDPOINTS, "Azure's services, in a private estate"),
)
"""What must pass. Whatever no row says, and no wider place of a row holds, must be stopped."""

PREDICTIONS: Final[tuple[Need, ...]] = tuple(
    Need(source, ENDPOINTS, why, (("Tcp", 5432),))
    for source, why in (
        (TRAINING, "a job loads predictions by key"),
        (INFERENCE, "the service looks predictions up"),
        (NODES, "the service looks predictions up"),
        (RUNNERS, "tables and roles are made"),
    )
)
"""What must pass where there is a database of predictions, and where there is none must be stopped."""

NEVER: Final[tuple[Need, ...]] = (
    Need(TRAINING, INTERNET, "who sees the data has no way out but to Azure", EVERY),
    Need(TRAINING, ELSEWHERE, "who sees the data writes to no other region's storage", EVERY),
    Need(INFERENCE, INTERNET, "who scores has no way out but to Azure", EVERY),
    Need(GATEWAY, INTERNET, "callers' requests go to the scoring service alone", EVERY),
    Need(GATEWAY, TRAINING, "callers get no further than what scores", EVERY),
    Need(INFERENCE, TRAINING, "what answers callers is no way to the data", EVERY),
    Need(NODES, TRAINING, "what answers callers is no way to the data", EVERY),
    Need(PODS, TRAINING, "what answers callers is no way to the data", EVERY),
    Need(FUNCTIONS, TRAINING, "what starts runs asks Azure ML for them, and no node", EVERY),
    Need(FUNCTIONS, INFERENCE, "what starts runs is no caller", EVERY),
    Need(FUNCTIONS, NODES, "what starts runs is no caller", EVERY),
    Need(AGENTS, TRAINING, "what runs others' packages is no way to the data", EVERY),
    Need(AGENTS, INFERENCE, "what runs others' packages is no way to what scores", EVERY),
    Need(AGENTS, NODES, "what runs others' packages is no way to what scores", EVERY),
    Need(TRAINING, INFERENCE, "a job is no caller", EVERY),
    Need(TRAINING, NODES, "a job is no caller", EVERY),
    Need(RUNNERS, TRAINING, "CI submits jobs to Azure ML, never to a node", EVERY),
    *(Need(ENDPOINTS, key, "an endpoint begins nothing", EVERY) for key in (*SUBNETS, INTERNET)),
    *(
        Need(key, INTERNET, "nobody signs in to machines outside", (("Tcp", 22), ("Tcp", 3389)))
        for key in SUBNETS
    ),
    *(Need(INTERNET, key, "the internet begins nothing", EVERY) for key in SUBNETS),
    *(Need(PEERED, key, "a peered network begins nothing", EVERY) for key in SUBNETS),
)
"""The worst, named: no row of NEEDS may allow any of it, and no rule does."""
