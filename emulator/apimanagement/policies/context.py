"""`context`: what a policy expression knows of a request. The gateway makes one for each request.

The members are those that the documentation of policy expressions lists; their C# names are in
`expressions.members`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4


class Headers(MutableMapping[str, list[str]]):
    """Names of any case -> values, in the order in which they came. Query parameters are kept in one too."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._held: dict[str, tuple[str, list[str]]] = {}
        for name, value in pairs:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """One more value."""
        self._held.setdefault(name.lower(), (name, []))[1].append(value)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Each value with its name, as it was spelt first."""
        for name, values in self._held.values():
            for value in values:
                yield name, value

    def first(self, name: str, default: str = "") -> str:
        """The values with commas between them, as `GetValueOrDefault` gives them."""
        return ",".join(self[name]) if name in self else default

    def __getitem__(self, name: str) -> list[str]:
        return self._held[name.lower()][1]

    def __setitem__(self, name: str, values: list[str]) -> None:
        self._held[name.lower()] = (name, values)

    def __delitem__(self, name: str) -> None:
        del self._held[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._held


@dataclass(slots=True)
class Body:
    """A message's body. `As<T>()` uses it up, unless it is told to keep it."""

    content: bytes = b""
    used: bool = False


@dataclass(slots=True)
class Url:
    """An address in parts. path begins with a slash; query has no question mark."""

    scheme: str = "https"
    host: str = ""
    port: int = 443
    path: str = "/"
    query: Headers = field(default_factory=Headers)

    @property
    def query_string(self) -> str:
        """With its question mark; empty without parameters."""
        parts = "&".join(f"{quote(name)}={quote(value)}" for name, value in self.query.pairs())
        return f"?{parts}" if parts else ""


@dataclass(slots=True)
class PrivateEndpointConnection:
    """By which private endpoint a request came."""

    name: str = ""
    group_id: str = "Gateway"
    member_name: str = "Gateway"


@dataclass(slots=True)
class Request:
    """What the caller asked; policies change it before it goes on."""

    method: str = "GET"
    url: Url = field(default_factory=Url)
    original_url: Url = field(default_factory=Url)
    headers: Headers = field(default_factory=Headers)
    body: Body | None = None
    ip_address: str = "127.0.0.1"
    matched_parameters: dict[str, str] = field(default_factory=dict[str, str])
    private_endpoint_connection: PrivateEndpointConnection | None = None


@dataclass(slots=True)
class Response:
    """What is answered; of `send-request` too, in a variable."""

    status_code: int = 200
    status_reason: str = ""
    headers: Headers = field(default_factory=Headers)
    body: Body = field(default_factory=Body)


@dataclass(slots=True)
class SubscriptionKeyParameterNames:
    """Where an API takes its subscription key."""

    header: str = "Ocp-Apim-Subscription-Key"
    query: str = "subscription-key"


@dataclass(slots=True)
class Api:
    """The API that was asked; service_url is None where a policy sets the backend."""

    id: str = ""
    name: str = ""
    path: str = ""
    revision: str = "1"
    version: str = ""
    is_current_revision: bool = True
    protocols: tuple[str, ...] = ("https",)
    service_url: Url | None = None
    subscription_key_parameter_names: SubscriptionKeyParameterNames = field(
        default_factory=SubscriptionKeyParameterNames
    )


@dataclass(slots=True)
class Operation:
    """The operation that was asked."""

    id: str = ""
    method: str = ""
    name: str = ""
    url_template: str = ""


@dataclass(slots=True)
class Group:
    """A group of users."""

    id: str = ""
    name: str = ""


@dataclass(slots=True)
class Product:
    """The product by which the API was asked, None without one."""

    id: str = ""
    name: str = ""
    approval_required: bool = False
    subscription_required: bool = True
    subscription_limit: int | None = None
    state: str = "Published"
    apis: tuple[Api, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(slots=True)
class Subscription:
    """Whose key came, None without one. Its keys are secrets: they are in no message."""

    id: str = ""
    name: str = ""
    key: str = field(default="", repr=False)
    primary_key: str = field(default="", repr=False)
    secondary_key: str = field(default="", repr=False)
    created_date: datetime = field(default_factory=lambda: datetime.now(UTC))
    start_date: datetime | None = None
    end_date: datetime | None = None


@dataclass(slots=True)
class UserIdentity:
    """One way in which a user signs in."""

    id: str = ""
    provider: str = ""


@dataclass(slots=True)
class User:
    """The subscription's owner, None without one."""

    id: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    note: str = ""
    registration_date: datetime = field(default_factory=lambda: datetime.now(UTC))
    groups: tuple[Group, ...] = ()
    identities: tuple[UserIdentity, ...] = ()


@dataclass(slots=True)
class Deployment:
    """Where the gateway runs. certificates: id or thumbprint -> what it is."""

    gateway_id: str = "managed"
    region: str = ""
    service_name: str = ""
    certificates: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class LastError:
    """What brought the request into on-error."""

    source: str = ""
    reason: str = ""
    message: str = ""
    scope: str = ""
    section: str = ""
    path: str = ""
    policy_id: str = ""


@dataclass(slots=True)
class Context:
    """The root. variables hold what `set-variable` and expressions made: values of expressions' types."""

    request: Request = field(default_factory=Request)
    response: Response | None = None
    api: Api = field(default_factory=Api)
    operation: Operation = field(default_factory=Operation)
    product: Product | None = None
    subscription: Subscription | None = None
    user: User | None = None
    deployment: Deployment = field(default_factory=Deployment)
    last_error: LastError | None = None
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    request_id: UUID = field(default_factory=uuid4)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=monotonic)  # seconds of the monotonic clock
    tracing: bool = False
    traces: list[str] = field(default_factory=list[str])
