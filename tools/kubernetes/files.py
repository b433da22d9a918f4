"""The settings of the node's programs, written into its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.kubernetes.certificates import Certificates

NODE = "node1"
ADDRESS = "10.250.0.1"  # of the node, on a bridge in its private namespace
SERVICES = "10.96.0.0/16"
PODS = "10.244.0.0/24"
API_PORT, ETCD_PORT, ETCD_PEERS, REGISTRY_PORT = 26443, 23790, 23800, 5500
REGISTRY = f"127.0.0.1:{REGISTRY_PORT}"
PAUSE = f"{REGISTRY}/pause:1"


@dataclass(frozen=True, slots=True)
class Files:
    """Where everything of one node lies: all of it goes with `folder`. cgroup: the parent of its pods'."""

    folder: Path
    certificates: Certificates
    cgroup: str

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def log(self, program: str) -> Path:
        return self.folder / f"{program}.log"

    def write(self) -> None:
        self._json("kubeconfig", self._kubeconfig())
        self._json("kubelet.yaml", self._kubelet())
        self._json("kube-proxy.yaml", self._kube_proxy())
        self._json("cni/10-bridge.conflist", self._cni())
        self._json("registry.yml", self._registry())
        self._text("containerd.toml", self._containerd())
        self._text(
            f"certs.d/{REGISTRY}/hosts.toml",
            f'server = "http://{REGISTRY}"\n'
            f'[host."http://{REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n',
        )

    def _text(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _json(self, name: str, content: dict[str, Any]) -> None:
        """JSON is YAML."""
        self._text(name, json.dumps(content, indent=1))

    def _kubeconfig(self) -> dict[str, Any]:
        file = self.certificates.file
        cluster = {
            "server": f"https://127.0.0.1:{API_PORT}",
            "certificate-authority": str(file("ca.crt")),
        }
        user = {"client-certificate": str(file("admin.crt")), "client-key": str(file("admin.key"))}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
            "current-context": "tests",
        }

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(self.certificates.file("ca.crt"))},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "address": ADDRESS,
            "healthzBindAddress": "127.0.0.1",
            # Control groups of the first version too, and a machine whose kernel settings are not ours.
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failCgroupV1": False,
            "featureGates": {"KubeletInUserNamespace": True},
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "localStorageCapacityIsolation": False,
            "oomScoreAdj": 0,
            "maxOpenFiles": 20000,
            "evictionHard": {
                "memory.available": "100Mi",
                "nodefs.available": "1%",
                "imagefs.available": "1%",
            },
            "podLogsDir": str(self.folder / "podlogs"),
            "containerRuntimeEndpoint": f"unix://{self.folder}/containerd.sock",
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            # Often enough for tests: the usual values are 10 s and 20 s.
            "nodeStatusUpdateFrequency": "2s",
            "syncFrequency": "10s",
            # Else each test waits for backoffs that begin at 10 s and end at 5 minutes.
            "crashLoopBackOff": {"maxContainerRestartPeriod": "5s"},
        }

    def _kube_proxy(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clusterCIDR": PODS,
            "clientConnection": {"kubeconfig": str(self.kubeconfig)},
            "hostnameOverride": NODE,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "conntrack": {"maxPerCore": 0, "min": 0},
            "oomScoreAdj": 0,
        }

    def _cni(self) -> dict[str, Any]:
        ranges = [[{"subnet": PODS}]]
        bridge = {
            "type": "bridge",
            "bridge": "cni0",
            "isGateway": True,
            "ipMasq": False,
            "hairpinMode": True,
            "ipam": {
                "type": "host-local",
                "ranges": ranges,
                "routes": [{"dst": "0.0.0.0/0"}],
                "dataDir": str(self.folder / "addresses"),
            },
        }
        ports = {"type": "portmap", "capabilities": {"portMappings": True}}
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}

    def _registry(self) -> dict[str, Any]:
        return {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "registry")}},
            "http": {"addr": REGISTRY},
            "log": {"level": "warn"},
        }

    def _containerd(self) -> str:
        here = self.folder
        return f"""version = 2
root = "{here}/containerd/root"
state = "{here}/containerd/state"
[grpc]
  address = "{here}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{here}/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{here}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{here}/certs.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""
