"""Which resource types an estate needs, as data: their providers must be registered, and offered there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from infra.config import Settings


def _always(settings: "Settings") -> bool:
    return True


def _has_functions(settings: "Settings") -> bool:
    return settings.starts_trainings or settings.scoring_function is not None


@dataclass(frozen=True, slots=True)
class Need:
    """namespace and kind: of the resource type. what: in the user's words. when: whether settings ask for it.

    everywhere: the type has no region of its own.
    """

    namespace: str
    kind: str
    what: str
    everywhere: bool = False
    when: "Callable[[Settings], bool]" = _always


NEEDS: Final[tuple[Need, ...]] = (
    Need("Microsoft.Network", "virtualNetworks", "the network"),
    Need("Microsoft.Network", "privateEndpoints", "private endpoints"),
    Need("Microsoft.Network", "privateDnsZones", "private DNS zones", everywhere=True),
    Need("Microsoft.Storage", "storageAccounts", "storage"),
    Need("Microsoft.KeyVault", "vaults", "the key vault"),
    Need("Microsoft.ContainerRegistry", "registries", "the container registry"),
    Need("Microsoft.MachineLearningServices", "workspaces", "the Azure ML workspace"),
    Need("Microsoft.ManagedIdentity", "userAssignedIdentities", "identities"),
    Need("Microsoft.OperationalInsights", "workspaces", "Log Analytics"),
    Need("Microsoft.Insights", "components", "Application Insights"),
    Need("Microsoft.ContainerInstance", "containerGroups", "scoring containers"),
    Need(
        "Microsoft.ContainerService",
        "managedClusters",
        "the Kubernetes cluster",
        when=lambda settings: settings.kubernetes is not None,
    ),
    Need("Microsoft.Web", "sites", "function apps", when=_has_functions),
    # "Azure Functions networking options": the delegation of their subnets needs the provider registered.
    Need("Microsoft.App", "managedEnvironments", "subnets of function apps", when=_has_functions),
    Need(
        "Microsoft.EventGrid",
        "systemTopics",
        "events that start trainings",
        when=lambda settings: settings.starts_trainings,
    ),
    Need(
        "Microsoft.Compute",
        "virtualMachineScaleSets",
        "CI runners",
        when=lambda settings: settings.runners is not None,
    ),
    Need(
        "Microsoft.ApiManagement",
        "service",
        "the gateway",
        when=lambda settings: settings.gateway is not None,
    ),
    Need(
        "Microsoft.DBforPostgreSQL",
        "flexibleServers",
        "the database of predictions by key",
        when=lambda settings: settings.predictions_database is not None,
    ),
    Need(
        "Microsoft.Insights",
        "scheduledQueryRules",
        "alerts",
        when=lambda settings: settings.alerts is not None,
    ),
)
