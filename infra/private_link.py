"""Private endpoints as data: the part of a service that each one leads to, and the DNS zones of its names.

From "Azure Private Endpoint private DNS zone values" (read 2026-11). A zone may hold the names of several
services (blobs': storage, the data lake, Azure Monitor): it is made once, by `components/private_dns.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Service = Literal[
    "workspace",
    "storage",
    "dataLake",
    "keyVault",
    "learningVault",
    "registry",
    "releases",
    "releaseVault",
    "monitor",
    "gateway",
    "triggers",
    "triggerStorage",
    "scoringFunction",
    "scoringFunctionStorage",
    "predictions",
    "landing",
]
"""What a private endpoint leads to, as settings and outputs name it."""


@dataclass(frozen=True, slots=True)
class PrivateLink:
    """One private endpoint.

    key: of the endpoint, part of its name. service: what it leads to. group: the part of the service.
    zones: private DNS zones of its names.
    """

    key: str
    service: Service
    group: str
    zones: tuple[str, ...]


def _storage(key: str, service: Service, group: str) -> PrivateLink:
    return PrivateLink(key, service, group, (f"privatelink.{group}.core.windows.net",))


WORKSPACE: Final = PrivateLink(
    "amlworkspace",
    "workspace",
    "amlworkspace",
    ("privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"),
)
LANDING: Final = _storage("landing", "landing", "blob")
"""Of an estate that pushes rows: the data lake of the one that trains. A push is one call of blobs."""
GATEWAY: Final = PrivateLink("gateway", "gateway", "Gateway", ("privatelink.azure-api.net",))
_VAULT: Final = ("privatelink.vaultcore.azure.net",)

LINKS: Final[tuple[PrivateLink, ...]] = (
    WORKSPACE,
    # Azure ML keeps its files, notebooks and snapshots in all four.
    *(_storage(group, "storage", group) for group in ("blob", "file", "queue", "table")),
    # A file system has both names: what lists a folder asks for "dfs", what reads its blobs for "blob".
    *(_storage(f"lake-{group}", "dataLake", group) for group in ("blob", "dfs")),
    PrivateLink("vault", "keyVault", "vault", _VAULT),
    PrivateLink("learning-vault", "learningVault", "vault", _VAULT),
    # The names of its data endpoints stand in the same zone.
    PrivateLink("registry", "registry", "registry", ("privatelink.azurecr.io",)),
    # The bootstrap's: what promotes stands in the network, and asks who approved.
    _storage("releases", "releases", "blob"),
    PrivateLink("release-vault", "releaseVault", "vault", _VAULT),
    GATEWAY,
    # The function app: what calls it is outside, what puts its code there inside.
    PrivateLink("triggers", "triggers", "sites", ("privatelink.azurewebsites.net",)),
    *(_storage(f"trigger-{group}", "triggerStorage", group) for group in ("blob", "file", "queue", "table")),
    # The function app that scores: its callers are inside, and so is what puts its code there.
    PrivateLink("scoring-function", "scoringFunction", "sites", ("privatelink.azurewebsites.net",)),
    *(
        _storage(f"scoring-function-{group}", "scoringFunctionStorage", group)
        for group in ("blob", "file", "queue", "table")
    ),
    PrivateLink(
        "predictions", "predictions", "postgresqlServer", ("privatelink.postgres.database.azure.com",)
    ),
    # One scope a network: its zones send every name of Azure Monitor there.
    PrivateLink(
        "azuremonitor",
        "monitor",
        "azuremonitor",
        (
            "privatelink.monitor.azure.com",
            "privatelink.oms.opinsights.azure.com",
            "privatelink.ods.opinsights.azure.com",
            "privatelink.agentsvc.azure-automation.net",
            "privatelink.blob.core.windows.net",
        ),
    ),
)


FUNCTION_LINKS: Final[tuple[Service, ...]] = ("scoringFunction", "scoringFunctionStorage")


def links_of(services: Iterable[str]) -> tuple[PrivateLink, ...]:
    """The endpoints that lead to these services, in the order of the table."""
    chosen = frozenset(services)
    return tuple(link for link in LINKS if link.service in chosen)


def zones_of(links: Iterable[PrivateLink]) -> tuple[str, ...]:
    """Each zone of these endpoints once, in the order of the table."""
    return tuple(dict.fromkeys(zone for link in links for zone in link.zones))
