"""Whether the names that are one in all of Azure can be had, or are held by something deleted."""

from dataclasses import dataclass
from typing import Final

from ml.doctor.findings import Finding, failed, ok, warning
from ml.doctor.subject import KEY_VAULT, REGISTRY, STORAGE, Subject

TITLE: Final = "names"
VAULTS: Final = "Microsoft.KeyVault"


@dataclass(frozen=True, slots=True)
class Unique:
    """kind: its key in infra's names. setting: what to change to get another name."""

    kind: str
    what: str
    namespace: str
    plural: str
    api: str

    @property
    def type(self) -> str:
        return f"{self.namespace}/{self.plural}"


UNIQUE: Final[tuple[Unique, ...]] = (
    Unique("storage_account", "storage account", "Microsoft.Storage", "storageAccounts", STORAGE),
    Unique("key_vault", "key vault", VAULTS, "vaults", KEY_VAULT),
    Unique("registry", "container registry", "Microsoft.ContainerRegistry", "registries", REGISTRY),
)


def check(subject: Subject) -> list[Finding]:
    return [finding for unique in UNIQUE for finding in _one(unique, subject)]


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
