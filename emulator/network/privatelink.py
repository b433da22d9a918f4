"""What private endpoints can lead to, as a table: the groups of each service and the names they answer to.

From "Azure Private Endpoint private DNS zone values" (learn.microsoft.com, read 2026-11) and, for the members
of a group, the `privateLinkResources` of each service in azure-rest-api-specs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a service. host: with {name}, {region} and {id} (a workspace's own). member: names of one
    member share an address. suffix: the part that public DNS and the private zone have in common. zone: the
    private zone in which the rest of the name stands."""

    host: str
    suffix: str
    zone: str
    member: str = "default"

    def fqdn(self, resource: Json) -> str:
        return self.host.format(
            name=str(resource["name"]).lower(),
            region=resource.get("location", ""),
            id=resource["properties"].get("workspaceId", ""),
        )

    def record(self, fqdn: str) -> str:
        """The name of the record set in the zone."""
        return fqdn.removesuffix(f".{self.suffix}")


def _storage() -> dict[str, tuple[Name, ...]]:
    """Each service of an account; all but files have a secondary, in the zone of the first."""
    found: dict[str, tuple[Name, ...]] = {}
    for group in ("blob", "dfs", "file", "queue", "table", "web"):
        public = f"{group}.core.windows.net"
        host = f"z1.{public}" if group == "web" else public
        for mark, suffix in (("", ""), ("_secondary", "-secondary")):
            if (group, mark) != ("file", "_secondary"):
                name = Name(f"{{name}}{suffix}.{host}", public, f"privatelink.{public}", f"{group}{mark}")
                found[f"{group}{mark}"] = (name,)
    return found


_ML: Final = "api.azureml.ms"
_NOTEBOOKS: Final = "notebooks.azure.net"
_CR: Final = "azurecr.io"
_POSTGRES: Final = "postgres.database.azure.com"
_SITES: Final = "azurewebsites.net"
_MONITOR: Final = "monitor.azure.com"

# type (lower case) -> group -> its names
GROUPS: Final[dict[str, dict[str, tuple[Name, ...]]]] = {
    "microsoft.storage/storageaccounts": _storage(),
    "microsoft.keyvault/vaults": {
        "vault": (Name("{name}.vault.azure.net", "vault.azure.net", "privatelink.vaultcore.azure.net"),),
    },
    "microsoft.containerregistry/registries": {
        "registry": (
            Name(f"{{name}}.{_CR}", _CR, f"privatelink.{_CR}", "registry"),
            Name(f"{{name}}.{{region}}.data.{_CR}", _CR, f"privatelink.{_CR}", "registry_data"),
        ),
    },
    "microsoft.machinelearningservices/workspaces": {
        "amlworkspace": (
            Name(f"{{id}}.workspace.{{region}}.{_ML}", _ML, f"privatelink.{_ML}"),
            Name(f"{{id}}.workspace.{{region}}.cert.{_ML}", _ML, f"privatelink.{_ML}"),
            Name(f"*.{{id}}.inference.{{region}}.{_ML}", _ML, f"privatelink.{_ML}", "inference"),
            Name(
                f"ml-{{name}}-{{region}}-{{id}}.{{region}}.{_NOTEBOOKS}",
                _NOTEBOOKS,
                f"privatelink.{_NOTEBOOKS}",
                "notebook",
            ),
        ),
    },
    # The names of each scoped workspace, which stand in three zones more, come with what is scoped: left out.
    "microsoft.insights/privatelinkscopes": {
        "azuremonitor": (
            *(
                Name(f"{name}.{_MONITOR}", _MONITOR, f"privatelink.{_MONITOR}", name)
                for name in ("api", "global.in.ai", "live", "profiler", "snapshot")
            ),
            Name(
                "scadvisorcontentpl.blob.core.windows.net",
                "blob.core.windows.net",
                "privatelink.blob.core.windows.net",
                "scadvisorcontentpl",
            ),
        ),
    },
    "microsoft.apimanagement/service": {
        "Gateway": (Name("{name}.azure-api.net", "azure-api.net", "privatelink.azure-api.net"),),
    },
    "microsoft.dbforpostgresql/flexibleservers": {
        "postgresqlServer": (Name(f"{{name}}.{_POSTGRES}", _POSTGRES, f"privatelink.{_POSTGRES}"),),
    },
    "microsoft.web/sites": {
        "sites": (
            Name(f"{{name}}.{_SITES}", _SITES, f"privatelink.{_SITES}"),
            Name(f"{{name}}.scm.{_SITES}", f"scm.{_SITES}", f"privatelink.{_SITES}", "scm"),
        ),
    },
}


_BY_SUFFIX: Final[dict[str, tuple[str, str]]] = {
    one.host.removeprefix("{name}."): (kind, group)
    for kind, held in GROUPS.items()
    for group, names_ in held.items()
    for one in names_[:1]
    if one.host.startswith("{name}.")
}


def of_host(host: str) -> tuple[str, str, str] | None:
    """Type, group and name of the service that a host name belongs to; None for what is none of the table."""
    name, _, rest = host.partition(".")
    return (*found, name) if (found := _BY_SUFFIX.get(rest)) else None


def groups(arm_type: str) -> dict[str, tuple[Name, ...]]:
    """The groups of a type; empty for a type that is not in the table."""
    return GROUPS.get(arm_type.lower(), {})


def names(arm_type: str, group: str) -> tuple[Name, ...]:
    """The names of a group, whatever its case."""
    return next((found for known, found in groups(arm_type).items() if known.lower() == group.lower()), ())
