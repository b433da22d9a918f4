"""What a service is told to do, read from the store: once, and again after a change of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apimanagement.gateway import backends, compiling
from emulator.apimanagement.gateway.backends import Backend, Standing
from emulator.apimanagement.gateway.compiling import Makers, Scope
from emulator.apimanagement.gateway.plans import Plan
from emulator.apimanagement.gateway.routing import Api, Operation, Template, Version
from emulator.apimanagement.gateway.subscriptions import ACTIVE, PUBLISHED, Product, Subscription
from emulator.apimanagement.policies import reading
from emulator.apimanagement.policies.errors import PolicyError
from emulator.apimanagement.policies.tree import DOCUMENT, FRAGMENT, Document
from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.errors import NotEmulated
from emulator.identity.tokens import audience
from emulator.places import AZURE, Place

LOG = logging.getLogger("emulator")
SERVICE: Final = "Microsoft.ApiManagement/service"
TYPES: Final = tuple(
    f"{SERVICE}{rest}"
    for rest in (
        "",
        "/apis",
        "/apis/operations",
        "/apis/operations/policies",
        "/apis/policies",
        "/apis/diagnostics",
        "/apiVersionSets",
        "/backends",
        "/diagnostics",
        "/loggers",
        "/namedValues",
        "/policies",
        "/policyFragments",
        "/products",
        "/products/apis",
        "/products/policies",
        "/subscriptions",
    )
)
"""What a configuration is read from."""
REFRESHED_S: Final = 4 * 3600.0  # secrets of vaults: "Key Vault secrets", named values
SCHEMES: Final = {"Segment": "Segment", "Header": "Header", "Query": "Query"}

Json = dict[str, Any]
KeysOf = Callable[[str], Mapping[str, str]]
ValueOf = Callable[[Json], str]


@dataclass(frozen=True, slots=True)
class Telling:
    """A diagnostic for Application Insights. logger: its connection string, or its instrumentation key."""

    logger: str = field(repr=False)
    always_errors: bool = False
    sampling: float = 100.0
    verbosity: str = "information"
    correlation: str = "Legacy"
    client_ip: bool = False
    metrics: bool = False
    name_format: str = "Name"


@dataclass(slots=True)
class Configuration:
    """Of one service. backends, products: by folded id. documents: policies by folded id of what has them;
    the error of one that cannot be read."""

    service: Json
    makers: Makers
    apis: tuple[Api, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict[str, Product])
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict[str, Subscription], repr=False)
    backends: Mapping[str, Backend] = field(default_factory=dict[str, Backend])
    documents: Mapping[str, Document | PolicyError] = field(
        default_factory=dict[str, "Document | PolicyError"]
    )
    fragments: Mapping[str, Document] = field(default_factory=dict[str, Document])
    tellings: Mapping[str, Telling] = field(default_factory=dict[str, Telling])
    examples: Mapping[str, list[Json]] = field(default_factory=dict[str, "list[Json]"])
    _plans: dict[tuple[str, str, str], Plan] = field(default_factory=dict[tuple[str, str, str], Plan])

    @property
    def id(self) -> str:
        return str(self.service["id"])

    @property
    def subnet(self) -> str:
        """The subnet by which the gateway goes out, "" for none."""
        given = self.service["properties"].get("virtualNetworkConfiguration") or {}
        return str(given.get("subnetResourceId") or "")

    @property
    def outbound(self) -> Place:
        """Where the gateway stands for what it calls."""
        return Place(self.subnet) if self.subnet else AZURE

    @property
    def correlation(self) -> str:
        """How traces go on: the protocol of the service's diagnostic, "" without one."""
        found = self.tellings.get(fold(self.id))
        return found.correlation if found is not None else ""

    def backend(self, name: str) -> Backend | None:
        """A backend by its name."""
        return self.backends.get(fold(f"{self.id}/backends/{name}"))

    def telling(self, api: str) -> Telling | None:
        """The diagnostic that holds for an API (folded id): its own, or the service's."""
        return self.tellings.get(api) or self.tellings.get(fold(self.id))

    def plan(self, product: str = "", api: str = "", operation: str = "") -> Plan:
        """The plan of a request for what these folded ids name."""
        key = product, api, operation
        found = self._plans.get(key)
        if found is None:
            scopes: list[Scope] = []
            places = ("global", fold(self.id)), ("product", product), ("api", api), ("operation", operation)
            for name, place in places:
                document = self.documents.get(place)
                if isinstance(document, PolicyError):
                    raise NotEmulated(f"the policy of {place}: {document}")
                if document is not None or name == "global":
                    scopes.append(Scope(name, place, document or compiling.DEFAULT))
            found = self._plans[key] = compiling.plan(self.makers, scopes, self.fragments)
        return found

    def example(self, operation: str, status: int, kind: str) -> tuple[str, str]:
        """Content type and text of an operation's example of an answer; empty where there is none."""
        for response in self.examples.get(operation, ()):
            if response.get("statusCode") != status:
                continue
            for one in response.get("representations") or []:
                values: Json = one.get("examples") or {}
                held = str(one.get("contentType", ""))
                if kind in ("", held):
                    found = next((str(each.get("value", "")) for each in values.values()), "")
                    return held, found
        return "", ""


