"""What Azure refuses of an app of the plan Flex Consumption, in its words.

As users quote them: azure-cli#31414 and azure-functions-host#10643 (site configuration),
pulumi-azure-native#4168 (a property that the SDK fills in by itself), vscode-azurefunctions#4142 (app
settings), azure-functions-flex-consumption-samples#7 (no functionAppConfig). Apps per plan: "Azure Functions
Flex Consumption plan hosting", considerations. All read 2026-11.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import AzureError

SITE: Final = "Microsoft.Web/sites"
SIZE: Final = "FC1"
PROPERTIES: Final = (
    "ftpsState",
    "use32BitWorkerProcess",
    "preWarmedInstanceCount",
    "netFrameworkVersion",
    "functionsRuntimeScaleMonitoringEnabled",
    "functionAppScaleLimit",
    "linuxFxVersion",
)
"""Of siteConfig: refused wherever they are said, whatever their value."""
SETTINGS: Final = ("FUNCTIONS_WORKER_RUNTIME",)
MEMORY_MB: Final = (512, 2048, 4096)
Json = dict[str, Any]


def check(site: Json, store: Store) -> None:
    """Raises 400 for an app that Flex Consumption does not take. Apps of other plans pass."""
    plan = store.get(str(site["properties"].get("serverFarmId") or "")) or {}
    if (plan.get("sku") or {}).get("name") != SIZE:
        return
    configuration: Json = site["properties"].get("functionAppConfig") or {}
    if not configuration:
        raise _refused(
            "Site.FunctionAppConfig is invalid.  The FunctionAppConfig section was not specified in the "
            "request, which is required for Flex Consumption sites. To proceed, please add the "
            "FunctionAppConfig section in your request."
        )
    _names(site["properties"].get("siteConfig") or {})
    memory = (configuration.get("scaleAndConcurrency") or {}).get("instanceMemoryMB")
    if memory is not None and memory not in MEMORY_MB:
        sizes = ", ".join(map(str, MEMORY_MB))
        raise _refused(f"instanceMemoryMB is {memory}: Flex Consumption has instances of {sizes} MB.")
    others = [
        one["name"]
        for one in store.by_type(SITE)
        if fold(one["id"]) != fold(site["id"])
        and fold(str(one["properties"].get("serverFarmId") or "")) == fold(plan["id"])
    ]
    if others:
        raise _refused(
            f"Only one app is allowed per Flex Consumption plan: {plan['name']} has {others[0]} already."
        )


def _names(configuration: Json) -> None:
    """An app setting or a property that the plan does not take."""
    found = [name for name in PROPERTIES if name in configuration]
    if found:
        raise _invalid(
            "site configuration property", "site configuration properties", found, "Site.SiteConfig"
        )
    given = {str(one.get("name")) for one in configuration.get("appSettings") or ()}
    named = [name for name in SETTINGS if name in given]
    if named:
        raise _invalid("app setting", "app settings", named, "Site.SiteConfig.AppSettings")


def _invalid(one: str, several: str, names: list[str], where: str) -> AzureError:
    paths = ", ".join(f"{where}.{name[:1].upper()}{name[1:]}" for name in names)
    if len(names) == 1:
        return _refused(
            f"The following {one} ({paths}) for Flex Consumption sites is invalid.  "
            "Please remove or rename it before retrying."
        )
    return _refused(
        f"The following list of {len(names)} {several} ({paths}) for Flex Consumption sites is invalid.  "
        "Please remove or rename them before retrying."
    )


def _refused(words: str) -> AzureError:
    return AzureError(400, "BadRequest", words)
