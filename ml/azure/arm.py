"""A container group's state and log, and its end: for these this project has no SDK."""

from functools import cached_property
from typing import Any

from ml.azure.clients import Azure
from ml.azure.rest import MANAGEMENT, Rest

CONTAINER_API = "2023-05-01"


class ContainerGroups:
    """Calls to Azure Resource Manager about container groups; Pulumi makes them."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    @cached_property
    def _management(self) -> Rest:
        return Rest(self._azure, MANAGEMENT)

    def _get(self, path: str, **query: str) -> dict[str, Any]:
        return self._management.get(path, **{"api-version": CONTAINER_API, **query})

    def id(self, group: str) -> str:
        estate = self._azure.estate
        return (
            f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
            f"/providers/Microsoft.ContainerInstance/containerGroups/{group}"
        )

    def exists(self, group: str) -> bool:
        from azure.core.exceptions import HttpResponseError

        try:
            self._get(self.id(group))
        except HttpResponseError as error:
            if error.status_code != 404:
                raise
            return False
        return True

    def remove(self, group: str) -> None:
        """Wait until it is gone; nothing is no error. Raises MlopsError where Azure gives up."""
        from ml.azure.management import Management

        Management(self._azure, CONTAINER_API).removed(
            self.id(group), f"removing the container group {group}"
        )

    def restarts(self, group: str) -> int:
        """How often the group's first container was restarted: more than a few times is a crash loop."""
        containers: list[dict[str, Any]] = self._get(self.id(group))["properties"].get("containers") or [{}]
        view: dict[str, Any] = (containers[0].get("properties") or {}).get("instanceView") or {}
        return int(view.get("restartCount") or 0)

    def log_tail(self, group: str, container: str, lines: int) -> list[str]:
        """The last lines that the container wrote, as the service keeps them."""
        body = self._get(f"{self.id(group)}/containers/{container}/logs", tail=str(lines))
        return str(body.get("content") or "").splitlines()[-lines:]
