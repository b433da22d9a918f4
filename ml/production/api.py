"""Requests to a Kubernetes API server by the official client, and what its refusals mean."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Object = dict[str, Any]
FIELD_MANAGER: Final = "mlops"
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
TIMEOUT: Final = (20.0, 60.0)  # seconds to connect, and for an answer
# A server that is busy or just starting; what is asked here may be asked twice.
PASSING: Final = frozenset({429, 502, 503, 504})
ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """Where objects of a kind are: the group's path, and the plural of its name."""

    group: str
    plural: str
    namespaced: bool = True


KINDS: Final[Mapping[str, Kind]] = {
    "Namespace": Kind("/api/v1", "namespaces", namespaced=False),
    "ServiceAccount": Kind("/api/v1", "serviceaccounts"),
    "Service": Kind("/api/v1", "services"),
    "Pod": Kind("/api/v1", "pods"),
    "Event": Kind("/api/v1", "events"),
    "Deployment": Kind("/apis/apps/v1", "deployments"),
    "ReplicaSet": Kind("/apis/apps/v1", "replicasets"),
    "HorizontalPodAutoscaler": Kind("/apis/autoscaling/v2", "horizontalpodautoscalers"),
    "PodDisruptionBudget": Kind("/apis/policy/v1", "poddisruptionbudgets"),
    "NetworkPolicy": Kind("/apis/networking.k8s.io/v1", "networkpolicies"),
}


def path_of(kind: str, namespace: str, name: str = "", part: str = "") -> str:
    """The path of an object, of one of its parts (as `scale`, `log`), or of all of its kind."""
    row = KINDS[kind]
    inside = f"/namespaces/{namespace}" if row.namespaced else ""
    return f"{row.group}{inside}/{row.plural}" + "".join(f"/{word}" for word in (name, part) if word)


class RefusedError(Exception):
    """The API server's answer to what it does not do: status code, and its `Status` object."""

    def __init__(self, code: int, status: Object) -> None:
        self.code, self.status = code, status
        self.reason = str(status.get("reason") or "")
        self.message = str(status.get("message") or "").strip()
        super().__init__(f"{code} {self.reason}: {self.message}")

    @property
    def causes(self) -> list[Object]:
        return list((self.status.get("details") or {}).get("causes") or [])


class Api:
    """One cluster. Answers are the server's JSON, as it is.

    where: its name for people. attempts: how often a request is made whose refusal passes.
    """

    def __init__(self, client: "ApiClient", where: str, attempts: int = ATTEMPTS) -> None:
        self.client, self.where, self._attempts = client, where, attempts

    def get(self, path: str, **query: str) -> Object | None:
        """The object at a path; None when there is none."""
        try:
            return self.send("GET", path, query)
        except RefusedError as error:
            if error.code == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Object]:
        return list(self.send("GET", path, query).get("items") or [])

    def text(self, path: str, **query: str) -> str:
        return self._ask("GET", path, query, None, None)

    def apply(self, path: str, manifest: Object, *, dry_run: bool = False) -> Object:
        """Server-side apply. No field is taken from whoever else set it: that is refused, as Conflict."""
        query = {"fieldManager": FIELD_MANAGER, "force": "false", "fieldValidation": "Strict"}
        return self.send("PATCH", path, query | ({"dryRun": "All"} if dry_run else {}), manifest, APPLY)

    def patch(self, path: str, change: Object) -> Object:
        return self.send("PATCH", path, {"fieldManager": FIELD_MANAGER}, change, MERGE)

    def delete(self, path: str, **query: str) -> bool:
        """Whether there was something. What belongs to it goes as well, a moment later."""
        try:
            self._ask("DELETE", path, {"propagationPolicy": "Background", **query}, None, None)
        except RefusedError as error:
            if error.code == 404:
                return False
            raise
        return True

    def send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content: str | None = None,
    ) -> Object:
        """One request. Raises RefusedError, or MlopsError where nobody answers."""
        return json.loads(self._ask(method, path, query, body, content))

    def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: Object | None, content: str | None
    ) -> str:
        attempt = 1
        while True:
            code, text = self._once(method, path, query, body, content)
            if 200 <= code < 300:
                return text
            if code in PASSING and attempt < self._attempts:
                time.sleep(0.5 * 2**attempt)
                attempt += 1
                continue
            raise RefusedError(code, _status(text))

    def _once(
        self, method: str, path: str, query: Mapping[str, str], body: Object | None, content: str | None
    ) -> tuple[int, str]:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        client: Any = self.client
        headers = {"Accept": "application/json"} | ({"Content-Type": content} if content else {})
        try:
            request = client.param_serialize(
                method,
                path,
                query_params=list(query.items()),
                header_params=headers,
                # The client writes JSON by itself, except for the content type of server-side apply.
                body=json.dumps(body) if content == APPLY else body,
                auth_settings=["BearerToken"],
            )
            answer = client.call_api(*request, _request_timeout=TIMEOUT)
            return answer.status, answer.read().decode()
        except (HTTPError, ApiException) as error:
            raise MlopsError(
                f"The API server of {self.where} cannot be reached.",
                "It is private: run the command inside the network. Else see what its words name.",
                [line for line in str(error).splitlines() if line.strip()][:4],
            ) from error


def _status(text: str) -> Object:
    try:
        found = json.loads(text)
    except ValueError:
        return {"message": text[:500]}
    if not isinstance(found, dict) or found.get("kind") != "Status":  # somebody on the way answered
        return {"message": text[:500]}
    return found
