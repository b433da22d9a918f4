"""Whether the names that are one in all of Azure can be had, or are held by something deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ml.doctor.findings import Finding, failed, ok, warning
from ml.doctor.subject import ACTIVITY, KEY_VAULT, MACHINE_LEARNING, REGISTRY, STORAGE, WEB, Subject

if TYPE_CHECKING:
    from infra.config import Settings

TITLE: Final = "names"
WORKSPACE: Final = "workspace"
VAULTS: Final = "Microsoft.KeyVault"
KEPT: Final = timedelta(days=14)  # how long Azure keeps a deleted workspace and its name


def _always(settings: "Settings") -> bool:
    return True


def _trains(settings: "Settings") -> bool:
    return settings.starts_trainings


def _scores(settings: "Settings") -> bool:
    return settings.scoring_function is not None


@dataclass(frozen=True, slots=True)
class Unique:
    """kind: its key in infra's names. when: whether settings ask for it."""

    kind: str
    what: str
    namespace: str
    plural: str
    api: str
    when: "Callable[[Settings], bool]" = _always

    @property
    def type(self) -> str:
        return f"{self.namespace}/{self.plural}"


UNIQUE: Final[tuple[Unique, ...]] = (
    Unique("storage_account", "storage account", "Microsoft.Storage", "storageAccounts", STORAGE),
    Unique(
        "data_lake",
        "data lake's storage account",
        "Microsoft.Storage",
        "storageAccounts",
        STORAGE,
        lambda settings: settings.data_lake is not None,
    ),
    Unique(
        "trigger_storage",
        "storage account of the function app that starts trainings",
        "Microsoft.Storage",
        "storageAccounts",
        STORAGE,
        _trains,
    ),
    Unique(
        "scoring_function_storage",
        "storage account of the function app that scores",
        "Microsoft.Storage",
        "storageAccounts",
        STORAGE,
        _scores,
    ),
    Unique("function_app", "function app that starts trainings", "Microsoft.Web", "sites", WEB, _trains),
    Unique("scoring_function", "function app that scores", "Microsoft.Web", "sites", WEB, _scores),
    Unique("key_vault", "key vault", VAULTS, "vaults", KEY_VAULT),
    Unique("learning_vault", "key vault of Azure ML", VAULTS, "vaults", KEY_VAULT),
    Unique("registry", "container registry", "Microsoft.ContainerRegistry", "registries", REGISTRY),
)


def check(subject: Subject) -> list[Finding]:
    wanted = [one for one in UNIQUE if one.when(subject.settings)]
    return [finding for unique in wanted for finding in _one(unique, subject)]


def workspace(subject: Subject) -> list[Finding]:
    """Azure lists no soft-deleted workspaces, but the activity log tells of each deletion for 90 days."""
    name = subject.names.of("workspace")
    path = f"{subject.group}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    if subject.exists(path, MACHINE_LEARNING):
        return [ok(WORKSPACE, f"the workspace {name} is this estate's own and exists already")]
    since = datetime.now(UTC) - KEPT
    events = subject.management.items(
        f"{subject.subscription}/providers/Microsoft.Insights/eventtypes/management/values",
        **{
            "api-version": ACTIVITY,
            "$filter": f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}' and resourceUri eq '{path}'",
        },
    )
    gone = [
        datetime.fromisoformat(str(event["eventTimestamp"]))
        for event in events
        if str((event.get("operationName") or {}).get("value", "")).lower().endswith("workspaces/delete")
        and str((event.get("status") or {}).get("value", "")) == "Succeeded"
    ]
    if not gone:
        return [ok(WORKSPACE, f"the workspace {name} can be made")]
    day, free = max(gone), max(gone) + KEPT
    found = warning(
        WORKSPACE,
        f"the workspace {name} was deleted on {day:%Y-%m-%d}; unless that was for good, Azure holds its name "
        f'until {free:%Y-%m-%d} ("Soft-deleted workspace exists")',
        "If `pulumi up` is refused with these words: recover it in the portal (Azure Machine Learning, "
        "Recently deleted), or wait. Next time run `mlops undeploy --workspace` before `pulumi destroy`.",
    )
    return [found]


def _one(unique: Unique, subject: Subject) -> list[Finding]:
    name = subject.names.of(unique.kind)
    if subject.exists(f"{subject.group}/providers/{unique.type}/{name}", unique.api):
        return [ok(TITLE, f"the {unique.what} {name} is this estate's own and exists already")]
    if unique.namespace == VAULTS and (held := _deleted_vault(subject, name)):
        return [held]
    answer = subject.management.ask(
        f"{subject.subscription}/providers/{unique.namespace}/checkNameAvailability",
        {"name": name, "type": unique.type},
        **{"api-version": unique.api},
    )
    if answer.get("nameAvailable"):
        return [ok(TITLE, f"the {unique.what} {name} can be made")]
    return [
        failed(
            TITLE,
            f"the {unique.what} {name} cannot be made: {answer.get('message') or answer.get('reason')}",
            "Remove what holds the name, or change mlops-estate:project, which is part of it.",
        )
    ]


def _deleted_vault(subject: Subject, name: str) -> Finding | None:
    """A deleted vault keeps its name until its retention ends; with purge protection nobody can purge it."""
    path = f"{subject.subscription}/providers/{VAULTS}/locations/{subject.location}/deletedVaults/{name}"
    if not subject.exists(path, KEY_VAULT):
        return None
    if subject.settings.recover_key_vault:
        return warning(
            TITLE,
            f"the key vault {name} is soft-deleted; recoverKeyVault brings it back",
            "Nothing, when its secrets are wanted; take recoverKeyVault away after the next `pulumi up`.",
        )
    return failed(
        TITLE,
        f"the key vault {name} is soft-deleted and holds its name",
        "Bring it back with its secrets: `pulumi up --config mlops-estate:recoverKeyVault=true`. "
        "Its purge protection lets nobody purge it before its time.",
    )
