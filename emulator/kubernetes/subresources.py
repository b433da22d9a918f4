"""What is asked of an object beside itself: its scale, its log, its eviction, a token, its node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, Final, cast

from emulator.http import Request, Response
from emulator.kubernetes import eviction, patches, requests, schema, serviceaccounts
from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.errors import Cause, NotServed, bad_request, conflict, invalid, not_allowed
from emulator.kubernetes.kinds import Kind
from emulator.kubernetes.logs import Logs
from emulator.kubernetes.metadata import timestamp
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.requests import Target
from emulator.kubernetes.selectors import shown
from emulator.kubernetes.verbs import Verbs

SCALE: Final = "io.k8s.api.autoscaling.v1.Scale"
REQUESTED: Final = "io.k8s.api.authentication.v1.TokenRequest"
EVICTION: Final = "io.k8s.api.policy.v1.Eviction"
BINDING: Final = "io.k8s.api.core.v1.Binding"
SCALES: Final = Kind("Scale", "autoscaling", "v1", "scales", SCALE)
TOKENS: Final = Kind("TokenRequest", "authentication.k8s.io", "v1", "tokenrequests", REQUESTED)
TAIL_S: Final = 0.2  # between two looks at a log that is followed
UNKNOWN_OF_LOGS: Final = ("sinceTime", "sinceSeconds", "timestamps", "stream")

Json = dict[str, Any]


class Subresources:
    """One request to a subresource."""

    def __init__(
        self,
        request: Request,
        cluster: Cluster,
        aim: Target,
        verbs: Verbs,
        logs: Logs,
        signer: Callable[[Json], str],
    ) -> None:
        """signer: makes a token of claims"""
        self._request = request
        self._cluster = cluster
        self._objects: Objects = cluster.objects
        self._aim = aim
        self._verbs = verbs
        self._logs = logs
        self._sign = signer

    def answer(self) -> Response:
        """What the method and the subresource ask for."""
        match self._request.method, self._aim.subresource:
            case "GET", "scale":
                self._verbs.require("get")
                return Response.json(_scale(self._aim, self._object()))
            case "PUT", "scale":
                self._verbs.require("update")
                given, _ = schema.read(SCALE, requests.document(self._request))
                return self._scaled(given)
            case "PATCH", "scale":
                self._verbs.require("patch")
                return self._patch_scale()
            case "GET", "log":
                self._verbs.require("get")
                return self._log()
            case "POST", "eviction":
                self._verbs.require("create")
                return self._evict()
            case "POST", "token":
                self._verbs.require("create")
                return self._token()
            case "POST", "binding":
                self._verbs.require("create")
                return self._bind()
            case _:
                raise not_allowed()

    def _object(self) -> Json:
        aim = self._aim
        return self._objects.get(aim.kind.kind, aim.namespace, aim.name)

    # scale

    def _patch_scale(self) -> Response:
        kind = requests.media_type(self._request)
        if kind == "application/apply-patch+yaml":
            raise NotServed(f"Kubernetes: server-side apply of {self._aim.kind.plural}/scale")
        change = requests.body(self._request)
        with self._objects.together():
            held = _scale(self._aim, self._object())
            if kind == "application/json-patch+json":
                made = patches.json_patch(held, change)
            elif isinstance(change, dict):
                made = patches.merge_patch(held, cast(Json, change))
            else:
                raise bad_request("error decoding patch: the patch is no object")
            return self._scaled(schema.read(SCALE, made)[0])

    def _scaled(self, given: Json) -> Response:
        aim, wanted = self._aim, int((given.get("spec") or {}).get("replicas") or 0)
        if wanted < 0:
            message = f"Invalid value: {wanted}: must be greater than or equal to 0"
            raise invalid(SCALES, aim.name, [Cause("FieldValueInvalid", "spec.replicas", message)])
        with self._objects.together():
            held = self._object()
            if version := (given.get("metadata") or {}).get("resourceVersion"):
                held["metadata"]["resourceVersion"] = version
            held["spec"]["replicas"] = wanted
            return Response.json(_scale(aim, self._verbs.write(held, "scale")))

    # log

    def _log(self) -> Response:
        query = self._request.query
        pod = self._object()
        container = self._container(pod)
        for name in UNKNOWN_OF_LOGS:
            if query.get(name.lower()) not in (None, "", "false", "All"):
                raise NotServed(f"Kubernetes: logs with {name}")
        previous = requests.flag(self._request, "previous")
        found = self._logs.log(
            self._cluster, self._aim.namespace, self._aim.name, container, previous=previous
        )
        if found is None or not found.exists():
            raise bad_request(_no_log(pod, container, previous=previous))
        lines, most = (
            requests.number(self._request, "taillines"),
            requests.number(self._request, "limitbytes"),
        )
        head = {"content-type": "text/plain"}
        start, text = _tail(found, lines, most)
        if not requests.flag(self._request, "follow"):
            return Response(200, head, text)
        return Response(200, head, stream=lambda: self._follow(found, start, container))

    def _container(self, pod: Json) -> str:
        wanted = self._request.query.get("container", "")
        spec = pod["spec"]
        names = [str(one["name"]) for one in spec.get("containers") or []]
        every = [str(one["name"]) for one in spec.get("initContainers") or []] + names
        if wanted:
            if wanted not in every:
                raise bad_request(f"container {wanted} is not valid for pod {self._aim.name}")
            return wanted
        if len(names) != 1:
            raise bad_request(
                f"a container name must be specified for pod {self._aim.name}, choose one of: "
                f"[{' '.join(names)}]"
            )
        return names[0]

    async def _follow(self, path: Path, at: int, container: str) -> AsyncGenerator[bytes]:
        """What is written from now on, until the container has ended."""
        while True:
            over = self._over(container)
            data = await asyncio.to_thread(_read, path, at)
            at += len(data)
            if data:
                yield data
            elif over:
                return
            else:
                await asyncio.sleep(TAIL_S)

    def _over(self, container: str) -> bool:
        pod = self._objects.find("Pod", self._aim.namespace, self._aim.name)
        if pod is None:
            return True
        found: list[Json] = (pod.get("status") or {}).get("containerStatuses") or []
        state = next((one.get("state") or {} for one in found if one.get("name") == container), {})
        return "running" not in state

    # the others

    def _evict(self) -> Response:
        given, _ = schema.read(EVICTION, requests.document(self._request))
        if (given.get("metadata") or {}).get("name", self._aim.name) != self._aim.name:
            raise bad_request("name in URL does not match name in Eviction object")
        eviction.evict(
            self._objects,
            self._aim.namespace,
            self._aim.name,
            given.get("deleteOptions") or {},
            dry_run=requests.dry_run(self._request),
        )
        return _done()

    def _token(self) -> Response:
        given, _ = schema.read(REQUESTED, requests.document(self._request))
        account, spec = self._object(), cast(Json, given.get("spec") or {})
        seconds = int(spec.get("expirationSeconds") or serviceaccounts.LIFETIME_S)
        if seconds < serviceaccounts.SHORTEST_S:
            message = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            raise invalid(TOKENS, "", [Cause("FieldValueInvalid", "spec.expirationSeconds", message)])
        if spec.get("boundObjectRef"):
            raise NotServed("Kubernetes: a TokenRequest with boundObjectRef")
        audiences = [str(one) for one in spec.get("audiences") or []]
        claims = serviceaccounts.claims(self._cluster, account, audiences, seconds)
        spec |= {"audiences": claims["aud"], "expirationSeconds": seconds}
        body = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": self._aim.name,
                "namespace": self._aim.namespace,
                "creationTimestamp": timestamp(),
            },
            "spec": spec,
            "status": {"token": self._sign(claims), "expirationTimestamp": timestamp(seconds)},
        }
        return Response.json(body, 201)

    def _bind(self) -> Response:
        given, _ = schema.read(BINDING, requests.document(self._request))
        name = str((given.get("target") or {}).get("name", ""))

        def bound(pod: Json) -> None:
            held = pod["spec"].get("nodeName")
            if held:
                raise conflict(
                    self._aim.kind,
                    self._aim.name,
                    f'pod {self._aim.name} is already assigned to node "{held}"',
                )
            pod["spec"]["nodeName"] = name

        if not name:
            raise bad_request("target.name: Required value")
        if not requests.dry_run(self._request):
            self._objects.change(
                "Pod",
                self._aim.namespace,
                self._aim.name,
                bound,
                "binding",
                manager=requests.manager(self._request),
            )
        return _done()


def _done() -> Response:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
    return Response.json(body, 201)


def _scale(aim: Target, held: Json) -> Json:
    meta = held["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: meta[name] for name in kept if name in meta},
        "spec": {"replicas": wanted} if (wanted := held["spec"].get("replicas", 0)) else {},
        "status": {
            "replicas": (held.get("status") or {}).get("replicas", 0),
            "selector": shown(held["spec"].get("selector")),
        },
    }


def _no_log(pod: Json, container: str, *, previous: bool) -> str:
    name = pod["metadata"]["name"]
    if previous:
        return f'previous terminated container "{container}" in pod "{name}" not found'
    found: list[Json] = (pod.get("status") or {}).get("containerStatuses") or []
    state = next((one.get("state") or {} for one in found if one.get("name") == container), {})
    reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
    return f'container "{container}" in pod "{name}" is waiting to start: {reason}'


def _tail(path: Path, lines: int | None, most: int | None) -> tuple[int, bytes]:
    """Where the asked-for end of a log begins, and the end itself."""
    data = path.read_bytes()
    start = 0
    if lines is not None:
        kept = data.splitlines(keepends=True)
        start = sum(len(one) for one in kept[: max(len(kept) - lines, 0)])
    text = data[start:]
    return start, text if most is None else text[:most]


def _read(path: Path, at: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(at)
        return file.read(1 << 20)
