"""Who may do what, as data: Azure's built-in roles, one of our own, and the plan of their assignments.

The plan names principals and scopes by key; `estate_ids.py` puts ids to them. Nothing depends on who deploys.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from infra.naming import own_role

PrincipalType = Literal["ServicePrincipal", "Group"]

ROLES: Final[dict[str, str]] = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "API Management Service Contributor": "312a565d-c81f-4fd8-895a-4e21e48d571c",
    "Application Insights Component Contributor": "ae349356-3a1b-4a5e-921d-050484c6347e",
    "Azure AI Administrator": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    "Azure Kubernetes Service RBAC Reader": "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
    "Azure Kubernetes Service RBAC Writer": "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "Container Registry Contributor and Data Access Configuration Administrator": (
        "3bc748fc-213d-45c1-8d91-9da5725539b9"
    ),
    "Container Registry Data Importer and Data Reader": "577a9874-89fd-4f24-9dbd-b5034d0ad23a",
    "Data Purger": "150f5e0c-0603-4f03-8c7f-cf70034c4e90",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Monitoring Reader": "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Private DNS Zone Contributor": "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Website Contributor": "de139f84-1756-47ae-9be6-808fbbe84772",
}


@dataclass(frozen=True, slots=True)
class OwnRole:
    """A role that Azure lacks; the bootstrap defines it, since who deploys an estate may define none.

    data_actions: all that it allows. why: its description in Azure.
    """

    data_actions: tuple[str, ...]
    why: str


LANDING_WRITER: Final = "Landing Writer"
OWN_ROLES: Final[dict[str, OwnRole]] = {
    # "Put Blob" takes this action for a blob that is not there, and `blobs/write` for any (its "RBAC action";
    # "Actions and attributes for Azure role assignment conditions for Azure Blob Storage": "Create a blob or
    # snapshot, or append data"; read 2026-11). The Blob endpoint of an account with a hierarchical namespace
    # is the same. Blocks, and Create, Append and Flush of the dfs endpoint, are not documented to do with it
    # alone, so a file is sent whole.
    LANDING_WRITER: OwnRole(
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",),
        "Makes new blobs, each as a whole. Reads, lists, overwrites and deletes nothing.",
    ),
}

IDENTITIES: Final = ("workspace", "training", "scoring")
"""The user-assigned identities: Azure ML's own, the compute cluster's nodes, the scoring containers."""

CLUSTER_IDENTITIES: Final = ("cluster", "kubelet")
"""Those of an estate with Kubernetes: the cluster's control plane, and its nodes."""

TRIGGER_IDENTITIES: Final = ("retrain", "events")
"""Those of an estate whose trainings start by themselves: the function app's, and Event Grid's topics'."""

FUNCTION: Final = "scoring-function"
"""The identity of the function app that scores."""

RUNNERS: Final = "runners"
"""The identity of the machines that run CI's jobs; the jobs sign in as others, by GitHub's tokens."""

GATEWAY: Final = "gateway"
"""The gateway's system-assigned identity: with this one alone a firewalled vault lets it in."""

PROMOTER: Final = "promoter"
"""The identity that promotes releases, which the bootstrap makes and the settings name."""

ERASERS: Final = "erasers"
"""The group of those who may erase one person's rows for good, which the settings name."""

PUSHER: Final = "pusher"
"""The training identity of production, which the settings of the environment that trains name."""

PRINCIPALS: Final[dict[str, PrincipalType]] = {
    **dict.fromkeys(
        (*IDENTITIES, *CLUSTER_IDENTITIES, *TRIGGER_IDENTITIES, FUNCTION, RUNNERS, GATEWAY, PROMOTER, PUSHER),
        "ServicePrincipal",
    ),
    "engineers": "Group",
    ERASERS: "Group",
}
SCOPES: Final = (
    "storage",
    "storage-data",
    "lake-landing",
    "lake-tables",
    "lake-predictions",
    "lake-answers",
    "key-vault",
    "learning-vault",
    "registry",
    "application-insights",
    "log-analytics",
    "workspace",
    "kubernetes-subnet",
    "kubernetes-zone",
    "kubelet-identity",
    "kubernetes",
    "gateway",
    "trigger-storage",
    "trigger-queue",
    "trigger-poison",
    "trigger-state",
    "trigger-dead",
    "trigger-app",
    "function-storage",
    "function-models",
    "function-key",
    "function-vault",
    "function-gated-models",
    "function-gated-app",
    "function-open-app",
    "release-key",
    "runner-key",
)
"""What roles are assigned on: nothing wider than one resource."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role assignment: principal and scope by key, the role by Azure's name, and why."""

    principal: str
    role: str
    scope: str
    why: str


