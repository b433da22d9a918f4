"""The function apps that run: started from the package in their deployment container, by their identity."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.functions import package
from emulator.functions.queue import AUDIENCE, Queue
from emulator.functions.running import Running, Spec
from emulator.home import Home, private
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.places import AZURE, Place
from emulator.processes import Processes
from emulator.refusals import Refusals
from emulator.storage.service import Blobs
from emulator.workplaces import Workplaces

SITE: Final = "Microsoft.Web/sites"
VERSIONS: Final = ("3.10", "3.11", "3.12", "3.13")
Json = dict[str, Any]


class Apps:
    """By folded ARM id. One step after another for each app."""

    def __init__(
        self,
        home: Home,
        store: Store,
        hosts: Hosts,
        identity: Identity,
        blobs: Blobs,
        processes: Processes,
        workplaces: Workplaces,
        refusals: Refusals,
    ) -> None:
        self._root = home.root / "functions"
        self._store, self._hosts, self._identity = store, hosts, identity
        self._blobs, self._processes, self._workplaces = blobs, processes, workplaces
        self._refusals = refusals
        self._running: dict[str, tuple[str, Running]] = {}
        self._lock = threading.RLock()

    def find(self, site_id: str) -> Running | None:
        held = self._running.get(fold(site_id))
        return held[1] if held else None

    def deploy(self, site: Json, content: bytes) -> None:
        """Put a package where the app reads it from, and start the app anew. Raises for what is none."""
        package.checked(content)
        account, container = place_of_package(site)
        self._blobs.write(account, container, package.BLOB, content, "application/zip")
        self.settle(site, anew=True)

    def settle(self, site: Json, *, anew: bool = False) -> None:
        """Let an app run as it is declared. One without a package has nothing to run."""
        if not is_function_app(site):
            return
        with self._lock:
            key = _key(site)
            held = self._running.get(fold(site["id"]))
            if held and held[0] == key and not anew:
                return
            self.stop(site["id"])
            if site["properties"].get("enabled") is False:
                return
            content = self._package(site)
            if content is None:
                return
            made = Running(self._spec(site, content), self._processes)
            self._running[fold(site["id"])] = key, made
            made.start()

    def stop(self, site_id: str) -> None:
        with self._lock:
            held = self._running.pop(fold(site_id), None)
        if held:
            held[1].stop()

    def settle_all(self) -> None:
        for site in self._store.by_type(SITE):
            self.settle(site)

    def close(self) -> None:
        with self._lock:
            held, self._running = self._running, {}
        for _, running in held.values():
            running.stop()

    def _package(self, site: Json) -> bytes | None:
        account, container = place_of_package(site)
        if not self._blobs.exists(account, container, package.BLOB):
            return None
        self._may_read(site, account, container)
        return self._blobs.read(account, container, package.BLOB)

    def _may_read(self, site: Json, account: str, container: str) -> None:
        """The platform reads the package by the identity that the app names for it."""
        authentication = _storage(site).get("authentication") or {}
        if authentication.get("type") != "UserAssignedIdentity":
            raise NotEmulated(f"function apps: a deployment by {authentication.get('type')}")
        wanted = fold(str(authentication.get("userAssignedIdentityResourceId", "")))
        principals = self._identity.directory.everyone()
        principal = next((one for one in principals if fold(one.resource_id) == wanted), None)
        if principal is None:
            raise AzureError(
                400, "BadRequest", f"The identity {wanted} of the deployment storage is not there."
            )
        self._blobs.require(principal, "read", account, container)

    def _spec(self, site: Json, content: bytes) -> Spec:
        host = package.checked(content)
        name, settings = str(site["name"]), settings_of(site)
        folder = self._root / f"{name.lower()}-{hashlib.sha256(fold(site['id']).encode()).hexdigest()[:12]}"
        private(folder)
        shutil.rmtree(folder / "wwwroot", ignore_errors=True)
        package.unpacked(content, folder / "wwwroot")
        identities = [str(one) for one in (site.get("identity") or {}).get("userAssignedIdentities") or {}]
        subnet = str(site["properties"].get("virtualNetworkSubnetId") or "")
        place = Place(subnet) if subnet else AZURE
        workload = f"function-{folder.name}"
        environment = self._workplaces.admit(workload, identities, place)
        msi = self._workplaces.msi(workload, "")
        # As App Service has them: azure-identity asks this endpoint for the app's tokens.
        environment |= {"IDENTITY_ENDPOINT": msi["MSI_ENDPOINT"], "IDENTITY_HEADER": msi["MSI_SECRET"]}
        client = settings.get("AzureWebJobsStorage__clientId", "")

        def token() -> str:
            found = self._identity.workloads.token(workload, AUDIENCE, client)
            return found[0] if found else ""

        return Spec(
            name,
            folder,
            settings,
            environment,
            host,
            lambda account, queue: Queue(self._hosts, account, queue, place, token),
            lambda app, what: self._refusals.call(f"function app {app}", what),
        )


def is_function_app(site: Json) -> bool:
    return "functionapp" in str(site.get("kind", "")).lower().split(",")


def settings_of(site: Json) -> dict[str, str]:
    """The app's settings by name. Raises NotEmulated for a reference to Key Vault."""
    given = (site["properties"].get("siteConfig") or {}).get("appSettings") or ()
    found = {str(one.get("name")): str(one.get("value") or "") for one in given}
    for name, value in found.items():
        if value.startswith("@Microsoft."):
            raise NotEmulated(f"function apps: the setting {name} is a reference ({value.split('(')[0]})")
    return found


def place_of_package(site: Json) -> tuple[str, str]:
    """Account and container of an app's package. Raises for an app that Flex Consumption does not run."""
    properties = site["properties"]
    configuration = properties.get("functionAppConfig")
    if not configuration:
        raise NotEmulated("function apps of other plans than Flex Consumption")
    runtime = configuration.get("runtime") or {}
    if runtime.get("name") != "python" or runtime.get("version") not in VERSIONS:
        raise NotEmulated(f"function apps of the runtime {runtime.get('name')} {runtime.get('version')}")
    parts = urlsplit(str(_storage(site).get("value", "")))
    container = parts.path.strip("/")
    account, dot, rest = (parts.hostname or "").partition(".")
    if not dot or rest != "blob.core.windows.net" or not container or "/" in container:
        words = (
            f"functionAppConfig.deployment.storage.value is {parts.geturl()!r}, which is no container's URL."
        )
        raise AzureError(400, "BadRequest", words)
    return account, container


def _storage(site: Json) -> Json:
    configuration = site["properties"].get("functionAppConfig") or {}
    found: Json = (configuration.get("deployment") or {}).get("storage") or {}
    return found


def _key(site: Json) -> str:
    """What an app runs with: the same key again changes nothing."""
    properties = site["properties"]
    parts = (
        properties.get("siteConfig"),
        properties.get("functionAppConfig"),
        properties.get("virtualNetworkSubnetId"),
        properties.get("enabled"),
        sorted((site.get("identity") or {}).get("userAssignedIdentities") or {}),
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
