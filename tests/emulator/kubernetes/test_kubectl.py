"""kubectl itself, the program, with the kubeconfig that Azure hands out, through the emulator's proxy."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from emulator.app import Emulator
from tests.emulator.kubernetes.conftest import deployment, kubeconfig
from tools.kubernetes.build import place

KUBECTL = place() / "kubectl"
Kubectl = Callable[..., str]
NAMESPACE = "by-kubectl"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not KUBECTL.exists(), reason=f"there is no {KUBECTL}: `make test-kubernetes` builds it"
    ),
]


@pytest.fixture
def kubectl(running: Emulator, tmp_path: Path) -> Iterator[Kubectl]:
    """Runs it and gives what it says, of both streams."""
    config = tmp_path / "config"
    config.write_text(yaml.safe_dump(kubeconfig(running)))
    world = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "KUBECONFIG": str(config),
        "HTTPS_PROXY": f"http://127.0.0.1:{running.ports['proxy']}",
    }

    def run(*arguments: str, fails: bool = False, given: str = "") -> str:
        command = [str(KUBECTL), *arguments, "-n", NAMESPACE]
        done = subprocess.run(
            command, env=world, input=given, capture_output=True, text=True, timeout=60, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, said
        return said

    run("apply", "-f", "-", given=yaml.safe_dump(_namespace()))
    yield run
    run("delete", "namespace", NAMESPACE, "--wait=false")


def _namespace() -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def manifest(**spec: object) -> str:
    made = deployment(**spec)
    made["metadata"]["namespace"] = NAMESPACE
    return yaml.safe_dump(made)


def test_what_an_engineer_does(kubectl: Kubectl) -> None:
    assert "Server Version: v1.33.5" in kubectl("version")
    assert "deployments" in kubectl("api-resources")
    assert "deployment.apps/d created" in kubectl("apply", "-f", "-", given=manifest(replicas=1))
    assert "configured" in kubectl("apply", "-f", "-", given=manifest(replicas=2))
    assert "serverside-applied" in kubectl(
        "apply", "--server-side", "--dry-run=server", "-f", "-", given=manifest(replicas=2)
    )
    listed = kubectl("get", "deployments", "-o", "wide").splitlines()
    assert listed[0].split()[:4] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE"]
    assert listed[1].split()[:2] == ["d", "0/2"]
    assert "StrategyType:" in kubectl("describe", "deployment", "d")
    assert "deployment.apps/d scaled" in kubectl("scale", "deployment/d", "--replicas=1")
    assert "image updated" in kubectl("set", "image", "deployment/d", "app=x.azurecr.io/y:1")
    assert "revision" in kubectl("rollout", "history", "deployment/d").lower()
    assert kubectl("get", "deployment", "d", "-o", "jsonpath={.spec.replicas}") == "1"
    assert "namespace/by-kubectl labeled" in kubectl("label", "namespace", NAMESPACE, "a=b")
    assert "replicas <integer>" in kubectl("explain", "deployment.spec.replicas")
    assert "deleted" in kubectl("delete", "deployment", "d", "--wait=false")


def test_what_is_refused(kubectl: Kubectl) -> None:
    typo = manifest(replcas=2)
    assert 'unknown field "spec.replcas"' in kubectl("apply", "-f", "-", given=typo, fails=True)
    kubectl("apply", "--server-side", "-f", "-", given=manifest(replicas=2))
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    assert 'conflict with "kubectl": .spec.replicas' in kubectl(
        *other, given=manifest(replicas=3), fails=True
    )
    assert 'deployments.apps "missing" not found' in kubectl("get", "deployment", "missing", fails=True)
    assert "doesn't have a resource type" in kubectl("get", "cronjobs", fails=True)
