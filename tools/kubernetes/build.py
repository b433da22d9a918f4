"""The programs of Kubernetes, built once from pinned source and kept in the user's cache."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bootstrap.cache import cache_dir, say, stop

MODULE = Path(__file__).parent
# In the order of their use: what needs the API server alone need not wait for the rest.
CONTROL_PLANE = ("kube-apiserver", "kubectl")
NODE = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
PAUSE = "pause"
VERSION_OF = "k8s.io/component-base/version"


def version() -> str:
    """As go.mod has it, as in 1.36.3."""
    lines = (MODULE / "go.mod").read_text().splitlines()
    line = next(line for line in lines if line.split()[:2] == ["require", "k8s.io/kubernetes"])
    return line.split()[-1].removeprefix("v")


def place() -> Path:
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return cache_dir() / f"kubernetes-{version()}-{machine}"


def programs(*names: str) -> Path:
    """The folder that has these programs; those that are missing are built."""
    folder = place()
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        _build(missing, folder)
    return folder


def _build(names: list[str], folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise stop(
            f"there is no Kubernetes {version()} in the cache, and no Go to build it with.",
            "Install Go 1.26 or newer, or set KUBECONFIG to a cluster to test on (kind, k3d, AKS).",
        )
    say(
        f"building {', '.join(names)} of Kubernetes {version()} with Go: "
        "some 16 minutes in all, once for this machine"
    )
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    began = time.monotonic()
    for name in names:
        package = "./pause" if name == PAUSE else f"k8s.io/kubernetes/cmd/{name}"
        with tempfile.TemporaryDirectory(prefix="build-", dir=folder) as aside:
            made = Path(aside) / name
            line = [
                go,
                "build",
                "-trimpath",
                "-buildvcs=false",
                "-ldflags",
                _flags(),
                "-o",
                str(made),
                package,
            ]
            if subprocess.run(line, cwd=MODULE, env=environment).returncode:
                raise stop(
                    f"building {name} of Kubernetes {version()} failed.",
                    "Go 1.26 or newer and a Go module proxy are needed; or set KUBECONFIG to a cluster.",
                )
            made.replace(folder / name)
        say(f"{name}: {time.monotonic() - began:.0f} s")


def _flags() -> str:
    """Without them the programs call themselves v0.0.0, which kubelet and API server refuse of each other."""
    major, minor, _ = version().split(".")
    facts = {
        "gitVersion": f"v{version()}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitCommit": "mod",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    return " ".join(["-s", "-w", *(f"-X {VERSION_OF}.{name}={value}" for name, value in facts.items())])
