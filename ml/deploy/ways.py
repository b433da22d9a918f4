"""How callers reach a release: through the gateway, or inside the network where there is none.

A release behind the gateway is a revision: a backend of its name, a member of the pool once it has passed its
tests. Where there is no gateway, callers stand in the network and ask the container group itself.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from infra.gateway import PATH
from ml.deploy import api_key
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs
    from ml.azure.clients import Azure
    from ml.gateway.pool import Pool


class Way(Protocol):
    """One estate's way in."""

    def lead(self, revision: str, address: str) -> Endpoint:
        """Make the revision reachable for its tests alone. address: of its group, http://HOST:PORT."""
        ...

    def give(self, revision: str) -> Endpoint:
        """Give it all requests. Returns where callers ask."""
        ...

    def forget(self, revision: str) -> None:
        """Remove what leads to any other revision: their groups may go."""
        ...

    def shut(self) -> None:
        """Remove what leads to any revision."""
        ...


@dataclass
class Inside:
    """No gateway."""

    key: str
    address: str = ""

    def lead(self, revision: str, address: str) -> Endpoint:
        self.address = address
        return Endpoint(address, self.key)

    def give(self, revision: str) -> Endpoint:
        return Endpoint(self.address, self.key)

    def forget(self, revision: str) -> None: ...

    def shut(self) -> None: ...


@dataclass
class Through:
    """The gateway. key: of the subscription of `mlops`. settle: seconds until weights are everywhere."""

    pool: "Pool"
    address: str
    key: str
    settle: float

    def lead(self, revision: str, address: str) -> Endpoint:
        from ml.gateway.breaker import tripping

        self.pool.add(revision, address.removeprefix("http://"), tripping(None, 1))
        return Endpoint(self.address, self.key, gateway=True, revision=revision)

    def give(self, revision: str) -> Endpoint:
        from ml.gateway.pool import UNRELEASED

        before = self.pool.members()
        if before != {revision: 100}:
            self.pool.put({revision: 100})
            if before != {UNRELEASED: 100}:
                time.sleep(self.settle)
        return Endpoint(self.address, self.key, gateway=True)

    def forget(self, revision: str) -> None:
        for other in self.pool.revisions():
            if other != revision:
                self.pool.remove(other)

    def shut(self) -> None:
        from ml.gateway.pool import UNRELEASED

        if self.pool.members() != {UNRELEASED: 100}:
            self.pool.put({UNRELEASED: 100})
        self.forget(UNRELEASED)


def through(azure: "Azure", key: str) -> Through:
    """The gateway's way. Raises MlopsError for an estate without one."""
    from ml.gateway.pool import Pool

    settle = azure.settings.production.settle_seconds
    return Through(Pool.of(azure), address_of(azure), key, settle)


def address_of(azure: "Azure") -> str:
    """Where callers ask the gateway."""
    return f"{azure.estate.gateway_url}/{PATH}"


def has_gateway(azure: "Azure") -> bool:
    return azure.estate.gateway is not None


def may_deploy(estate: "EstateOutputs") -> None:
    """Raises MlopsError where the pool belongs to `mlops promote`: nobody approved what a deployment does."""
    if estate.kubernetes_cluster is not None and estate.gateway is not None:
        raise MlopsError(
            f"Releases come to {estate.environment} by a promotion: what answers there was approved.",
            f"Deploy where releases are proven, then `mlops promote RELEASE --env {estate.environment}`.",
        )


def opened(azure: "Azure") -> Way:
    """The estate's way in, with its keys made where they were not. Raises MlopsError naming what failed."""
    key = api_key.ensure(azure)
    if not has_gateway(azure):
        return Inside(key)
    from ml.gateway import backend_key, subscription

    backend_key.point(azure)
    own = api_key.ensure(azure, azure.settings.scoring.gateway_key_secret)
    subscription.ensure(azure, own)
    return through(azure, own)


def deployed(azure: "Azure", outputs: dict[str, Any], revision: str = "") -> Endpoint:
    """Where what is deployed is asked, as any caller does; with a revision, that one is asked.

    outputs: of the stack of the container group. Raises MlopsError when the key was never made.
    """
    if has_gateway(azure):
        key = api_key.required(azure, azure.settings.scoring.gateway_key_secret)
        return Endpoint(address_of(azure), key, gateway=True, revision=revision)
    return Endpoint(str(outputs["address"]), api_key.required(azure))


def shut(azure: "Azure") -> None:
    """Remove what leads to what `mlops deploy` made; in an estate with a cluster it is not ours."""
    if not has_gateway(azure) or azure.estate.kubernetes_cluster is not None:
        return
    from ml.gateway import subscription

    through(azure, "").shut()
    subscription.remove(azure)
