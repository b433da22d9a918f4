"""The first process of the node's own namespaces: starts the programs, runs a command, ends.

When it ends, the kernel ends everything in the namespace, and takes mounts and addresses with it.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools.containers import engine
from tools.kubernetes import build, certificates, images
from tools.kubernetes.files import (
    ADDRESS,
    API_PORT,
    ETCD_PEERS,
    ETCD_PORT,
    NODE,
    PAUSE,
    REGISTRY,
    SERVICES,
    Files,
)
from tools.kubernetes.packages import PATH

WAIT_S = 120.0
LOG_TAIL = 30
PAST = 10  # versions of the store before the API server's first: as in a cluster that has lived, 1 is too old
# What kubelet wants of the machine, and may not write here: it reads these files instead.
KERNEL = {"vm/overcommit_memory": "1", "kernel/panic": "10", "kernel/panic_on_oops": "1"}


class NodeError(RuntimeError):
    """The node does not come up; the message holds the end of a program's log."""


class Node:
    def __init__(self, folder: Path, programs: Path, cgroup: str) -> None:
        made = certificates.make(folder / "pki", ("127.0.0.1", ADDRESS, "10.96.0.1"))
        self.files = Files(folder, made, cgroup)
        self.files.write()
        self._programs = programs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            "PATH": f"{programs}:{PATH}",
            "KUBECONFIG": str(self.files.kubeconfig),
            "KUBERNETES_REGISTRY": REGISTRY,
            # Nothing that a machine says of proxies holds in here.
            "NO_PROXY": "*",
            "no_proxy": "*",
        }

    def control_plane(self) -> None:
        """The store and the API server: enough for what is asked of the API alone."""
        files, pki = self.files, self.files.certificates.file
        own = f"http://127.0.0.1:{ETCD_PORT}"
        peers = f"http://127.0.0.1:{ETCD_PEERS}"
        self.start(
            "etcd",
            f"--data-dir={files.folder}/etcd",
            f"--listen-client-urls={own}",
            f"--advertise-client-urls={own}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
        )
        self.wait("etcd", lambda: _answers(f"{own}/health"))
        for number in range(PAST):
            _put(own, f"/past/{number}")
        self.start(
            "kube-apiserver",
            f"--etcd-servers={own}",
            "--bind-address=0.0.0.0",
            f"--advertise-address={ADDRESS}",
            f"--secure-port={API_PORT}",
            f"--tls-cert-file={pki('server.crt')}",
            f"--tls-private-key-file={pki('server.key')}",
            f"--client-ca-file={pki('ca.crt')}",
            f"--kubelet-client-certificate={pki('admin.crt')}",
            f"--kubelet-client-key={pki('admin.key')}",
            f"--service-cluster-ip-range={SERVICES}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki('service-accounts.pub')}",
            f"--service-account-signing-key-file={pki('service-accounts.key')}",
            "--authorization-mode=Node,RBAC",
            "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=true",
        )
        self.wait("kube-apiserver", self._api_ready)

    def node(self) -> None:
        """All that runs pods: controllers, scheduler, runtime, registry, kubelet, services."""
        files, config = self.files, f"--kubeconfig={self.files.kubeconfig}"
        pki = files.certificates.file
        self.start("docker-registry", "serve", f"{files.folder}/registry.yml")
        self.start("containerd", "-c", f"{files.folder}/containerd.toml")
        self.start(
            "kube-controller-manager",
            config,
            f"--service-account-private-key-file={pki('service-accounts.key')}",
            f"--root-ca-file={pki('ca.crt')}",
            "--use-service-account-credentials=false",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={files.folder}/controllers",
        )
        self.start(
            "kube-scheduler",
            config,
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--cert-dir={files.folder}/scheduler",
        )
        self.wait("docker-registry", lambda: _answers(f"http://{REGISTRY}/v2/"))
        images.push(engine.find(), images.PAUSE_TAG, PAUSE)
        self.wait("containerd", lambda: (files.folder / "containerd.sock").exists())
        self.start(
            "kubelet",
            config,
            f"--config={files.folder}/kubelet.yaml",
            f"--hostname-override={NODE}",
            f"--node-ip={ADDRESS}",
            f"--root-dir={files.folder}/kubelet",
            f"--cert-dir={files.folder}/kubelet-pki",
        )
        self.start("kube-proxy", f"--config={files.folder}/kube-proxy.yaml")
        self.wait("kubelet", self._node_ready)

    def start(self, program: str, *arguments: str) -> None:
        with self.files.log(program).open("wb") as log:
            self._running[program] = subprocess.Popen(
                [program, *arguments], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def wait(self, program: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not ready():
            for name, process in self._running.items():
                if process.poll() is not None:
                    raise NodeError(f"{name} ended with {process.returncode}:\n{self._tail(name)}")
            if time.monotonic() > deadline:
                raise NodeError(f"{program} is not ready after {WAIT_S:g} s:\n{self._tail(program)}")
            time.sleep(0.1)

    def _tail(self, program: str) -> str:
        lines = self.files.log(program).read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL:])

    def _api_ready(self) -> bool:
        return self._ask("/readyz") == b"ok"

    def _node_ready(self) -> bool:
        said = self._ask(f"/api/v1/nodes/{NODE}")
        conditions = json.loads(said)["status"].get("conditions") or [] if said else []
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def _ask(self, path: str) -> bytes | None:
        pki = self.files.certificates.file
        context = ssl.create_default_context(cafile=str(pki("ca.crt")))
        context.load_cert_chain(pki("admin.crt"), pki("admin.key"))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(f"https://127.0.0.1:{API_PORT}{path}", timeout=5) as answer:
                return answer.read()
        except OSError:
            return None


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _put(store: str, key: str) -> None:
    content = json.dumps({"key": base64.b64encode(key.encode()).decode(), "value": ""}).encode()
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"{store}/v3/kv/put", content, timeout=5
    )


def prepare(folder: Path) -> None:
    """The namespace's own mounts, addresses and kernel settings."""

    def run(*line: str) -> None:
        subprocess.run(line, check=True, env={**os.environ, "PATH": PATH})

    run("mount", "--make-rprivate", "/")
    for name, value in KERNEL.items():
        file = folder / name.replace("/", "-")
        file.write_text(f"{value}\n")
        run("mount", "--bind", str(file), f"/proc/sys/{name}")
    for place in ("/run", "/var/log"):
        run("mount", "-t", "tmpfs", "tmpfs", place)
    Path("/run/lock").mkdir()
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "address", "add", f"{ADDRESS}/24", "dev", "br0")
    run("ip", "link", "set", "br0", "up")
    run("ip", "route", "add", "default", "dev", "br0")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def main() -> int:
    """FOLDER CGROUP WHAT COMMAND...: the command's exit code. WHAT: node, or control-plane alone."""
    folder, cgroup, what, *command = sys.argv[1:]
    began = time.monotonic()
    prepare(Path(folder))
    names = build.CONTROL_PLANE if what == "control-plane" else (*build.CONTROL_PLANE, *build.NODE)
    node = Node(Path(folder) / "node", build.programs(*names), cgroup)
    try:
        node.control_plane()
        if what == "node":
            node.node()
    except NodeError as error:
        print(f"Kubernetes does not start here: {error}", file=sys.stderr)
        return 1
    print(f"  Kubernetes {build.version()} is ready after {time.monotonic() - began:.1f} s", file=sys.stderr)
    return subprocess.run(command, env=node.environment).returncode


if __name__ == "__main__":
    sys.exit(main())