class Configurations:
    """Of all services, by host name. Safe for threads."""

    def __init__(
        self, store: Store, makers: Makers, standing: Standing, keys_of: KeysOf, value_of: ValueOf
    ) -> None:
        """keys_of: primaryKey and secondaryKey of a subscription's id. value_of: of a named value."""
        self._store = store
        self._makers = makers
        self._standing = standing
        self._keys_of = keys_of
        self._value_of = value_of
        self._lock = threading.Lock()
        self._types = tuple(kind.lower() for kind in TYPES)
        self._extra = 0
        # revision of the store, until when secrets of vaults are good, what is known by then
        self._state = -1, 0.0, dict[str, "Configuration | None"]()

    def audiences(self) -> set[str]:
        """Of the tokens that the policies of all services ask for."""
        found: set[str] = set()
        for service in self._store.by_type(SERVICE):
            configuration = self.of(str(service["name"]).lower())
            documents = (
                [*configuration.documents.values(), *configuration.fragments.values()]
                if (configuration)
                else []
            )
            for one in documents:
                if isinstance(one, Document):
                    found |= {audience(text) for text in _texts_of(one, "audience")}
        return found

    def changed(self) -> None:
        """Something that is no resource has changed: a key."""
        self._extra += 1

    def of(self, name: str) -> Configuration | None:
        """The configuration of the service of a name, None where there is none."""
        revision = self._extra + sum(map(self._store.revision, self._types))
        known, until, held = self._state  # read at once: another thread may be putting a new one in its place
        if revision == known and time.monotonic() < until and name in held:
            return held[name]
        with self._lock:
            known, until, held = self._state
            if revision != known or time.monotonic() >= until:
                held = dict[str, Configuration | None]()
                self._state = revision, time.monotonic() + REFRESHED_S, held
            if name not in held:
                found = self._store.named(SERVICE, name)
                held[name] = self._read(found[0]) if found else None
            return held[name]

    # parts

    def _read(self, service: Json) -> Configuration:
        parts: dict[str, list[Json]] = {}
        for one in self._store.subtree(service["id"]):
            parts.setdefault(str(one["type"])[len(SERVICE) :].lower(), []).append(one)
        named = {
            str(one["properties"].get("displayName")): self._value_of(one)
            for one in parts.get("/namedvalues", ())
        }
        documents, fragments = _documents(parts, named)
        return Configuration(
            service,
            self._makers,
            tuple(_apis(parts)),
            {fold(one["id"]): _product(one, parts) for one in parts.get("/products", ())},
            self._subscriptions(parts),
            self._backends(parts, named),
            documents,
            fragments,
            dict(_tellings(parts, named)),
            {
                one["id"]: one["properties"].get("responses") or []
                for one in parts.get("/apis/operations", ())
            },
        )

    def _backends(self, parts: Mapping[str, list[Json]], named: Mapping[str, str]) -> dict[str, Backend]:
        """Those that can be read: a named value may make a URL of what is none."""
        found: dict[str, Backend] = {}
        for one in parts.get("/backends", ()):
            try:
                found[fold(one["id"])] = backends.of(one, named, self._standing)
            except ValueError as error:
                LOG.warning("backend %s cannot be read: %s", one["id"], error)
        return found

    def _subscriptions(self, parts: Mapping[str, list[Json]]) -> dict[str, Subscription]:
        found: dict[str, Subscription] = {}
        for one in parts.get("/subscriptions", ()):
            properties, keys = one["properties"], self._keys_of(one["id"])
            service = one["id"].rpartition("/subscriptions/")[0]
            scope = str(properties.get("scope", ""))
            kind, _, name = (
                scope[len(service) :].strip("/").partition("/")
                if scope.startswith("/sub")
                else (scope.strip("/").partition("/"))
            )
            held = fold(f"{service}/{kind}/{name}") if name else ""
            made = Subscription(
                one["id"],
                one["name"],
                str(properties.get("displayName") or one["name"]),
                properties.get("state") == ACTIVE,
                held if kind.lower() == "products" else "",
                held if kind.lower() == "apis" else "",
                keys["primaryKey"],
                keys["secondaryKey"],
                str(properties.get("ownerId") or ""),
            )
            found[made.primary] = found[made.secondary] = made
        return found


