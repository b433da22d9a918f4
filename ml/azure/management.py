"""Writes to Azure Resource Manager, each in one request and with the ETag of what was read."""

import time
from typing import TYPE_CHECKING, Any

from ml.azure.pauses import pauses
from ml.errors import MlopsError, overtaken

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from ml.azure.clients import Azure

MANAGEMENT = "https://management.azure.com"
ANYHOW = "*"
LONGEST_SECONDS = 900.0  # of an operation that Azure goes on with after its answer
SUCCEEDED, GIVEN_UP = "Succeeded", ("Failed", "Canceled")  # the last states of an operation, or of a resource


class Management:
    """transport: azure-core's way to send; None for its own."""

    def __init__(self, azure: "Azure", api_version: str, transport: Any = None) -> None:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        sign_in = BearerTokenCredentialPolicy(azure.credential, f"{MANAGEMENT}/.default")
        self._azure, self._version = azure, api_version
        self._client: Any = PipelineClient(
            MANAGEMENT, policies=[RetryPolicy(), sign_in], transport=transport, **azure.limits
        )

    def read(self, path: str) -> tuple[dict[str, Any], str]:
        """The resource and its ETag ("" where Azure sends none). Raises HttpResponseError."""
        answer = self._send("GET", path)
        return answer.json(), str(answer.headers.get("ETag") or "")

    def listed(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Every resource of a collection, page by page. Raises HttpResponseError."""
        found: list[dict[str, Any]] = []
        while path:
            page = self._send("GET", path, query=query).json()
            found += page.get("value") or []
            path = str(page.get("nextLink") or "")
        return found

    def put(self, path: str, body: dict[str, Any], etag: str = "") -> str:
        """Write the whole resource; returns its new ETag. Raises Overtaken when it has another one by now."""
        answer = self._send("PUT", path, body, {"If-Match": etag} if etag else {})
        return str(answer.headers.get("ETag") or "")

    def delete(self, path: str) -> None:
        """Delete what is there; nothing is no error."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._send("DELETE", path, headers={"If-Match": ANYHOW})
        except ResourceNotFoundError:
            return

    def done(self, path: str, body: dict[str, Any], what: str) -> None:
        """PUT, and wait until Azure has done it. Raises MlopsError as `made`."""
        self._wait(self._send("PUT", path, body, {"If-Match": ANYHOW}), what)

    def made(self, path: str, body: dict[str, Any], what: str) -> dict[str, Any]:
        """PUT, and wait until Azure has done it; the resource as it is then.

        Raises MlopsError when that takes too long, or when Azure gives up.
        """
        answer = self._send("PUT", path, body)
        if self._wait(answer, what) or answer.status_code == 202:
            answer = self._send("GET", path)
        found = self.settled(path, answer.json(), what)
        if _state(found) in GIVEN_UP:
            raise MlopsError(
                f"Azure did not {what}: {path.rpartition('/')[2]} ended as {_state(found)}.",
                "Look at it in the portal, where its words stand, then run the command again.",
            )
        return found

    def settled(self, path: str, found: dict[str, Any], what: str) -> dict[str, Any]:
        """The resource once Azure does nothing more with it; found: as it is now.

        That stands in the resource itself: not each answer names an operation. Raises HttpResponseError, and
        MlopsError when it takes too long.
        """
        deadline = time.monotonic() + LONGEST_SECONDS
        waits = pauses(self._azure.settings.azure.poll_seconds)
        while _state(found) not in ("", SUCCEEDED, *GIVEN_UP):
            if time.monotonic() > deadline:
                raise self._too_long(what)
            time.sleep(next(waits))
            found = self.read(path)[0]
        return found

    def removed(self, path: str, what: str) -> None:
        """DELETE, and wait until Azure has done it; nothing is no error. Raises MlopsError as `made`."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            self._wait(self._send("DELETE", path), what)
        except ResourceNotFoundError:
            return

    def act(self, path: str, body: dict[str, Any], what: str) -> None:
        """POST, and wait until Azure has done it. Raises MlopsError as `made`."""
        self._wait(self._send("POST", path, body), what)

    def asked(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST; what it answers. Raises HttpResponseError."""
        return self._send("POST", path, body).json()

    def begun(self, path: str, body: dict[str, Any], header: str) -> str:
        """POST what Azure goes on with by itself; the address that says how far it is, from this header.

        Not repeated where Azure says to come again later, which may be in an hour. Raises HttpResponseError
        then, and MlopsError where the address is none of Azure Resource Manager.
        """
        where = str(self._send("POST", path, body, retry_status=0).headers.get(header) or "")
        if not where.startswith(f"{MANAGEMENT}/"):
            raise MlopsError(
                f"Azure took {path.rpartition('/')[2]}, and {header} does not say where to ask: {where!r}.",
                "Ask Azure's support; what was asked for may be done all the same.",
            )
        return where

    def _wait(self, answer: "HttpResponse", what: str) -> bool:
        """Wait for the end of what an answer says that Azure goes on with; whether it says so.

        Azure names an operation, whose state is asked for, or where the result will be: 202 until it is.
        Raises MlopsError when it takes too long, or when the operation fails.
        """
        operation = str(answer.headers.get("Azure-AsyncOperation") or "")
        where = operation or str(answer.headers.get("Location") or "")
        if not operation and (answer.status_code != 202 or not where):
            return False
        deadline = time.monotonic() + LONGEST_SECONDS
        waits = pauses(self._azure.settings.azure.poll_seconds)
        wait = not operation  # for a result: what has just been begun is not there yet
        while True:
            if wait:
                time.sleep(float(answer.headers.get("Retry-After") or next(waits)))
            wait, answer = True, self._send("GET", where)
            if _over(answer, what) if operation else answer.status_code != 202:
                return True
            if time.monotonic() > deadline:
                raise self._too_long(what)
            where = operation or str(answer.headers.get("Location") or where)

    def _too_long(self, what: str) -> MlopsError:
        return MlopsError(
            f"Azure did not {what} in {LONGEST_SECONDS / 60:g} minutes.", "Run the command again."
        )

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        **options: Any,
    ) -> "HttpResponse":
        from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError
        from azure.core.rest import HttpRequest

        params = {} if path.startswith("https://") else {"api-version": self._version, **(query or {})}
        request = HttpRequest(method, path, params=params, json=body, headers=headers or {})
        request.url = self._client.format_url(request.url)
        answer: HttpResponse = self._client.send_request(request, **options)
        if answer.status_code == 412:
            raise overtaken(path.rpartition("/")[2]) from ResourceModifiedError(response=answer)
        if answer.status_code == 404:
            raise ResourceNotFoundError(response=answer)
        if answer.status_code >= 400:
            raise HttpResponseError(response=answer)
        return answer


def _state(resource: dict[str, Any]) -> str:
    return str((resource.get("properties") or {}).get("provisioningState") or "")


def _over(answer: "HttpResponse", what: str) -> bool:
    """Whether the operation that was asked for has ended. Raises MlopsError when it has failed."""
    state: dict[str, Any] = answer.json()
    status = str(state.get("status") or "")
    if status in GIVEN_UP:
        words = str((state.get("error") or {}).get("message") or "")
        raise MlopsError(
            f"Azure did not {what}: the operation ended as {status}.",
            "Correct what its words name, then run the command again.",
            [words] if words else [],
        )
    return status == SUCCEEDED
