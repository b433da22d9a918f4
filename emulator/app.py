"""The composition root: one emulator, its parts, and what each service is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from emulator import room, unanswered
from emulator.apimanagement.install import install as apimanagement
from emulator.arm import counts
from emulator.arm.endpoint import Endpoint
from emulator.arm.service import Arm
from emulator.arm.store import VERSION as STORE_VERSION
from emulator.arm.store import Store
from emulator.authorization.install import install as authorization
from emulator.cognitiveservices.install import install as cognitiveservices
from emulator.compute.install import install as compute
from emulator.containerapps.install import install as containerapps
from emulator.containerinstance.install import install as containerinstance
from emulator.containerregistry.install import install as containerregistry
from emulator.containerservice.install import install as containerservice
from emulator.databases.install import install as databases
from emulator.errors import AzureError, NotEmulated
from emulator.eventgrid.install import install as eventgrid
from emulator.eventgrid.pending import VERSION as EVENTS_VERSION
from emulator.eventgrid.pending import Pending as PendingEvents
from emulator.eventgrid.publish import Publisher
from emulator.faults import Faults
from emulator.functions.install import install as functions
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.install import install as identity
from emulator.identity.service import Identity
from emulator.images.install import install as images
from emulator.images.store import Images
from emulator.keyvault.install import install as keyvault
from emulator.keyvault.keys import Keys
from emulator.keyvault.secrets import Secrets
from emulator.keyvault.vaults import Vaults
from emulator.kubernetes.engine import Engine
from emulator.kubernetes.install import Kubernetes
from emulator.kubernetes.install import install as kubernetes
from emulator.lifetime import Lifetime
from emulator.machinelearning.install import install as machinelearning
from emulator.managedidentity.install import install as managedidentity
from emulator.messaging.install import install as messaging
from emulator.monitor.database import VERSION as TELEMETRY_VERSION
from emulator.monitor.database import Database
from emulator.monitor.install import install as monitor
from emulator.monitor.metrics.book import Book
from emulator.network import approvals
from emulator.network.inside import Inside
from emulator.network.install import install as network
from emulator.network.reach import Reach
from emulator.processes import Processes
from emulator.quota.install import install as quota
from emulator.quota.limits import Limits
from emulator.refusals import Refusals
from emulator.resources.install import install as resources
from emulator.state import disk_full, refuse_newer
from emulator.storage.accounts import Accounts
from emulator.storage.blobs import BlobStore
from emulator.storage.happenings import Announcer
from emulator.storage.index import VERSION as INDEX_VERSION
from emulator.storage.install import install as storage
from emulator.storage.queues.messages import VERSION as QUEUES_VERSION
from emulator.storage.queues.messages import Messages
from emulator.storage.service import Blobs
from emulator.web.install import install as web
from emulator.workplaces import Workplaces

LOG = logging.getLogger("emulator")


class Emulator:
    """All parts of one running emulator."""

    def __init__(
        self, home: Home, installed: Callable[[Emulator, str], None] = lambda emulator, name: None
    ) -> None:
        """installed: called with the name of each service once it has registered its hooks and routes"""
        self.home = home.prepare()
        for path, version in (
            (home.database, STORE_VERSION),
            (home.blob_index, INDEX_VERSION),
            (home.telemetry, TELEMETRY_VERSION),
            (home.queues, QUEUES_VERSION),
            (home.events, EVENTS_VERSION),
        ):  # all of them, before any is opened and brought up to date
            refuse_newer(path, version)
        self.store = Store(home)
        self.arm = Arm(self.store)
        self.reach = Reach(self.arm)
        self.inside = Inside()
        self.limits = Limits(self.store)
        self.hosts = Hosts()
        self.lifetime = Lifetime()
        self.processes = Processes()
        self.refusals = Refusals(self.store)
        self.ports: dict[str, int] = {}  # proxy, tls, plain: set by the server before it answers
        self.identity = Identity(home, self.store)
        self.faults = Faults(self.store, self.identity.access, self.arm.pending)
        self.workplaces = Workplaces(home, self.identity.workloads, self.ports)
        self.images = Images(home, self.store, self.processes)
        self.telemetry = Database(home.telemetry)
        self.metrics = Book()
        self._accounts = Accounts(self.store)
        self._contents = BlobStore(home.blobs)
        self.pending_events = PendingEvents(home.events)
        self.publisher = Publisher(self.store, self.pending_events, self.faults.delays)
        self._messages = Messages(home.queues)
        self._announcer = Announcer(self.publisher, self._contents)
        self.blobs = Blobs(self._accounts, self._contents, self.identity, self._announcer)
        self._secrets = Secrets(self.store)
        self._keys = Keys(self.store)
        self.vaults = Vaults(self.arm, self._secrets, self._keys)
        self.kubernetes = Kubernetes(self.home, self.arm)
        self._quiet = False
        for name, install in self._services().items():
            install()
            installed(self, name)
        counts.install(self.arm)
        approvals.install(self.arm, self.identity)  # of types that the services have by now
        self.hosts.route("management.azure.com", Endpoint(self.arm, self.store, self.identity).handle)

    def _services(self) -> Mapping[str, Callable[[], None]]:
        """The services by the names of their folders, in the order in which they are installed."""
        home, store, arm, hosts, lifetime = self.home, self.store, self.arm, self.hosts, self.lifetime
        who, blobs, pictures, processes = self.identity, self.blobs, self.images, self.processes
        return {
            "identity": lambda: identity(arm, hosts, who),
            "authorization": lambda: authorization(arm, store, who),
            "managedidentity": lambda: managedidentity(arm, store, who),
            "network": lambda: network(arm, store, who),
            "resources": lambda: resources(arm, store, who, self.vaults),
            "storage": lambda: storage(
                arm,
                store,
                hosts,
                who,
                blobs,
                self._accounts,
                self._contents,
                self.reach,
                self._messages,
                self._announcer,
            ),
            "keyvault": lambda: keyvault(arm, hosts, who, self.vaults, self._secrets, self._keys, self.reach),
            "monitor": self._monitor,
            "images": lambda: images(lifetime, pictures),
            "machinelearning": lambda: machinelearning(
                home,
                arm,
                store,
                hosts,
                lifetime,
                who,
                blobs,
                pictures,
                processes,
                self.refusals,
                self.workplaces,
                self.reach,
                self.publisher,
            ),
            "containerregistry": lambda: containerregistry(
                home, arm, store, hosts, lifetime, who, blobs, pictures, self.reach
            ),
            "containerinstance": lambda: containerinstance(
                home,
                arm,
                store,
                hosts,
                lifetime,
                who,
                pictures,
                processes,
                self.workplaces,
                self.inside,
                self.metrics,
            ),
            "containerservice": lambda: containerservice(home, arm, store, who),
            "kubernetes": self._kubernetes,
            "compute": lambda: compute(arm, store),
            "quota": lambda: quota(arm, who, self.limits),
            "web": lambda: web(arm, store),
            "functions": self._functions,
            "databases": lambda: databases(arm, store),
            "messaging": lambda: messaging(arm, store),
            "eventgrid": self._eventgrid,
            "apimanagement": self._apimanagement,
            "cognitiveservices": lambda: cognitiveservices(arm, store),
            "containerapps": lambda: containerapps(arm, store),
        }

    def _monitor(self) -> None:
        self.alerts = monitor(
            self.arm,
            self.hosts,
            self.lifetime,
            self.identity,
            self.telemetry,
            self.metrics,
            self.reach,
            self.refusals,
            lambda: self.faults.plan.lag_s,
        )

    def _functions(self) -> None:
        self.function_apps = functions(
            self.home,
            self.arm,
            self.store,
            self.hosts,
            self.lifetime,
            self.identity,
            self.blobs,
            self.processes,
            self.workplaces,
            self.refusals,
            self.reach,
        )

    def _eventgrid(self) -> None:
        self.courier = eventgrid(
            self.arm,
            self.hosts,
            self.lifetime,
            self.identity,
            self._accounts,
            self.publisher,
            self.pending_events,
            self.faults,
            self.refusals,
        )

    def _apimanagement(self) -> None:
        self.gateway = apimanagement(
            self.arm,
            self.home,
            self.hosts,
            self.lifetime,
            self.identity,
            self.vaults,
            self._secrets,
            self.reach,
            self.inside,
            self.metrics,
        )

    def _kubernetes(self) -> None:
        self.kubernetes_engine = engine = Engine(
            self.home,
            self.arm,
            self.kubernetes,
            self.hosts,
            self.identity,
            self.images,
            self.processes,
            self.workplaces,
            self.reach,
            self.inside,
        )
        self.lifetime.on_start(engine.start)
        self.lifetime.on_stop(engine.close)
        kubernetes(self.hosts, self.lifetime, self.identity, self.kubernetes, self.reach, self.refusals)

    def started(self) -> None:
        """Called by the server once it answers."""
        self.lifetime.started()

    def quiesce(self) -> None:
        """End what runs here. Called while requests are still answered, so that workloads can say goodbye."""
        if not self._quiet:
            self._quiet = True
            self.lifetime.stopped()
            self.processes.stop()

    def close(self) -> None:
        """End what runs here, and close the store."""
        self.quiesce()
        self.pending_events.close()
        self.store.close()

    def answer(self, request: Request) -> Response:
        """Answer one request; never raises."""
        try:
            if (fault := self.faults.answer(request)) is not None:
                return fault
            handler = self.hosts.handler(request.host)
            if handler is None:
                raise unanswered.find(request.host) or NotEmulated(request.describe())
            if request.method in room.CHANGES and (short := room.shortage(self.home.root, room.TO_CHANGE)):
                raise AzureError(507, "InsufficientStorage", short)
            return handler(request)
        except NotEmulated as error:
            self.refusals.call(request.describe(), error.what)
            return Response.json(error.body(), error.status, error.headers)
        except AzureError as error:
            return Response.json(error.body(), error.status, error.headers)
        except Exception as error:
            if reason := disk_full(error):
                words = room.words(reason, self.home.root)
                LOG.error("%s: %s", request.describe(), words)
                return Response.json(AzureError(507, "InsufficientStorage", words).body(), 507)
            LOG.exception("unexpected error in %s", request.describe())
            return Response.json(
                AzureError(500, "InternalServerError", f"The emulator failed; see {self.home.log}.").body(),
                500,
            )
