"""Private link scopes: from where a component takes telemetry that takes none from public networks."""

from __future__ import annotations

from typing import Final

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
        why = f"no private link scope holds {component.id}"
        for held in self._store.users(component.id):
            linked = str(held["properties"].get("linkedResourceId", ""))
            if held["type"].lower() != SCOPED.lower() or fold(linked) != fold(component.id):
                continue
            why = self._reach.by_endpoint(place, held["id"].rsplit("/scopedResources/", 1)[0], GROUP)
            if not why:
                return None
        return AzureError(
            403,
            "Forbidden",
            "Component private link id does not match incoming link and has "
            f"publicNetworkAccessForIngestion=Disabled: {why}.",
        )
