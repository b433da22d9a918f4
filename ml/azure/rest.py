"""Reads from services of Azure for which this project has no SDK."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.azure.clients import Azure

MANAGEMENT = "https://management.azure.com"


class Rest:
    """One service at `base`. When it is `open` to anyone, it is asked without a token."""

    def __init__(self, azure: "Azure", base: str, *, open: bool = False) -> None:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        identity = () if open else (BearerTokenCredentialPolicy(azure.credential, f"{MANAGEMENT}/.default"),)
        self._client: Any = PipelineClient(base, policies=[RetryPolicy(), *identity], **azure.limits)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The JSON object at a path of the service, or at a whole URL. Raises HttpResponseError."""
        from azure.core.rest import HttpRequest

        request = HttpRequest("GET", path, params=query)
        request.url = self._client.format_url(request.url)
        answer = self._client.send_request(request)
        answer.raise_for_status()
        return answer.json()
