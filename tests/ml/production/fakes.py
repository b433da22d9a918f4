"""A world to promote in: no Azure, a clock that a test moves, and a kill before or after any effect."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ml.errors import MlopsError
from ml.gateway.pool import UNRELEASED
from ml.production.canary.counts import Block
from ml.production.errors import overtaken
from ml.production.state import State
from ml.production.world import Approved, Pace, Plan, World
from tests.ml.production.worlds import counts

LAG, METRIC, A_BLOCK = 20.0, 15, 15.0
LEASE_SECONDS = 60.0


class Killed(BaseException):
    """The process is gone: nothing handles this."""


@dataclass
class Pods:
    name: str
    release: str
    ready: int
    wanted: int = 2


def revision_of(release: str) -> str:
    return f"rev-{release.removeprefix('r-')}"


@dataclass
class Fake:
    """kill_at: the effect, by its number from 1; `after`: whether it was done when the kill came.

    bad: shares by which the new revision differs, as `counts` takes them. requests: a second.
    """

    kill_at: int = 0
    after: bool = False
    bad: dict[str, float] = field(default_factory=dict[str, float])
    requests: float = 1000.0
    breaker: int = 0
    now: float = 1_000_000.0
    effects: list[str] = field(default_factory=list[str])
    state: State = field(default_factory=State)
    version: int = 0
    pods: dict[str, Pods] = field(default_factory=dict[str, Pods])
    backends: set[str] = field(default_factory=set[str])
    weights: dict[str, int] = field(default_factory=lambda: {UNRELEASED: 100})
    weights_version: int = 0
    weighed: list[tuple[float, dict[str, int]]] = field(default_factory=list[tuple[float, dict[str, int]]])
    holder: tuple[str, float] | None = None
    approved: bool = True
    sleeping: Callable[[], None] = lambda: None

    @contextmanager
    def effect(self, name: str) -> Generator[None, None, None]:
        self.effects.append(name)
        number = len(self.effects)
        if number == self.kill_at and not self.after:
            raise Killed(name)
        yield
        self.holds()
        if number == self.kill_at:
            raise Killed(name)

    def holds(self) -> None:
        """The pool points at what is ready and has a backend, from the first release on."""
        for name, weight in self.weights.items():
            if weight and name != UNRELEASED:
                assert name in self.backends, f"{name} has {weight} and no backend"
                assert self.pods[name].ready or self.breaker < 0, f"{name} has {weight} and no ready pod"
        assert sum(self.weights.values()) == 100
        if self.state.serving:
            assert UNRELEASED not in self.weights

    def revive(self) -> None:
        """The next process: another kill comes only when asked for; the dead one's lease runs out."""
        self.kill_at = 0
        self.now += LEASE_SECONDS + 1

    def world(self) -> World:
        return World(
            _Cluster(self),
            _Pool(self),
            _Telemetry(self),
            _Store(self),
            _Lease(self),
            _Clock(self),
            self.approve,
            self.plan,
            Pace(),
        )

    def approve(self, release: str) -> Approved:
        if not self.approved:
            raise MlopsError(f"Nobody approved {release}.", "Have it approved.")
        return Approved("a person", "good figures", "sha256:ab")

    def plan(self, release: str) -> Plan:
        revision = revision_of(release)

        def image() -> None:
            with self.effect("image"):
                pass

        def smoke(address: str) -> None:
            with self.effect("smoke"):
                assert address == f"10.0.0.{revision[-1]}"

        return Plan(release, revision, {"revision": revision, "release": release}, image, smoke, 50, METRIC)


@dataclass
class _Part:
    fake: Fake


class _Cluster(_Part):
    def apply(self, values: Any) -> None:
        with self.fake.effect("apply"):
            self.fake.pods.setdefault(values["revision"], Pods(values["revision"], values["release"], 0))

    def wait_ready(self, revision: str, seconds: float) -> None:
        with self.fake.effect("wait"):
            self.fake.pods[revision].ready = 2

    def address(self, revision: str) -> str:
        return f"10.0.0.{revision[-1]}"

    def revisions(self) -> list[Pods]:
        return list(self.fake.pods.values())

    def delete(self, revision: str) -> None:
        with self.fake.effect("delete"):
            self.fake.pods.pop(revision, None)


class _Pool(_Part):
    seen = -1

    def members(self) -> dict[str, int]:
        self.seen = self.fake.weights_version
        return dict(self.fake.weights)

    def put(self, members: Mapping[str, int]) -> None:
        if self.seen != self.fake.weights_version:
            raise overtaken("the weights")
        self._put(members)

    def force(self, members: Mapping[str, int]) -> None:
        self._put(members)

    def _put(self, members: Mapping[str, int]) -> None:
        fake = self.fake
        with fake.effect(f"weights {sorted(members.items())}"):
            fake.weights = dict(members)
            fake.weights_version += 1
            self.seen = fake.weights_version
            fake.weighed.append((fake.now, dict(members)))

    def add(self, revision: str, address: str, failures: int) -> None:
        with self.fake.effect("backend"):
            self.fake.backends.add(revision)

    def remove(self, revision: str) -> None:
        with self.fake.effect("no backend"):
            self.fake.backends.discard(revision)


class _Telemetry(_Part):
    def lag(self) -> float:
        return LAG

    def blocks(self, running: str | None, new: str, since: float, until: float) -> list[Block]:
        fake, found = self.fake, list[Block]()
        assert until <= fake.now
        start = since - since % A_BLOCK + (A_BLOCK if since % A_BLOCK else 0)
        while start + A_BLOCK <= until:
            weights = next((w for at, w in reversed(fake.weighed) if at <= start), {})
            share = weights.get(revision_of(new), 0) / 100
            of = fake.requests * A_BLOCK
            found.append(Block(start, counts(round(of * (1 - share))), counts(round(of * share), **fake.bad)))
            start += A_BLOCK
        return found

    def failures(self, address: str, since: float) -> int:
        return abs(self.fake.breaker)


class _Store(_Part):
    seen = 0

    def read(self) -> State:
        self.seen = self.fake.version
        return self.fake.state

    def write(self, state: State) -> None:
        if self.seen != self.fake.version:
            raise overtaken("the state")
        self.force(state)

    def force(self, state: State) -> None:
        promotion = state.promotion
        with self.fake.effect(f"state {promotion.stage if promotion else 'none'}"):
            self.fake.state = State.model_validate_json(state.model_dump_json())
            self.fake.version += 1
            self.seen = self.fake.version


class _Lease(_Part):
    mine = False

    @contextmanager
    def held(self, who: str, what: str) -> Generator[None, None, None]:
        fake = self.fake
        if fake.holder and fake.holder[1] + LEASE_SECONDS > fake.now:
            raise MlopsError(f"{fake.holder[0]} promotes already.", "Wait.")
        with fake.effect("lease"):
            fake.holder, self.mine = (who, fake.now), True
        try:
            yield
        except Exception:
            fake.holder = None
            raise
        fake.holder = None

    def check(self) -> None:
        if self.fake.holder is None:
            raise overtaken("the lease")
        self.fake.holder = (self.fake.holder[0], self.fake.now)

    def end(self) -> str | None:
        holder, self.fake.holder = self.fake.holder, None
        return holder[0] if holder else None

    def holder(self) -> str | None:
        return self.fake.holder[0] if self.fake.holder else None


class _Clock(_Part):
    def now(self) -> float:
        return self.fake.now

    def sleep(self, seconds: float) -> None:
        self.fake.now += seconds
        self.fake.sleeping()
