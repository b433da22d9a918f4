"""What the catalog says about names and about resources that come into being with others."""

from __future__ import annotations

from functools import cache

from emulator.arm import catalog
from emulator.arm.catalog import ROWS
from emulator.arm.ids import ArmId, fold
from emulator.arm.reserved import is_reserved
from emulator.arm.store import Store
from emulator.errors import AzureError

# the code with which each service says that a name is taken; others say Conflict
TAKEN: dict[str, str] = {
    "microsoft.storage/storageaccounts": "StorageAccountAlreadyTaken",
    "microsoft.keyvault/vaults": "VaultAlreadyExists",
    "microsoft.containerregistry/registries": "AlreadyInUse",
    "microsoft.apimanagement/service": "ServiceAlreadyExists",
}


def check_name(store: Store, parsed: ArmId) -> None:
    """400 InvalidResourceName for a name that Azure refuses; 409 for one that is taken elsewhere."""
    row = catalog.find(parsed.type)
    if row is None:
        return
    if row.name and (problem := row.name.problem(parsed.name)):
        raise AzureError(400, "InvalidResourceName", f"{parsed.text}: the name {problem}.")
    if row.unique != "global":
        return
    if is_reserved(parsed.name):
        raise AzureError(
            400,
            "ReservedResourceName",
            f"The resource name '{parsed.name}' or a part of the name is a trademarked or reserved word.",
        )
    for other in store.named(parsed.type, parsed.name):
        if fold(other["id"]) != fold(parsed.text):
            raise AzureError(
                409,
                TAKEN.get(parsed.type.lower(), "Conflict"),
                f"The name '{parsed.name}' is already taken ({other['id']}); it must be unique in all of "
                "Azure.",
            )


@cache
def companions(arm_type: str) -> tuple[str, ...]:
    """The collections whose member ``default`` comes with a new resource of the type."""
    return tuple(
        row.arm_type.rsplit("/", 1)[-1]
        for row in ROWS
        if row.presence == "with_parent"
        and row.arm_type.endswith("Services")
        and row.arm_type.rsplit("/", 1)[0].lower() == arm_type.lower()
    )


def comes_with_child(arm_type: str) -> bool:
    """Whether a resource of the type is made when the first one under it is put."""
    row = catalog.find(arm_type)
    return row is not None and row.presence == "with_child"


def check_deletable(parsed: ArmId) -> None:
    """405 for what exists as long as its parent does."""
    row = catalog.find(parsed.type)
    if row is not None and row.presence == "with_parent":
        raise AzureError(
            405, "MethodNotAllowed", f"'{parsed.text}' exists as long as its parent; it cannot be deleted."
        )
