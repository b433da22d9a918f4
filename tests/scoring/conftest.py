import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scoring.http.app import Service
from scoring.http.authentication import AnyoneMay, Authenticator
from scoring.http.server import Server, configuration
from scoring.kept.writer import Keeper
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.precomputed.lookups import Lookups
from scoring.scorer import Scorer
from scoring.settings import MOST_CONNECTIONS, Limits, ModelIdentity
from scoring.telemetry.queue import Telemetry
from tests.scoring.trained import Small, small

IDENTITY = ModelIdentity("credit", "3", "sha256:" + "0" * 64)


@pytest.fixture(scope="session")
def model() -> Small:
    return small()


@pytest.fixture(scope="session")
def artifact(model: Small) -> Artifact:
    return model.trained.artifact


@pytest.fixture(scope="session")
def model_dir(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("artifact") / "model"
    artifact.save(directory)
    return directory


def served(service: Service, connections: int = MOST_CONNECTIONS) -> tuple[httpx.Client, Callable[[], None]]:
    """A client of a real server on a free port, and what ends both."""
    port = free_port()
    config = configuration(service.application(), "127.0.0.1", port, service.direct, connections)
    server = Server(config, service.state, 0.0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)

    def end() -> None:
        client.close()
        server.should_exit = True
        thread.join(10)

    return client, end


@dataclass
class Running:
    service: Service
    client: httpx.Client
    scorer: Scorer


@pytest.fixture
def serve(artifact: Artifact) -> Iterator[Callable[..., Running]]:
    """Start a real server on a free port; stopped after the test."""
    stop: list[Callable[[], None]] = []

    def start(
        authenticator: Authenticator | None = None,
        limits: Limits | None = None,
        rules: DriftRules | None = None,
        telemetry: Telemetry | None = None,
        connections: int = MOST_CONNECTIONS,
        keeper: Keeper | None = None,
        lookups: Lookups | None = None,
    ) -> Running:
        limits = limits or Limits()
        monitor = DriftMonitor(artifact.drift, rules or DriftRules(), Pace(rows=50, seconds=0.2))
        scorer = Scorer(artifact, monitor, IDENTITY, limits.rows)
        authenticator = authenticator or AnyoneMay()
        telemetry = telemetry or Telemetry(None)
        service = Service(scorer, authenticator, telemetry, limits, keeper=keeper, lookups=lookups)
        client, end = served(service, connections)
        stop.append(end)
        return Running(service, client, scorer)

    yield start
    for end in stop:
        end()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
