"""What promoting needs of the world, as protocols: Azure's and Kubernetes' sides fulfil them, tests fake
them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ml.production.canary.counts import Block
from ml.production.canary.steps import STEPS, Step
from ml.production.state import State


class Revision(Protocol):
    """What runs in the cluster. ready, wanted: pods."""

    @property
    def name(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def ready(self) -> int: ...
    @property
    def wanted(self) -> int: ...


class Cluster(Protocol):
    """Revisions as Kubernetes has them. Each method raises MlopsError with what Kubernetes says."""

    def apply(self, values: Any) -> None: ...
    def wait_ready(self, revision: str, seconds: float) -> None: ...
    def address(self, revision: str) -> str: ...
    def revisions(self) -> list[Any]: ...
    def delete(self, revision: str) -> None: ...


class Pool(Protocol):
    """The gateway's pool, and one backend a revision."""

    def members(self) -> dict[str, int]:
        """The weights by revision; those without requests are no members."""
        ...

    def put(self, members: Mapping[str, int]) -> None:
        """Set all weights in one request. Raises Overtaken if somebody changed them since `members`."""
        ...

    def force(self, members: Mapping[str, int]) -> None:
        """Set all weights in one request, whoever changed them."""
        ...

    def add(self, revision: str, address: str, failures: int) -> None:
        """Make or correct the revision's backend. failures: at which its circuit breaker trips."""
        ...

    def remove(self, revision: str) -> None:
        """Remove the revision's backend; it is no member. None is left as it is."""
        ...


class Telemetry(Protocol):
    """What both revisions told."""

    def lag(self) -> float:
        """Seconds from an event to where it can be asked for, as measured."""
        ...

    def blocks(self, running: str | None, new: str, since: float, until: float) -> list[Block]:
        """Whole blocks that begin at `since` or later and end by `until` (seconds since 1970), in order.

        running, new: releases.
        """
        ...

    def failures(self, address: str, since: float) -> int:
        """The most failures (5xx, no answer) that the gateway saw of a backend in one breaker's interval."""
        ...


class Store(Protocol):
    """Where the state is written down."""

    def read(self) -> State: ...

    def write(self, state: State) -> None:
        """Raises Overtaken if somebody else has written since this one read or wrote."""
        ...

    def force(self, state: State) -> None:
        """Write, whoever wrote before."""
        ...


class Lease(Protocol):
    """One promoter at a time."""

    def held(self, who: str, what: str) -> AbstractContextManager[None]:
        """Raises MlopsError naming who holds it."""
        ...

    def check(self) -> None:
        """Raises Overtaken when it is held no longer."""
        ...

    def end(self) -> str | None:
        """End it, whoever holds it; returns who did."""
        ...

    def holder(self) -> str | None: ...


class Clock(Protocol):
    """now: seconds since 1970."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two looks, for a revision to become ready, until a weight has reached every gateway,
    and for which one is watched that nothing runs beside."""

    poll: float = 5.0
    ready: float = 600.0
    settle: float = 30.0
    watch: float = 60.0


@dataclass(frozen=True, slots=True)
class Approved:
    """What `promote` was allowed. who: a person's object id and name as the approval's record has them."""

    who: str
    reason: str
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All about one release that is to be promoted, known before anything is changed.

    values: of its manifests. image: makes the image be in production's registry. smoke: tests an address.
    failures: at which its circuit breaker trips. metric_seconds: how often it tells.
    """

    release: str
    revision: str
    values: Any
    image: Callable[[], None]
    smoke: Callable[[str], None]
    failures: int
    metric_seconds: int


@dataclass(frozen=True, slots=True)
class World:
    """approve: raises MlopsError for a release that nobody approved as it is. steps: of a canary."""

    cluster: Cluster
    pool: Pool
    telemetry: Telemetry
    store: Store
    lease: Lease
    clock: Clock
    approve: Callable[[str], Approved]
    plan: Callable[[str], Plan]
    pace: Pace = Pace()
    steps: tuple[Step, ...] = STEPS
