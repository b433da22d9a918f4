"""The cluster of production: its revisions, made, watched and removed by the official client."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ml.errors import MlopsError
from ml.production import manifests, refusals
from ml.production.api import Api, Object, RefusedError, path_of
from ml.production.credentials import connect
from ml.production.manifests import Manifest
from ml.production.reasons import Reason, current_pods, events, log_tail, reasons, seen
from ml.production.values import ACCOUNT, Values
from ml.release.revision import release_of
from ml.terminal.console import Report

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Answer = TypeVar("Answer")
SELECTOR = "app.kubernetes.io/name=scoring"
ADDRESS_SECONDS = 300.0  # Azure makes a load balancer's address in one to two minutes
# In the order in which a revision goes: nothing scales or protects it any more, then nobody asks it.
PARTS = ("HorizontalPodAutoscaler", "PodDisruptionBudget", "Service", "Deployment")


@dataclass(frozen=True, slots=True)
class Revision:
    """ready: pods that answer. wanted: pods that there should be; 0 while it rests."""

    name: str
    release: str
    ready: int
    wanted: int


class Cluster:
    """One namespace of one cluster. poll_seconds: between two looks at what is on its way."""

    def __init__(
        self,
        api: Api,
        report: Report,
        poll_seconds: float = 1.0,
        root: Path | None = None,
        namespace: str = ACCOUNT.namespace,
    ) -> None:
        self._api, self._report, self._poll, self._root = api, report, poll_seconds, root
        self._namespace = namespace

    @classmethod
    def of(cls, azure: "Azure", root: Path | None = None) -> "Cluster":
        """The cluster of an estate, signed in to as whoever runs this. Raises MlopsError."""
        return cls(connect(azure), azure.report, azure.settings.azure.poll_seconds, root)

    def apply(self, values: Values) -> None:
        """Make the revision what the values say; safe to do again. Raises MlopsError with the server's words.

        What does not change is not written. A revision that rests, or is new, gets its least number of pods.
        """
        for manifest in manifests.shared(values, self._root):
            if not self._holds(manifest):
                self._apply(manifest)
        for manifest in manifests.revision(values, self._root):
            self._apply(manifest)
        if self._deployment(values.revision)["spec"].get("replicas", 1) < values.replicas.minimum:
            self.scale(values.revision, values.replicas.minimum)

    def dry_run(self, values: Values) -> None:
        """Ask the API server whether it would take the manifests; changes nothing. Raises MlopsError."""
        for manifest in manifests.render(values, self._root):
            self._apply(manifest, dry_run=True)

    def wait_ready(self, revision: str, seconds: float) -> None:
        """Wait until all pods of the revision's newest template answer.

        Raises MlopsError with the pods' own reason: at once when waiting does not help, else after `seconds`.
        """
        deadline, told = time.monotonic() + seconds, ""
        while True:
            deployment = self._deployment(revision)
            state = rollout(deployment)
            if state.wanted == 0:
                raise MlopsError(
                    f"The revision {revision} rests: it is scaled to 0.", "Apply it again, or scale it."
                )
            if state.done:
                return
            if (line := f"{state.available} of {state.wanted} pods are ready") != told:
                told = line
                self._report.line(line)
            found = self._try(
                "pods", lambda deployment=deployment: reasons(self._api, self._namespace, deployment)
            )
            late = time.monotonic() > deadline
            if late or (found and found[0].hopeless):
                raise self._stuck(revision, deployment, found, seconds if late else None)
            time.sleep(self._poll)

    def address(self, revision: str, seconds: float = ADDRESS_SECONDS) -> str:
        """The internal load balancer's address, as in 10.30.8.7. Raises MlopsError after `seconds`."""
        deadline = time.monotonic() + seconds
        path = path_of("Service", self._namespace, revision)
        while True:
            service = self._try(f"Service {revision}", lambda: self._api.get(path))
            if service is None:
                raise self._unknown(revision)
            given = (service.get("status", {}).get("loadBalancer") or {}).get("ingress") or []
            if given and given[0].get("ip"):
                return str(given[0]["ip"])
            if time.monotonic() > deadline:
                words = self._try("events", lambda: events(self._api, self._namespace, "Service", revision))
                raise MlopsError(
                    f"The Service {revision} has no address after {seconds:g} s.",
                    "Has the subnet free addresses, and the cluster's identity Network Contributor on it?",
                    [f"{reason}: {text}" for reason, text in words],
                )
            time.sleep(self._poll)

    def revisions(self) -> list[Revision]:
        """What there is, by name. Empty where nothing was released."""
        found = self._try(
            "Deployments",
            lambda: self._api.items(path_of("Deployment", self._namespace), labelSelector=SELECTOR),
        )
        return sorted((_revision(one) for one in found), key=lambda one: one.name)

    def scale(self, revision: str, n: int) -> None:
        """Set the number of pods; with 0 the revision rests, and its autoscaler leaves it alone."""
        path = path_of("Deployment", self._namespace, revision, "scale")
        self._try(f"the scale of {revision}", lambda: self._api.patch(path, {"spec": {"replicas": n}}))

    def delete(self, revision: str) -> None:
        """Remove a revision; what is gone already is no error. Its pods finish what they have."""
        release_of(revision)  # nothing else of the namespace is ever removed
        for kind in PARTS:
            path = path_of(kind, self._namespace, revision)
            self._try(f"{kind} {revision}", lambda path=path: self._api.delete(path))

    def _holds(self, manifest: Manifest) -> bool:
        """Whether the object is there and has all that the manifest says.

        So whoever releases needs no right to change a namespace that is as it should be.
        """
        there = self._try(_title(manifest), lambda: self._api.get(self._path(manifest)))
        return there is not None and covers(there, manifest)

    def _apply(self, manifest: Manifest, *, dry_run: bool = False) -> None:
        path = self._path(manifest)
        self._try(_title(manifest), lambda: self._api.apply(path, manifest, dry_run=dry_run))

    def _path(self, manifest: Manifest) -> str:
        return path_of(manifest["kind"], self._namespace, manifest["metadata"]["name"])

    def _deployment(self, revision: str) -> Object:
        path = path_of("Deployment", self._namespace, revision)
        found = self._try(f"Deployment {revision}", lambda: self._api.get(path))
        if found is None:
            raise self._unknown(revision)
        return found

    def _unknown(self, revision: str) -> MlopsError:
        known = ", ".join(one.name for one in self.revisions()) or "none"
        return MlopsError(
            f"There is no revision {revision} in the cluster {self._api.where}.",
            f"There are: {known}. `mlops promote` makes one.",
        )

    def _stuck(
        self, revision: str, deployment: Object, found: list[Reason], seconds: float | None
    ) -> MlopsError:
        state = rollout(deployment)
        when = "" if seconds is None else f" after {seconds:g} s"
        first = found[0] if found else None
        problem = f"The revision {revision} is not ready{when}: {state.available} of {state.wanted} pods are."
        details = list(dict.fromkeys(map(str, found)))
        for pod in current_pods(self._api, self._namespace, deployment)[:1]:
            statuses: list[Object] = pod.get("status", {}).get("containerStatuses") or []
            running = any("running" in (one.get("state") or {}) for one in statuses)
            restarted = any(one.get("restartCount") for one in statuses)
            if running or restarted:
                # Of a container that waits for its next start, the log is that of the last one.
                name, previous = str(pod["metadata"]["name"]), running and restarted
                details += log_tail(self._api, self._namespace, name, previous=previous)
        return MlopsError(
            problem, first.remedy if first else "Look at the cluster's events: no pod was made.", details
        )

    def _try(self, what: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except RefusedError as error:
            raise refusals.told(error, what, self._api.where) from error


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a Deployment is: as `kubectl rollout status` sees it."""

    wanted: int
    available: int
    done: bool


def rollout(deployment: Object) -> Rollout:
    status = deployment.get("status") or {}
    wanted = int(deployment["spec"].get("replicas", 1))
    updated, total = int(status.get("updatedReplicas") or 0), int(status.get("replicas") or 0)
    available = int(status.get("availableReplicas") or 0)
    done = seen(deployment) and updated >= wanted and total <= updated and available >= updated
    return Rollout(wanted, available, done)


def _revision(deployment: Object) -> Revision:
    name = str(deployment["metadata"]["name"])
    ready = int((deployment.get("status") or {}).get("readyReplicas") or 0)
    return Revision(name, release_of(name), ready, int(deployment["spec"].get("replicas", 1)))


def covers(there: Any, wanted: Any) -> bool:
    """Whether an object has all that a manifest says; what is beside that is not looked at."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            key in there and covers(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(covers(one, other) for one, other in zip(there, wanted, strict=True))
        )
    return bool(there == wanted)


def _title(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"
