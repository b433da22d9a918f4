"""The way into a cluster: Azure says where it is, Microsoft Entra ID who one is."""

import base64
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ml.azure.clients import Azure
from ml.errors import MlopsError
from ml.production import credentials
from ml.production.credentials import SCOPE, connect, parsed, proxy_headers

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
CONFIG = f"""
apiVersion: v1
clusters:
- name: aks
  cluster:
    server: https://aks.privatelink.westeurope.azmk8s.io:443
    certificate-authority-data: {base64.b64encode(CERTIFICATE.encode()).decode()}
users:
- name: u
  user: {{exec: {{command: kubelogin}}}}
"""


def answer(text: str) -> dict[str, Any]:
    return {"kubeconfigs": [{"name": "clusterUser", "value": base64.b64encode(text.encode()).decode()}]}


def test_server_and_certificate_are_read_and_nothing_is_run() -> None:
    assert parsed(answer(CONFIG), "aks") == ("https://aks.privatelink.westeurope.azmk8s.io:443", CERTIFICATE)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"kubeconfigs": []},
        answer("{}"),
        answer("clusters: []"),
        answer("- a"),
        answer("a: [b"),
        answer("clusters: [{cluster: {server: s}}]"),
        {"kubeconfigs": [{"value": "%"}]},
    ],
)
def test_an_answer_without_them_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(MlopsError, match="about the cluster aks has no kubeconfig"):
        parsed(told, "aks")


def azure(name: str | None, tokens: list[str]) -> Azure:
    def get_token(scope: str) -> SimpleNamespace:
        assert scope == SCOPE
        return SimpleNamespace(token=tokens.pop(0))

    estate = SimpleNamespace(environment="prod", kubernetes_cluster=name)
    return cast("Azure", SimpleNamespace(estate=estate, credential=SimpleNamespace(get_token=get_token)))


def test_an_estate_without_a_cluster_is_told_so() -> None:
    with pytest.raises(MlopsError, match="The environment prod has no Kubernetes cluster"):
        connect(azure(None, []))


def test_every_request_bears_the_token_of_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    import trustme

    authority = trustme.CA().cert_pem.bytes().decode()
    monkeypatch.setattr(credentials, "_place", lambda *_: ("https://aks.invalid", authority))
    api = connect(azure("aks", ["first", "second", "third"]))
    seen: list[str] = []

    def request(method: str, url: str, headers: dict[str, str], **_: Any) -> Any:
        seen.append(headers["authorization"])
        return SimpleNamespace(status=200, read=lambda: b"{}")

    monkeypatch.setattr(api.client.rest_client, "request", request)
    api.get("/version")
    api.get("/version")
    assert seen == ["Bearer second", "Bearer third"] and api.where == "aks"


def test_a_proxy_is_told_who_asks() -> None:
    """The client leaves user and password of the proxy's address out."""
    assert proxy_headers("http://some%40body:se%3Acret@127.0.0.1:1") == {
        "proxy-authorization": "Basic c29tZUBib2R5OnNlOmNyZXQ="
    }
    assert proxy_headers("http://127.0.0.1:1") is None
    assert proxy_headers(None) is None
