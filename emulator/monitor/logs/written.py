"""The tables that Azure knows when it checks the query of a rule: those of telemetry once a row has come.

"Failed to resolve table or column expression named 'AppMetrics'" is what rules over a new workspace were
answered: learntocloud/learn-to-cloud-app#586 (2026-06), Azure/bicep#11378, mspnp/aks-baseline#422. Skipping
the check did not help all of them (hashicorp/terraform-provider-azurerm#28293).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.arm.ids import within
from emulator.arm.store import Store
from emulator.monitor.database import Database
from emulator.monitor.kql.table import Table
from emulator.monitor.logs.rows import Declared
from emulator.monitor.logs.schema import CLASSIC
from emulator.monitor.tables import TABLES
from emulator.monitor.workspaces import WORKSPACE

COMPONENT: Final = "Microsoft.Insights/components"


class Written(Declared):
    """Tables with their columns and no rows, of the workspaces that a rule's scopes lead to."""

    def __init__(self, store: Store, telemetry: Database, scopes: Iterable[str]) -> None:
        self._telemetry = telemetry
        self._tenants = _tenants(store, list(map(str, scopes)))

    def names(self) -> list[str]:
        return [name for name in super().names() if self._is_there(name)]

    def table(self, name: str) -> Table | None:
        """A table's columns; None for one that nothing was written to."""
        return super().table(name) if self._is_there(name) else None

    def _is_there(self, name: str) -> bool:
        stored = CLASSIC[name][0] if name in CLASSIC else name
        if stored not in TABLES:
            return True
        marks = ", ".join("?" * len(self._tenants))
        statement = f"SELECT 1 FROM {stored} WHERE TenantId IN ({marks}) LIMIT 1"  # noqa: S608
        return bool(self._telemetry.tuples(statement, *self._tenants))


def _tenants(store: Store, scopes: list[str]) -> list[str]:
    """Customer ids of workspaces that are scopes, lie in scopes, or keep the rows of components that do."""
    workspaces = [one for one in store.by_type(WORKSPACE) if _is_in(one["id"], scopes)]
    for component in store.by_type(COMPONENT):
        held = store.get(str(component["properties"].get("WorkspaceResourceId", "")))
        if held is not None and _is_in(component["id"], scopes):
            workspaces.append(held)
    return sorted({str(one["properties"].get("customerId", "")) for one in workspaces})


def _is_in(resource_id: str, scopes: list[str]) -> bool:
    return any(within(resource_id, scope) for scope in scopes)
