"""The composition root: one emulator, its parts, and which host each request goes to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator import services, unanswered
from emulator.arm.endpoint import Endpoint
from emulator.arm.service import Arm
from emulator.arm.store import VERSION as STORE_VERSION
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.home import Home
from emulator.http import Handler, Request, Response
from emulator.monitor.database import VERSION as TELEMETRY_VERSION
from emulator.processes import Processes
from emulator.refusals import Refusals
from emulator.state import disk_full, refuse_newer
from emulator.storage.index import VERSION as INDEX_VERSION

if TYPE_CHECKING:
    from emulator.identity.service import Identity
    from emulator.images.store import Images
    from emulator.keyvault.vaults import Vaults
    from emulator.monitor.database import Database
    from emulator.storage.service import Blobs

LOG = logging.getLogger("emulator")


class Emulator:
    """All parts of one running emulator. Services set attributes of their own (``blobs``, ``images`` …)."""

    identity: Identity
    blobs: Blobs
    images: Images
    telemetry: Database
    vaults: Vaults

    def __init__(self, home: Home) -> None:
        self.home = home.prepare()
        for path, version in (
            (home.database, STORE_VERSION),
            (home.blob_index, INDEX_VERSION),
            (home.telemetry, TELEMETRY_VERSION),
        ):  # all of them, before any is opened and brought up to date
            refuse_newer(path, version)
        self.store = Store(home)
        self.arm = Arm(self.store)
        self.processes = Processes()
        self.refusals = Refusals(self.store)
        self.ports: dict[str, int] = {}  # proxy, tls, plain: set by the server before it answers
        self._exact: dict[str, Handler] = {}
        self._suffixes: list[tuple[str, Handler]] = []
        self._start: list[Callable[[], None]] = []
        self._stop: list[Callable[[], None]] = []
        self._quiet = False
        services.install(self)
        self.route("management.azure.com", Endpoint(self).handle)

    def route(self, pattern: str, handler: Handler) -> None:
        """Send the requests for a host to ``handler``; ``*.suffix`` takes every name under the suffix."""
        if pattern.startswith("*."):
            self._suffixes.append((pattern[1:].lower(), handler))
            self._suffixes.sort(key=lambda entry: -len(entry[0]))
        else:
            self._exact[pattern.lower()] = handler

    def patterns(self) -> list[str]:
        """The hosts that are answered, as they were registered."""
        return [*self._exact, *(f"*{suffix}" for suffix, _ in self._suffixes)]

    def handler(self, host: str) -> Handler | None:
        """The handler for a host, None for a host that is not emulated."""
        if found := self._exact.get(host):
            return found
        return next((handler for suffix, handler in self._suffixes if host.endswith(suffix)), None)

    def on_start(self, function: Callable[[], None]) -> Callable[[], None]:
        """Run once when the emulator answers requests (restart containers …), in a thread of its own."""
        self._start.append(function)
        return function

    def on_stop(self, function: Callable[[], None]) -> Callable[[], None]:
        """Run once when the emulator goes down, before its processes are ended."""
        self._stop.append(function)
        return function

    def started(self) -> None:
        """Called by the server once it answers."""
        self._run(self._start)

    def quiesce(self) -> None:
        """End what runs here. Called while requests are still answered, so that workloads can say goodbye."""
        if not self._quiet:
            self._quiet = True
            self._run(self._stop)
            self.processes.stop()

    def close(self) -> None:
        """End what runs here, and close the store."""
        self.quiesce()
        self.store.close()

    def answer(self, request: Request) -> Response:
        """Answer one request; never raises."""
        try:
            handler = self.handler(request.host)
            if handler is None:
                raise unanswered.find(request.host) or NotEmulated(request.describe())
            return handler(request)
        except NotEmulated as error:
            self.refusals.call(request.describe(), error.what)
            return Response.json(error.body(), error.status, error.headers)
        except AzureError as error:
            return Response.json(error.body(), error.status, error.headers)
        except Exception as error:
            if reason := disk_full(error):
                words = (
                    f"{reason}: the disk that holds {self.home.root} is full. Make room there and run the"
                    " command again."
                )
                LOG.error("%s: %s", request.describe(), words)
                return Response.json(AzureError(507, "InsufficientStorage", words).body(), 507)
            LOG.exception("unexpected error in %s", request.describe())
            return Response.json(
                AzureError(500, "InternalServerError", f"The emulator failed; see {self.home.log}.").body(),
                500,
            )

    def _run(self, functions: list[Callable[[], None]]) -> None:
        for function in functions:
            try:
                function()
            except Exception:
                LOG.exception("%s failed", function.__qualname__)
