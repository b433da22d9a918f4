"""The way into a cluster: where it is by Azure Resource Manager, who one is by Microsoft Entra ID."""

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from ml.azure.clients import first_lines
from ml.azure.rest import MANAGEMENT, Rest
from ml.errors import MlopsError
from ml.production.api import Api

if TYPE_CHECKING:
    from ml.azure.clients import Azure

CLUSTERS_API: Final = "2025-09-01"
# The application for which every AKS cluster takes tokens: kubelogin asks for the same ("kubelogin" in the
# documentation of AKS, read 2026-11).
SCOPE: Final = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"


def connect(azure: "Azure") -> Api:
    """Raises MlopsError where the estate has no cluster, or Azure does not tell where it is."""
    from kubernetes.client import ApiClient, Configuration

    name = azure.estate.kubernetes_cluster
    if name is None:
        raise MlopsError(
            f"The environment {azure.estate.environment} has no Kubernetes cluster.",
            f"Add the section `kubernetes` to Pulumi.{azure.estate.environment}.yaml and run `pulumi up`.",
        )
    server, authority = _place(azure, name)
    # Its proxies are those of the environment, as for every other client.
    configuration: Any = Configuration(host=server, ca_cert_data=authority)
    configuration.proxy_headers = proxy_headers(configuration.proxy)

    def sign_in(chosen: Any) -> None:
        """The token of the next request; azure-identity keeps it until shortly before its end."""
        chosen.api_key["BearerToken"] = f"Bearer {azure.credential.get_token(SCOPE).token}"

    configuration.refresh_api_key_hook = sign_in
    sign_in(configuration)
    return Api(ApiClient(configuration), name)


def proxy_headers(proxy: str | None) -> dict[str, str] | None:
    """How one signs in at a proxy whose address has user and password: the client leaves them out."""
    from urllib3.util import make_headers

    parts = urlsplit(proxy or "")
    if not parts.username:
        return None
    return make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")


def _place(azure: "Azure", name: str) -> tuple[str, str]:
    """The API server's address and the certificate (PEM) that signs its own."""
    from azure.core.exceptions import HttpResponseError

    estate = azure.estate
    path = (
        f"/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}/providers"
        f"/Microsoft.ContainerService/managedClusters/{name}/listClusterUserCredential"
    )
    try:
        told = azure.granted(
            lambda: Rest(azure, MANAGEMENT).ask(path, {}, **{"api-version": CLUSTERS_API}),
            "ask where the cluster is",
        )
    except HttpResponseError as error:
        raise MlopsError(
            f"Azure does not say where the cluster {name} is.",
            f"Run `pulumi up -s {estate.environment}` if it is gone; else correct what its words name.",
            first_lines(error),
        ) from error
    return parsed(told, name)


def parsed(told: dict[str, Any], name: str) -> tuple[str, str]:
    """Of Azure's answer. What it says of the user is for kubelogin; the token is asked for here."""
    import yaml

    try:
        config = yaml.safe_load(base64.b64decode(told["kubeconfigs"][0]["value"]))
        cluster = config["clusters"][0]["cluster"]
        return str(cluster["server"]), base64.b64decode(cluster["certificate-authority-data"]).decode()
    except (KeyError, IndexError, TypeError, ValueError, yaml.YAMLError) as error:
        raise MlopsError(
            f"Azure's answer about the cluster {name} has no kubeconfig with server and certificate.",
            "Look at the cluster in Azure's portal: it may still be in the making.",
        ) from error