def _apis(parts: Mapping[str, list[Json]]) -> list[Api]:
    operations: dict[str, list[Operation]] = {}
    for one in parts.get("/apis/operations", ()):
        properties = one["properties"]
        made = Operation(
            one["id"],
            one["name"],
            str(properties.get("displayName") or one["name"]),
            str(properties.get("method", "")),
            Template.of(str(properties.get("urlTemplate", ""))),
        )
        operations.setdefault(fold(one["id"].rpartition("/operations/")[0]), []).append(made)
    sets = {fold(one["id"]): one["properties"] for one in parts.get("/apiversionsets", ())}
    found: list[Api] = []
    for one in parts.get("/apis", ()):
        properties = one["properties"]
        names: Json = properties.get("subscriptionKeyParameterNames") or {}
        version = None
        if held := sets.get(fold(str(properties.get("apiVersionSetId") or ""))):
            scheme = held.get("versioningScheme", "Segment")
            parameter = held.get("versionHeaderName") if scheme == "Header" else held.get("versionQueryName")
            version = Version(scheme, str(properties.get("apiVersion") or ""), str(parameter or ""))
        found.append(
            Api(
                fold(one["id"]),
                one["name"],
                str(properties.get("displayName") or one["name"]),
                str(properties.get("path") or "").strip("/"),
                tuple(properties.get("protocols") or ("https",)),
                properties.get("subscriptionRequired") is not False,
                str(names.get("header") or "Ocp-Apim-Subscription-Key"),
                str(names.get("query") or "subscription-key"),
                str(properties.get("serviceUrl") or ""),
                str(properties.get("apiRevision") or "1"),
                ";rev=" not in one["name"],
                version,
                tuple(operations.get(fold(one["id"]), ())),
            )
        )
    return found


def _product(resource: Json, parts: Mapping[str, list[Json]]) -> Product:
    properties, own = resource["properties"], fold(resource["id"])
    service = resource["id"].rpartition("/products/")[0]
    apis = frozenset(
        fold(f"{service}/apis/{one['name']}")
        for one in parts.get("/products/apis", ())
        if fold(one["id"].rpartition("/apis/")[0]) == own
    )
    required = properties.get("subscriptionRequired") is not False
    return Product(
        resource["id"],
        resource["name"],
        str(properties.get("displayName") or resource["name"]),
        properties.get("state") == PUBLISHED,
        required,
        required and properties.get("approvalRequired") is True,
        properties.get("subscriptionsLimit"),
        apis,
    )


def _documents(
    parts: Mapping[str, list[Json]], named: Mapping[str, str]
) -> tuple[dict[str, Document | PolicyError], dict[str, Document]]:
    documents: dict[str, Document | PolicyError] = {}
    for kind in ("/policies", "/products/policies", "/apis/policies", "/apis/operations/policies"):
        for one in parts.get(kind, ()):
            owner = fold(one["id"].rpartition("/policies/")[0])
            read = _document(one, DOCUMENT)
            documents[owner] = read if isinstance(read, PolicyError) else read.bound(named)
    fragments: dict[str, Document] = {}
    for one in parts.get("/policyfragments", ()):
        read = _document(one, FRAGMENT)
        if isinstance(read, Document):  # one that cannot be read is not there
            fragments[one["name"]] = read.bound(named)
    return documents, fragments


def _texts_of(document: Document, element: str) -> Iterator[str]:
    """The literal texts of all elements of a name."""
    for one in document.walk():
        if one.name == element and one.text is not None and not one.text.is_expression:
            yield one.text.text


def _document(resource: Json, root: str) -> Document | PolicyError:
    properties = resource["properties"]
    form = reading.RAW if properties.get("format") == reading.RAW else reading.XML
    try:
        return reading.read(str(properties.get("value") or ""), form, root)
    except PolicyError as error:
        return error


def _tellings(parts: Mapping[str, list[Json]], named: Mapping[str, str]) -> list[tuple[str, Telling]]:
    loggers = {fold(one["id"]): one["properties"] for one in parts.get("/loggers", ())}
    found: list[tuple[str, Telling]] = []
    for kind in ("/diagnostics", "/apis/diagnostics"):
        for one in parts.get(kind, ()):
            properties = one["properties"]
            logger = loggers.get(fold(str(properties.get("loggerId") or "")))
            if one["name"].lower() != "applicationinsights" or logger is None:
                continue
            given: Json = logger.get("credentials") or {}
            text = str(given.get("connectionString") or given.get("instrumentationKey") or "")
            for name, value in named.items():
                text = text.replace("{{" + name + "}}", value)
            percentage = (properties.get("sampling") or {}).get("percentage")
            telling = Telling(
                text,
                properties.get("alwaysLog") == "allErrors",
                100.0 if percentage is None else float(percentage),
                str(properties.get("verbosity") or "information"),
                str(properties.get("httpCorrelationProtocol") or "Legacy"),
                properties.get("logClientIp") is True,
                properties.get("metrics") is True,
                str(properties.get("operationNameFormat") or "Name"),
            )
            found.append((fold(one["id"].rpartition("/diagnostics/")[0]), telling))
    return found
