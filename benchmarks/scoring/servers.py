"""The servers that are compared, as data: how each is started, and what it is."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scoring import tools
from benchmarks.scoring.cache import ROOT
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import free_ports

KEY = "benchmark-key-of-loopback"
SERVER_MODULE = "scoring"


@dataclass(frozen=True)
class Kind:
    """A server. `peer`: the folder under peers/ whose environment it runs in; None: the project's own."""

    key: str
    title: str
    composite: str  # "ours", "naive" or "constant"
    ready: str
    command: Callable[[Start], list[str]]
    variables: Callable[[Start], dict[str, str]]
    peer: str | None = None
    distribution: str = ""
    folder: Path = ROOT
    code: Path = ROOT  # where `scoring` is
    python: Path | None = None  # that runs it, where that is neither the project's nor a peer's
    note: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """One start of a server."""

    python: Path
    subject: Subject
    port: int
    more_ports: tuple[int, ...]
    workers: int
    scratch: Path

    @property
    def program(self) -> str:
        """A program of the environment: beside its Python."""
        return str(self.python.parent)


def own_variables(start: Start) -> dict[str, str]:
    """Of our service: as deployed, with the key that callers have to send."""
    return {
        "MODEL_DIR": str(start.subject.artifact),
        "HOST": "127.0.0.1",
        "PORT": str(start.port),
        "API_KEY_SHA256": hashlib.sha256(KEY.encode()).hexdigest(),
        "SCORING_WORKERS": str(start.workers),
        "MODEL_NAME": "benchmark",
        "MODEL_VERSION": "1",
    }


def _constant_variables(start: Start) -> dict[str, str]:
    return {"HOST": "127.0.0.1", "PORT": str(start.port), "WORKERS": str(start.workers)}


def _azureml_command(script: str) -> Callable[[Start], list[str]]:
    def command(start: Start) -> list[str]:
        program = f"{start.program}/azmlinfsrv"
        ports = ["--port", str(start.port), "--worker_count", str(start.workers)]
        return [program, "--entry_script", script, *ports]

    return command


def _azureml_variables(start: Start) -> dict[str, str]:
    return {"MODEL_DIR": str(start.subject.artifact), "NAIVE_MODEL": str(start.subject.naive)}


def _mlserver_command(start: Start) -> list[str]:
    return [f"{start.program}/mlserver", "start", str(start.scratch)]


def _mlserver_variables(start: Start) -> dict[str, str]:
    settings = '{"name": "composite", "implementation": "runtime.CompositeRuntime"}'
    (start.scratch / "model-settings.json").write_text(settings)
    grpc, metrics = start.more_ports[:2]
    return {
        "MODEL_DIR": str(start.subject.artifact),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(start.port),
        "MLSERVER_GRPC_PORT": str(grpc),
        "MLSERVER_METRICS_PORT": str(metrics),
        "MLSERVER_PARALLEL_WORKERS": "0" if start.workers == 1 else str(start.workers),
        "MLSERVER_DEBUG": "false",
        "MLSERVER_METRICS_DIR": str(start.scratch / "metrics"),
    }


def _bentoml_command(start: Start) -> list[str]:
    place = ["--host", "127.0.0.1", "--port", str(start.port)]
    return [f"{start.program}/bentoml", "serve", "service:Scoring", *place]


def _bentoml_variables(start: Start) -> dict[str, str]:
    return {
        "MODEL_DIR": str(start.subject.artifact),
        "WORKERS": str(start.workers),
        "BENTOML_HOME": str(start.scratch / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    }


AZUREML = "azureml-inference-server-http"
KINDS = (
    Kind(
        "ours",
        "our service",
        "ours",
        "/readyz",
        lambda start: [str(start.python), "-m", SERVER_MODULE],
        own_variables,
        headers={"authorization": f"Bearer {KEY}"},
        note="checks the caller's key, keeps count for drift",
    ),
    Kind(
        "constant",
        "the same stack, a constant",
        "constant",
        "/readyz",
        lambda start: [
            str(start.python),
            "-m",
            "benchmarks.scoring.constant",
            str(start.scratch / "answer.json"),
        ],
        _constant_variables,
        note="reads the body, answers with bytes made beforehand: no key, no routes, no model",
    ),
    Kind(
        "azureml-naive",
        f"{AZUREML}, naive composite",
        "naive",
        "/",
        _azureml_command("naive.py"),
        _azureml_variables,
        peer="azureml",
        distribution=AZUREML,
        folder=tools.PEERS / "azureml",
        note="closes each connection; logs each request, which is its default",
    ),
    Kind(
        "azureml-ours",
        f"{AZUREML}, our composite",
        "ours",
        "/",
        _azureml_command("ours.py"),
        _azureml_variables,
        peer="azureml",
        distribution=AZUREML,
        folder=tools.PEERS / "azureml",
        note="closes each connection; logs each request, which is its default",
    ),
    Kind(
        "mlserver",
        "MLServer, our composite",
        "ours",
        "/v2/models/composite/ready",
        _mlserver_command,
        _mlserver_variables,
        peer="mlserver",
        distribution="mlserver",
        folder=tools.PEERS / "mlserver",
        note="custom handler on a route of its own; debug off, so no access log",
    ),
    Kind(
        "bentoml",
        "BentoML, our composite",
        "ours",
        "/readyz",
        _bentoml_command,
        _bentoml_variables,
        peer="bentoml",
        distribution="bentoml",
        folder=tools.PEERS / "bentoml",
        note="a coroutine that answers with a Response; metrics off",
    ),
)
BY_KEY = {kind.key: kind for kind in KINDS}
RIVALS = ("azureml-ours", "mlserver", "bentoml")  # the three servers with our composite


def python_of(kind: Kind, say: tools.Say) -> Path:
    """The Python that runs the server; its environment is made when need be."""
    if kind.python is not None:
        return kind.python
    return Path(sys.executable) if kind.peer is None else tools.environment(kind.peer, say)


def environment_of(kind: Kind, start: Start, more: Mapping[str, str]) -> dict[str, str]:
    """What every server is given: one thread a process, no proxies, the same code of ours."""
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "TZ") if name in os.environ}
    return {
        **inherited,
        "PATH": f"{start.program}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join([str(kind.code), str(kind.folder)]),
        "PYTHONDONTWRITEBYTECODE": "1" if kind.peer else "",
        "OMP_NUM_THREADS": "1",
        "TMPDIR": tempfile.gettempdir(),
        **kind.variables(start),
        **more,
    }


def new_start(python: Path, subject: Subject, workers: int, scratch: Path) -> Start:
    port, *more = free_ports(4)
    return Start(python, subject, port, tuple(more), workers, scratch)