GRANTS: Final[tuple[Grant, ...]] = (
    # The workspace's identity manages Azure ML's own parts, each by a role on that part alone. On the group
    # (Azure's shorter advice) Azure AI Administrator would also hold every vault, account and registry in it.
    Grant("workspace", "Azure AI Administrator", "workspace", "manages the workspace"),
    Grant("workspace", "Storage Account Contributor", "storage", "makes its containers and shares"),
    Grant("workspace", "Storage Blob Data Contributor", "storage", "system datastores sign in by identity"),
    Grant("workspace", "Storage File Data Privileged Contributor", "storage", "mounts without account keys"),
    Grant("workspace", "Key Vault Contributor", "learning-vault", "manages Azure ML's own vault"),
    Grant("workspace", "Key Vault Administrator", "learning-vault", "keeps the workspace's connections"),
    Grant(
        "workspace",
        "Container Registry Contributor and Data Access Configuration Administrator",
        "registry",
        "manages environments' builds",
    ),
    Grant("workspace", "AcrPush", "registry", "tags environments in the registry"),
    Grant(
        "workspace",
        "Application Insights Component Contributor",
        "application-insights",
        "reads where metrics go",
    ),
    Grant("workspace", "Storage Blob Data Reader", "lake-landing", "shows data in the studio"),
    Grant("workspace", "Storage Blob Data Reader", "lake-tables", "shows data in the studio"),
    Grant("workspace", "Storage Blob Data Reader", "lake-predictions", "shows data in the studio"),
    Grant("workspace", "Storage Blob Data Reader", "lake-answers", "shows data in the studio"),
    Grant("training", "Storage Blob Data Contributor", "storage", "reads data, writes outputs"),
    Grant("training", "Storage Blob Data Reader", "lake-landing", "reads new data"),
    Grant("training", "Storage Blob Data Contributor", "lake-tables", "makes tables of new data"),
    Grant("training", "Storage Blob Data Contributor", "lake-predictions", "writes batch predictions"),
    Grant("training", "Storage Blob Data Contributor", "lake-answers", "takes the service's answers away"),
    # AcrPull only: a training job must not be able to replace an image that is served.
    Grant("training", "AcrPull", "registry", "pulls the training image"),
    Grant("training", "AzureML Data Scientist", "workspace", "compares and registers models"),
    Grant(
        "training", "Monitoring Metrics Publisher", "application-insights", "tells the daily report's figures"
    ),
    Grant("scoring", "AcrPull", "registry", "pulls the scoring image"),
    Grant("scoring", "Key Vault Secrets User", "key-vault", "reads the callers' key"),
    Grant("scoring", "Storage Blob Data Contributor", "lake-answers", "keeps what it answered"),
    Grant("scoring", "Monitoring Metrics Publisher", "application-insights", "sends telemetry by identity"),
    Grant("engineers", "Storage Blob Data Contributor", "storage", "uploads data"),
    Grant("engineers", "Storage Blob Data Contributor", "lake-landing", "uploads data"),
    Grant("engineers", "Storage Blob Data Contributor", "lake-tables", "records labels that came"),
    Grant("engineers", "Storage Blob Data Reader", "lake-predictions", "looks at predictions"),
    Grant("engineers", "Key Vault Secrets Officer", "key-vault", "writes the callers' key"),
    Grant("engineers", "AzureML Data Scientist", "workspace", "submits jobs, registers models"),
    Grant("gateway", "Key Vault Secrets User", "key-vault", "reads the scoring service's key"),
    Grant("gateway", "Monitoring Metrics Publisher", "application-insights", "logs by identity"),
    # The cluster's own, on no more than what it changes: with the whole network it could move other subnets.
    Grant("cluster", "Network Contributor", "kubernetes-subnet", "joins nodes and internal load balancers"),
    Grant("cluster", "Private DNS Zone Contributor", "kubernetes-zone", "writes the name of its API server"),
    Grant("cluster", "Managed Identity Operator", "kubelet-identity", "gives nodes their identity"),
    Grant("kubelet", "AcrPull", "registry", "pulls the scoring image"),
    Grant("engineers", "Azure Kubernetes Service Cluster User Role", "kubernetes", "asks where it is"),
    Grant("engineers", "Azure Kubernetes Service RBAC Reader", "kubernetes", "reads what runs, no secrets"),
    # Manifests and weights, and nothing with data: no storage, no workspace, no key that signs approvals.
    Grant(
        "promoter",
        "Container Registry Data Importer and Data Reader",
        "registry",
        "imports images by digest from one registry to the next",
    ),
    Grant("promoter", "Key Vault Secrets User", "key-vault", "tests a revision with the callers' key"),
    Grant("promoter", "Monitoring Reader", "application-insights", "reads what a canary is judged by"),
    Grant("promoter", "Azure Kubernetes Service Cluster User Role", "kubernetes", "asks where it is"),
    # Without roles, bindings, quotas and namespaces: the estate makes the namespace.
    Grant("promoter", "Azure Kubernetes Service RBAC Writer", "kubernetes", "applies a revision's manifests"),
    # Azure has no built-in role for backends alone.
    Grant("promoter", "API Management Service Contributor", "gateway", "sets backends and weights"),
    # Training reaches into nothing of production, which pushes rows here and cannot look at them again.
    Grant("pusher", LANDING_WRITER, "lake-landing", "adds production's rows, and reads none"),
    # "Connecting to host storage with an identity" of Azure Functions: locks, timers and the package are
    # blobs, and the host makes containers. The account holds nothing else.
    Grant("retrain", "Storage Blob Data Owner", "trigger-storage", "keeps its locks, timers and state"),
    # Azure's page on the trigger names Reader and Message Processor, which may not change a message: the host
    # could then hide none for longer while its function runs, nor give one back that failed.
    Grant(
        "retrain", "Storage Queue Data Contributor", "trigger-queue", "takes events, gives back what failed"
    ),
    # It asks for the queue to be made before each write, which whoever may only send cannot.
    Grant("retrain", "Storage Queue Data Contributor", "trigger-poison", "puts aside what failed five times"),
    Grant(
        "retrain", "AzureML Data Scientist", "workspace", "calls the published pipeline, looks at its runs"
    ),
    Grant("retrain", "Monitoring Metrics Publisher", "application-insights", "sends telemetry by identity"),
    Grant("retrain", "Key Vault Crypto User", "release-key", "signs as the GitHub App; the key stays there"),
    Grant("runners", "Key Vault Crypto User", "runner-key", "registers runners; the key stays there"),
    Grant("events", "Storage Queue Data Message Sender", "trigger-queue", "delivers events"),
    Grant("events", "Storage Blob Data Contributor", "trigger-dead", "keeps what could not be delivered"),
    Grant("engineers", "Storage Blob Data Contributor", "trigger-state", "pauses triggers, reads their log"),
    Grant("engineers", "Website Contributor", "trigger-app", "puts the function's code there"),
    # Its host's account, as that of "retrain": locks, the host's own keys, the package. Data are elsewhere.
    Grant(
        FUNCTION, "Storage Blob Data Owner", "function-storage", "keeps its host's locks, reads its package"
    ),
    Grant(FUNCTION, "Storage Blob Data Reader", "function-models", "reads the released model"),
    Grant(FUNCTION, "Key Vault Secrets User", "function-key", "reads the callers' key, and no other secret"),
    Grant(FUNCTION, "Key Vault Secrets User", "function-vault", "the same, until scoringFunction.keySecret"),
    Grant(FUNCTION, "Monitoring Metrics Publisher", "application-insights", "sends telemetry by identity"),
    # Where releases come by approval alone, people put no code there: they would pass it by. Of models, which
    # whoever writes to the account can write, the app reads the one whose digest the code's package names.
    Grant(
        "promoter", "Storage Blob Data Contributor", "function-gated-models", "puts an approved model there"
    ),
    Grant("promoter", "Website Contributor", "function-gated-app", "puts an approved release's code there"),
    Grant("engineers", "Website Contributor", "function-open-app", "puts a release's code there"),
    Grant("erasers", "Storage Blob Data Contributor", "lake-tables", "rewrites labels and feature tables"),
    Grant("erasers", "Storage Blob Data Contributor", "lake-predictions", "rewrites answers and batches"),
    Grant("erasers", "Storage Blob Data Contributor", "lake-answers", "collects parts without the rows"),
    Grant("erasers", "Storage Blob Data Contributor", "lake-landing", "writes landed files without the rows"),
    # Not on the account: it reads no files of models, whose lineage says which data they were trained on.
    Grant("erasers", "Storage Blob Data Reader", "storage-data", "looks for the rows in training sets"),
    Grant("erasers", "Reader", "workspace", "names the models that were trained on the rows"),
    # It reads logs, too: what is to be purged has to be found first. No narrower role may purge.
    Grant("erasers", "Data Purger", "log-analytics", "purges what tells of a person"),
)


def grants_on(scopes: Collection[str], principals: Collection[str]) -> tuple[Grant, ...]:
    """The grants on these scopes to those of these principals that exist, in the order of the plan."""
    return tuple(grant for grant in GRANTS if grant.scope in scopes and grant.principal in principals)


def role_guid(role: str, tenant_id: str, project: str) -> str:
    """The GUID of a role by its name in ROLES or OWN_ROLES; of the latter, one a tenant and project."""
    return ROLES[role] if role in ROLES else own_role(tenant_id, project, role)


def role_definition_id(subscription_id: str, guid: str) -> str:
    """The ARM id of a role, as an assignment in that subscription names it."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
