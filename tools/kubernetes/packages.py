"""What a node needs of the distribution: a key-value store, a container runtime, its network, a registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from tools.bootstrap.cache import say, stop
from tools.containers.engine import SYSTEM_BIN

# Program -> package of Debian and Ubuntu.
PROGRAMS = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "docker-registry": "docker-registry",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
CONTROL_PLANE = ("etcd", "ip")
PATH = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_BIN}"


def missing(programs: Iterable[str]) -> list[str]:
    """The packages that have to be installed."""
    return [PROGRAMS[name] for name in programs if shutil.which(name, path=PATH) is None]


def install(programs: Iterable[str]) -> None:
    """Install what is missing where that needs no asking; else say what a person has to install."""
    packages = missing(programs)
    if not packages:
        return
    line = f"apt-get install --no-install-recommends {' '.join(packages)}"
    apt = shutil.which("apt-get")
    if not sys.platform.startswith("linux") or apt is None or os.getuid() != 0:
        raise stop(
            f"a node of Kubernetes needs {', '.join(packages)}.",
            f"Run `{line}` (Debian, Ubuntu), or set KUBECONFIG to a cluster to test on (kind, k3d, AKS).",
        )
    say(f"installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", *packages)):
        done = subprocess.run([apt, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise stop(
                f"apt-get {arguments[0]} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}",
                f"Correct what it names, or run `{line}` by hand.",
            )
