"""What the doctor looks at: an environment's settings, and Azure as the caller sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ml.approval.people import GRAPH
from ml.azure.rest import MANAGEMENT, Rest
from ml.doctor.findings import Finding, unknown

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from infra.config import Settings
    from infra.naming import Names

# API versions of the reads, as documented in 2026-11.
SUBSCRIPTIONS = "2022-12-01"
PROVIDERS = "2021-04-01"
PERMISSIONS = "2022-04-01"
MACHINE_LEARNING = "2024-10-01"
COMPUTE = "2024-07-01"
SKUS = "2021-07-01"
NETWORK = "2024-05-01"
STORAGE = "2024-01-01"
KEY_VAULT = "2023-07-01"
WEB = "2024-04-01"
REGISTRY = "2023-07-01"
API_MANAGEMENT = "2024-05-01"
ACTIVITY = "2015-04-01"
FEATURES = "2021-07-01"
ROLE_DEFINITIONS = "2022-04-01"


@dataclass(frozen=True)
class Subject:
    """One environment before it exists. credential and limits: of every call to Azure."""

    settings: "Settings"
    credential: "TokenCredential"
    limits: dict[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def management(self) -> Rest:
        return Rest(self, MANAGEMENT)

    @cached_property
    def directory(self) -> Rest:
        """Microsoft Entra ID."""
        return Rest(self, GRAPH, audience=GRAPH)

    @cached_property
    def names(self) -> "Names":
        return self.settings.names()

    @property
    def location(self) -> str:
        return self.settings.azure.location

    @property
    def subscription(self) -> str:
        """The path of the subscription."""
        return f"/subscriptions/{self.settings.azure.subscription_id}"

    @property
    def group(self) -> str:
        """The path of the resource group in which the estate will be."""
        return f"{self.subscription}/resourceGroups/{self.names.of('resource_group')}"

    def exists(self, path: str, api: str) -> bool:
        """Whether there is a resource at that path."""
        from azure.core.exceptions import HttpResponseError

        try:
            self.management.get(path, **{"api-version": api})
        except HttpResponseError as error:
            if error.status_code != 404:
                raise
            return False
        return True


Check = Callable[[Subject], list[Finding]]


def answered(title: str, check: Check, subject: Subject) -> list[Finding]:
    """The findings of a check; when Azure refuses its question, one that says so."""
    from azure.core.exceptions import HttpResponseError

    from ml.azure.clients import first_lines

    try:
        return check(subject)
    except HttpResponseError as error:
        words = " ".join(first_lines(error, 2))
        if error.status_code == 403:
            remedy = "Have the role Reader granted on the subscription, then run the doctor again."
        else:
            remedy = "Correct what Azure's words name, then run the doctor again."
        return [unknown(title, f"Azure did not answer ({error.status_code}): {words}", remedy)]
