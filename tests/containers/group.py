"""The container group of a release, as `mlops deploy` declares it, run by podman."""

from __future__ import annotations

import hashlib
import secrets
import socket
import time
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import httpx

from infra.outputs import EstateOutputs
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.deploy.deploy import group_spec
from ml.deploy.endpoint import Endpoint
from ml.deploy.group import GroupSpec
from ml.release import Configuration, Release
from ml.settings import settings
from tools.containers.engine import Engine

DIGEST = "sha256:" + "a" * 64
PIDS = 128  # threads included
LONGEST_S = 900  # a container that a killed test run has left behind ends by itself
GRACE_S = 30  # from SIGTERM to SIGKILL, as Container Instances gives


def declared(key: str) -> GroupSpec:
    """The group that `mlops deploy` would make of this checkout's settings in an estate of example names."""
    chosen = settings()
    estate = EstateOutputs(
        environment="stage",
        location="westeurope",
        tenant_id="0",
        subscription_id="0",
        resource_group="rg",
        workspace="mlw",
        compute_cluster="cpu",
        datastore="estate",
        storage_account="ststage",
        data_container="data",
        key_vault="kv",
        key_vault_uri="https://vault.invalid/",
        registry="crstage",
        registry_login_server="crstage.azurecr.io",
        telemetry_connection_string=(
            "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:1/"
        ),
        log_analytics_id="/subscriptions/0/logs",
        training_identity_id="/subscriptions/0/training",
        training_identity_client_id="00000000-0000-0000-0000-000000000001",
        scoring_identity_id="/subscriptions/0/identity",
        scoring_identity_client_id="00000000-0000-0000-0000-000000000000",
        inference_subnet_id="/subscriptions/0/subnet",
    )
    scoring = chosen.scoring
    release = Release(
        model_name=chosen.training.model_name,
        model_version="1",
        image_repository=scoring.name,
        image_digest=DIGEST,
        configuration=Configuration(
            cpu=scoring.cpu,
            memory_gb=scoring.memory_gb,
            port=scoring.port,
            metric_seconds=scoring.metric_seconds,
        ),
    )
    azure = cast("Azure", SimpleNamespace(estate=estate, settings=chosen))
    spec = group_spec(azure, release, Image("crstage.azurecr.io", scoring.name, DIGEST))
    # No vault is here that would give it the key: it is told the key's hash, as a service outside Azure is.
    told = {"API_KEY_SHA256": hashlib.sha256(key.encode()).hexdigest()}
    own = {name: value for name, value in spec.env.items() if name not in ("KEY_VAULT_URI", "API_KEY_SECRET")}
    return replace(spec, env={**own, **told})


def limits(cpu: float, memory_gb: float) -> list[str]:
    """What confines a container: its size, and no more rights than a process needs."""
    memory = f"{round(memory_gb * 1024)}m"
    return [
        "--read-only",
        "--read-only-tmpfs=false",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        f"--pids-limit={PIDS}",
        f"--cpus={cpu:g}",
        f"--memory={memory}",
        f"--memory-swap={memory}",
    ]


@dataclass(frozen=True)
class Container:
    engine: Engine
    id: str
    endpoint: Endpoint
    spec: GroupSpec

    @staticmethod
    def start(engine: Engine, image: str, *command: str, **more: Any) -> Container:
        """Start the declared group of an image; ``more``: fields of the group that differ."""
        key = secrets.token_urlsafe(16)
        spec = declared(key)
        size = {"cpu": spec.cpu, "memory_gb": spec.memory_gb} | more
        port = _free_port()
        variables = {**spec.env, **spec.secure_env}
        arguments = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        made = engine(
            "run",
            "--detach",
            f"--timeout={LONGEST_S}",
            *limits(**size),
            f"--publish=127.0.0.1:{port}:{spec.port}",
            *arguments,
            image,
            *command,
        )
        return Container(engine, made.splitlines()[-1], Endpoint(f"http://127.0.0.1:{port}", key), spec)

    def ready(self, seconds: float) -> bool:
        """Whether its readiness probe holds within so many seconds."""
        deadline = time.monotonic() + seconds
        with httpx.Client(base_url=self.endpoint.address, trust_env=False, timeout=5) as client:
            while time.monotonic() < deadline:
                try:
                    if client.get("/readyz").status_code == 200:
                        return True
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        return False

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command in it: exit code and output."""
        done = self.engine.start("exec", self.id, *command)
        return done.returncode, (done.stdout + done.stderr).strip()

    def python(self, program: str) -> str:
        """What a Python program prints in it; an error when it fails."""
        return self.engine("exec", self.id, "python", "-c", program)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return int(self.engine("wait", self.id).splitlines()[-1])

    def state(self, field: str) -> str:
        return self.engine("inspect", self.id, "--format", f"{{{{.State.{field}}}}}")

    def logs(self) -> str:
        done = self.engine.start("logs", self.id)
        return done.stdout + done.stderr

    def remove(self) -> None:
        self.engine("rm", "--force", "--time", "0", self.id)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
