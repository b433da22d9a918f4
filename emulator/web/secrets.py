"""Microsoft.Web: settings and keys of apps, which only `list` actions give back."""

from __future__ import annotations

import secrets
from typing import Any, Final

from emulator.arm.keys import Keys
from emulator.arm.service import Action, Arm
from emulator.arm.store import Store
from emulator.errors import NotEmulated

SITE: Final = "Microsoft.Web/sites"
STATIC: Final = "Microsoft.Web/staticSites"
PASSWORD: Final = "publishingPassword"  # noqa: S105  a key's name
MASTER: Final = "masterKey"
FUNCTION: Final = "functionKey"
API: Final = "apiKey"

Json = dict[str, Any]


def install(arm: Arm, store: Store) -> None:
    """Register the actions."""
    keys = Keys(store)
    keys.forget_with(arm, SITE, f"{SITE}/slots", STATIC)

    for owner in (SITE, f"{SITE}/slots"):

        @arm.action(f"{owner}/config", "list")
        def list_configuration(action: Action) -> Json:
            site_id, _, name = action.id.partition("/config/")
            site = arm.get(site_id)
            return _part(site, "config", name) | {"properties": _configuration(site, name.lower())}

        @arm.action(f"{owner}/host", "listkeys")
        def list_host_keys(action: Action) -> Json:
            site = arm.get(action.id.partition("/host/")[0])
            held = keys.of(site["id"], (MASTER, FUNCTION), _function_key)
            return {MASTER: held[MASTER], "functionKeys": {"default": held[FUNCTION]}, "systemKeys": {}}

    @arm.action(STATIC, "listSecrets")
    def list_secrets(action: Action) -> Json:
        key = keys.of(action.id, (API,), lambda: secrets.token_hex(32))[API]
        return _part(arm.get(action.id), "config", "secrets") | {"properties": {API: key}}

    def _configuration(site: Json, name: str) -> Json:
        given: Json = site["properties"].get("siteConfig") or {}
        match name:
            case "appsettings":
                return {str(one.get("name")): one.get("value") for one in given.get("appSettings") or ()}
            case "connectionstrings":
                return {
                    str(one.get("name")): {"type": one.get("type"), "value": one.get("connectionString")}
                    for one in given.get("connectionStrings") or ()
                }
            case "publishingcredentials":
                user = f"${site['name']}"
                password = keys.of(site["id"], (PASSWORD,), lambda: secrets.token_urlsafe(45))[PASSWORD]
                console = str(site["properties"].get("defaultHostName", "")).partition(".")[0]
                return {
                    "publishingUserName": user,
                    PASSWORD: password,
                    "scmUri": f"https://{user}:{password}@{console}.scm.azurewebsites.net",
                }
            case _:
                raise NotEmulated(f"config/{name}/list of {site['type']}")


def _part(site: Json, collection: str, name: str) -> Json:
    """The envelope of what a site has beside itself."""
    return {
        "id": f"{site['id']}/{collection}/{name}",
        "name": name,
        "type": f"{site['type']}/{collection}",
        "location": site.get("location"),
        "systemData": site["systemData"],
    }


def _function_key() -> str:
    return f"{secrets.token_urlsafe(39)}AzFu=="
