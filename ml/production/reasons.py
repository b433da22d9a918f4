"""Why a revision is not ready, in Kubernetes' own words: what its Deployment, pods and events say."""

from dataclasses import dataclass
from typing import Any, Final

from ml.production.api import Api, Object, RefusedError, path_of

NUMBER: Final = "deployment.kubernetes.io/revision"  # of the template, counted by Kubernetes
HASH: Final = "pod-template-hash"
LOG_LINES: Final = 15
EVENTS: Final = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that stands in the way. hopeless: waiting does not mend it."""

    where: str
    what: str
    message: str
    remedy: str
    hopeless: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f": {self.message}" if self.message else "")


_IMAGE = "Is the image in production's registry, and may the cluster's kubelet identity pull it (AcrPull)?"
_LOG = "Correct what the end of its log names."
_MANIFEST = "Correct the manifest in environments/kubernetes, or the value."


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a reason of a waiting container means. restarts: from how many on it is hopeless; None: never."""

    remedy: str
    restarts: int | None = None


# The reasons that kubelet gives (pkg/kubelet/images/types.go, pkg/kubelet/container, pkg/kubelet/kuberuntime,
# Kubernetes 1.36). Pulling fails once for a passing cause: only the backoff after it counts.
WAITING: Final[dict[str, Waiting]] = {
    "ImagePullBackOff": Waiting(_IMAGE, 0),
    "ErrImagePull": Waiting(_IMAGE),
    "ErrImageNeverPull": Waiting(_IMAGE, 0),
    "InvalidImageName": Waiting(_MANIFEST, 0),
    "CreateContainerConfigError": Waiting(_MANIFEST, 0),
    "CreateContainerError": Waiting(_MANIFEST),
    "RunContainerError": Waiting(_MANIFEST),
    "CrashLoopBackOff": Waiting(_LOG, 3),
}


def reasons(api: Api, namespace: str, deployment: Object) -> list[Reason]:
    """What stands in the way, the hopeless first; empty when nothing is to be seen (yet)."""
    if not seen(deployment):
        return []  # all that is told is about what was applied before
    found = _of_the_deployment(deployment)
    for pod in current_pods(api, namespace, deployment):
        found += _of_the_pod(api, namespace, pod)
    return sorted(found, key=lambda reason: not reason.hopeless)


def seen(deployment: Object) -> bool:
    """Whether the controller knows of what was applied last."""
    told = int((deployment.get("status") or {}).get("observedGeneration") or 0)
    return told >= int(deployment["metadata"].get("generation") or 0)


def current_pods(api: Api, namespace: str, deployment: Object) -> list[Object]:
    """The pods of the template as it is now, without those that go.

    Those of another one say nothing: while a revision goes back, the newest pods are the ones to be rid of.
    """
    wanted: dict[str, str] = deployment["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{name}={value}" for name, value in wanted.items())
    number = (deployment["metadata"].get("annotations") or {}).get(NUMBER)
    sets = api.items(path_of("ReplicaSet", namespace), labelSelector=selector)
    current = {
        one["metadata"]["labels"].get(HASH)
        for one in sets
        if number is not None and (one["metadata"].get("annotations") or {}).get(NUMBER) == number
    }
    return [
        pod
        for pod in api.items(path_of("Pod", namespace), labelSelector=selector)
        if pod["metadata"]["labels"].get(HASH) in current and "deletionTimestamp" not in pod["metadata"]
    ]


def _of_the_deployment(deployment: Object) -> list[Reason]:
    name, found = f"Deployment {deployment['metadata']['name']}", list[Reason]()
    for condition in deployment.get("status", {}).get("conditions") or []:
        kind, status, message = condition["type"], condition["status"], str(condition.get("message") or "")
        if kind == "ReplicaFailure" and status == "True":
            # Pods that the API server does not take: Pod Security, a quota, an admission policy.
            found.append(Reason(name, str(condition.get("reason")), message, _MANIFEST, hopeless=True))
        if kind == "Progressing" and status == "False":
            found.append(Reason(name, str(condition.get("reason")), message, _LOG))
    return found


def _of_the_pod(api: Api, namespace: str, pod: Object) -> list[Reason]:
    name, status = str(pod["metadata"]["name"]), pod.get("status", {})
    where, found = f"Pod {name}", list[Reason]()
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            remedy = "Wait for the autoscaler's node, raise kubernetes.userNodes.maxNodes, or ask for less."
            words = str(condition.get("message") or "")
            found.append(Reason(where, str(condition.get("reason")), words, remedy))
    for container in status.get("containerStatuses") or []:
        found += _of_the_container(where, container)
        if not container.get("ready") and "running" in (container.get("state") or {}):
            found += _probes(api, namespace, name)
    return found


def _of_the_container(where: str, container: Object) -> list[Reason]:
    restarts = int(container.get("restartCount") or 0)
    waiting: Object = (container.get("state") or {}).get("waiting") or {}
    reason = str(waiting.get("reason") or "")
    found = list[Reason]()
    if row := WAITING.get(reason):
        hopeless = row.restarts is not None and restarts >= row.restarts
        found.append(Reason(where, reason, str(waiting.get("message") or ""), row.remedy, hopeless))
    ended: Object = (container.get("lastState") or {}).get("terminated") or {}
    if ended and not container.get("ready"):
        what = f"ended with {ended.get('exitCode')} ({ended.get('reason')}), {restarts} restarts"
        remedy = "Give it more memory." if ended.get("reason") == "OOMKilled" else _LOG
        found.append(Reason(where, what, str(ended.get("message") or ""), remedy))
    return found


def _probes(api: Api, namespace: str, pod: str) -> list[Reason]:
    words = [text for reason, text in events(api, namespace, "Pod", pod) if reason == "Unhealthy"]
    remedy = "Ask the pod's own log what /readyz waits for: Key Vault, a role, the model."
    return [Reason(f"Pod {pod}", "is not ready", text, remedy) for text in words[-1:]]


def events(api: Api, namespace: str, kind: str, name: str) -> list[tuple[str, str]]:
    """(reason, message) of the latest warnings about an object, the latest last."""
    selector = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
    found = api.items(path_of("Event", namespace), fieldSelector=selector)
    found.sort(key=_when)
    return [(str(one.get("reason")), str(one.get("message"))) for one in found[-EVENTS:]]


def _when(event: Object) -> str:
    times: tuple[Any, ...] = (event.get("lastTimestamp"), event.get("eventTime"))
    return str(next((one for one in times if one), event["metadata"].get("creationTimestamp") or ""))


def log_tail(api: Api, namespace: str, pod: str, *, previous: bool) -> list[str]:
    """The end of a pod's log; of the container before the present one with `previous`."""
    query = {"tailLines": str(LOG_LINES)} | ({"previous": "true"} if previous else {})
    try:
        return api.text(path_of("Pod", namespace, pod, "log"), **query).splitlines()
    except RefusedError as error:
        return [f"(its log cannot be read: {error.message})"]
