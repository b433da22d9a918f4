"""Private link scopes: from where telemetry is taken and logs are read where public networks may not."""

from __future__ import annotations

from typing import Any, Final, Literal

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.monitor.components import Component
from emulator.monitor.computed import SCOPED
from emulator.network.reach import Reach
from emulator.places import Place

GROUP: Final = "azuremonitor"


class Scopes:
    """Finds the scope that lets a caller in."""

    def __init__(self, store: Store, reach: Reach) -> None:
        self._store, self._reach = store, reach

    def refusal(self, place: Place, component: Component) -> AzureError | None:
        """403 in the words of microsoft/AzureTRE#2646 unless a scope that holds the component has a private
        endpoint which the caller reaches."""
        if component.public:
            return None
        why = self._kept_out(place, component.id)
        if not why:
            return None
        return AzureError(
            403,
            "Forbidden",
            "Component private link id does not match incoming link and has "
            f"publicNetworkAccessForIngestion=Disabled: {why}.",
        )

    def closed(self, place: Place, resource: dict[str, Any], what: Literal["Ingestion", "Query"]) -> str:
        """Why a resource that is shut to public networks is not reached from a place; "" where it is."""
        if resource["properties"].get(f"publicNetworkAccessFor{what}") != "Disabled":
            return ""
        return self._kept_out(place, resource["id"])

    def _kept_out(self, place: Place, resource_id: str) -> str:
        """Why no private link scope that holds a resource lets a caller in; "" where one does."""
        why = f"no private link scope holds {resource_id}"
        for held in self._store.users(resource_id, SCOPED):
            if fold(str(held["properties"].get("linkedResourceId", ""))) != fold(resource_id):
                continue
            why = self._reach.by_endpoint(place, held["id"].rsplit("/scopedResources/", 1)[0], GROUP)
            if not why:
                return ""
        return why
