"""What a pod may ask of a node that processes on loopback cannot have: refused by its name."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.kubernetes.errors import NotServed
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]
VOLUMES: Final = frozenset({"name", "emptyDir", "configMap", "secret", "projected", "downwardAPI"})
LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # volumes and containers become folders
PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")
HOST: Final = ("hostNetwork", "hostPID", "hostIPC")


def refusals(spec: Json) -> list[str]:
    """The fields of a pod's spec that are not emulated, each with its path."""
    found = [
        f"spec.{name}"
        for name in ("initContainers", "ephemeralContainers", "runtimeClassName")
        if spec.get(name)
    ]
    found += [f"spec.{name}" for name in HOST if spec.get(name)]
    for index, volume in enumerate(spec.get("volumes") or []):
        found += [] if LABEL.fullmatch(str(volume.get("name"))) else [f"spec.volumes[{index}].name"]
        found += [f"spec.volumes[{index}].{kind}" for kind in volume if kind not in VOLUMES]
    for index, container in enumerate(spec.get("containers") or []):
        found += [] if LABEL.fullmatch(str(container.get("name"))) else [f"spec.containers[{index}].name"]
        found += [f"spec.containers[{index}].{name}" for name in _of_container(container)]
    return found


def refuse(objects: Objects, pod: Json) -> None:
    """Called with each pod that is to be new: 501 for one that would not run here as it says."""
    if found := refusals(pod["spec"]):
        raise NotServed(f"pod {pod['metadata']['name']} with {', '.join(found)}")


def _of_container(container: Json) -> list[str]:
    found = [name for name in ("volumeDevices", "stdin", "tty", "resizePolicy") if container.get(name)]
    if len([one for one in container.get("ports") or [] if one.get("protocol", "TCP") == "TCP"]) > 1:
        found.append("ports[1]: one port follows the variable PORT")
    for index, port in enumerate(container.get("ports") or []):
        found += [f"ports[{index}].hostPort"] if port.get("hostPort") else []
        if port.get("protocol", "TCP") != "TCP":
            found.append(f"ports[{index}].protocol {port['protocol']}")
    for name in PROBES:
        probe: Json = container.get(name) or {}
        found += [f"{name}.{kind}" for kind in ("exec", "grpc") if probe.get(kind)]
        if str((probe.get("httpGet") or {}).get("scheme") or "HTTP").upper() != "HTTP":
            found.append(f"{name}.httpGet.scheme {probe['httpGet']['scheme']}")
    hooks: Json = container.get("lifecycle") or {}
    found += ["lifecycle.postStart"] if hooks.get("postStart") else []
    found += [
        f"lifecycle.preStop.{kind}"
        for kind in ("exec", "tcpSocket")
        if (hooks.get("preStop") or {}).get(kind)
    ]
    security: Json = container.get("securityContext") or {}
    found += ["securityContext.privileged"] if security.get("privileged") else []
    return found
