"""How a scenario is written: the objects that it sends, the paths that it asks, its namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.emulator.kubernetes.behaviours import Step

Object = dict[str, Any]
IMAGE = "registry.azurecr.io/app@sha256:" + "0" * 64
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    about: str
    needs: str
    steps: tuple[Step, ...]


def named(kind: str, name: str, **more: Any) -> Object:
    versions = {
        "Deployment": "apps/v1",
        "HorizontalPodAutoscaler": "autoscaling/v2",
        "PodDisruptionBudget": "policy/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
    }
    return {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": {"name": name}, **more}


def container(**more: Any) -> Object:
    return {"name": "app", "image": IMAGE, **more}


def safe(**more: Any) -> Object:
    """A container that `restricted` lets through."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return container(securityContext=security, **more)


def deployment(name: str, one: Object | None = None, pod: Object | None = None, **spec: Any) -> Object:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [one or container()], **(pod or {})},
    }
    selector = {"matchLabels": {"app": name}}
    return named("Deployment", name, spec={"selector": selector, "template": template, **spec})


def pod(name: str, one: Object | None = None, **spec: Any) -> Object:
    return named("Pod", name, spec={"containers": [one or container()], "serviceAccountName": "sa", **spec})


def service(name: str, *ports: Object, **spec: Any) -> Object:
    return named("Service", name, spec={"selector": {"app": name}, "ports": list(ports), **spec})


def budget(name: str, **spec: Any) -> Object:
    return named("PodDisruptionBudget", name, spec={"selector": {"matchLabels": {"app": name}}, **spec})


def scaler(name: str, **spec: Any) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return named("HorizontalPodAutoscaler", name, spec={"scaleTargetRef": target, **spec})


PLURALS = {
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies",
    "Service": "/api/v1/namespaces/{ns}/services",
    "ServiceAccount": "/api/v1/namespaces/{ns}/serviceaccounts",
    "Pod": "/api/v1/namespaces/{ns}/pods",
    "ConfigMap": "/api/v1/namespaces/{ns}/configmaps",
    "Namespace": "/api/v1/namespaces",
}


def scenario(
    name: str, about: str, make: Callable[[str], Iterable[Step]], needs: str = "api", **labels: str
) -> Scenario:
    """The steps of `make(namespace)` after those that make namespace and service account."""
    ns = f"recorded-{name}"
    first = (
        Step(
            "namespace",
            "POST",
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns, "labels": labels}},
        ),
        Step("account", "POST", at_("ServiceAccount", ns), named("ServiceAccount", "sa")),
    )
    return Scenario(name, about, needs, (*first, *make(ns)))


def at_(kind: str, ns: str, name: str = "") -> str:
    path = PLURALS[kind].format(ns=ns)
    return f"{path}/{name}" if name else path
