"""Reads from services of Azure for which this project has no SDK."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ml.azure.clients import Azure
    from ml.doctor.subject import Subject

MANAGEMENT = "https://management.azure.com"


@dataclass(frozen=True)
class SignedIn:
    """A caller who knows nothing of an estate. limits: of each call, in the words of azure-core."""

    credential: "TokenCredential"
    limits: dict[str, Any] = field(default_factory=dict[str, Any])


class Rest:
    """One service at `base`. When it is `open` to anyone, it is asked without a token.

    audience: the service for which the token is.
    """

    def __init__(
        self,
        caller: "Azure | Subject | SignedIn",
        base: str,
        *,
        open: bool = False,
        audience: str = MANAGEMENT,
    ) -> None:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        identity = () if open else (BearerTokenCredentialPolicy(caller.credential, f"{audience}/.default"),)
        self._client: Any = PipelineClient(base, policies=[RetryPolicy(), *identity], **caller.limits)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The JSON object at a path of the service, or at a whole URL. Raises HttpResponseError."""
        return self._send("GET", path, query)

    def head(self, path: str, **query: str) -> None:
        """Ask whether there is something at a path. Raises HttpResponseError, where there is not as well."""
        self._answer("HEAD", path, query)

    def items(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page. Raises HttpResponseError."""
        page = self.get(path, **query)
        yield from page.get("value") or ()
        while link := page.get("nextLink"):
            page = self.get(str(link))
            yield from page.get("value") or ()

    def ask(self, path: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        """The answer to a question that is asked by POST and changes nothing. Raises HttpResponseError."""
        return self._send("POST", path, query, body)

    def _send(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return self._answer(method, path, query, body).json()

    def _answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None = None
    ) -> Any:
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, path, params=query, json=body)
        request.url = self._client.format_url(request.url)
        answer = self._client.send_request(request)
        answer.raise_for_status()
        return answer
