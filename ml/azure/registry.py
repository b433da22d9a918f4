"""Asks the registry itself whether it still holds an image.

Azure Resource Manager does not know which images a registry holds; only the registry's own API does. It is
reached from where `mlops` runs: from an allow-listed address, or from inside the network.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.azure.clients import Azure, first_lines

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from ml.azure.images import Image

SCOPE = "https://containerregistry.azure.net/.default"
# A registry answers 404 for a manifest of a kind that the client does not name.
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)


def still_held(azure: Azure, image: "Image") -> bool:
    """Whether an image that a record names may be used. Only a clear no counts: without an answer, it may."""
    held = RegistryApi(azure, image.login_server).holds(image)
    if held.there is None:
        azure.report.line(
            f"{image.login_server} does not say whether it holds {image.repository}@{image.digest} "
            f"({held.unknown}); it is taken to be there. If it is gone, use --rebuild"
        )
    elif not held.there:
        azure.report.line(f"{image.reference} is recorded, and gone from its registry: it is built again")
    return held.there is not False


@dataclass(frozen=True, slots=True)
class Held:
    """Whether the image is there; None when the registry did not say it, for the reason `unknown`."""

    there: bool | None
    unknown: str = ""


class RegistryApi:
    """The read-only calls to one registry, by the identity of whoever runs the command."""

    def __init__(self, azure: Azure, server: str, transport: Any = None) -> None:
        """server: the login server, NAME.azurecr.io; transport: azure-core's way to send, None for its own"""
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import RetryPolicy

        self._azure, self._server = azure, server
        self._client: Any = PipelineClient(
            f"https://{server}", policies=[RetryPolicy(retry_total=2)], transport=transport, **azure.limits
        )

    def holds(self, image: "Image") -> Held:
        """Ask for the image's manifest. A failure of any other kind than its absence is no answer."""
        from azure.core.exceptions import AzureError

        try:
            token = self._token(f"repository:{image.repository}:pull")
            answer = self._send(
                "HEAD",
                f"/v2/{image.repository}/manifests/{image.digest}",
                headers={"authorization": f"Bearer {token}", "accept": MANIFESTS},
            )
            if answer.status_code == 404:
                return Held(False)
            answer.raise_for_status()
        except AzureError as error:
            return Held(None, " ".join(first_lines(error, 1)))
        return Held(True)

    def _token(self, scope: str) -> str:
        """A token of the registry, for that scope, in exchange for one of the tenant. Raises AzureError."""
        own = self._azure.credential.get_token(SCOPE).token
        tenant = {"tenant": self._azure.estate.tenant_id, "service": self._server}
        given = {"grant_type": "access_token", "access_token": own, **tenant}
        refresh = self._posted("/oauth2/exchange", given)["refresh_token"]
        asked = {"grant_type": "refresh_token", "refresh_token": refresh, "scope": scope}
        return str(self._posted("/oauth2/token", {**asked, "service": self._server})["access_token"])

    def _posted(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        answer = self._send("POST", path, data=form)
        answer.raise_for_status()
        return answer.json()

    def _send(self, method: str, path: str, **more: Any) -> "HttpResponse":
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, path, **more)
        request.url = self._client.format_url(request.url)
        return self._client.send_request(request)
